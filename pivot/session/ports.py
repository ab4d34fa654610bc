"""What a session needs of the world. Live, simulator and tests each bring their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from pivot.errors import SpeechError
from pivot.execute.rules import Rules
from pivot.model.call import Call, PivotRequest
from pivot.model.commands import BusCommand
from pivot.model.dialling import Endpoint, Identity, Wanted
from pivot.model.documents import Document, Refusal
from pivot.model.events import Event
from pivot.model.fetch import Answer, FetchFailure, FetchRequest
from pivot.model.json import JsonObject
from pivot.model.notes import Moment
from pivot.model.queues import QueueCommand
from pivot.model.rooms import RoomCommand
from pivot.model.speech import SpeechWish

Receiver: TypeAlias = Callable[[Event], None]
"""Takes an event of a bound leg; returns at once."""


class Fetcher(Protocol):
    """Asks customers' servers."""

    async def fetch(self, request: FetchRequest) -> Answer | FetchFailure:
        """Ask; every fault of the server or the network is a value. Cancel the task to stop."""


class Translator(Protocol):
    """Reads long answers beside the calls' turns."""

    async def translate(
        self, account_id: str | None, answer: Answer, place: str, rules: Rules
    ) -> Document | Refusal | None:
        """What an answer says, or why it cannot be run; None: it is short, and the engine reads it itself.

        Cancel the task to stop waiting.
        """


class NoTranslator:
    """The engine reads every answer itself."""

    async def translate(
        self, account_id: str | None, answer: Answer, place: str, rules: Rules
    ) -> Document | Refusal | None:
        """None: the engine reads the answer itself."""
        return None


class Bus(Protocol):
    """Publishes commands and delivers the events of bound legs."""

    async def send(self, call: Call, command: BusCommand) -> None:
        """Publish and wait for the broker's confirmation.

        Raises:
            BusError: the broker lost it, or had no queue for it where that means something.
        """

    async def bind(self, call_id: str, receive: Receiver) -> None:
        """Deliver this leg's events to `receive`; returns when the binding stands. Counted per leg.

        Raises:
            BusError: the binding could not be made.
        """

    async def unbind(self, call_id: str, receive: Receiver) -> None:
        """Take one binding of this receiver away; the last one of a leg goes from the broker too."""


class Delivery(Protocol):
    """One `pivot_req` as the broker gave it to us; to be settled exactly once."""

    @property
    def request(self) -> PivotRequest:
        """The request that the broker delivered."""

    @property
    def age_s(self) -> float:
        """Seconds between callflow's publishing, as far as its timestamp tells, and our receiving it."""

    @property
    def redelivered(self) -> bool:
        """True when the broker gave the request to a worker before."""

    @property
    def lost(self) -> bool:
        """The connection broke before it was settled: the request is back in the queue, for anybody."""

    async def regained(self) -> None:
        """Return when the request is not lost any more; it may be another worker's for good."""

    async def acknowledge(self) -> None:
        """Settle: nobody will be given this request again."""


class Owners(Protocol):
    """Knows to whom the callers' devices belong."""

    async def of(self, request: PivotRequest) -> tuple[str, ...]:
        """Ids of the users who own the device that this call comes from, as far as they must be known.

        Returns within a time that no caller notices, and never raises: what is not known by then is left out.
        """


class Ownership(Protocol):
    """Remembers, outside this process, which calls are ours and how far they are."""

    async def record(self, call_id: str, snapshot: Callable[[], JsonObject]) -> None:
        """Write down that we own this call; replaces an earlier record.

        `snapshot` makes the call's state as it is now; it costs something, so only who writes asks for it.
        """

    async def release(self, call_id: str) -> None:
        """The call is nobody's any more."""


class Phones(Protocol):
    """Knows the devices and numbers of an account."""

    async def look_up(self, call: Call, wanted: tuple[Wanted, ...]) -> tuple[tuple[Endpoint, ...], ...]:
        """The endpoints of each that is wanted, in that order, within a few seconds.

        Any error means that nobody is found.
        """

    async def identity_of(self, call: Call) -> Identity | None:
        """How the account and the caller's own device or user want the caller shown; None: unknown."""

    async def owns(self, call: Call, number: str) -> bool | None:
        """Whether this number in E.164 is the account's; None: unknown."""


class NoPhones:
    """No account database is connected: nobody is found, nothing is known."""

    async def look_up(self, call: Call, wanted: tuple[Wanted, ...]) -> tuple[tuple[Endpoint, ...], ...]:
        """No endpoints for any name."""
        return tuple(() for _ in wanted)

    async def identity_of(self, call: Call) -> Identity | None:
        """None: the caller is shown as the request has it."""
        return None

    async def owns(self, call: Call, number: str) -> bool | None:
        """None: it is not known whose number this is."""
        return None


class Meetings(Protocol):
    """Where calls meet: conference rooms and queues."""

    def perform(self, call_id: str, command: RoomCommand | QueueCommand, hear: Receiver) -> None:
        """Let the place's owner do it; returns at once. News of the place reach `hear` from now on."""

    def leave(self, call_id: str) -> None:
        """The session is over: out of every place."""


class Speech(Protocol):
    """Makes sounds of texts, outside the switch."""

    async def synthesise(self, account_id: str | None, wish: SpeechWish) -> str:
        """The URL of the sound. Cancel the task to stop waiting; any error means that there is none.

        Raises:
            SpeechError: why there is none.
        """

    def prepare(self, account_id: str | None, wish: SpeechWish) -> None:
        """This will probably be asked for soon; returns at once and never raises."""


class NoSpeech:
    """No plug-in is in use: the switch speaks."""

    async def synthesise(self, account_id: str | None, wish: SpeechWish) -> str:
        """Raise SpeechError: the switch speaks instead."""
        raise SpeechError("no speech plug-in is in use")

    def prepare(self, account_id: str | None, wish: SpeechWish) -> None:
        """Do nothing."""
        pass


class Observer(Protocol):
    """Watches one call."""

    def saw(self, moment: Moment, at_s: float) -> None:
        """Take note, `at_s` seconds after the call's request came; returns at once and never raises."""
