"""A call's documents, put together again: what was asked, what was answered, what came of it.

Documents of every age are understood: ours, those of Kazoo's own pivot, and those of older Kazoo, which
wrote an answer's headers and body as two documents and knew no iterations. Everything here is pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pivot.debug.names import GREGORIAN_UNIX_S
from pivot.model.json import Json, JsonObject


@dataclass(frozen=True, slots=True)
class Asked:
    """What was sent to a server."""

    id: str
    at_s: float
    """Unix time; whole seconds in documents of Kazoo's own."""
    uri: str
    method: str
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back. Without a status nothing came, and the exchange's `code` says why."""

    id: str
    at_s: float
    status: str | None
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question to a server, and its end."""

    iteration: int
    is_cdr: bool = False
    asked: Asked | None = None
    answered: Answered | None = None
    code: str | None = None
    message: str | None = None
    line: int | None = None
    column: int | None = None
    errors: Json = None
    """`json_errors` or `schema_errors` as stored."""
    notes: JsonObject | None = None
    """Our own additions: attempts, times in ms, address, warnings, marks of what was cut."""


@dataclass(frozen=True, slots=True)
class Run:
    """One pivot request: everything from callflow's question to the end of our part."""

    msg_id: str
    started_s: float
    exchanges: tuple[Exchange, ...]
    from_: str = ""
    to: str = ""
    node: str = ""
    outcome: str | None = None
    code: str | None = None
    message: str | None = None
    total_ms: float | None = None
    sentence: str = ""
    """What happened, in words, as stored at the call's end; see `headline`."""
    moments: tuple[JsonObject, ...] = ()
    """What was decided and sent, and what the call did; from the call's timeline."""
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Story:
    """All that is stored of one call id; each worker that had the call is a run."""

    call_id: str
    runs: tuple[Run, ...]


def story(call_id: str, documents: Iterable[JsonObject]) -> Story:
    """The story of one call id; runs in order of time, none when there are no documents."""
    ordered = sorted((document for document in documents if not document.get("pvt_deleted")), key=_order)
    runs: dict[str, list[JsonObject]] = {}
    for document in ordered:
        runs.setdefault(_run_key(document), []).append(document)
    told = [run for key, parts in runs.items() for run in _runs(key, parts)]
    return Story(call_id, tuple(sorted(told, key=lambda run: run.started_s)))


def _run_key(document: JsonObject) -> str:
    return _text(_ours(document), "msg_id")


def _runs(msg_id: str, documents: Sequence[JsonObject]) -> list[Run]:
    """The runs of one message id. Kazoo's documents name none: there each first iteration begins a run."""
    if msg_id:
        return [_run(msg_id, documents)]
    parts: list[list[JsonObject]] = []
    for document in documents:
        if not parts or (_begins_run(document) and any("uri" in part for part in parts[-1])):
            parts.append([])
        parts[-1].append(document)
    return [_run("", part) for part in parts]


def _begins_run(document: JsonObject) -> bool:
    return "uri" in document and document.get("iteration") == 1 and not is_cdr(document)


def _run(msg_id: str, documents: Sequence[JsonObject]) -> Run:
    timeline = next((document for document in documents if _is_timeline(document)), None)
    exchanges = _exchanges([document for document in documents if not _is_timeline(document)])
    ours = _ours(timeline or documents[0])
    row = _object(ours, "row")
    request = next((_ours(document) for document in documents if "uri" in document), {})
    entries = ours.get("entries")
    return Run(
        msg_id=msg_id,
        started_s=_started_s(documents[0]),
        exchanges=exchanges,
        from_=_text(row, "from") or _text(request, "from"),
        to=_text(row, "to") or _text(request, "to"),
        node=_text(documents[0], "pvt_node"),
        outcome=_text(row, "outcome") or None,
        code=_text(row, "code") or None,
        message=_text(row, "message") or None,
        total_ms=_number(row, "total_ms"),
        sentence=_text(row, "sentence"),
        moments=tuple(entry for entry in entries if isinstance(entry, Mapping))
        if isinstance(entries, list | tuple)
        else (),
        left_out=int(_number(ours, "left_out") or 0),
    )


def _exchanges(documents: Sequence[JsonObject]) -> tuple[Exchange, ...]:
    """Documents in order, those of one exchange put together."""
    found: list[Exchange] = []
    keys: list[str] = []
    for document in documents:
        fetch_id = _text(_ours(document), "fetch_id")
        place = _place(document, fetch_id, found, keys)
        if place is None:
            found.append(Exchange(_iteration(document, found)))
            keys.append(fetch_id)
            place = len(found) - 1
        found[place] = _with(found[place], document)
    return tuple(found)


def _place(document: JsonObject, fetch_id: str, found: list[Exchange], keys: list[str]) -> int | None:
    """Which exchange a document belongs to; None: it begins one."""
    if fetch_id:
        return keys.index(fetch_id) if fetch_id in keys else None
    if "uri" in document:
        return None
    iteration = document.get("iteration")
    for place in reversed(range(len(found))):
        exchange = found[place]
        if iteration in (None, exchange.iteration) and _has_room(exchange, document):
            return place
    return None


def _has_room(exchange: Exchange, document: JsonObject) -> bool:
    if "json_errors" in document or "schema_errors" in document:
        return exchange.errors is None
    answered = exchange.answered
    if answered is None:
        return True
    is_body_half = "resp_body" in document and "resp_status_code" not in document
    return is_body_half and not answered.body


def _iteration(document: JsonObject, found: list[Exchange]) -> int:
    """Older Kazoo numbered nothing: there each question is one iteration."""
    iteration = document.get("iteration")
    if isinstance(iteration, int):
        return iteration
    return found[-1].iteration + 1 if found else 1


def _with(exchange: Exchange, document: JsonObject) -> Exchange:
    ours = _ours(document)
    exchange = replace(
        exchange,
        code=_text(ours, "code") or exchange.code,
        message=_text(ours, "message") or exchange.message,
        line=_integer(ours, "line") or exchange.line,
        column=_integer(ours, "column") or exchange.column,
        notes={**(exchange.notes or {}), **ours} or None,
    )
    if "uri" in document:
        return replace(exchange, asked=_asked(document), is_cdr=is_cdr(document))
    for name in ("json_errors", "schema_errors"):
        if name in document:
            return replace(
                exchange, errors=document[name], answered=exchange.answered or _answered(document, None)
            )
    return replace(exchange, answered=_answered(document, exchange.answered))


def _asked(document: JsonObject) -> Asked:
    return Asked(
        id=_text(document, "_id"),
        at_s=_at_s(document),
        uri=_text(document, "uri"),
        method=_text(document, "method").lower() or "get",
        headers=headers(document.get("req_headers")),
        body=_text(document, "req_body"),
    )


def _answered(document: JsonObject, before: Answered | None) -> Answered:
    """The answer; `before` is the half that another document told."""
    status = document.get("resp_status_code", before.status if before else None)
    return Answered(
        id=before.id if before else _text(document, "_id"),
        at_s=before.at_s if before else _at_s(document),
        status=None if status is None else str(status),
        headers=headers(document.get("resp_headers")) or (before.headers if before else {}),
        body=_text(document, "resp_body") or (before.body if before else ""),
    )


def headers(value: Json) -> dict[str, str]:
    """Headers by name; a name that came twice has its values joined by a comma."""
    pairs = value.items() if isinstance(value, Mapping) else _pairs(value)
    joined: dict[str, str] = {}
    for name, item in pairs:
        items = item if isinstance(item, list | tuple) else (item,)
        shown = ", ".join(str(part) for part in items)
        joined[name] = f"{joined[name]}, {shown}" if name in joined else shown
    return joined


def _pairs(value: Json) -> Iterable[tuple[str, Json]]:
    """Headers as a list of pairs, the form in which duplicate members survive."""
    if not isinstance(value, list | tuple):
        return ()
    return [(str(pair[0]), pair[1]) for pair in value if isinstance(pair, list | tuple) and len(pair) == 2]


def is_cdr(document: JsonObject) -> bool:
    """Is it the report to `cdr_url`? Kazoo's own documents show it only by their parameters."""
    kind = _text(_ours(document), "kind")
    if kind:
        return kind.startswith("cdr")
    return "Hangup-Cause=" in _text(document, "req_body")


def _order(document: JsonObject) -> tuple[float, int, int]:
    """By time; within a second as the parts of an iteration follow each other."""
    if "uri" in document:
        part = 0
    elif "json_errors" in document or "schema_errors" in document:
        part = 3
    elif "resp_status_code" in document:
        part = 1
    else:
        part = 4 if _is_timeline(document) else 2
    return _at_s(document), _integer(document, "iteration") or 0, part


def _at_s(document: JsonObject) -> float:
    ours = _ours(document)
    started_ms, at_ms = _number(ours, "started_ms"), _number(ours, "at_ms")
    if started_ms is not None and at_ms is not None:
        return (started_ms + at_ms) / 1000
    return float((_integer(document, "pvt_created") or GREGORIAN_UNIX_S) - GREGORIAN_UNIX_S)


def _started_s(document: JsonObject) -> float:
    started_ms = _number(_ours(document), "started_ms")
    return _at_s(document) if started_ms is None else started_ms / 1000


def _is_timeline(document: JsonObject) -> bool:
    return document.get("pvt_type") == "pivot_timeline"


def _ours(document: JsonObject) -> JsonObject:
    return _object(document, "pivot")


def _object(value: JsonObject, name: str) -> JsonObject:
    item = value.get(name)
    return item if isinstance(item, Mapping) else {}


def _text(value: JsonObject, name: str) -> str:
    item = value.get(name)
    return item if isinstance(item, str) else ""


def _number(value: JsonObject, name: str) -> float | None:
    item = value.get(name)
    return float(item) if isinstance(item, int | float) and not isinstance(item, bool) else None


def _integer(value: JsonObject, name: str) -> int | None:
    item = value.get(name)
    return item if isinstance(item, int) and not isinstance(item, bool) else None
