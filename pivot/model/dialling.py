"""What the switch can be told to do with other parties, and what it reports about them.

A `bridge` ends in an `Executed` of that name with the hang-up cause; then the caller is parked, and goes
on. Legs whose Call-ID we choose can be bound before they ring.
"""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TypeAlias

from pivot.model.hot import hot_dataclass
from pivot.model.instructions import NameValue
from pivot.model.json import JsonObject
from pivot.model.plain import plain


@plain
class EndpointKind(StrEnum):
    """How the switch finds a party."""

    ROUTE = "route"
    """By a SIP URI."""
    NUMBER = "loopback"
    """By a number that is routed as if the account had dialled it, on-net numbers included."""
    DEVICE = "username"
    """By the registration of a device of the account; newer switches' sides find it by its id."""


@plain
@hot_dataclass(frozen=True, slots=True)
class Endpoint:
    """One party that is rung."""

    label: str
    """How the document names the party."""
    call_id: str
    """The Call-ID that its leg gets."""
    kind: EndpointKind
    address: str
    """A SIP URI, a number, or a device's user name."""
    realm: str = ""
    """Of a device."""
    transport: str | None = None
    username: str | None = None
    password: str | None = None
    headers: tuple[NameValue, ...] = ()
    timeout_s: float | None = None
    variables: JsonObject = field(default_factory=dict)
    """Custom-Channel-Vars of the leg."""
    details: JsonObject = field(default_factory=dict)
    """Further members of the endpoint, as Kazoo names them, from a device's document."""
    failover: Endpoint | None = None
    """Who is rung instead of a device that is not registered; gets its label and Call-ID."""


@plain
@hot_dataclass(frozen=True, slots=True)
class CallerId:
    """Who the party that is rung sees calling; empty: what the switch has."""

    number: str = ""
    name: str = ""


@plain
@hot_dataclass(frozen=True, slots=True)
class Identity:
    """Who a caller is to those who are rung, by where they are; what is empty is as the call says."""

    inside: CallerId = CallerId()
    """To phones of the account."""
    outside: CallerId = CallerId()
    """To numbers."""
    emergency: CallerId = CallerId()
    """To emergency numbers."""
    presence_id: str = ""


@plain
@hot_dataclass(frozen=True, slots=True)
class DialCarrier:
    """Ring a number through the carriers; `CarrierDone` and the bridge's `Executed` follow, in either order.

    The leg's Call-ID is known only from `LegsBridged`.
    """

    msg_id: str
    number: str
    timeout_s: float
    caller_id: CallerId = CallerId()
    force_outbound: bool = True
    """False: the carriers' service may ring an own number directly."""
    process_media: bool = False
    """The switch must see the audio, to record it."""
    ringback: str | None = None
    emergency: CallerId = CallerId()
    presence_id: str = ""


@plain
@hot_dataclass(frozen=True, slots=True)
class BridgeTo:
    """Ring parties at once and join the caller with the first who answers."""

    msg_id: str
    endpoints: tuple[Endpoint, ...]
    timeout_s: float
    caller_id: CallerId = CallerId()
    ringback: str | None = None
    ignore_early_media: bool = True
    """False: the caller hears what the party's network plays."""
    process_media: bool = False


@plain
@hot_dataclass(frozen=True, slots=True)
class CallApart:
    """Ring a party apart from the caller; `LegControlled`, then `LegReady` or `LegFailed`."""

    msg_id: str
    endpoint: Endpoint
    timeout_s: float
    caller_id: CallerId = CallerId()


@plain
@hot_dataclass(frozen=True, slots=True)
class CallToHear:
    """Prepare to ring a party that shall hear a leg, and whomever that talks with.

    `LegControlled` and `LegPrepared` follow, or `LegFailed`.
    """

    msg_id: str
    endpoint: Endpoint
    heard: str
    """The leg that it hears."""
    timeout_s: float


@plain
@hot_dataclass(frozen=True, slots=True)
class RingPrepared:
    """Ring a party that is prepared; `LegReady` or `LegFailed` follows."""

    msg_id: str
    """Of the command that prepared it."""
    leg: str
    queue: str
    """Where somebody waits for this word, for a few seconds."""


@plain
@hot_dataclass(frozen=True, slots=True)
class JoinLeg:
    """Join the caller with a leg that waits on the switch; both are parked when they part."""

    msg_id: str
    target: str
    label: str = ""
    """How the document names the party; not told to the switch."""


@plain
@hot_dataclass(frozen=True, slots=True)
class PartLegs:
    """Part the caller from the leg that it hears; both are parked."""

    msg_id: str


@plain
@hot_dataclass(frozen=True, slots=True)
class RingBack:
    """Let the caller hear ringing; on an answered call a tone, until `StopMedia`."""

    msg_id: str
    tone: str | None = None
    """A tone stream of the switch; None: its own."""
    answered: bool = False


@plain
@hot_dataclass(frozen=True, slots=True)
class HoldMusic:
    """Play music until `StopMedia`; None: the channel's own."""

    msg_id: str
    media: str | None = None


@plain
@hot_dataclass(frozen=True, slots=True)
class StartRecording:
    """Begin to record a leg with whomever it is joined; `RecordingStarted`, `RecordingStopped`."""

    msg_id: str
    name: str
    """File name with its extension."""
    recording_id: str
    max_s: float
    stereo: bool = False
    leg: str | None = None
    label: str = ""
    """How the document names it; not told to the switch."""


@plain
@hot_dataclass(frozen=True, slots=True)
class StopRecording:
    """End a recording that StartRecording began."""

    msg_id: str
    name: str
    """As given when it began."""
    leg: str | None = None
    label: str = ""


@plain
class EndpointsOf(StrEnum):
    """Whose devices are looked up in the account's database."""

    USER = "user"
    DEVICE = "device"
    CLIENT = "client"
    """A user name or a device's name."""


@plain
@hot_dataclass(frozen=True, slots=True)
class Wanted:
    """One user or device whose endpoints a Dial needs."""

    of: EndpointsOf
    name: str


@plain
@hot_dataclass(frozen=True, slots=True)
class LookUpEndpoints:
    """Ask the account's database what a Dial needs; `EndpointsFound` follows, whatever happens."""

    lookup_id: str
    wanted: tuple[Wanted, ...] = ()
    """Whose devices."""
    identity: bool = False
    """Whether the caller's is."""
    number: str = ""
    """Whether this one is the account's; empty: nobody asks."""


DiallingCommand: TypeAlias = (
    DialCarrier
    | BridgeTo
    | CallApart
    | CallToHear
    | RingPrepared
    | JoinLeg
    | PartLegs
    | RingBack
    | HoldMusic
    | StartRecording
    | StopRecording
)


# ---- events


@plain
@hot_dataclass(frozen=True, slots=True)
class EndpointsFound:
    """What was found for each that was wanted, in its order; nothing for who is unknown or has no phone."""

    lookup_id: str
    found: tuple[tuple[Endpoint, ...], ...] = ()
    """`call_id` and `label` are still to be filled in."""
    identity: Identity | None = None
    """None: unknown, or not asked for."""
    owned: bool | None = None
    """Whether the number is the account's; None as before."""


@plain
@hot_dataclass(frozen=True, slots=True)
class LegCreated:
    """Another leg is being rung for this one; older media servers tell it, newer ones not."""

    call_id: str
    other_leg: str


@plain
@hot_dataclass(frozen=True, slots=True)
class LegRinging:
    """A party's phone rings, or its network plays something."""

    call_id: str


@plain
@hot_dataclass(frozen=True, slots=True)
class LegsBridged:
    """A leg hears another one, which may not have answered yet."""

    call_id: str
    other_leg: str
    answered: bool | None = None
    """Whether `call_id` is; None: the switch does not say."""


@plain
@hot_dataclass(frozen=True, slots=True)
class LegsParted:
    """A leg hears no other one any more."""

    call_id: str
    hung_up: bool | None = False
    """The leg was hung up when the switch told this; None: the switch does not say."""


@plain
@hot_dataclass(frozen=True, slots=True)
class CarrierDone:
    """The carriers' service has finished with a `DialCarrier`."""

    msg_id: str
    cause: str
    """`SUCCESS` when the parties talked, else a hang-up cause."""
    code: str | None = None
    """`sip:486` and the like."""


@plain
@hot_dataclass(frozen=True, slots=True)
class LegControlled:
    """A leg that we ring apart has a control queue of its own."""

    msg_id: str
    call_id: str
    control_queue: str


@plain
@hot_dataclass(frozen=True, slots=True)
class LegPrepared:
    """A leg that shall hear another one will be rung at our word."""

    msg_id: str
    call_id: str
    control_queue: str
    queue: str
    """Where that word is waited for."""


@plain
@hot_dataclass(frozen=True, slots=True)
class LegReady:
    """A leg that we rang apart has answered: it waits, or hears what it shall hear."""

    msg_id: str
    call_id: str


@plain
@hot_dataclass(frozen=True, slots=True)
class LegFailed:
    """A leg that we rang apart did not answer."""

    msg_id: str
    cause: str


DiallingEvent: TypeAlias = (
    LegCreated
    | LegRinging
    | LegsBridged
    | LegsParted
    | CarrierDone
    | LegControlled
    | LegPrepared
    | LegReady
    | LegFailed
)
