"""The API's own description, OpenAPI 3.1: made from the same words as the answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pivot

ERRORS = {
    "400": "A parameter has a value that it cannot have",
    "401": "No credentials, or none that count",
    "403": "Credentials of an account that may not read this one",
    "404": "Unknown account, path or page key",
    "405": "Only GET and OPTIONS",
    "416": "More rows than may be read at once",
    "429": "Too many requests of this client",
    "500": "A fault of ours",
    "503": "The store or the authenticator of tokens does not answer",
}
STRING = {"type": "string"}
NUMBER = {"type": "number"}
INTEGER = {"type": "integer"}
BOOLEAN = {"type": "boolean"}
OBJECT = {"type": "object"}


def openapi_document() -> dict[str, Any]:
    """The whole description."""
    base = "/v2/accounts/{account_id}/pivot"
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "pivot debug API",
            "version": pivot.__version__,
            "description": "What was asked, what was answered and what happened, for every debugged call.",
        },
        "security": [{"token": []}, {"token_in_query": []}, {"bearer": []}],
        "paths": {
            f"{base}/debug": _path("Calls as Crossbar lists them", "SummaryEntry", many=True, query=_SUMMARY),
            f"{base}/debug/{{uuid}}": _path(
                "One call's documents", "Document", many=True, path=["uuid"], query=_READ
            ),
            f"{base}/calls": _path("Calls with their outcomes", "CallRow", many=True, query=_CALLS),
            f"{base}/calls/{{call_id}}": _path(
                "One call's story", "Call", many=False, path=["call_id"], query=_RANGE
            ),
            f"{base}/stream": _stream_path(),
        },
        "components": {
            "schemas": _SCHEMAS,
            "responses": {status: _error_response(text) for status, text in ERRORS.items()},
            "securitySchemes": {
                "token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"},
                "token_in_query": {"type": "apiKey", "in": "query", "name": "auth_token"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _query(name: str, schema: Mapping[str, Any], text: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": text}


_SECONDS = {"type": "integer", "minimum": 1, "maximum": 10**12}
_PAGES = [
    _query("page_size", {"type": "integer", "minimum": 1, "maximum": 100_000}, "Entries on a page"),
    _query("start_key", STRING, "`next_start_key` of the page before"),
]
_RANGE = [
    _query("created_from", _SECONDS, "Gregorian seconds; default 31 days before `created_to`"),
    _query("created_to", _SECONDS, "Gregorian seconds; default now"),
]
_ORDER = [
    _query("ascending", STRING, "`true` turns the order round"),
    _query("paginate", STRING, "`false`: everything at once"),
]
_SUMMARY = [*_PAGES, *_RANGE, *_ORDER, _query("has_key", STRING, "Only calls with a document that has it")]
_READ = [*_PAGES, *_RANGE, *_ORDER, _query("has_key", STRING, "Only documents that have it")]
_CALLS = [
    *_PAGES,
    _query("q", STRING, "code: outcome: host: slow: after: before: and words"),
]


def _path(
    text: str, schema: str, *, many: bool, path: list[str] | None = None, query: list[dict[str, Any]]
) -> dict[str, Any]:
    account = {"type": "string", "minLength": 32, "maxLength": 32, "pattern": "^[a-z0-9]{32}$"}
    names = {"account_id": account, **{name: {"type": "string", "minLength": 1} for name in path or []}}
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": shape} for name, shape in names.items()
    ]
    item = {"$ref": f"#/components/schemas/{schema}"}
    body = {
        "allOf": [{"$ref": "#/components/schemas/Success"}],
        "properties": {"data": {"type": "array", "items": item} if many else item},
    }
    answers: dict[str, Any] = {
        "200": {
            "description": "Found",
            "content": {"application/json": {"schema": body}, "text/csv": {"schema": STRING}},
        }
    }
    answers |= {status: {"$ref": f"#/components/responses/{status}"} for status in ERRORS}
    return {"get": {"summary": text, "parameters": [*parameters, *query], "responses": answers}}


def _stream_path() -> dict[str, Any]:
    """Server-sent events have no schema here: each `call` event holds a `CallRow`."""
    path = _path("Calls as they end, as server-sent events", "CallRow", many=True, query=[])
    resume = {"name": "Last-Event-ID", "in": "header", "required": False, "schema": STRING}
    path["get"]["parameters"].append({**resume, "description": "Go on after the event with this id"})
    content = {"text/event-stream": {"schema": STRING}}
    path["get"]["responses"]["200"] = {"description": "An endless stream", "content": content}
    return path


def _error_response(text: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _shape(required: dict[str, Any], optional: dict[str, Any], *, open_ended: bool = False) -> dict[str, Any]:
    return {
        "type": "object",
        "required": sorted(required),
        "properties": required | optional,
        **({} if open_ended else {"additionalProperties": False}),
    }


_FRAME_REQUIRED = {
    "request_id": STRING,
    "node": STRING,
    "timestamp": STRING,
    "tokens": _shape({"consumed": INTEGER, "remaining": INTEGER}, {}),
}
_SCHEMAS: dict[str, Any] = {
    "Success": _shape(
        {"data": {}, "status": {"const": "success"}, "version": STRING, **_FRAME_REQUIRED},
        {
            "auth_token": STRING,
            "revision": STRING,
            "page_size": INTEGER,
            "start_key": STRING,
            "next_start_key": STRING,
        },
    ),
    "Error": _shape(
        {
            "data": OBJECT,
            "status": {"const": "error"},
            "error": STRING,
            "message": STRING,
            **_FRAME_REQUIRED,
        },
        {"auth_token": STRING, "version": STRING},
    ),
    "SummaryEntry": _shape(
        {
            "call_id": STRING,
            "created": INTEGER,
            "debug_id": STRING,
            "has_schema_errors": BOOLEAN,
            "has_json_errors": BOOLEAN,
        },
        {"iteration": {}, "node": STRING, "uri": STRING, "status_code": STRING},
    ),
    "Document": _shape(
        {"id": STRING, "call_id": STRING, "created": INTEGER, "debug_id": STRING, "node": {}},
        {
            "iteration": INTEGER,
            "uri": STRING,
            "method": STRING,
            "req_headers": OBJECT,
            "req_body": STRING,
            "resp_status_code": STRING,
            "resp_headers": OBJECT,
            "resp_body": STRING,
            "json_errors": {},
            "schema_errors": {},
            "pivot": OBJECT,
        },
        open_ended=True,
    ),
    "CallRow": _shape(
        {"call_id": STRING, "debug_id": STRING, "created": INTEGER, "started": STRING, "finished": BOOLEAN},
        {
            "msg_id": STRING,
            "sentence": STRING,
            "outcome": STRING,
            "code": STRING,
            "twilio_code": INTEGER,
            "status_code": STRING,
            "iterations": INTEGER,
            "total_ms": NUMBER,
            "host": STRING,
            "uri": STRING,
            "from": STRING,
            "to": STRING,
            "node": STRING,
        },
    ),
    "Call": _shape({"call_id": STRING, "runs": {"type": "array", "items": OBJECT}}, {}),
}
