"""How a simulated switch behaves: one named behaviour for each fact that was measured, read or guessed.

`DOCUMENTED` is the order of events that Kazoo's sources suggest. `MEASURED` is what FreeSWITCH 1.10.11 with
mod_kazoo behind Kazoo 4.3.0-923 did. `drawn(seed)` is the same with orders and times that the seed draws.
`docs/conformance.md` has one row for each field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any


class Basis(StrEnum):
    """How a behaviour is known."""

    RECORDED = "recorded"
    """Seen in recorded calls of a real cluster (`tests/vectors/switch`)."""
    MEASURED = "measured"
    """Tried on the real switch; no recorded call shows it."""
    READ = "read"
    """From the source of Kazoo or FreeSWITCH; not run."""
    GUESSED = "guessed"


@dataclass(frozen=True, slots=True)
class Ending:
    """What comes how many seconds after a channel was hung up."""

    completed_s: float | None
    """The end of the application that ran; None: it is not told."""
    recorded_s: float
    """RECORD_STOP of a recording that ran."""
    refused_s: float | None
    """The errors for the commands that had no end; None: they are not told."""
    destroyed_s: float
    """CHANNEL_DESTROY."""


ENDINGS: Mapping[str, Ending] = {
    "completion first": Ending(0.0, 0.0, 0.001, 0.012),
    "completion long before": Ending(0.0, 0.019, 0.019, 0.03),
    "destroyed first": Ending(0.012, 0.014, 0.012, 0.0),
    "destroyed long before": Ending(0.03, 0.03, 0.0, 0.001),
    "together": Ending(0.0, 0.0, 0.0, 0.0),
    "refused first": Ending(0.004, 0.002, 0.0, 0.014),
}
"""Orders that recorded hang-ups had: of 47, most had the completion first, 3 the channel's end."""


def _known(basis: Basis, default: Any) -> Any:
    return field(default=default, metadata={"basis": basis})


@dataclass(frozen=True, slots=True)
class SwitchBehaviour:
    """One kind of switch. The defaults are `DOCUMENTED`; each attribute is one behaviour."""

    name: str
    seed: int | None = None
    """Draws orders and times within the limits of the attributes; None: nothing is drawn."""

    tells_both_legs: bool = _known(Basis.RECORDED, True)
    """CHANNEL_BRIDGE and CHANNEL_UNBRIDGE come for both legs; False: for the first leg of the bridge only."""
    talks_hold_queue: bool = _known(Basis.RECORDED, False)
    """A leg that is bridged, in a conference, joined or on hold begins no further command of its queue. After
    a `connect_leg`, which has no end, the queue stays so until a `noop` with Insert-At `flush`."""
    originated_complete: bool = _known(Basis.RECORDED, True)
    """Legs made by `originate_req` tell the end of applications. False: of none, and the control process
    never starts the second command there (mod_kazoo's bundled kazoo.conf filters by `Call-Control-Queue`)."""
    originated_broadcast: bool = _known(Basis.RECORDED, False)
    """`play` on a leg made by `originate_req` is told as ended at once with `BROADCAST_SENT`."""
    keys_outlast_command: bool = _known(Basis.RECORDED, False)
    """`send_dtmf` is told as ended at once, while the keys still go out; a hang-up cuts the rest."""
    key_s: float | None = _known(Basis.MEASURED, None)
    """Seconds that a sent key takes; None: as long as the command says."""
    endings: tuple[Ending, ...] = _known(Basis.RECORDED, (Ending(None, 0.0, None, 0.0),))
    """In which order and when a hang-up is told; with a seed one is drawn for each hang-up."""
    ending_spread_s: float = _known(Basis.RECORDED, 0.0)
    """With a seed: each part of a hang-up comes within so many seconds."""
    hold_hides_keys: bool = _known(Basis.MEASURED, False)
    """Keys that are pressed while hold music plays are told when the music ends."""
    has_hold_music: bool = _known(Basis.RECORDED, True)
    """The switch has music of its own; False: `hold` without a URL ends at once with `PLAYBACK ERROR`."""
    refusal_waits: bool = _known(Basis.RECORDED, False)
    """The end of a party that refused is told when another one answers or all have ended."""
    stop_follows_completion: bool = _known(Basis.RECORDED, False)
    """RECORD_STOP comes after the end of `record`."""
    overtake_s: float = _known(Basis.RECORDED, 0.0)
    """With a seed: every event is late by up to so many seconds, since each is published by a process of its
    own, so neighbours overtake each other."""
    reaction_s: float = _known(Basis.RECORDED, 0.0)
    """Seconds between a command and the events that it brings about; also between two commands of a queue."""
    no_response: str | None = _known(Basis.RECORDED, None)
    """Application-Response of what ends without a word of its own: `tts`, `answer`, `record`."""
    tells_tone_played: bool = _known(Basis.RECORDED, False)
    """`tones` ends with `FILE PLAYED`."""
    hung_up_play: str = _known(Basis.RECORDED, "FILE PLAYED")
    """Application-Response of a `play` that a hang-up ended."""
    joined_play: str = _known(Basis.MEASURED, "FILE PLAYED")
    """Application-Response of a `play` that a `connect_leg` ended."""
    broken_hold: str = _known(Basis.MEASURED, "PLAYBACK_INTERRUPTED")
    """Application-Response of a `hold` that a flush ended; told only when talks hold the queue."""
    bridges_early: bool = _known(Basis.RECORDED, False)
    """Early media of a party bridges the caller where the command does not ignore it: CHANNEL_BRIDGE without
    any CHANNEL_ANSWER."""
    tells_answer_state: bool = _known(Basis.RECORDED, False)
    """`Channel-Answer-State` of an application's end says whether the leg was hung up."""
    tells_dispositions: bool = _known(Basis.RECORDED, False)
    """The end of a `bridge` says whether the legs heard each other, and the code of a refusal; CHANNEL_BRIDGE
    whether its leg is answered; CHANNEL_DESTROY whether its leg had answered."""
    record_over_s: float = _known(Basis.MEASURED, 0.0)
    """A recording exceeds its time limit by up to so many seconds."""
    ring_over_s: float = _known(Basis.RECORDED, 0.0)
    """Parties ring longer than the whole seconds that were wished, by up to so many seconds."""
    unanswered_code: str | None = _known(Basis.RECORDED, "sip:487")
    """Hangup-Code of a bridge that rang out."""
    unavailable: str = _known(Basis.MEASURED, "SUBSCRIBER_ABSENT")
    """Cause of a party that answers 480."""
    tells_settings: bool = _known(Basis.RECORDED, True)
    """Commands with Insert-At `now` that set something are told as ended."""
    tells_recording: bool = _known(Basis.RECORDED, False)
    """`record_call` is told as ended when it began and when it stopped."""
    refuses_dead_target: bool = _known(Basis.MEASURED, False)
    """`connect_leg` to a leg that is gone is refused."""
    keeps_causes: bool = _known(Basis.RECORDED, False)
    """After a bridge, later events of the leg keep its Hangup-Cause, Hangup-Code and Other-Leg-Call-ID."""
    conference_events: bool = _known(Basis.RECORDED, True)
    """`add-member` and `del-member` are published; False: the switch's settings leave them out."""


DOCUMENTED = SwitchBehaviour("documented")
MEASURED = SwitchBehaviour(
    "measured",
    tells_both_legs=False,
    talks_hold_queue=True,
    originated_broadcast=True,
    keys_outlast_command=True,
    key_s=0.5,
    endings=(ENDINGS["completion first"],),
    hold_hides_keys=True,
    has_hold_music=False,
    refusal_waits=True,
    stop_follows_completion=True,
    reaction_s=0.02,
    no_response="_none_",
    tells_tone_played=True,
    hung_up_play="PLAYBACK ERROR",
    joined_play="PLAYBACK ERROR",
    bridges_early=True,
    tells_answer_state=True,
    tells_dispositions=True,
    record_over_s=0.5,
    ring_over_s=0.4,
    unanswered_code=None,
    unavailable="NO_USER_RESPONSE",
    tells_settings=False,
    tells_recording=True,
    refuses_dead_target=True,
    keeps_causes=True,
)
FILTERED = replace(MEASURED, name="filtered", originated_complete=False)
"""The same with mod_kazoo's bundled kazoo.conf, of Kazoo 5: nothing ends on legs made by `originate_req`."""
_DRAWN = replace(
    MEASURED,
    endings=tuple(ENDINGS.values()),
    ending_spread_s=0.03,
    overtake_s=0.005,
    record_over_s=1.0,
    ring_over_s=1.0,
)


def drawn(seed: int) -> SwitchBehaviour:
    """`MEASURED` with orders and times that this seed draws; every other seed is the filtered switch."""
    return replace(_DRAWN, name=f"drawn:{seed}", seed=seed, originated_complete=seed % 2 == 0)


def behaviour_named(name: str) -> SwitchBehaviour:
    """`documented`, `measured`, `filtered`, `measured/ENDING` with a name of `ENDINGS`, or `drawn:SEED`.

    Raises:
        ValueError: there is no such behaviour.
    """
    kind, _, ending = name.partition("/")
    for known in (DOCUMENTED, MEASURED, FILTERED):
        if kind == known.name and not ending:
            return known
        if kind == known.name and ending in ENDINGS and known is not DOCUMENTED:
            return replace(known, name=name, endings=(ENDINGS[ending],))
    word, _, seed = name.partition(":")
    if word == "drawn" and seed.isdecimal():
        return drawn(int(seed))
    raise ValueError(
        f"{name!r} is no behaviour of the simulated switch; want documented, measured, filtered, drawn:SEED, "
        f"or measured/ENDING with one of {', '.join(ENDINGS)}"
    )


def basis_of() -> dict[str, Basis]:
    """By the name of each behaviour: how it is known."""
    return {each.name: each.metadata["basis"] for each in fields(SwitchBehaviour) if "basis" in each.metadata}
