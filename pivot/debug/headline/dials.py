"""The Dials of a call: who was rung, for how long, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pivot.debug.headline.moments import at_s, cut, items, kind, last, listed, seconds, text
from pivot.model.json import JsonObject

_RINGS = ("DialCarrier", "BridgeTo", "CallApart")
_RESULTS = {
    "SUCCESS": "ended",
    "NORMAL_CLEARING": "ended",
    "USER_BUSY": "busy",
    "NO_ANSWER": "not answered",
    "NO_USER_RESPONSE": "not answered",
    "ALLOTTED_TIMEOUT": "not answered",
    "PROGRESS_TIMEOUT": "not answered",
    "ORIGINATOR_CANCEL": "the caller hung up",
    "CALL_REJECTED": "declined",
    "SUBSCRIBER_ABSENT": "not registered",
    "USER_NOT_REGISTERED": "not registered",
    "UNALLOCATED_NUMBER": "no such number",
    "NO_ROUTE_DESTINATION": "no way to that number",
    "LOSE_RACE": "another one answered first",
}


@dataclass(frozen=True, slots=True)
class Rung:
    """One ringing of one or more parties."""

    moment: JsonObject
    """The command that rang them."""
    whom: str
    began_s: float
    talked_from_s: float | None = None
    ended_s: float | None = None
    """None: the timeline does not tell the end."""
    cause: str = ""
    code: str = ""

    @property
    def failed(self) -> bool:
        return self.talked_from_s is None and self.ended_s is not None

    def words(self) -> str:
        """`rang +4930123: busy after 0.5 s`."""
        if self.talked_from_s is not None:
            talk = (
                "talked"
                if self.ended_s is None
                else f"talked for {seconds(self.ended_s - self.talked_from_s)}"
            )
            return f"rang {self.whom}: answered after {seconds(self.talked_from_s - self.began_s)}, {talk}"
        if self.ended_s is None:
            return f"rang {self.whom}"
        return f"rang {self.whom}: {self.result()} after {seconds(self.ended_s - self.began_s)}"

    def result(self) -> str:
        sip = f" ({cut(self.code, 20)})" if self.code else ""
        return _RESULTS.get(self.cause, cut(self.cause.replace("_", " ").lower(), 40) or "over") + sip


def rung(moments: tuple[JsonObject, ...]) -> list[Rung]:
    """All ringings in order; each ends at the latest where the next one begins."""
    starts = [place for place, moment in enumerate(moments) if kind(moment) in _RINGS]
    ends = [*starts[1:], len(moments)]
    return [_one(moments[start], moments[start + 1 : end]) for start, end in zip(starts, ends, strict=False)]


def _one(moment: JsonObject, after: tuple[JsonObject, ...]) -> Rung:
    bridged = next(
        (each for each in after if kind(each) == "LegsBridged" and each.get("answered") is not False), None
    )
    end = next((each for each in after if _ends(each)), None)
    done = last(after, "CarrierDone") or {}
    cause = text(end or {}, "response") or text(end or {}, "cause") or text(done, "cause")
    code = text(end or {}, "hangup_code") or text(end or {}, "code") or text(done, "code")
    return Rung(
        moment,
        _whom(moment),
        at_s(moment) or 0.0,
        at_s(bridged) if bridged else None,
        at_s(end) if end else None,
        cause,
        code,
    )


def _ends(moment: JsonObject) -> bool:
    if kind(moment) == "Executed":
        return text(moment, "application") == "bridge"
    return kind(moment) in ("LegFailed", "CarrierDone")


def _whom(moment: JsonObject) -> str:
    if number := text(moment, "number"):
        return cut(number, 40)
    one = moment.get("endpoint")
    endpoints = [one] if one else items(moment.get("endpoints"))
    known = [each for each in endpoints if isinstance(each, Mapping)]
    labels = list(dict.fromkeys(text(each, "label") or text(each, "address") for each in known))
    shown = [cut(label, 40) for label in labels if label]
    more = [f"{len(shown) - 3} more"] if len(shown) > 3 else []
    return listed([*shown[:3], *more]) or "somebody"
