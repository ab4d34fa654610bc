"""What lists show of a document. The JavaScript in `design.py` says the same to CouchDB."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from pivot.debug.names import GREGORIAN_UNIX_S
from pivot.debug.store import CallRow
from pivot.model.json import Json, JsonObject


def counts(document: JsonObject) -> bool:
    """Do Kazoo's listings count it?"""
    return document.get("pvt_type") == "pivot_debug" and not document.get("pvt_deleted")


def first_iteration_value(document: JsonObject) -> JsonObject:
    """The value of Kazoo's view `pivot/first_iteration`; members without a source are left out."""
    value: dict[str, Json] = {"call_id": document.get("call_id"), "created": document.get("pvt_created")}
    for name, source in (("uri", "uri"), ("status_code", "resp_status_code"), ("node", "pvt_node")):
        if source in document:
            value[name] = document[source]
    value["iteration"] = document.get("iteration")
    value["has_schema_errors"] = "schema_errors" in document
    value["has_json_errors"] = "json_errors" in document
    return value


def summary(document: JsonObject) -> JsonObject | None:
    """What the list of calls shows of this document, None when it does not stand for a call.

    A call's timeline stands for it; until there is one, its first request document does. Documents of
    Kazoo's own pivot have no `pivot` member; their CDR requests are told by their parameters.
    """
    ours = document.get("pivot")
    ours = ours if isinstance(ours, Mapping) else {}
    if document.get("pvt_deleted"):
        return None
    common = {"call_id": document.get("call_id"), "node": document.get("pvt_node", "")}
    if document.get("pvt_type") == "pivot_timeline":
        row = ours.get("row")
        row = row if isinstance(row, Mapping) else {}
        return {**common, "msg_id": ours.get("msg_id", ""), "finished": True, **row}
    if not _is_first_request(document, ours):
        return None
    uri = str(document["uri"])
    created = document.get("pvt_created")
    created_ms = (created - GREGORIAN_UNIX_S) * 1000 if isinstance(created, int) else 0
    return {
        **common,
        "msg_id": ours.get("msg_id", ""),
        "started_ms": ours.get("started_ms", created_ms),
        "uri": uri,
        "host": host_of(uri),
        "from": ours.get("from", ""),
        "to": ours.get("to", ""),
    }


def _is_first_request(document: JsonObject, ours: JsonObject) -> bool:
    if not counts(document) or document.get("iteration") != 1 or "uri" not in document:
        return False
    if "kind" in ours:
        return ours["kind"] == "request"
    return "Hangup-Cause=" not in str(document.get("req_body", ""))


def host_of(uri: str) -> str:
    """The host of a URL in lower case, empty when there is none."""
    try:
        return urlsplit(uri).hostname or ""
    except ValueError:
        return ""


def call_row(values: JsonObject, document_id: str, month: str) -> CallRow:
    """A list's row from what `summary` or our view says."""

    def text(name: str) -> str:
        value = values.get(name)
        return value if isinstance(value, str) else ""

    def number(name: str) -> float | None:
        value = values.get(name)
        return float(value) if isinstance(value, int | float) else None

    return CallRow(
        document_id=document_id,
        month=month,
        call_id=text("call_id"),
        started_s=(number("started_ms") or 0.0) / 1000,
        finished=values.get("finished") is True,
        msg_id=text("msg_id"),
        uri=text("uri"),
        host=text("host"),
        outcome=text("outcome") or None,
        code=text("code") or None,
        status_code=text("status_code") or None,
        iterations=int(number("iterations") or 1),
        total_ms=number("total_ms"),
        from_=text("from"),
        to=text("to"),
        node=text("node"),
        sentence=text("sentence"),
    )
