"""Where an answer ends, and what of its head can be read; no socket is needed for that."""

from __future__ import annotations

from collections import deque
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivot.fetch.answer_head import HeaderFlood, NotHttp
from pivot.fetch.answer_reader import AnswerReader

HI = b'{"module":"tts","data":{"text":"hi"}}'
OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: 37\r\n"


def read(*pieces: bytes, **options: bool) -> tuple[bytes, AnswerReader]:
    reader = AnswerReader(32_768, **options)
    return b"".join(part for piece in pieces for part in reader.feed(piece)), reader


def plain(body: bytes = HI, *fields: bytes, reason: bytes = b"OK") -> bytes:
    lines = [b"HTTP/1.1 200 " + reason, *fields, b"Content-Length: %d" % len(body)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


TWO_HINTS = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nX: y\r\n\r\n"
SURPLUS = [b"\r\n", b"<!-- served by cache -->", b"0\r\n\r\n", OK + LENGTH + b"\r\n" + HI]
TYPE = b"Content-Type: text/xml"

ANSWERS: list[tuple[bytes, bytes, bool]] = [
    # what came, what the parser is shown, whether the connection may be used again
    (OK + LENGTH + b"\r\n" + HI, plain(), True),
    (b"\r\n\r\n" + OK + LENGTH + b"\r\n" + HI, plain(), True),
    (b"HTTP/1.1 200\r\n" + LENGTH + b"\r\n" + HI, plain(reason=b""), True),
    (b"http/1.1 200 OK\n" + b"Content-Length:37\n\n" + HI, plain(), True),
    (b"HTTP/1.0 200 OK\r\n" + LENGTH + b"\r\n" + HI, plain(), False),
    (
        b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n" + LENGTH + b"\r\n" + HI,
        plain(HI, b"Connection: Keep-Alive"),
        True,
    ),
    (OK + b"Connection: x, Close\r\n" + LENGTH + b"\r\n" + HI, plain(HI, b"Connection: x, Close"), False),
    (OK + LENGTH * 3 + b"\r\n" + HI, plain(), True),
    (OK + b"Content-Length: 37, 37\r\n\r\n" + HI, plain(), True),
    (OK + b"Content-Length: 37,37\r\ncontent-length:37\r\n\r\n" + HI, plain(), True),
    (OK + b'"X-XSS-Protection: 0"\r\n' + LENGTH + b"\r\n" + HI, plain(), False),
    (
        OK + b"Content-Type : text/xml\r\n" + LENGTH + b"\r\n" + HI,
        plain(HI, TYPE),
        False,
    ),
    (OK + b"Pragma: no-cache\r\r\n" + LENGTH + b"\r\n" + HI, plain(HI, b"Pragma: no-cache"), False),
    (OK + b"X Powered By: me\r\n" + LENGTH + b"\r\n" + HI, plain(), False),
    (OK + b"no colon here\r\n" + LENGTH + b"\r\n" + HI, plain(), False),
    (OK + b": no name\r\n" + LENGTH + b"\r\n" + HI, plain(), False),
    (OK + b"X-A: a\0b\r\n" + LENGTH + b"\r\n" + HI, plain(), False),
    (OK + b"X-A: a\rb\r\n" + LENGTH + b"\r\n" + HI, plain(), False),
    (OK + b"X-\xe4: a\r\n" + LENGTH + b"\r\n" + HI, plain(), False),
    (OK + b"X-A: \xe4\r\n" + LENGTH + b"\r\n" + HI, plain(HI, b"X-A: \xe4"), True),
    (OK + b"X-A: a\r\n b\r\n" + LENGTH + b"\r\n" + HI, plain(HI, b"X-A: a b"), False),
    (OK + b" lost\r\n" + LENGTH + b"\r\n" + HI, plain(), False),
    (OK + b"Content_Length: 5\r\n" + LENGTH + b"\r\n" + HI, plain(HI, b"Content_Length: 5"), True),
    (OK + LENGTH + b"X: y\r\n" + LENGTH + b"\r\n" + HI, OK + LENGTH + b"X: y\r\n\r\n" + HI, True),
    (OK + b"Transfer-Encoding: identity\r\n" + LENGTH + b"\r\n" + HI, plain(), False),
    (
        TWO_HINTS + OK + LENGTH + b"\r\n" + HI,
        plain(),
        True,
    ),
    (b"HTTP/1.1 204 None\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 204 None\r\n\r\n", True),
    (b"HTTP/1.1 304 Same\r\nContent-Length: 37\r\n\r\n", b"HTTP/1.1 304 Same\r\n\r\n", True),
    (
        OK + b"Transfer-Encoding: Chunked\r\n\r\n25;a=b\r\n" + HI + b"\r\n000 \r\nTrailer: x\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n25\r\n" + HI + b"\r\n0\r\n\r\n",
        True,
    ),
    (
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        OK + b"Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        False,
    ),
]


@pytest.mark.parametrize(("came", "shown", "reusable"), ANSWERS)
def test_the_parser_sees_the_plainest_form(came: bytes, shown: bytes, reusable: bool) -> None:
    """An odd line costs itself, and the connection; nothing is repaired that decides where the body ends."""
    seen, reader = read(came)

    assert seen == shown
    assert (reader.complete, reader.reusable, reader.surplus) == (True, reusable, b"")


@pytest.mark.parametrize("behind", SURPLUS)
@pytest.mark.parametrize(("came", "shown", "reusable"), ANSWERS)
def test_what_follows_is_never_shown(came: bytes, shown: bytes, reusable: bool, behind: bytes) -> None:
    """Bytes behind an answer are dropped with the connection; the answer stays."""
    seen, reader = read(came + behind)

    assert seen == shown
    assert (reader.complete, reader.reusable) == (True, False)
    assert reader.surplus != b""
    assert behind.startswith(reader.surplus)


@given(st.sampled_from(ANSWERS), st.lists(st.integers(1, 400), max_size=12), st.sampled_from([b"", b"x", OK]))
def test_packets_make_no_difference(
    answer: tuple[bytes, bytes, bool], cuts: list[int], behind: bytes
) -> None:
    """However the bytes are cut, the same ones are shown, and the end is found at the same place."""
    came, shown, reusable = answer
    whole = came + behind
    places = sorted({min(cut, len(whole)) for cut in cuts})
    pieces = [whole[start:end] for start, end in zip([0, *places], [*places, len(whole)], strict=True)]

    seen, reader = read(*pieces)

    assert seen == shown
    assert (reader.complete, reader.reusable) == (True, reusable and not behind)


@pytest.mark.parametrize(
    ("head", "why"),
    [
        (b"Content-Length: 5\r\nContent-Length: 37", "sent different values of Content-Length: '37, 5'"),
        (b"Content-Length: 5, 37", "sent different values of Content-Length: '37, 5'"),
        (b"Content-Length: 037, 37", "sent different values of Content-Length: '037, 37'"),
        (b"Content-Length: 37,", "sent different values of Content-Length: ', 37'"),
        (b"Content-Length:", "sent a Content-Length that is no number of bytes: ''"),
        (b"Content-Length: +37", "sent a Content-Length that is no number of bytes: '+37'"),
        (b"Content-Length: 3_7", "sent a Content-Length that is no number of bytes: '3_7'"),
        (b"Content-Length: \xb2", "sent a Content-Length that is no number of bytes: '\xb2'"),
        (b"Content-Length : 37", "cannot be read: 'Content-Length : 37'"),
        (b"Content Length: 37", "cannot be read: 'Content Length: 37'"),
        (b'"Content-Length: 37"', "cannot be read: '\"Content-Length: 37\"'"),
        (b"Content-Length: 37\r", "cannot be read: 'Content-Length: 37'"),
        (b"Content-Length: 3\r\n 7", "cannot be read: 'Content-Length: 3 7'"),
        (b"X y: z\r\n Content-Length: 37", "cannot be read: ' Content-Length'"),
        (b"\tTransfer-Encoding: chunked", "cannot be read: '\\tTransfer-Encoding'"),
        (b"Transfer-Encoding\x0b: chunked", "cannot be read: 'Transfer-Encoding\\x0b: chunked'"),
        (b"Content-Length 37", "cannot be read: 'Content-Length 37'"),
        (b"Transfer-Encoding: gzip", "used a Transfer-Encoding that it was not asked for: 'gzip'"),
        (b"Transfer-Encoding: gzip, chunked", "that it was not asked for: 'gzip, chunked'"),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "not asked for: 'chunked, chunked'"),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "not asked for: 'chunked, identity'"),
        (b"Transfer-Encoding:", "used a Transfer-Encoding that it was not asked for: ''"),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 37", "says twice where its body ends"),
        (b"X: y\r\n\r", "a stray carriage return where its end should be"),
    ],
)
def test_what_says_where_the_body_ends_is_never_guessed(head: bytes, why: str) -> None:
    """Two readers who differ there would give one caller another's answer. The message names the line."""
    with pytest.raises(NotHttp) as refused:
        read(OK + head + b"\r\n\r\n" + HI)

    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("came", "why"),
    [
        (b"220 mail.example ESMTP\r\n", "not HTTP: it begins with '220 mail.example ESMTP'"),
        (b"\x15\x03\x01\x00\x02", "not HTTP"),
        (b"HTTP/1.1 OK\r\n\r\n", "not HTTP: it begins with 'HTTP/1.1 OK'"),
        (b"HTTP/1.1 42 OK\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 099 OK\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "not HTTP"),
        (b"\xef\xbb\xbfHTTP/1.1 200 OK\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", "switched to another protocol (101)"),
    ],
)
def test_what_is_no_answer(came: bytes, why: str) -> None:
    with pytest.raises(NotHttp) as refused:
        read(came)

    assert why in str(refused.value)


@pytest.mark.parametrize(
    "chunks",
    [
        b"zz\r\n",
        b"-1\r\n",
        b"0x5\r\nhello\r\n",
        b" 5\r\nhello\r\n",
        b"5\nhello\r\n",
        b"5\r\rhello\r\n",
        b"5\r\nhellox\r\n",
        b"5\r\nhello\n0\r\n\r\n",
        b"0000000000000005\r\nhello\r\n",
        b"\r\n",
        b"5;a=\x00\r\nhello\r\n",
        b"5 " + b" " * 2000,
        b"5;" + b"a" * 2000,
        b"1\r\nx\r\n" * 10_001,
        (b"1;" + b"a" * 1000 + b"\r\nx\r\n") * 20,
        b"0\r\n" + b"X: y\r\n" * 5000,
        b"0\r\n" + b"X" * 20_000,
    ],
)
@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_chunks_that_are_none(chunks: bytes, step: int) -> None:
    """Sizes are read by the letter; extensions, trailers and the number of chunks are bounded."""
    reader = AnswerReader(32_768)
    reader.feed(OK + b"Transfer-Encoding: chunked\r\n\r\n")
    pieces = [chunks[start : start + step] for start in range(0, len(chunks), step)]
    with pytest.raises(NotHttp):
        deque(map(reader.feed, pieces), maxlen=0)


@pytest.mark.parametrize(
    "came",
    [
        OK + b"X: " + b"a" * 9000,
        OK + b"X: " + b"a" * 9000 + b"\r\n\r\n",
        OK + b"X: y\r\n" * 101 + b"\r\n",
        OK + b"X: y\r\n" * 6000,
        b"HTTP/1.1 102 Processing\r\n\r\n" * 21,
        b"\r\n" * 20_000,
    ],
)
@pytest.mark.parametrize("step", [100, 100_000])
def test_heads_that_never_end(came: bytes, step: int) -> None:
    with pytest.raises(HeaderFlood):
        read(*(came[start : start + step] for start in range(0, len(came), step)))


def test_a_body_without_length_ends_with_the_connection() -> None:
    seen, reader = read(OK + b"X: y\r\n\r\n", b"abc", OK)

    assert seen == OK + b"X: y\r\n\r\nabc" + OK
    assert (reader.complete, reader.reusable) == (False, False)


def test_an_answer_to_head_has_no_body() -> None:
    seen, reader = read(OK + LENGTH + b"\r\n", bodyless=True)

    assert (seen, reader.complete, reader.reusable) == (OK + b"\r\n", True, True)


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_read_or_refused(data: bytes, after_a_head: bool) -> None:
    with suppress(NotHttp, HeaderFlood):
        read((OK + b"Transfer-Encoding: chunked\r\n\r\n" if after_a_head else b"") + data)
