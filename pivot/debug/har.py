"""A call's exchanges as an HTTP archive (HAR 1.2), which browsers and proxies can open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, urlsplit

import pivot
from pivot.debug.call_text import iso_time
from pivot.debug.story import Asked, Exchange, Run, Story
from pivot.model.json import Json, JsonObject


def har(told: Story) -> dict[str, Json]:
    """The archive: one page for each run, one entry for each exchange that was asked."""
    pages = [_page(told.call_id, number, run) for number, run in enumerate(told.runs, 1)]
    entries = [
        _entry(f"run_{number}", exchange.asked, exchange)
        for number, run in enumerate(told.runs, 1)
        for exchange in run.exchanges
        if exchange.asked is not None
    ]
    creator = {"name": "pivot", "version": pivot.__version__}
    return {"log": {"version": "1.2", "creator": creator, "pages": pages, "entries": entries}}


def _page(call_id: str, number: int, run: Run) -> dict[str, Json]:
    return {
        "id": f"run_{number}",
        "title": call_id,
        "startedDateTime": iso_time(run.started_s),
        "pageTimings": {"onLoad": run.total_ms},
    }


def _entry(page: str, asked: Asked, exchange: Exchange) -> dict[str, Json]:
    timings = _timings(exchange)
    return {
        "pageref": page,
        "startedDateTime": iso_time(asked.at_s),
        "time": sum(value for value in timings.values() if value >= 0),
        "request": _request(asked),
        "response": _response(exchange),
        "cache": {},
        "timings": dict(timings),
        "_iteration": exchange.iteration,
        **({"_code": exchange.code} if exchange.code else {}),
    }


def _request(asked: Asked) -> dict[str, Json]:
    shown: dict[str, Json] = {
        "method": asked.method.upper(),
        "url": asked.uri,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(asked.headers.items()),
        "queryString": _pairs(parse_qsl(_query_of(asked.uri), keep_blank_values=True)),
        "headersSize": -1,
        "bodySize": len(asked.body.encode()),
    }
    if asked.body:
        kind = asked.headers.get("content-type", "")
        shown["postData"] = {"mimeType": kind, "text": asked.body}
    return shown


def _query_of(uri: str) -> str:
    try:
        return urlsplit(uri).query
    except ValueError:
        return ""


def _response(exchange: Exchange) -> dict[str, Json]:
    answered = exchange.answered
    status = answered.status if answered else None
    headers = answered.headers if answered else {}
    body = answered.body if answered else ""
    size = len(body.encode())
    content: dict[str, Json] = {"size": size, "mimeType": headers.get("content-type", ""), "text": body}
    return {
        "status": int(status) if status and status.isascii() and status.isdigit() else 0,
        "statusText": exchange.code or "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(headers.items()),
        "content": content,
        "redirectURL": headers.get("location", ""),
        "headersSize": -1,
        "bodySize": size if answered else -1,
    }


def _timings(exchange: Exchange) -> dict[str, float]:
    """Milliseconds; -1 is the format's word for not known."""
    known = (exchange.notes or {}).get("times_ms")
    times: JsonObject = known if isinstance(known, Mapping) else {}

    def part(name: str, otherwise: float) -> float:
        value = times.get(name)
        return float(value) if isinstance(value, int | float) else otherwise

    return {
        "blocked": part("queue", -1.0),
        "dns": part("dns", -1.0),
        "connect": part("connect", -1.0),
        "ssl": part("tls", -1.0),
        "send": 0.0,
        "wait": part("first_byte", 0.0),
        "receive": part("body", 0.0),
    }


def _pairs(items: Iterable[tuple[str, str]]) -> list[Json]:
    return [{"name": name, "value": value} for name, value in items]
