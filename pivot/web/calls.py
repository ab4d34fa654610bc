"""The list of calls with their outcomes, and one call's whole story: what Crossbar has nothing like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pivot.debug.call_json import shown_row, shown_story
from pivot.debug.search import SearchError, parse_search
from pivot.debug.store import CallFilter, CallQueries
from pivot.debug.story import story
from pivot.model.json import Json
from pivot.web.errors import ApiError, faulty_request


async def calls_page(
    store: CallQueries, account_id: str, search: str, cursor: str | None, limit: int, now_s: float
) -> tuple[list[Mapping[str, Json]], str | None]:
    """A page of rows, and where the next one begins.

    Raises:
        ApiError: 400, a search that means nothing; 404, a start key that no page gave.
    """
    wanted = _wanted(search, now_s)
    try:
        page = await store.calls(account_id, wanted, cursor=cursor, limit=limit)
    except ValueError as error:
        raise faulty_request("invalid start_key") from error
    return [shown_row(row) for row in page.rows], page.next


def _wanted(search: str, now_s: float) -> CallFilter:
    try:
        return parse_search(search, now_s)
    except SearchError as error:
        fault: Json = {"message": f"want {error.want}", "cause": error.got}
        raise ApiError(400, "validation error", {error.name: {"search": fault}}) from error


async def one_call(
    store: CallQueries, account_id: str, call_id: str, months: Sequence[str]
) -> dict[str, Json]:
    """The story as plain JSON; no runs when there are no documents."""
    return shown_story(story(call_id, await store.call(account_id, call_id, months)))
