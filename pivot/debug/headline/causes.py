"""What went otherwise than asked before the end: skipped verbs, warnings, Dials without an answer."""

from __future__ import annotations

from collections.abc import Mapping

from pivot.debug.headline.dials import rung
from pivot.debug.headline.hearing import hearing
from pivot.debug.headline.moments import counted, cut, items, kind, number, text
from pivot.debug.story import Run
from pivot.model.json import JsonObject

_MOST = 3


def causes(run: Run) -> str:
    """One sentence, with its full stop; nothing when all went as asked."""
    found = list(dict.fromkeys([*_warnings(run), *_dials(run), *_sounds(run)]))
    more = [f"{len(found) - _MOST} more"] if len(found) > _MOST else []
    return f"On the way: {'; '.join([*found[:_MOST], *more])}." if found else ""


def warning_words(warning: JsonObject) -> str:
    """A warning as a sentence with its place: `line 2, column 3: …`."""
    message = cut(text(warning, "message"), 200).rstrip(".")
    line, column = number(warning, "line"), number(warning, "column")
    if line is None or f"line {line:.0f}" in message:
        return message
    where = f"line {line:.0f}" + (f", column {column:.0f}" if column else "")
    return f"{where}: {message}"


def _warnings(run: Run) -> list[str]:
    found = []
    for exchange in run.exchanges:
        for warning in items((exchange.notes or {}).get("warnings")):
            words = warning_words(warning) if isinstance(warning, Mapping) else cut(str(warning), 200)
            found += [f"{words} (answer {exchange.iteration})"] if words else []
    for moment in run.moments:
        if kind(moment) == "Noticed":
            found.append(cut(text(moment, "message"), 200).rstrip("."))
        elif kind(moment) == "Unsupported":
            found.append(f"{cut(text(moment, 'verb'), 40)} was skipped, {cut(text(moment, 'message'), 200)}")
    return [words for words in found if words]


def _dials(run: Run) -> list[str]:
    return [f"a Dial {each.words()}" for each in rung(run.moments) if each.failed]


def _sounds(run: Run) -> list[str]:
    soundless = hearing(run).soundless
    return [f"{counted(soundless, 'sound')} could not be played"] if soundless else []
