"""Takes deliveries, gives each call a session of its own, and ends them in order when the worker stops."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

import structlog
from structlog.contextvars import bind_contextvars

from pivot.errors import BusError
from pivot.execute.machine import CallMachine
from pivot.execute.rules import Rules
from pivot.execute.state import CallState
from pivot.model.call import PivotRequest
from pivot.model.codes import Code, Outcome
from pivot.model.commands import End, SayFailed, SayProcessing
from pivot.model.events import Drained, Requested
from pivot.model.notes import Moment
from pivot.model.switch import Hangup
from pivot.session.ports import Delivery, Observer, Owners
from pivot.session.session import Session
from pivot.session.switch_silence import SwitchSilence
from pivot.session.world import World

log = structlog.get_logger()

CALLFLOW_PATIENCE_S = 10.0
"""How long callflow waits for us. Source: cf_pivot.erl."""
_LAST_WORDS_S = 2.0
"""After the drain: time for a call to say goodbye."""

Watch: TypeAlias = Callable[[PivotRequest, Delivery], tuple[Observer, ...]]
"""Makes the observers of one call."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one worker takes on."""

    max_calls: int = 10_000
    """Calls in progress beyond which new ones are refused with `failed`."""
    max_asking: int = 2_000
    """Those of them that callflow waits for: what one process gets through while it waits."""


class _Asking:
    """A call that callflow waits for; counts itself among them until it is answered or over."""

    def __init__(self, all_of_them: set[_Asking]) -> None:
        self._all = all_of_them
        self._all.add(self)

    def saw(self, moment: Moment, at_s: float) -> None:
        if isinstance(moment, SayProcessing | End):
            self.answered()

    def answered(self) -> None:
        self._all.discard(self)


class Worker:
    """All calls in progress of this process.

    Args:
        world: what sessions perform their commands with.
        rules: what the engine follows; read anew for every call.
        watch: makes the observers of one call.
        limits: when to refuse.
        owners: asked before a call begins; None: nobody is.
    """

    def __init__(
        self,
        world: World,
        rules: Callable[[], Rules],
        watch: Watch = lambda request, delivery: (),
        limits: Limits = Limits(),  # noqa: B008: frozen
        owners: Owners | None = None,
    ) -> None:
        self._world = world
        self._rules = rules
        self._watch = watch
        self._limits = limits
        self._owners = owners
        self._sessions: dict[asyncio.Task[None], Session] = {}
        self._refusals: set[asyncio.Task[None]] = set()
        self._asking: set[_Asking] = set()
        self._silence = SwitchSilence()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def calls(self) -> int:
        """How many calls are in progress."""
        return len(self._sessions)

    def take(self, delivery: Delivery) -> None:
        """Begin a call; returns at once."""
        asking = _Asking(self._asking)
        state = CallState(delivery.request, seed=secrets.token_hex(16))
        session = Session(
            CallMachine(state, self._rules()),
            delivery,
            self._world,
            (*self._watch(delivery.request, delivery), asking, self._silence),
        )
        limits = self._limits
        if self.calls >= limits.max_calls or len(self._asking) > limits.max_asking:
            self._start(self._refuse(delivery, session), None)
            return
        self._start(self._live(session, delivery, asking), session)

    async def until_idle(self) -> None:
        """Returns when no call is in progress."""
        await self._idle.wait()

    async def drain(self, within_s: float, *, can_give_back: bool = True) -> int:
        """Let calls end by themselves, then end the rest.

        Args:
            within_s: how long to wait for calls to end.
            can_give_back: whether there is another worker for requests that are still unanswered.

        Returns:
            How many had to be ended.
        """
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), within_s)
        left = dict(self._sessions)
        for session in left.values():
            session.post(Drained(can_give_back))
        if left:
            await asyncio.wait(left, timeout=_LAST_WORDS_S)
        for task in left:
            task.cancel()
        return len(left)

    def _start(self, life: Coroutine[None, None, None], session: Session | None) -> None:
        """In a task of its own: what it binds for its log lines ends with it."""
        task = asyncio.create_task(life)
        if session is not None:
            task.set_name(f"session {session.call_id}")
            self._sessions[task] = session
            self._idle.clear()
            task.add_done_callback(self._forget)
        else:
            self._refusals.add(task)
            task.add_done_callback(self._refusals.discard)

    def _forget(self, task: asyncio.Task[None]) -> None:
        del self._sessions[task]
        if not self._sessions:
            self._idle.set()

    async def _live(self, session: Session, delivery: Delivery, asking: _Asking) -> None:
        """The boundary of one call: whatever goes wrong in it stays in it."""
        request = delivery.request
        bind_contextvars(call_id=request.call.call_id, account_id=request.call.account_id)
        try:
            session.post(await self._requested(session, delivery))
            end = await session.run()
        except Exception:
            log.exception("session.lost")
            end = End(Outcome.GONE if session.settled else Outcome.BRANCHED, Code.WORKER_CRASH)
            session.tell(end)
            if not session.settled:
                await self._say_failed(delivery)
        finally:
            asking.answered()
        _log_end(end, session)

    async def _requested(self, session: Session, delivery: Delivery) -> Requested:
        owner_ids = await self._owners.of(delivery.request) if self._owners else ()
        patience_s = CALLFLOW_PATIENCE_S - delivery.age_s - session.at_s()
        began_at = self._world.now() - session.at_s()
        return Requested(patience_s, delivery.redelivered, owner_ids, began_at)

    async def _refuse(self, delivery: Delivery, session: Session) -> None:
        call = delivery.request.call
        bind_contextvars(call_id=call.call_id, account_id=call.account_id)
        full = f"{self.calls} calls are in progress, {len(self._asking)} of them unanswered"
        end = End(Outcome.BRANCHED, Code.WORKER_OVERLOADED, full)
        session.tell(end)
        await self._say_failed(delivery)
        _log_end(end, session)

    async def _say_failed(self, delivery: Delivery) -> None:
        """Or hang up, when another worker may have said `processing`: see `callflow.fail`."""
        last_word = Hangup(secrets.token_hex(16)) if delivery.redelivered else SayFailed()
        try:
            await delivery.acknowledge()
            await self._world.bus.send(delivery.request.call, last_word)
        except BusError as error:
            log.warning("session.failed_unsaid", code=error.code)  # callflow's own ten seconds remain


def _log_end(end: End, session: Session) -> None:
    if end.outcome == Outcome.OK:
        write = log.info
    elif end.code in _OUR_FAULT:
        write = log.error
    else:
        write = log.warning
    write(
        "session.ended",
        outcome=end.outcome.value,
        code=end.code.value if end.code else None,
        message=end.message,
        iterations=session.iteration,
        duration_s=round(session.at_s(), 3),
    )


_OUR_FAULT = frozenset({Code.WORKER_CRASH, Code.BUS_LOST})
