"""A call at the terminal: readable, and harmless whatever strangers sent."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from pivot.cli.debug_text import call_fields, calls_table, story_text
from pivot.debug.call_text import clean
from pivot.debug.store import CallRow
from pivot.debug.story import story
from tests.debug.calls import NOON, failed_call, good_call, recorded, request


def printed(what: RenderableType, width: int = 140) -> str:
    console = Console(width=width, highlight=False, emoji=False, markup=False, color_system=None)
    with console.capture() as capture:
        console.print(what)
    return capture.get()


def test_a_good_call_reads_as_a_story() -> None:
    """Who, when, what was asked and answered, what was done about it."""
    told = story("c1@host", [document.body for document in recorded(request(), good_call())])

    lines = [line.rstrip() for line in printed(story_text(told, verbose=True)).splitlines()]

    assert lines == [
        "Request 1, POST example.com/cf, was answered 200 with a callflow. callflow went on with that flow.",
        "c1@host",
        "1001@example.com to 5000@example.com, 2024-11-28T08:00:00.000Z, kazoo_apps@apps1.example.com",
        "ended ok after 36 ms",
        "",
        "Iteration 1",
        "→ POST http://example.com/cf",
        "    content-type: application/x-www-form-urlencoded",
        "    Digits=1&From=1001",
        "← 200",
        "    content-type: application/json",
        "    content-length: 38",
        '    {"module":"play","data":{"id":"a/b"}}',
        "  times in ms: dns 1.0, connect 2.0, first_byte 30.0, body 0.5, total 33.5",
        "",
        "What the call did",
        " 0 ms  callflow asked and waits 9.5 s",
        " 1 ms  request 1: POST example.com/cf",
        "35 ms  request 1 was answered 200, 38 bytes",
        "35 ms  told callflow that pivot takes the call",
        "35 ms  gave callflow its flow",
        "36 ms  pivot's part ended: ok",
        "",
        "All moments",
        " 0 ms  Requested       patience_s 9.5, redelivered False",
        " 1 ms  Fetch           fetch_id f1, iteration 1, method post, url http://example.com/cf",
        "35 ms  Fetched         fetch_id f1, status 200, bytes 38",
        "35 ms  AnswerAccepted  fetch_id f1, iteration 1, kind kazoo",
        "35 ms  SayProcessing",
        '35 ms  HandOverFlow    flow {"module":"play","data":{"id":"a/b"}}',
        "36 ms  End             outcome ok",
        "",
    ]


def test_a_failed_call_comes_with_advice() -> None:
    """The same words that the documentation has for its code."""
    text = printed(story_text(story("c1", [each.body for each in recorded(request("c1"), failed_call())])))

    assert "ended branched after 501 ms: fetch.refused, the server refused" in text
    assert "✗ fetch.refused: the server refused" in text
    assert "Start the server, or correct the port." in text


def test_a_call_that_nobody_knows_is_said_to_be_so() -> None:
    """Instead of an empty screen."""
    assert printed(story_text(story("c\x1b[2J", []))) == "nothing is stored about c\\x1b[2J\n"


def test_the_list_has_a_line_for_each_call() -> None:
    """Running calls have no end yet."""
    rows = [
        CallRow("d", "202411", "c2", NOON, finished=True, outcome="branched", sentence="It was answered 404.")
    ]
    rows.append(CallRow("e", "202411", "c1", NOON - 60, uri="http://h/a", msg_id="m"))

    lines = [" ".join(line.split()) for line in printed(calls_table(rows)).splitlines()]

    assert lines == [
        "started call outcome what happened",
        "2024-11-28 08:00:00 c2 branched It was answered 404.",
        "2024-11-28 07:59:00 c1 … Request 1, h/a, was sent; no answer is stored. "
        "The call is still running, or its end was not stored.",
    ]


def test_no_id_is_broken_however_narrow_the_terminal() -> None:
    """An id that is cut cannot be copied."""
    row = CallRow("d", "202411", "a" * 50, NOON, finished=True, outcome="ok", sentence="word " * 40)

    assert "a" * 50 in printed(calls_table([row]), width=90)


def test_a_pipe_gets_a_call_a_line() -> None:
    """Fields between tabs, whatever strangers wrote into them."""
    row = CallRow(
        "d", "202411", "c\t1", NOON, from_="a\nb", finished=True, outcome="ok", sentence="All well."
    )

    assert call_fields(row).split("\t") == [
        *("2024-11-28 08:00:00", "c 1", "a b", "", "", "ok", "", "", "", "All well."),
    ]


def test_no_text_of_strangers_steers_the_terminal() -> None:
    """Colours, cursor, title, direction, markup: all are shown and none is obeyed."""
    evil = "\x1b[31m\x1b]0;title\x07\x9b2J\u202e\u2028[bold]x[/bold]:smile:\r"
    document: dict[str, Any] = {
        "call_id": evil,
        "pvt_created": 63_900_000_000,
        "pvt_node": evil,
        "iteration": 1,
        "uri": evil,
        "method": evil,
        "req_headers": {evil: evil},
        "req_body": evil,
        "resp_body": evil,
        "resp_status_code": evil,
        "schema_errors": {evil: {"x": [evil]}},
        "pivot": {
            "msg_id": "m",
            "from": evil,
            "warnings": [{"message": evil}],
            "message": evil,
            "code": "x.y",
        },
    }

    text = printed(story_text(story(evil, [document])))

    assert "[bold]x[/bold]:smile:" in text
    assert not [char for char in text if char in "\x1b\x07\x9b\u202e\u2028\r"]


@given(st.text(max_size=40))
def test_clean_text_is_printable(text: str) -> None:
    """Line breaks and tabs are kept; ordinary letters of every language are untouched."""
    shown = clean(text)

    assert all(char in "\n\t" or char.isprintable() for char in shown)
    assert clean("Zoë 中文 ok") == "Zoë 中文 ok"
