"""What the caller heard and entered, and for how long there was silence, from the moments of the timeline."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.debug.headline.moments import HIDDEN, at_s, kind, text
from pivot.debug.story import Run
from pivot.model.json import JsonObject

_PLAYS = ("SpeakText", "PlayMedia")
_OPEN = {
    "HoldMusic": "music",
    "RingBack": "ringing",
    "JoinConference": "a conference",
    "EchoLeg": "an echo",
    "RecordLeg": "",
    "Beep": "a tone",
    "BridgeTo": "ringing",
    "DialCarrier": "ringing",
    "JoinLeg": "",
    "LegsBridged": "another party",
}
"""Heard, or spoken into, until something else is told."""
SILENCE = "silence_stream://"
"""How the switch is told to play silence."""
_CLOSES = {
    "bridge": {"BridgeTo", "DialCarrier", "JoinLeg", "LegsBridged", "RingBack"},
    "conference": {"JoinConference"},
    "tones": {"Beep"},
}
"""What is over when the switch has completed an application."""
_NO_SOUND = ("FILE NOT FOUND", "PLAYBACK ERROR")


@dataclass(frozen=True, slots=True)
class Hearing:
    """Seen from the caller, up to the moment at which our part of the call ended."""

    taken: bool = False
    """The call was ours: callflow had been told so."""
    answered: bool = False
    prompts: int = 0
    """Sounds that began."""
    soundless: int = 0
    """Sounds that the switch could not play."""
    others: tuple[str, ...] = ()
    """What else was heard: ringing, music, another party."""
    silence_s: float | None = None
    """At the end; None: not known."""
    ended_s: float = 0.0
    apologised: bool = False
    """Something was said after the call had failed."""


def hearing(run: Run) -> Hearing:
    """Everything of it; of a timeline that was cut, no silence."""
    ear = _Ear(own_leg(run))
    for moment in run.moments:
        ear.notice(moment)
    return ear.heard(known=bool(run.moments) and not run.left_out)


def entered(run: Run) -> str:
    """The keys that led to the newest request, or those pressed since; `***` where they are not stored."""
    own, earlier, keys = own_leg(run), "", ""
    for moment in run.moments:
        if kind(moment) == "Fetch" and text(moment, "after") != "fallback":
            earlier, keys = keys, ""
        elif kind(moment) == "DigitPressed" and text(moment, "call_id") in ("", own):
            keys += text(moment, "digit")
    found = keys or earlier
    return HIDDEN if HIDDEN in found else found


def own_leg(run: Run) -> str:
    """The caller's Call-ID as the timeline names it; empty when it does not."""
    bound = (text(each, "call_id") for each in run.moments if kind(each) == "BindCall")
    return next(bound, "")


class _Ear:
    """Walks along the moments and remembers until when the caller had something to hear or to do."""

    def __init__(self, leg: str) -> None:
        self._leg = leg
        self._playing: set[str] = set()
        self._open: set[str] = set()
        self._quiet_since = 0.0
        self._now = 0.0
        self._over_s: float | None = None
        self._taken = self._answered = self._failed = self._apologised = False
        self._others: dict[str, None] = {}
        self._prompts = self._soundless = 0

    def notice(self, moment: JsonObject) -> None:
        now = at_s(moment)
        self._now = self._now if now is None else max(now, self._now)
        if self._over_s is not None:
            return
        what = kind(moment)
        if what in ("End", "Hangup", "ChannelDestroyed") and self._is_own(moment, what):
            self._settle()
            self._over_s = self._now
        elif what in _PLAYS:
            self._begin(moment)
        elif what in _OPEN and self._is_own(moment, what):
            self._open.add(what)
            self._others |= {_OPEN[what]: None} if _OPEN[what] else {}
        elif what == "Executed":
            self._done(moment)
        elif self._stops(moment, what):
            self._settle()
        elif what == "DigitPressed" and self._is_own(moment, what):
            self._quiet_since = self._now
        else:
            self._note(what)

    def heard(self, *, known: bool) -> Hearing:
        end = self._now if self._over_s is None else self._over_s
        silence = 0.0 if self._sounds() else end - self._quiet_since
        return Hearing(
            self._taken,
            self._answered,
            self._prompts,
            self._soundless,
            tuple(self._others),
            silence if known else None,
            end,
            self._apologised,
        )

    def _note(self, what: str) -> None:
        self._taken = self._taken or what == "SayProcessing"
        self._answered = self._answered or what in ("AnswerCall", "ChannelAnswered")
        self._failed = self._failed or what == "CallFailed"

    def _is_own(self, moment: JsonObject, what: str) -> bool:
        if what == "End" or what == "LegsBridged":
            return True
        leg = text(moment, "leg") or text(moment, "call_id")
        return not leg or not self._leg or leg == self._leg

    def _stops(self, moment: JsonObject, what: str) -> bool:
        if what == "StopMedia":
            return not text(moment, "leg")
        return what in ("LegFailed", "RecordingStopped") or (what == "Fetch" and bool(self._open))

    def _begin(self, moment: JsonObject) -> None:
        if text(moment, "leg") or text(moment, "media").startswith(SILENCE):
            return
        self._playing.add(text(moment, "noop_id"))
        if self._failed:
            self._apologised = True
        else:
            self._prompts += 1

    def _done(self, moment: JsonObject) -> None:
        response, application = text(moment, "response"), text(moment, "application")
        if response in _NO_SOUND:
            self._soundless += 1
        elif response in self._playing:
            self._playing.discard(response)
            self._settle_if_quiet()
        elif application in _CLOSES:
            self._open -= _CLOSES[application]
            self._settle_if_quiet()

    def _settle(self) -> None:
        if self._sounds():
            self._quiet_since = self._now
        self._playing.clear()
        self._open.clear()

    def _settle_if_quiet(self) -> None:
        if not self._sounds():
            self._quiet_since = self._now

    def _sounds(self) -> bool:
        return bool(self._playing) or bool(self._open)
