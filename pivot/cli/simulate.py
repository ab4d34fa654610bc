"""`pivot simulate`: a call against a URL or a document, heard at the terminal.

A file is run on virtual time, at once, and the files beside it are what its `action` and `Redirect` lead
to. A URL is called in real time; without a script the terminal is the phone: keys are typed, an empty line
hangs up.
"""

from __future__ import annotations

import asyncio
import json
import math
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from rich.console import Console
from rich.markup import escape

from pivot.app.live_settings import rules_of
from pivot.cli.targets import TYPES, is_url, read_file
from pivot.errors import ConfigError
from pivot.fetch.fetcher import open_fetcher
from pivot.model.codes import Outcome
from pivot.model.commands import End, Fetch, HandOverFlow
from pivot.model.events import Fetched, FetchFailed
from pivot.model.fetch import Answer, FetchFailure, FetchRequest
from pivot.model.notes import AnswerAccepted, AnswerRefused, Moment
from pivot.schema import Schemas
from pivot.session.held_delivery import HeldDelivery
from pivot.session.ports import Fetcher
from pivot.session.worker import Worker
from pivot.session.world import World
from pivot.settings.sections import Settings
from pivot.sim.behaviour import MEASURED
from pivot.sim.broker import MemoryBroker
from pivot.sim.clock import run_virtually
from pivot.sim.kazoo import SimulatedCall, SimulatedKazoo
from pivot.sim.leg import Observed
from pivot.sim.memory_bus import MemoryBus

_HOST = "http://document.invalid/"
_NODE = "pivot@simulate"
_KEYS = frozenset("0123456789*#ABCD")
_WAIT, _WAIT_S = "w", 0.5
_AS_WRITTEN = frozenset({Outcome.OK, Outcome.RECOVERED})


@dataclass(frozen=True, slots=True)
class Script:
    """What the caller does; all empty: the terminal decides, or nobody does anything."""

    press: str = ""
    """Keys, the first after one second, and a second apart; `w` waits half a second more.

    Raises:
        ConfigError: on creation, for a character that is neither.
    """
    hangup_after_s: float | None = None
    silent: bool = False

    def __post_init__(self) -> None:
        unknown = unknown_keys(self.press.replace(_WAIT, ""))
        if unknown:
            raise ConfigError(f"--press {self.press}: {unknown}; `w` waits half a second")

    @property
    def is_given(self) -> bool:
        """True when options say what the caller does; otherwise the terminal is the phone."""
        return bool(self.press) or self.hangup_after_s is not None or self.silent

    def rows(self) -> list[Mapping[str, Any]]:
        """In the form of `sim/caller.py`."""
        rows: list[Mapping[str, Any]] = []
        at_s = 1.0
        for key in self.press:
            if key != _WAIT:
                rows.append({"t": at_s, "do": "dtmf", "digits": key})
            at_s += _WAIT_S if key == _WAIT else 1.0
        if self.hangup_after_s is not None:
            rows.append({"t": self.hangup_after_s, "do": "hangup"})
        return rows


def unknown_keys(keys: str) -> str:
    """What of `keys` is on no telephone, in words; empty: nothing."""
    unknown = list(dict.fromkeys(key for key in keys if key not in _KEYS))
    if not unknown:
        return ""
    named = ", ".join(f'"{key}"' for key in unknown)
    return f"{named} {'is no key' if len(unknown) == 1 else 'are no keys'}; keys are 0-9, *, # and A-D"


def simulate(target: str, script: Script, settings: Settings, *, as_json: bool) -> bool:
    """Run one call and tell it while it runs; True: it ran as the document says (`ok` or `recovered`).

    Raises:
        ConfigError: the target is no URL and no readable file.
    """
    teller = Transcript(as_json)
    if is_url(target):
        asyncio.run(_call(target, script, settings, teller))
        return teller.ran_as_written
    path = Path(target)
    read_file(path)
    url = _HOST + path.name
    run_virtually(_call(url, replace(script, silent=True), settings, teller, Folder(path.parent)))
    return teller.ran_as_written


class Folder:
    """A folder as a customer's server: its files are the answers. Implements `Fetcher`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def fetch(self, request: FetchRequest) -> Answer | FetchFailure:
        """Answer with the file that the last part of the URL's path names; 404 when there is none."""
        name = Path(unquote(urlsplit(request.url).path)).name
        found = next((path for path in self._candidates(name) if path.is_file()), None)
        if found is None:
            return Answer(404, (), f"no file {name} beside the document".encode(), request.url)
        return replace(read_file(found), url=request.url)

    def _candidates(self, name: str) -> list[Path]:
        return [self._folder / name, *(self._folder / (name + suffix) for suffix in TYPES)]


class Transcript:
    """Writes down what happens, for people or as one JSON object a line; an observer of the call."""

    def __init__(self, as_json: bool) -> None:
        self.ran_as_written = False
        """Set by the end of a call whose outcome is `ok` or `recovered`."""
        self._as_json = as_json
        self._console = Console(highlight=False, soft_wrap=True)

    def saw(self, moment: Moment, at_s: float) -> None:
        """Print what the moment means to a reader; `at_s` counts from the beginning of the call."""
        match moment:
            case Fetch(request):
                self._tell(at_s, "request", f"{request.method.upper()} {request.url}", request.body.decode())
            case Fetched(_, answer):
                self._tell(at_s, "answered", f"{answer.status}, {len(answer.body)} bytes")
            case FetchFailed(_, failure):
                self._tell(at_s, "unanswered", f"{failure.code}: {failure.message}")
            case AnswerAccepted(_, _, _, warnings):
                for item in warnings:
                    place = f"{item.line}:{item.column} " if item.line else ""
                    self._tell(at_s, "warning", f"{place}{item.code}: {item.message}")
            case AnswerRefused(_, _, code, message):
                self._tell(at_s, "refused", f"{code}: {message}")
            case HandOverFlow(flow):
                self._tell(at_s, "flow", flow)
            case End(outcome, code, message):
                self.ran_as_written = outcome in _AS_WRITTEN
                self._tell(at_s, "end", f"{outcome}{f', {code}: {message}' if code else ''}")

    def heard(self, observed: Observed) -> None:
        """What the caller notices."""
        details = {name: value for name, value in observed.details.items() if value}
        self._tell(observed.at_s, observed.op, " ".join(str(value) for value in details.values()))

    def _tell(self, at_s: float, what: str, text: str, more: str = "") -> None:
        if self._as_json:
            row = {"at_s": round(at_s, 3), "what": what, "text": text} | ({"body": more} if more else {})
            print(json.dumps(row), flush=True)
        else:
            self._console.print(f"{at_s:7.1f} s  [bold]{what:<12}[/bold] {escape(text)} {escape(more)}")


async def _call(
    url: str, script: Script, settings: Settings, teller: Transcript, fetcher: Fetcher | None = None
) -> None:
    async with AsyncExitStack() as rooms:
        if fetcher is None:
            fetcher = await rooms.enter_async_context(open_fetcher(settings.fetch))
        broker, began = MemoryBroker(), asyncio.get_running_loop().time()

        def heard(observed: Observed) -> None:
            teller.heard(replace(observed, at_s=observed.at_s - began))

        bus, kazoo = MemoryBus(broker, _NODE), SimulatedKazoo(broker, "phone", heard, MEASURED)
        world = World(bus, fetcher, HeldDelivery(), now=time.time)
        rules = rules_of(settings, Schemas.bundled())
        worker = Worker(world, lambda: rules, lambda request, delivery: (teller,))
        await bus.consume(worker.take)
        await kazoo.start()
        rooms.push_async_callback(kazoo.stop)
        call = await kazoo.place_call(url, script=script.rows(), Request_Format="twiml", HTTP_Method="post")
        if not script.is_given and sys.stdin.isatty():
            await rooms.enter_async_context(_keypad(kazoo, call))
        await call.over
        await worker.until_idle()


@asynccontextmanager
async def _keypad(kazoo: SimulatedKazoo, call: SimulatedCall) -> AsyncIterator[None]:
    """Lines typed at the terminal are keys; an empty one hangs up."""
    loop = asyncio.get_running_loop()

    def typed() -> None:
        line = sys.stdin.readline().strip()
        leg = kazoo.switch.legs[call.call_id]
        if not line:
            kazoo.switch.hang_up(call.call_id)
        if unknown := unknown_keys(line):
            print(unknown, file=sys.stderr)
            return
        for key in line:
            leg.press(key)

    print("type keys and Enter; Enter alone hangs up", file=sys.stderr)
    loop.add_reader(sys.stdin.fileno(), typed)
    try:
        yield
    finally:
        loop.remove_reader(sys.stdin.fileno())


def seconds(text: str) -> float:
    """`3s`, `3` or `500ms`.

    Raises:
        ConfigError: something else, or less than nothing.
    """
    number, factor = (
        (text.removesuffix("ms"), 0.001) if text.endswith("ms") else (text.removesuffix("s"), 1.0)
    )
    try:
        value = float(number) * factor
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise ConfigError(f'"{text}" is no time; write 3s or 500ms')
    return value
