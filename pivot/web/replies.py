"""From an envelope to bytes: JSON, pretty JSON, JSON with padding or CSV; CORS; compression."""

from __future__ import annotations

import re
from collections.abc import Mapping

from aiohttp import web

from pivot.model.json import Json
from pivot.web.csv import file_name, to_csv, wants_csv
from pivot.web.errors import ApiError
from pivot.web.json_text import to_bytes

METHODS = "GET, OPTIONS"
ALLOW_HEADERS = (
    "content-type, depth, user-agent, x-http-method-override, x-file-size, x-requested-with, "
    "if-modified-since, x-file-name, cache-control, x-auth-token, x-kazoo-cluster-id, if-match"
)
EXPOSE_HEADERS = "content-type, x-auth-token, x-request-id, x-kazoo-cluster-id, location, etag"
EXPIRED = "Fri, 01 Jan 1999 00:00:00 GMT"
COMPRESS_FROM_BYTES = 1024
_CALLBACK = re.compile(r"[A-Za-z_$][\w$]{0,63}(\.[A-Za-z_$][\w$]{0,63}){0,3}", re.ASCII)
_CORS_ASKED = ("Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers")


def asks_cors(headers: Mapping[str, str]) -> bool:
    """True when the request comes from a page of another origin."""
    return any(name in headers for name in _CORS_ASKED)


def cors_headers() -> dict[str, str]:
    """Any page may ask: what it gets depends on the token it shows, never on a cookie."""
    return {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": ALLOW_HEADERS,
        "Access-Control-Expose-Headers": EXPOSE_HEADERS,
        "Access-Control-Max-Age": "86400",
    }


def callback_name(query: Mapping[str, str], *, allowed: bool) -> str | None:
    """The function that `jsonp` wants called.

    Raises:
        ApiError: 400, no plain dotted name, which could be a script; or no script may read here.
    """
    name = query.get("jsonp")
    if name is None:
        return None
    if allowed and _CALLBACK.fullmatch(name):
        return name
    message = "want a plain function name" if allowed else "not available without tokens"
    raise ApiError(400, "validation error", {"jsonp": {"name": {"message": message}}})


def wants_pretty(headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
    """True when the client wants JSON with line breaks."""
    return headers.get("X-Pretty-Print") == "true" or query.get("pretty_print") == "true"


def json_reply(
    request: web.Request,
    status: int,
    body: Mapping[str, Json],
    query: Mapping[str, str],
    callback: str | None,
) -> web.Response:
    """The envelope as JSON, or as a script that calls `callback` with it."""
    text = to_bytes(body, pretty=wants_pretty(request.headers, query))
    kind = "application/json"
    if callback is not None:
        text, kind = callback.encode() + b"(" + text + b");", "application/javascript"
    return _finished(request, web.Response(status=status, body=text, content_type=kind))


def csv_reply(request: web.Request, data: Json, query: Mapping[str, str], request_id: str) -> web.Response:
    """The data as a CSV file for download."""
    name = file_name(request.headers.get("X-File-Name") or query.get("file_name"), request_id)
    response = web.Response(body=to_csv(data).encode(), content_type="text/csv", charset="utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return _finished(request, response)


def is_csv_wanted(request: web.Request, query: Mapping[str, str]) -> bool:
    """True when `Accept` or the query asks for CSV."""
    return wants_csv(request.headers.get("Accept", ""), query)


def _finished(request: web.Request, response: web.Response) -> web.Response:
    """Headers that every answer has. Answers are one client's own: no cache may keep them."""
    response.headers["Expires"] = EXPIRED
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    big = isinstance(response.body, bytes) and len(response.body) >= COMPRESS_FROM_BYTES
    if big and "gzip" in request.headers.get("Accept-Encoding", "").lower():
        response.enable_compression(web.ContentCoding.gzip)
        response.headers["Vary"] = "Accept-Encoding"
    return response
