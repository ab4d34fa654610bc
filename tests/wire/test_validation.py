"""Messages that Kazoo's validators took or refused."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from pivot.errors import WireError
from pivot.wire.message_kinds import CALL_EVENT, COMMANDS, FAILED, OFFNET_REQ, PIVOT_REQ, PROCESSING
from pivot.wire.message_rules import Api
from pivot.wire.requests import RequestError, decode_request
from tests.vectors import vectors

CASES = vectors("kazoo/kapi_validation.json")["cases"]
APIS = {
    ("kapi_pivot", "req_v"): PIVOT_REQ,
    ("kapi_pivot", "failed_v"): FAILED,
    ("kapi_pivot", "processing_v"): PROCESSING,
    ("kapi_offnet_resource", "req_v"): OFFNET_REQ,
    ("kapi_call", "event_v"): CALL_EVENT,
}
NOT_SERVED = {
    "pivot_req: Call is an empty object": "a request without a Call-ID cannot be answered",
    "pivot_req: nested Call with unknown fields": "a request without a Call-ID cannot be answered",
}
"""Valid for Kazoo, which then crashes over them; rows of docs/differences.md."""
NOT_REDUCED = {
    "dialplan: bridge, endpoint without invite format": "the engine makes endpoints whole or not at all",
}
"""Kazoo drops such an endpoint without a word when it publishes; rows of docs/differences.md."""


def api(case: dict[str, Any]) -> Api | None:
    if case["module"] == "kapi_dialplan":
        return COMMANDS.get(case["message"]["Application-Name"])
    return APIS[case["module"], case["function"]]


@pytest.mark.parametrize("case", CASES, ids=[case["note"] for case in CASES])
def test_what_kazoo_takes_is_valid_and_nothing_else(case: dict[str, Any]) -> None:
    """Both sides must agree, or one of them drops messages in silence."""
    definition = api(case)
    if definition is None:
        assert case["valid"] == {"throws": "badarg"}
        return
    if case["valid"] is True:
        definition.check(case["message"])
    else:
        with pytest.raises(WireError):
            definition.check(case["message"])


BUILT = [case for case in CASES if "ok" in case.get("build_result", {}) and case["note"] not in NOT_REDUCED]


@pytest.mark.parametrize("case", BUILT, ids=[case["note"] for case in BUILT])
def test_what_is_published_is_what_kazoo_publishes(case: dict[str, Any]) -> None:
    """Members, their order, and which are dropped."""
    definition = api(case)
    assert definition is not None
    expected = case["build_result"]["ok"]

    built = definition.select(case["message"])

    if "Endpoints" in built:  # members of an endpoint keep the engine's order
        assert built == orjson.loads(expected)
        assert list(built) == list(orjson.loads(expected))
    else:
        assert orjson.dumps(built, option=orjson.OPT_NON_STR_KEYS).decode() == expected


REQUESTS = [case for case in CASES if (case["module"], case["function"]) == ("kapi_pivot", "req_v")]


@pytest.mark.parametrize("case", REQUESTS, ids=[case["note"] for case in REQUESTS])
def test_every_valid_request_is_served(case: dict[str, Any]) -> None:
    """Odd but valid values must not lose the call."""
    body = orjson.dumps(case["message"])
    if case["valid"] is True and case["note"] not in NOT_SERVED:
        assert decode_request(body).call.call_id == "c1"
    else:
        with pytest.raises(RequestError):
            decode_request(body)
