"""No command that plays, speaks or records is sent with Insert-At `now`.

Such a command runs inside the one that is running; a dozen of them, one inside the other, end FreeSWITCH.
(measured)
"""

from __future__ import annotations

import dataclasses
import types
from typing import Any, Union, get_args, get_origin, get_type_hints

import orjson
import pytest
from hypothesis import given, settings

from pivot.model.dialling import Endpoint, EndpointKind
from pivot.model.switch import SwitchCommand
from pivot.wire.envelope import Sender
from pivot.wire.messages import encode_command
from tests.calls import call
from tests.execute.histories import History
from tests.execute.test_any_history import ALL_ON, DOCUMENTS, EVENTS, TWILIO

SENDER = Sender("pivot@apps", "own-queue")
NOT_MEDIA = frozenset({"hangup", "set", "unbridge", "record_call"})
"""These play nothing and return at once. Source: ecallmgr_call_command.erl."""


def kinds() -> list[type[Any]]:
    """Every command that the engine can give the switch."""
    return list(get_args(SwitchCommand))


def made(kind: type[Any], **changes: Any) -> Any:
    """One command of this kind with some value in each field."""
    hints = get_type_hints(kind)
    values = {
        field.name: _some(hints[field.name], field.name)
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    return kind(**(values | changes))


def _some(hint: Any, name: str) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        return _some(get_args(hint)[0], name)
    endpoint = Endpoint("a", "b1", EndpointKind.ROUTE, "sip:a@h.test")
    known: dict[Any, Any] = {
        Endpoint: endpoint,
        tuple[Endpoint, ...]: (endpoint,),
        float: 1.0,
        int: 1,
        bool: True,
    }
    if get_origin(hint) is tuple and hint not in known:
        return ()
    return known.get(hint, "5")


def at_once(command: Any) -> set[str]:
    """Names of all commands in the message that are to run now."""
    message = orjson.loads(encode_command(call(switch_nodename="fs@host"), command, SENDER, "unused").payload)
    every = [message, *message.get("Commands", [])]
    return {str(each.get("Application-Name")) for each in every if each.get("Insert-At") == "now"}


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: str(kind.__name__))
def test_no_command_of_the_engine_plays_at_once(kind: type[Any]) -> None:
    """All kinds, each with every value of its flags and with its optional texts set or not."""
    flags = [field.name for field in dataclasses.fields(kind) if field.type in ("bool", bool)]
    texts = [field.name for field in dataclasses.fields(kind) if field.type in ("str | None",)]
    for flag in (True, False):
        for text in (None, "5"):
            command = made(kind, **dict.fromkeys(flags, flag), **dict.fromkeys(texts, text))

            assert at_once(command) <= NOT_MEDIA


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
@given(EVENTS)
@settings(max_examples=15)
def test_no_history_makes_one_play_at_once(document: str, events: list[tuple[int, int]]) -> None:
    """All verbs, whatever happens meanwhile."""
    history = History(document, TWILIO if "waitUrl" in document or "callerId" in document else ALL_ON)
    for choice, which in events:
        history.imagine(choice, which)
    commands = [item for item in history.done if isinstance(item, SwitchCommand)]

    assert set().union(*(at_once(command) for command in commands)) <= NOT_MEDIA
