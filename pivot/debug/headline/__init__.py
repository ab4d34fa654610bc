"""The one sentence or two that say what happened to a call, the same in the list, page, terminal and API.

Everything is derived from what is stored of this very call, never from what a code usually means. What is not
stored is said to be missing; nothing here raises, whatever a document holds. Everything here is pure.
"""

from __future__ import annotations

from pivot.debug.headline.caller import caller_words
from pivot.debug.headline.causes import causes
from pivot.debug.headline.faults import what_happened
from pivot.debug.store import CallRow
from pivot.debug.story import Asked, Exchange, Run

MAX_CHARS = 1200


def sentence_of(run: Run) -> str:
    """What happened, what led to it, and what became of the caller; the stored words where there are any."""
    return run.sentence or made_sentence(run)


def made_sentence(run: Run) -> str:
    """The same, made anew: for a run whose end is being stored, or was stored without one."""
    parts = (what_happened(run), causes(run), caller_words(run))
    sentence = " ".join(part for part in parts if part)
    return sentence if len(sentence) <= MAX_CHARS else f"{sentence[: MAX_CHARS - 1]}…"


def sentence_of_row(row: CallRow) -> str:
    """For a list, which knows no more than its row: the stored words, or what the row alone can tell."""
    if row.sentence:
        return row.sentence
    asked = Asked("", row.started_s, row.uri, "", {}, "") if row.uri else None
    exchange = Exchange(1, asked=asked, code=row.code if row.iterations == 1 else None)
    run = Run(
        row.msg_id,
        row.started_s,
        (exchange,) if asked else (),
        outcome=row.outcome,
        code=row.code,
        total_ms=row.total_ms,
    )
    return made_sentence(run)
