"""Routing keys as Kazoo's own code makes them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivot.wire import routing
from pivot.wire.address import Route, route
from tests.vectors import vectors

CASES = vectors("kazoo/routing_keys.json")["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["in"] for case in CASES])
def test_every_recorded_key_comes_out_the_same(case: dict[str, Any]) -> None:
    """A key that differs in one byte reaches nobody."""
    text = case["in"]

    assert {
        "kz_amqp_util_encode": routing.encode_word(text),
        "pivot_req_routing_key": [["callmgr", routing.pivot_request(text)]],
        "call_bind": [["callevt", routing.call_events(text)]],
        "call_bind_restrict_events": [["callevt", routing.call_event("events", text)]],
        "conference_event_bind": [["conference", routing.conference_events("*", text, "call.id@host")]],
        "conference_event_bind_as_callid": [["conference", routing.conference_events("*", "conf.id", text)]],
        "channel_pivot_event_key": [["callevt", routing.call_event("CHANNEL_PIVOT", text)]],
        "channel_status_req_key": [["callevt", routing.call_event("status_req", text)]],
        "targeted_key": [["targeted", route(text).routing_key]],
    } == {name: key for name, key in case.items() if name not in ("in", "pivot_bind_key")}


@given(st.text())
def test_a_word_is_one_word_and_decodes_to_what_it_was(text: str) -> None:
    """The leg of an event is read from its routing key."""
    word = routing.encode_word(text)

    assert routing.decode_word(word) == text
    assert "." not in word


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("call.DTMF.a%2Eb", ("DTMF", "a%2Eb")),
        ("call.DTMF", None),
        ("call.a.b.c", None),
        ("pivot.req.x", None),
        ("", None),
    ],
)
def test_only_keys_of_call_events_name_an_event_and_a_leg(key: str, words: tuple[str, str] | None) -> None:
    """Replies and other traffic on our queue are no events."""
    assert routing.split_call_key(key) == words


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("callflow_route_5b0c", Route("callflow_route_5b0c")),
        ("pid://<0.2211.0>/callflow_route_5b0c", Route("callflow_route_5b0c", "<0.2211.0>")),
        (
            "pid://<0.5.0>/ecallmgr@media1.example.com-<0.7.0>-0a1b",
            Route("ecallmgr@media1.example.com-<0.7.0>-0a1b", "<0.5.0>"),
        ),
        ("pid://a/b/c/queue", Route("queue", "a/b/c")),
        ("pid://no-queue", Route("no-queue")),
        ("consumer://<0.1.0>/q", Route("consumer://<0.1.0>/q")),
        ("", Route("")),
    ],
)
def test_an_address_names_a_queue_and_perhaps_a_process_behind_it(address: str, expected: Route) -> None:
    """Without the process, the shared queue's reader drops the message."""
    assert route(address) == expected
