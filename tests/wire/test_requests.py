"""Requests of callflow."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pivot.model.call import BodyFormat, Call, Method, Party, PivotRequest, RequestFormat
from pivot.wire.names import Exchange
from pivot.wire.requests import RequestError, decode_request, encode_request
from tests.vectors import vectors

PUBLISHED = {
    case["case"]: case["messages"][0]
    for case in vectors("kazoo/amqp_publish.json")["publishes"]
    if case["case"].startswith("pivot_req")
}
DEFAULTS = PUBLISHED["pivot_req as the callflow application builds it, defaults"]
EVERY_OPTION = PUBLISHED["pivot_req as the callflow application builds it, every option"]


def request(call: dict[str, Any] | None = None, **members: Any) -> bytes:
    """A valid request with members changed; `_` in a name stands for `-`."""
    payload = {
        "App-Name": "callflow",
        "App-Version": "4.0.0",
        "Event-Category": "dialplan",
        "Event-Name": "pivot_req",
        "Msg-ID": "m1",
        "Voice-URI": "http://ivr.example.com/",
        "Call": {"Call-ID": "c1", "Controller-Queue": "callflow_route_1"} if call is None else call,
    }
    return orjson.dumps(payload | {name.replace("_", "-"): value for name, value in members.items()})


def test_callflows_request_is_understood_with_kazoos_defaults() -> None:
    """Recorded from cf_pivot: no Request-Format, so the customer gets TwiML's parameters."""
    call = DEFAULTS["payload"]["Call"]

    assert decode_request(orjson.dumps(DEFAULTS["payload"])) == PivotRequest(
        msg_id="<ID-1>",
        call=Call(
            call_id="call-id-20@192.168.1.10",
            account_id="account0000000000000000000000001",
            control_queue="control-queue",
            controller_queue="requester-queue",
            from_=Party("1001", "pbx.example.com"),
            to=Party("5000", "pbx.example.com"),
            request=Party("5000", "pbx.example.com"),
            caller_id_name="Bob",
            caller_id_number="1001",
            resource_type="audio",
            custom_channel_vars={"Account-ID": "account0000000000000000000000001"},
            as_received=call,
        ),
        voice_uri="http://127.0.0.1:18099/c20",
        node="<NODE>",
    )


def test_every_option_of_a_request_is_read() -> None:
    """Recorded from cf_pivot with all of the node's data set."""
    found = decode_request(orjson.dumps(EVERY_OPTION["payload"]))

    assert (found.method, found.format, found.body_format) == (
        Method.POST,
        RequestFormat.KAZOO,
        BodyFormat.FORM,
    )
    assert (found.timeout_s, found.cdr_uri, found.debug) == (3.0, "http://h/cdr", True)


@pytest.mark.parametrize("recorded", PUBLISHED.values(), ids=PUBLISHED)
def test_a_simulated_callflow_sends_the_recorded_bytes(recorded: dict[str, Any]) -> None:
    """Simulated calls are only worth something if they look like Kazoo's."""
    shared = ("Call", "Node", "Msg-ID", "Event-Name", "Event-Category", "App-Version", "App-Name")
    options = {name: value for name, value in recorded["payload"].items() if name not in shared}

    message = encode_request(recorded["payload"]["Call"], options, node="<NODE>", msg_id="<ID-1>")

    assert (message.exchange, message.routing_key) == (Exchange.CALLMGR, recorded["routing_key"])
    assert message.payload == orjson.dumps(recorded["payload"])


@pytest.mark.parametrize(
    ("value", "method"),
    [("get", Method.GET), ("GET", Method.GET), ("post", Method.POST), ("put", Method.POST), (1, Method.POST)],
)
def test_a_method_that_is_not_get_is_post(value: object, method: Method) -> None:
    """kzt_util, http_method."""
    assert decode_request(request(HTTP_Method=value)).method is method


@pytest.mark.parametrize(("value", "timeout_s"), [(3000, 3.0), (1, 0.001), (0, None), (-1, None)])
def test_a_timeout_is_milliseconds_and_none_means_the_setting(value: int, timeout_s: float | None) -> None:
    """Kazoo's validator passes negative ones, its HTTP client crashes on them."""
    assert decode_request(request(Request_Timeout=value)).timeout_s == timeout_s


@pytest.mark.parametrize(
    ("members", "party"),
    [
        ({}, Party("nouser", "norealm")),
        ({"From": "1001@a.example.com"}, Party("1001", "a.example.com")),
        ({"From": "1001@a.example.com", "From-User": "2"}, Party("2", "a.example.com")),
        (
            {"From": "1001@a.example.com", "From-User": "nouser", "From-Realm": "norealm"},
            Party("1001", "a.example.com"),
        ),
        ({"From": "nouser@norealm", "From-User": "7", "From-Realm": "b"}, Party("7", "b")),
        ({"From": "a@b@c"}, Party("a", "b@c")),
        ({"From": "1001"}, Party("1001", "norealm")),
        ({"From": "", "From-User": ""}, Party("nouser", "norealm")),
        ({"From": None}, Party("nouser", "norealm")),
    ],
)
def test_a_party_is_found_in_the_whole_or_in_its_parts(members: dict[str, Any], party: Party) -> None:
    """An explicit user or realm beats its part of the whole."""
    assert decode_request(request({"Call-ID": "c1", **members})).call.from_ == party


@pytest.mark.parametrize(
    ("body", "call_id", "queue", "reason"),
    [
        (b"\x83h\x02", None, None, "payload is no JSON"),
        (b"", None, None, "payload is no JSON"),
        (b"[1]", None, None, "want an object"),
        (request(Call=None), None, None, "pivot_req: Call is None"),
        (request(Event_Name="failed"), "c1", "callflow_route_1", "pivot_req: Event-Name is 'failed'"),
        (request(Debug=1), "c1", "callflow_route_1", "pivot_req: Debug is 1"),
        (request({"Controller-Queue": "q"}), None, "q", "Call.Call-ID is None, want a text"),
        (request({"Call-ID": ""}), None, None, "Call.Call-ID is '', want a text"),
    ],
)
def test_a_bad_request_names_its_fault_and_who_waits(
    body: bytes, call_id: str | None, queue: str | None, reason: str
) -> None:
    """Where callflow can be told, it need not wait its ten seconds."""
    with pytest.raises(RequestError, match=r".*") as caught:
        decode_request(body)

    assert reason in str(caught.value)
    assert (caught.value.call_id, caught.value.controller_queue) == (call_id, queue)


def test_a_name_that_is_no_utf8_does_not_cost_the_call() -> None:
    """Carriers send Latin-1; Kazoo passes the bytes through."""
    body = request({"Call-ID": "c1", "Caller-ID-Name": "Jos?"}).replace(b"Jos?", b"Jos\xe9")

    assert decode_request(body).call.caller_id_name == "Jos\ufffd"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 2**53)
    | st.floats(allow_nan=False)
    | st.text("a@\u00fc", max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("a", max_size=2), inner, max_size=2),
    max_leaves=4,
)
CALL_FIELDS = st.sampled_from(
    ["Call-ID", "From", "From-User", "To-Realm", "Controller-Queue", "Custom-Channel-Vars", "Language", "x"]
)
FIELDS = st.sampled_from(
    [
        "Voice-URI",
        "Debug",
        "HTTP-Method",
        "Request-Format",
        "Request-Body-Format",
        "Request-Timeout",
        "CDR-URI",
    ]
)


@given(st.dictionaries(CALL_FIELDS, JSON), st.dictionaries(FIELDS, JSON))
def test_a_request_is_understood_or_refused_whatever_its_values(
    call: dict[str, Any], members: dict[str, Any]
) -> None:
    """An exception of any other kind would leave the message unsettled."""
    body = orjson.dumps(orjson.loads(request({"Call-ID": "c1"} | call)) | members)
    try:
        found = decode_request(body)
    except RequestError:
        return
    assert found.call.call_id
    assert found.call.from_.user
    assert found.call.from_.realm


@given(st.binary())
@example(b"\xff\xfe")
@example(b"[" * 2000)
def test_any_bytes_are_refused_by_name(body: bytes) -> None:
    """Strangers' bytes on the queue are an error that we know."""
    with pytest.raises(RequestError):
        decode_request(body)
