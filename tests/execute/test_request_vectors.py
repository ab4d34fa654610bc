"""What Kazoo's own code sent for the same calls; every request of ours is the same, or named below."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from pivot.execute.parameters import RequestSource, parameters_of
from pivot.execute.request import build_request, cdr_request
from pivot.model.call import Method
from pivot.model.fetch import FetchRequest
from pivot.model.json import JsonObject
from tests.execute.calls import KAZOO, pivot_request, vectors

Case = dict[str, Any]

DIFFERENT_URL = {
    "voice_uri: userinfo": ("http://userpass@host.example", "http://user:pass@host.example"),
    "voice_uri: IPv6 literal": ("http://[:1]:8080", "http://[::1]:8080"),
    "voice_uri: space in path": ("/a b?", "/a%20b?"),
    "custom application vars, flat": ("[k 2]", "[k%202]"),
    "key with reserved characters": ("[é]=w", "[%C3%A9]=w"),
}
"""By the vector's note: what Kazoo puts into its URL, and what we put there."""
CRASHES = {"voice_uri: userinfo without password"}
"""Kazoo dies on these; we send a request."""
UNKNOWN_FORMAT = {"unknown request format, user vars"}
"""Kazoo sends variables alone; we take any other word for `twiml`, as it takes a missing one."""

CASES = [case for case in vectors("query_strings.json")["cases"] if case["note"] not in UNKNOWN_FORMAT]
SENT = [case for case in CASES if case["note"] not in CRASHES]
RECORDED = [
    recorded
    for recorded in vectors("requests.json")["calls"]
    if recorded["pivot_req"].get("Request-Format") != "nosuch"
]


def source_of(case: Case) -> RequestSource:
    stored = case["call"].get("Key-Value-Store", {}) | case.get("kvs", {})
    request = pivot_request(
        {
            "Call": case["call"] | {"Key-Value-Store": stored},
            "Voice-URI": case["voice_uri"],
            "HTTP-Method": case["method"],
            "Request-Format": case["format"],
            "Request-Body-Format": case["body_format"],
        }
    )
    return RequestSource(
        request=request,
        profile=KAZOO,
        url=request.voice_uri,
        method=request.method,
        owner_ids=tuple(case.get("owners", ())),
        # The recording stored all variables at once, which turns their order round.
        user_variables=tuple(reversed(case.get("user_vars", {}).items())),
    )


def as_recorded(case: Case) -> Case:
    """The recorded request, with what we do differently on purpose put in."""
    recorded: Case = dict(case["initial_request"])
    kazoo, ours = DIFFERENT_URL.get(case["note"], ("", ""))
    assert kazoo in recorded["url"], "the list of differences names something that is not there"
    recorded["url"] = recorded["url"].replace(kazoo, ours)
    if case["note"] == "key with reserved characters":
        recorded["url"] = recorded["url"].replace("[a&b=c d]", "[a&b=c%20d]")
    return recorded


def in_words(request: FetchRequest) -> Case:
    return {
        "method": request.method.value,
        "url": request.url,
        "headers": [list(header) for header in request.headers],
        "body": request.body.decode(),
    }


def test_every_difference_names_a_vector() -> None:
    """The list cannot outlive what it is about."""
    notes = {case["note"] for case in vectors("query_strings.json")["cases"]}

    assert notes >= DIFFERENT_URL.keys() | CRASHES | UNKNOWN_FORMAT


@pytest.mark.parametrize("case", SENT, ids=lambda case: case["note"])
def test_a_request_is_kazoos_byte_for_byte(case: Case) -> None:
    """Existing applications see no difference when a cluster moves to pivot."""
    assert in_words(build_request(source_of(case), "f1")) == as_recorded(case)


@pytest.mark.parametrize("case", [case for case in CASES if case["note"] in CRASHES], ids=lambda c: c["note"])
def test_where_kazoo_crashes_a_request_is_sent(case: Case) -> None:
    """A caller is not lost because a URL names a user without a password."""
    assert "crash" in case["initial_request"]
    assert build_request(source_of(case), "f1").url == (
        "http://user@host.example/pivot?To-Realm=norealm&To=nouser&Request-Realm=norealm&Request=nouser"
        "&Language=en-us&From-Realm=norealm&From=nouser&Direction=inbound&&&Caller-ID-Number=anonymous"
        "&Caller-ID-Name=unknown&Call-ID=c-1&Api-Version=4.x"
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["note"])
def test_parameters_have_kazoos_names_values_and_order(case: Case) -> None:
    """The list before it is encoded, with the shapes of nested values."""
    sent = [[name, _in_order(value)] for name, value in parameters_of(source_of(case))]

    assert sent == [[name, _in_order(value)] for name, value in case["params_as_sent"]]


@pytest.mark.parametrize("case", SENT, ids=lambda case: case["note"])
def test_the_shown_url_is_what_kazoo_would_store(case: Case) -> None:
    """Support engineers find in a debug document what they always found there."""
    expected = case["initial_request"]["url"]
    if case["note"] in ("voice_uri: userinfo", "voice_uri: IPv6 literal"):
        expected = as_recorded(case)["url"]

    assert build_request(source_of(case), "f1").shown_url == expected


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda recorded: recorded["scenario"])
def test_recorded_bytes_and_documents_come_out_again(recorded: Case) -> None:
    """Request line and body as they were on a real wire, `uri`, headers and body as they were stored."""
    requests = _requests_of(recorded)

    seen = [_wire(request) for request in requests]
    on_wire = [_parsed(raw) for raw in recorded["raw"] if " /dst " not in raw]
    assert seen[: len(on_wire)] == on_wire
    stored = [_document(request) for request in requests]
    assert stored[: len(recorded["documents"])] == [_expected(d) for d in recorded["documents"]]


EVENT: JsonObject = {
    "Event-Category": "call_event",
    "Event-Name": "CHANNEL_DESTROY",
    "Call-ID": "call-id-1",
    "Account-ID": "account0000000000000000000000001",
    "App-Name": "ecallmgr",
    "App-Version": "4.0.0",
    "Msg-ID": "m9",
    "Node": "ecallmgr@h",
    "Hangup-Cause": "NORMAL_CLEARING",
    "Hangup-Code": "sip:200",
    "Duration-Seconds": 12,
    "Billing-Seconds": 10,
    "Timestamp": 63962610000,
    "Call-Direction": "inbound",
    "Caller-ID-Name": "Zoë +1",
    "Custom-Channel-Vars": {"Account-ID": "account0000000000000000000000001"},
}
"""An event with the members that the recorded CDR shows, and those that it must not show."""


def _requests_of(recorded: Case) -> list[FetchRequest]:
    """The first request, those that redirects in TwiML caused, and the CDR."""
    first = pivot_request(recorded["pivot_req"])
    source = RequestSource(request=first, profile=KAZOO, url=first.voice_uri, method=first.method)
    requests = [build_request(source, "f1")]
    if "two Redirects" in recorded["scenario"]:
        for iteration, method in ((2, Method.POST), (3, Method.GET)):
            url = first.voice_uri.replace("it1", f"it{iteration}")
            later = replace(source, url=url, method=method, iteration=iteration, first=False)
            requests.append(build_request(later, f"f{iteration}"))
    if first.cdr_uri:
        requests.append(cdr_request(first, EVENT, "f9", iteration=1))
    return requests


def _wire(request: FetchRequest) -> Case:
    parts = urlsplit(request.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    content_type = dict(request.headers).get("Content-Type")
    return {
        "line": f"{request.method.upper()} {target} HTTP/1.1",
        "content-type": content_type,
        "body": request.body.decode(),
    }


def _parsed(raw: str) -> Case:
    head, _, body = raw.partition("\r\n\r\n")
    context, *headers = head.split("\r\n")
    named = dict(header.split(": ", 1) for header in headers if ": " in header)
    return {"line": context, "content-type": named.get("content-type"), "body": body}


def _document(request: FetchRequest) -> Case:
    return {
        "uri": request.shown_url,
        "method": request.method.value,
        "req_headers": {name.lower(): value.lower() for name, value in request.headers},
        "req_body": request.body.decode(),
        "iteration": request.iteration,
        "call_id": request.call_id,
    }


def _expected(document: Case) -> Case:
    return {
        key: document[key] for key in ("uri", "method", "req_headers", "req_body", "iteration", "call_id")
    }


def _in_order(value: Any) -> Any:
    """Objects as lists of pairs, so that comparing sees their order."""
    if isinstance(value, dict):
        return [[key, _in_order(item)] for key, item in value.items()]
    return [_in_order(item) for item in value] if isinstance(value, list) else value
