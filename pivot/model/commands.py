"""What the engine wants done, in the imperative. The session performs them one after the other, in order.

A command that publishes is done when the broker has confirmed it; one that binds, when the binding stands.
"""

from __future__ import annotations

from typing import TypeAlias

from pivot.model.codes import Code, Outcome
from pivot.model.dialling import LookUpEndpoints
from pivot.model.fetch import FetchRequest
from pivot.model.hot import hot_dataclass
from pivot.model.plain import plain
from pivot.model.queues import QueueCommand
from pivot.model.rooms import RoomCommand
from pivot.model.speech import SpeechCommand
from pivot.model.switch import SwitchCommand


@plain
@hot_dataclass(frozen=True, slots=True)
class Fetch:
    """Ask a server; `Fetched` or `FetchFailed` with the same `fetch_id` follows, unless cancelled."""

    request: FetchRequest
    place: str = "call"
    """Where the document will run, for who reads it beforehand: a `Place` of the translator."""
    after: str = ""
    """Whose request it is: the verb that asked, such as `Gather`, or `fallback`; empty: the call's first."""


@plain
@hot_dataclass(frozen=True, slots=True)
class CancelFetch:
    """Stop a fetch; neither its answer nor its failure comes any more."""

    fetch_id: str


@plain
@hot_dataclass(frozen=True, slots=True)
class Notify:
    """Tell a server something beside the call; its answer is `Notified` and changes nothing."""

    request: FetchRequest
    series: str = ""
    """Notices of one series leave one after the other, each when the one before has its answer."""


@plain
@hot_dataclass(frozen=True, slots=True)
class StartTimer:
    """`TimerFired(name)` after `delay_s`; a running timer of that name starts anew."""

    name: str
    delay_s: float


@plain
@hot_dataclass(frozen=True, slots=True)
class CancelTimer:
    """Stop a timer; nothing happens when it is not running."""

    name: str


@plain
@hot_dataclass(frozen=True, slots=True)
class BindCall:
    """Receive this leg's events from now on."""

    call_id: str


@plain
@hot_dataclass(frozen=True, slots=True)
class UnbindCall:
    """Events of this leg are no longer wanted."""

    call_id: str


@plain
@hot_dataclass(frozen=True, slots=True)
class RecordOwnership:
    """Write down that this worker owns the slow request or the running call."""


@plain
@hot_dataclass(frozen=True, slots=True)
class Acknowledge:
    """Settle the delivery of the request: from now on nobody else will be given it."""


@plain
@hot_dataclass(frozen=True, slots=True)
class SayProcessing:
    """Tell callflow that we take the call: it stops waiting, and idles until the channel is gone."""


@plain
@hot_dataclass(frozen=True, slots=True)
class SayFailed:
    """Tell callflow that we do not take the call: it goes on with its `_` child."""


@plain
@hot_dataclass(frozen=True, slots=True)
class HandOverFlow:
    """Give callflow its new flow (`CHANNEL_PIVOT`); `flow` is JSON text, defaults filled in."""

    flow: str


@plain
@hot_dataclass(frozen=True, slots=True)
class SendMessage:
    """Hand a text message to the cluster's messaging application."""

    msg_id: str
    message_id: str
    """32 hex digits, fresh: the message's own name."""
    from_: str
    to: str
    """Both E.164."""
    body: str


@plain
@hot_dataclass(frozen=True, slots=True)
class End:
    """The session is over. `code` is set unless the outcome is `ok`."""

    outcome: Outcome
    code: Code | None = None
    message: str = ""


SessionCommand: TypeAlias = (
    Fetch
    | CancelFetch
    | Notify
    | StartTimer
    | CancelTimer
    | BindCall
    | UnbindCall
    | LookUpEndpoints
    | RoomCommand
    | QueueCommand
    | SpeechCommand
    | RecordOwnership
    | Acknowledge
    | End
)
CallflowCommand: TypeAlias = SayProcessing | SayFailed | HandOverFlow
BusCommand: TypeAlias = CallflowCommand | SwitchCommand | SendMessage
Command: TypeAlias = SessionCommand | BusCommand
