"""What goes on beside a call's commands: fetches and speech it waits for, look-ups and notices it does not.

Each ends in one event; what fails is a value in it, and what crashes is told as a failure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TypeVar

import structlog

from pivot.errors import SpeechError
from pivot.execute.rules import Rules
from pivot.model.call import Call
from pivot.model.codes import Code
from pivot.model.commands import Fetch, Notify
from pivot.model.dialling import EndpointsFound, LookUpEndpoints
from pivot.model.documents import Document, Refusal
from pivot.model.events import Event, Fetched, FetchFailed, Notified
from pivot.model.fetch import Answer, FetchFailure, FetchRequest, Purpose
from pivot.model.json import JsonObject
from pivot.model.plain import to_json
from pivot.model.speech import SpeechEvent, Synthesise, Synthesised, SynthesisFailed
from pivot.session.cancelling import cancel
from pivot.session.world import World

log = structlog.get_logger()

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _RunningFetch:
    command: Fetch
    ends_at: float
    task: asyncio.Task[None]


class BackgroundTasks:
    """All of one call.

    Args:
        call: whose.
        world: by which it is done.
        rules: what the call's answers are read by.
        post: is given every event but `Notified`; must not hold who holds this object.
    """

    def __init__(
        self,
        call: Call,
        world: World,
        rules: Rules,
        post: Callable[[Event], None],
    ) -> None:
        self._call = call
        self._world = world
        self._rules = rules
        self._post = post
        self._fetches: dict[str, _RunningFetch] = {}
        self._speeches: dict[str, tuple[Synthesise, asyncio.Task[None]]] = {}
        self._asides: dict[asyncio.Task[None], Notify | LookUpEndpoints] = {}

    def written(self) -> JsonObject:
        """What is under way, as plain JSON, so that it can be asked for again elsewhere."""
        return {
            "fetches": [[to_json(each.command), each.ends_at] for each in self._fetches.values()],
            "speeches": [to_json(command) for command, _ in self._speeches.values()],
            "asides": [to_json(command) for command in self._asides.values()],
        }

    async def stop(self) -> None:
        """Nothing that the call waited for goes on; the rest has deadlines of its own and is waited for."""
        for fetch_id in list(self._fetches):
            await self.cancel_fetch(fetch_id)
        for speech_id in list(self._speeches):
            await self.drop_speech(speech_id)
        if self._asides:
            await asyncio.wait(self._asides)

    # Documents

    def fetch(self, command: Fetch) -> None:
        """Begin a fetch; Fetched or FetchFailed follows as an event."""
        request = command.request
        name = f"fetch {request.fetch_id} of {self._call.call_id}"
        task = asyncio.create_task(self._ask(command), name=name)
        ends_at = self._world.now() + request.deadline_s
        self._fetches[request.fetch_id] = _RunningFetch(command, ends_at, task)

    async def cancel_fetch(self, fetch_id: str) -> None:
        """Stop a fetch and wait for its end; nothing happens when it is not running."""
        fetch = self._fetches.pop(fetch_id, None)
        if fetch is not None:
            await cancel(fetch.task)

    async def _ask(self, command: Fetch) -> None:
        """A long answer is read before the call sees it: its turn would hold up all others."""
        fetch_id, result = command.request.fetch_id, await self._fetched(command.request)
        event: Fetched | FetchFailed
        if isinstance(result, Answer):
            event = Fetched(fetch_id, result, await self._read(command, result))
        else:
            event = FetchFailed(fetch_id, result)
        del self._fetches[fetch_id]
        self._post(event)

    async def _read(self, command: Fetch, answer: Answer) -> Document | Refusal | None:
        if command.request.purpose is not Purpose.DOCUMENT:
            return None
        account_id = self._call.account_id
        return await self._world.translator.translate(account_id, answer, command.place, self._rules)

    async def _fetched(self, request: FetchRequest) -> Answer | FetchFailure:
        try:
            return await self._world.fetcher.fetch(request)
        except Exception as error:
            log.exception("session.fetch_crashed", call_id=self._call.call_id)
            return FetchFailure(Code.WORKER_CRASH, repr(error))

    # Speech

    def synthesise(self, command: Synthesise) -> None:
        """Begin to make a sound; an event tells what came of it."""
        task = asyncio.create_task(self._synthesise(command), name=f"speech of {self._call.call_id}")
        self._speeches[command.speech_id] = command, task

    async def drop_speech(self, speech_id: str) -> None:
        """Stop waiting for a sound."""
        _, task = self._speeches.pop(speech_id, (None, None))
        if task is not None:
            await cancel(task)

    async def _synthesise(self, command: Synthesise) -> None:
        event: SpeechEvent
        try:
            url = await self._world.speech.synthesise(self._call.account_id, command.wish)
            event = Synthesised(command.speech_id, url)
        except SpeechError as error:
            event = SynthesisFailed(command.speech_id, str(error))
        except Exception as error:
            log.exception("session.speech_crashed", call_id=self._call.call_id)
            event = SynthesisFailed(command.speech_id, repr(error))
        del self._speeches[command.speech_id]
        self._post(event)

    # Notices and look-ups

    def notify(self, command: Notify, notified: Callable[[Notified], None]) -> None:
        """What came of it may come when the session is over; so it is told in a way of its own."""
        self._start(command, self._notify(command, notified))

    def look_up(self, command: LookUpEndpoints) -> None:
        """Begin to read endpoints from the cluster's databases; EndpointsFound follows as an event."""
        self._start(command, self._look_up(command))

    def _start(self, command: Notify | LookUpEndpoints, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work, name=f"{type(command).__name__} of {self._call.call_id}")
        self._asides[task] = command
        task.add_done_callback(self._asides.pop)

    async def _notify(self, command: Notify, notified: Callable[[Notified], None]) -> None:
        async with self._world.notice_order.turn(command.series):
            result = await self._fetched(command.request)
        notified(Notified(command.request.fetch_id, result))

    async def _look_up(self, command: LookUpEndpoints) -> None:
        phones, call = self._world.phones, self._call
        found, identity, owned = await asyncio.gather(
            self._known(phones.look_up(call, command.wanted) if command.wanted else None),
            self._known(phones.identity_of(call) if command.identity else None),
            self._known(phones.owns(call, command.number) if command.number else None),
        )
        self._post(EndpointsFound(command.lookup_id, found or (), identity, owned))

    async def _known(self, question: Coroutine[None, None, T] | None) -> T | None:
        """The answer; None when nobody asks, or nobody knows."""
        try:
            return None if question is None else await question
        except Exception as error:
            log.warning("session.look_up_failed", call_id=self._call.call_id, error=repr(error))
            return None
