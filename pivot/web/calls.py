"""The list of calls with their outcomes, and one call's whole story: what Crossbar has nothing like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from pivot.codes_text import entry_of
from pivot.debug.store import CallQueries, CallRow
from pivot.debug.story import Exchange, Run, story
from pivot.model.json import Json
from pivot.web.errors import faulty_request
from pivot.web.search import parse_search
from pivot.web.time_range import gregorian, month_of


async def calls_page(
    store: CallQueries, account_id: str, search: str, cursor: str | None, limit: int, now_s: float
) -> tuple[list[Mapping[str, Json]], str | None]:
    """A page of rows, and where the next one begins.

    Raises:
        ApiError: 400, a search that means nothing; 404, a start key that no page gave.
    """
    wanted = parse_search(search, now_s)
    try:
        page = await store.calls(account_id, wanted, cursor=cursor, limit=limit)
    except ValueError as error:
        raise faulty_request("invalid start_key") from error
    return [shown_row(row) for row in page.rows], page.next


def shown_row(row: CallRow) -> dict[str, Json]:
    """A row as clients see it; what is not known is left out."""
    created = gregorian(row.started_s)
    shown: dict[str, Json] = {
        "call_id": row.call_id,
        "debug_id": f"{month_of(created)}-{row.call_id}",
        "msg_id": row.msg_id,
        "created": created,
        "started": iso_time(row.started_s),
        "finished": row.finished,
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


async def one_call(
    store: CallQueries, account_id: str, call_id: str, months: Sequence[str]
) -> dict[str, Json]:
    """The story as plain JSON; no runs when there are no documents."""
    told = story(call_id, await store.call(account_id, call_id, months))
    return {"call_id": call_id, "runs": [shown_run(run) for run in told.runs]}


def shown_run(run: Run) -> dict[str, Json]:
    """One run with its exchanges and what is known about its code."""
    shown = {name: value for name, value in asdict(run).items() if value not in (None, "")}
    sender = shown.pop("from_", None)
    entry = entry_of(run.code) if run.code else None
    return {
        "started": iso_time(run.started_s),
        **({"from": sender} if sender else {}),
        **shown,
        "exchanges": [shown_exchange(exchange) for exchange in run.exchanges],
        **({"explanation": asdict(entry)} if entry else {}),
    }


def shown_exchange(exchange: Exchange) -> dict[str, Json]:
    return {name: value for name, value in asdict(exchange).items() if value is not None}


def iso_time(unix_s: float) -> str:
    """UTC with milliseconds; times that no calendar has are taken to its nearest end."""
    seconds = min(max(unix_s, -62_135_596_800.0), 253_402_300_799.0)
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _twilio_code(code: str | None) -> int | None:
    entry = entry_of(code) if code else None
    return entry.twilio_code if entry else None
