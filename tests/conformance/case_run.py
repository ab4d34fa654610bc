"""One case under way over a real broker: its addresses, its clock, what is seen of it."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from pivot.model.commands import BusCommand
from pivot.model.dialling import JoinLeg, StartRecording, StopRecording
from pivot.model.fetch import FetchRequest
from pivot.model.json import JsonObject
from pivot.model.notes import Moment
from pivot.model.plain import from_json
from pivot.model.switch import SendFile
from pivot.sim.fakes import FakeSpeech
from pivot.sim.kazoo import SimulatedCall
from pivot.sim.leg import Observed
from tests.conformance.addresses import Addresses
from tests.conformance.cases import BASE, Case, Item
from tests.conformance.door import Door
from tests.conformance.engine import Watcher, request_for
from tests.conformance.quiet_clock import QuietClock


class Seen(list[Item]):
    """What is seen of one call, in the order of cause and effect.

    What pivot and the servers do is seen here at once, what it tells the switch only when it gets there: so
    the former is written down when all that was sent before has got there.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sent = self.heard = 0
        self._waiting: deque[tuple[int, Item]] = deque()

    def append(self, item: Item) -> None:
        if self.heard < self.sent:
            self._waiting.append((self.sent, item))
        else:
            self.at_once(item)

    def at_once(self, item: Item) -> None:
        super().append(item)

    def hear(self) -> None:
        """A message of pivot has got to the switch or to callflow."""
        self.heard += 1
        while self._waiting and self._waiting[0][0] <= self.heard:
            self.at_once(self._waiting.popleft()[1])

    def finish(self) -> None:
        """Nothing more gets there."""
        for _, item in self._waiting:
            self.at_once(item)
        self._waiting.clear()


class CaseRun:
    """One case under way."""

    def __init__(self, case: Case, port: int, snapshots: Snapshots, speech: FakeSpeech) -> None:
        self.case = case
        self.clock = QuietClock(asyncio.get_running_loop())
        self.seen = Seen()
        self.sent: list[BusCommand] = []
        self._labels: dict[str, str] = {}
        self.placed: list[SimulatedCall] = []
        """The case's own call, and those of the others in its queue."""
        first = case.responses.get("/voice", [{}])[0].get("fail")
        self.refuses_first, self.is_unknown = first == "refused", first == "dns"
        rows = [row for answers in case.responses.values() for row in answers]
        self.keeps_silent = any(row.get("fail") == "timeout" for row in rows)
        """Time goes on while a server does not answer."""
        asks_names = self.refuses_first or self.is_unknown
        self.addresses = Addresses(case.id, port, "test" if asks_names else "localhost")
        self.told: list[Item] = []
        """Callbacks that have left and not arrived."""
        key = hashlib.md5(case.id.encode(), usedforsecurity=False).hexdigest()
        request = request_for(case)
        self.call_id, self.account_id = f"CA{key}", key[::-1]
        self.request = replace(
            request,
            call=replace(request.call, call_id=self.call_id, account_id=self.account_id),
            voice_uri=self.addresses.real_voice_url(request.voice_uri),
            cdr_uri=self.addresses.real(request.cdr_uri) if request.cdr_uri else None,
        )
        self.responses = dict(case.responses)
        """Of the case's servers, and the documents of the others."""
        asked = replace(case, responses=self.responses)
        self.door = Door(asked, self.seen, self.addresses.named, self.addresses.real, self._op)
        self.watcher = Watcher(self.seen, _Known(snapshots, self.call_id, case), speech)
        if self.refuses_first:
            self.door.servers.next_answer(f"{BASE}/voice")  # its first row is the refusal

    def saw(self, moment: Moment, at_s: float) -> None:
        """The port `Observer`: whatever pivot does, the switch's time stands still."""
        self.clock.stir()

    def notice(self, observed: Observed) -> None:
        """What the switch shows."""
        shown: list[Item] = []
        Watcher(shown, self.watcher.state, self.watcher.speech).notice(observed)
        for item in shown:
            self.seen.at_once(self._as_written(item))

    def _as_written(self, item: Item) -> Item:
        """As the document calls recordings and parties, of which the switch knows only files and legs."""
        return item | {
            key: self._labels[item[key]] for key in ("name", "target") if item.get(key) in self._labels
        }

    def own_id(self, name: str) -> str:
        """The Call-ID of one of the others in the case's queue."""
        return f"{name}-{self.case.id}"

    def leaves(self, call_id: str, command: BusCommand) -> None:
        """A command leaves, of the case's own call or of another's."""
        self.sent.append(command)
        match command:
            case SendFile():  # which goes to no leg
                return
            case StartRecording(name=name, label=label) | StopRecording(name=name, label=label) if label:
                self._labels[name] = label
            case JoinLeg(target=target, label=label) if label and call_id == self.call_id:
                self._labels[target.removesuffix(self.own_id(""))] = label
        self.seen.sent += 1
        self.clock.hold()

    def arrives(self, command: BusCommand) -> None:
        if not isinstance(command, SendFile):
            self.seen.hear()
            self.clock.release()

    def everything(self) -> list[Item]:
        """All that was seen, with URLs as the case writes them."""
        self.seen.finish()
        seen = [self.addresses.named_all(item) for item in self.seen]
        return [item for item in seen if not str(item.get("url")).startswith(f"{BASE}/bystander/")]

    def unheard(self, files: list[SendFile]) -> list[str]:
        """What was published and did not get anywhere."""
        heard = {_named(item.command) for placed in self.placed for item in placed.heard}
        heard |= {_named(file) for file in files}
        return [f"{self.case.id}: {command}" for command in self.sent if _named(command) not in heard]

    def sound_of(self, url: str) -> str | None:
        return self.door.servers.sound_of(self.addresses.named(url))

    def tells(self, request: FetchRequest) -> None:
        """A callback leaves."""
        self.told.append({"method": request.method.value.upper(), "params": dict(request.parameters)})

    def _op(self, asked: Item) -> str:
        told = {"method": asked["method"], "params": asked["params"]}
        if told in self.told:
            self.told.remove(told)
            return "callback"
        return "request"


def _named(command: BusCommand) -> tuple[str, str]:
    """Kind and Msg-ID: what a command means is not lost on its way, only what the wire has no place for."""
    return type(command).__name__, getattr(command, "msg_id", "")


@dataclass(frozen=True)
class _Known:
    """A call's state, by the snapshot that the session gives to whoever keeps ownership."""

    snapshots: Snapshots
    call_id: str
    case: Case

    @property
    def call_status(self) -> str:
        """A call that was never ours has no record."""
        return str(self._state.call_status) if self.call_id in self.snapshots.taken else "failed"

    @property
    def user_variables(self) -> tuple[tuple[str, str], ...]:
        if all(item["op"] != "set" for item in self.case.order) or self.call_id not in self.snapshots.taken:
            return ()
        return tuple(self._state.user_variables)

    @property
    def _state(self) -> Any:
        return from_json(self.snapshots.taken[self.call_id]()["state"])


@dataclass
class Snapshots:
    """The port `Ownership`: keeps what makes each call's snapshot."""

    taken: dict[str, Callable[[], JsonObject]] = field(default_factory=dict)

    async def record(self, call_id: str, snapshot: Callable[[], JsonObject]) -> None:
        self.taken[call_id] = snapshot

    async def release(self, call_id: str) -> None:
        """Looked at to the end."""
