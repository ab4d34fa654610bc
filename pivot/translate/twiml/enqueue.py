"""Enqueue: wait in a queue of the account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pivot.model.codes import Code
from pivot.model.instructions import EnqueueVerb
from pivot.translate.twiml.attributes import Attributes
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading

_LONGEST_NAME: Final = 64
_MOST_MEMBERS: Final = 5_000


def read(element: Element, reading: Reading) -> Iterator[EnqueueVerb]:
    """One EnqueueVerb, always; without a usable name its result is an error."""
    with Attributes(element, reading) as given:
        workflow = given.written("workflowSid")
        verb = EnqueueVerb(
            name=_name(element, reading, workflow),
            action=given.url("action", twilio=Twilio.ENQUEUE_ACTION),
            method=given.method("method", Twilio.ENQUEUE_METHOD),
            wait_url=given.url("waitUrl", twilio=Twilio.ENQUEUE_WAIT_URL),
            wait_method=given.method("waitUrlMethod", Twilio.ENQUEUE_WAIT_METHOD),
            max_size=given.whole("maxQueueSize", 1000, 1, _MOST_MEMBERS, None),
            at=element.at,
        )
    yield verb


def _name(element: Element, reading: Reading, workflow: str | None) -> str:
    tasks = [child for child in element.children if child.name == "Task"]
    for child in element.children:
        if child.name != "Task":
            reading.misplaced(child, element, Twilio.NOT_IN_SCHEMA)
    name = element.text
    problem: tuple[str, Twilio] | None = None
    if workflow is not None or tasks:
        problem = "asks for a task router, which is not here", Twilio.TASK_ROUTER
    elif not name:
        problem = "has no queue name", Twilio.ENQUEUE_NAME_MISSING
    elif len(name) > _LONGEST_NAME:
        problem = f"has a name longer than {_LONGEST_NAME} characters", Twilio.ENQUEUE_NAME_LONG
    if problem is None:
        return name
    reading.unusable(element, Code.TWIML_VALUE, problem[0], problem[1])
    return ""
