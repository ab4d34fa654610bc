"""Calls as plain JSON, the same for the API and the terminal."""

from __future__ import annotations

from dataclasses import asdict

from pivot.codes import entry_of
from pivot.debug.activity import activity
from pivot.debug.call_text import in_calendar, iso_time
from pivot.debug.headline import sentence_of, sentence_of_row
from pivot.debug.names import GREGORIAN_UNIX_S, month_of
from pivot.debug.store import CallRow
from pivot.debug.story import Exchange, Run, Story
from pivot.model.json import Json


def shown_story(told: Story) -> dict[str, Json]:
    """One call as JSON: `{"call_id": ..., "runs": [...]}`."""
    return {"call_id": told.call_id, "runs": [shown_run(run) for run in told.runs]}


def shown_row(row: CallRow) -> dict[str, Json]:
    """A row as clients see it; what is not known is left out."""
    created = int(row.started_s) + GREGORIAN_UNIX_S
    shown: dict[str, Json] = {
        "call_id": row.call_id,
        "debug_id": f"{month_of(in_calendar(row.started_s))}-{row.call_id}",
        "msg_id": row.msg_id,
        "created": created,
        "started": iso_time(row.started_s),
        "finished": row.finished,
        "sentence": sentence_of_row(row),
        "outcome": row.outcome,
        "code": row.code,
        "twilio_code": _twilio_code(row.code),
        "status_code": row.status_code,
        "iterations": row.iterations,
        "total_ms": row.total_ms,
        "host": row.host,
        "uri": row.uri,
        "from": row.from_,
        "to": row.to,
        "node": row.node,
    }
    return {name: value for name, value in shown.items() if value not in (None, "")}


def shown_run(run: Run) -> dict[str, Json]:
    """One run with its exchanges and what is known about its code."""
    shown = {name: value for name, value in asdict(run).items() if value not in (None, "")}
    sender = shown.pop("from_", None)
    entry = entry_of(run.code) if run.code else None
    return {
        "started": iso_time(run.started_s),
        **({"from": sender} if sender else {}),
        **shown,
        "sentence": sentence_of(run),
        "activity": [asdict(line) for line in activity(run)],
        "exchanges": [shown_exchange(exchange) for exchange in run.exchanges],
        **({"explanation": asdict(entry)} if entry else {}),
    }


def shown_exchange(exchange: Exchange) -> dict[str, Json]:
    """One exchange as JSON, without members that are None."""
    return {name: value for name, value in asdict(exchange).items() if value is not None}


def _twilio_code(code: str | None) -> int | None:
    entry = entry_of(code) if code else None
    return entry.twilio_code if entry else None
