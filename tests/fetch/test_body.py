"""Bodies: decoded as they come, and never larger than allowed, whatever they are coded as."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivot.fetch.body import Brotli, Decoder, Deflate, Gzip, Identity, cap_for
from pivot.fetch.settings import FetchSettings
from pivot.model.codes import Code
from pivot.model.fetch import Answer, FetchFailure
from tests.fetch.support import ask, codes, fetcher, question, reply, server

CAP = 262_144


def deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


def many_members(data: bytes) -> bytes:
    return b"".join(gzip.compress(data[start : start + 5000]) for start in range(0, len(data) or 1, 5000))


CODED: dict[str, tuple[str, Callable[[bytes], bytes], type[Decoder]]] = {
    "identity": ("identity", bytes, Identity),
    "gzip": ("gzip", gzip.compress, Gzip),
    "gzip, many members": ("gzip", many_members, Gzip),
    "deflate as zlib": ("deflate", zlib.compress, Deflate),
    "deflate, bare": ("deflate", deflate, Deflate),
    "br": ("br", brotli.compress, Brotli),
}
codings = pytest.mark.parametrize(("name", "encode", "decoder"), CODED.values(), ids=CODED)


@codings
async def test_a_coded_body_is_decoded(
    name: str, encode: Callable[[bytes], bytes], decoder: type[Decoder]
) -> None:
    """Every coding that we accept, through the whole room; the coded headers stay as they were."""
    body = b'{"module":"hangup"}' * 3000
    async with server(reply(encode(body), Content_Encoding=name)) as there:
        result = await ask(there.url)

    assert isinstance(result, Answer)
    assert (result.body, result.header("content-encoding")) == (body, name)


@codings
@given(st.binary(max_size=200), st.integers(0, 500), st.integers(1, 400), st.integers(1, 300))
def test_decoding_does_not_depend_on_how_the_bytes_come(
    name: str,
    encode: Callable[[bytes], bytes],
    decoder: type[Decoder],
    seed: bytes,
    times: int,
    step: int,
    most: int,
) -> None:
    """In parts of any size, in and out: nothing is lost at an edge, and no part passes its limit."""
    body = seed * times
    coded: bytes = encode(body)
    reading = decoder()
    parts = [
        part
        for start in range(0, len(coded), step)
        for part in reading.decode(coded[start : start + step], most)
    ]
    if isinstance(reading, Brotli):
        parts.append(reading.rest(len(body)))

    assert b"".join(parts) == body
    assert reading.finished or not coded
    assert decoder in (Identity, Brotli) or max(map(len, parts), default=0) <= most


BOMBS = {
    "identity": bytes(20_000_000),
    "gzip": gzip.compress(bytes(20_000_000)),
    "gzip, many members": gzip.compress(bytes(1_000_000)) * 50,
    "deflate as zlib": zlib.compress(bytes(20_000_000)),
    "deflate, bare": deflate(bytes(20_000_000)),
    "br": brotli.compress(bytes(20_000_000), quality=1),
}


@pytest.mark.parametrize("coding", CODED)
async def test_the_cap_holds_for_what_comes_out(coding: str) -> None:
    """As many bytes as allowed pass, one more does not, and a bomb is given up as early."""
    name, encode, _ = CODED[coding]
    bodies = [encode(bytes(99)), encode(bytes(100)), BOMBS[coding]]
    answers = [reply(body, Content_Encoding=name) for body in bodies]
    async with (
        server(lambda _: answers[len(there.seen) - 1]) as there,
        fetcher(max_json_bytes=99, max_xml_bytes=99) as opened,
    ):
        results = [await opened.fetch(question(there.url)) for _ in answers]

    assert isinstance(results[0], Answer)
    assert results[0].body == bytes(99)
    assert [codes(result) for result in results[1:]] == [[Code.FETCH_TOO_LARGE]] * 2


@pytest.mark.parametrize(
    ("name", "coded", "code"),
    [
        ("gzip", gzip.compress(b"", mtime=0) * 65, Code.FETCH_TOO_LARGE),
        ("gzip", gzip.compress(b"x", mtime=0)[:-4], Code.FETCH_PROTOCOL),
        ("gzip", b"no gzip at all", Code.FETCH_PROTOCOL),
        ("gzip", gzip.compress(b"x", mtime=0)[:-8] + bytes(8), Code.FETCH_PROTOCOL),
        ("deflate", zlib.compress(b"x")[:-1], Code.FETCH_PROTOCOL),
        ("deflate", b"\xff\xff\xff", Code.FETCH_PROTOCOL),
        ("br", b"\xff\xff\xff\xff", Code.FETCH_PROTOCOL),
        ("br", brotli.compress(b"x" * 100)[:-1], Code.FETCH_PROTOCOL),
        ("zstd", b"(\xb5/\xfd", Code.FETCH_PROTOCOL),
        ("gzip, zstd", gzip.compress(gzip.compress(b"x", mtime=0), mtime=0), Code.FETCH_PROTOCOL),
    ],
)
async def test_what_cannot_be_decoded_is_no_answer(name: str, coded: bytes, code: Code) -> None:
    """Cut short, broken, of a coding that was not offered."""
    async with server(reply(coded, Content_Encoding=name)) as there:
        result = await ask(there.url)

    assert isinstance(result, FetchFailure)
    assert result.code is code


@pytest.mark.parametrize("coded", [b"", gzip.compress(b"", mtime=0)])
async def test_an_empty_body_is_an_answer(coded: bytes) -> None:
    """What it means is the translator's to say."""
    async with server(reply(coded, Content_Encoding="gzip")) as there:
        result = await ask(there.url)

    assert isinstance(result, Answer)
    assert result.body == b""


async def test_padding_after_gzip_is_ignored() -> None:
    """As gzip itself does."""
    async with server(reply(gzip.compress(b"{}") + bytes(100), Content_Encoding="gzip")) as there:
        result = await ask(there.url)

    assert isinstance(result, Answer)
    assert result.body == b"{}"


@pytest.mark.parametrize(
    ("content_type", "cap"),
    [
        ("text/xml", 10),
        ("application/xml; charset=utf-8", 10),
        ("Application/SOAP+XML", 10),
        ("application/json", 30),
        ("application/problem+json;x=y", 30),
        ("text/plain", 30),
        ("", 30),
    ],
)
def test_each_format_has_its_cap(content_type: str, cap: int) -> None:
    """An unknown type may turn out to be either."""
    assert cap_for(content_type, FetchSettings(max_xml_bytes=10, max_json_bytes=30)) == cap


async def test_a_body_that_says_it_is_too_large_is_not_read() -> None:
    """Its Content-Length is enough."""
    async with server(
        f"HTTP/1.1 200 OK\r\nContent-Length: {CAP + 1}\r\n\r\n".encode() + b"x" * 1000
    ) as there:
        result = await ask(f"{there.url}#rt=5000")

    assert isinstance(result, FetchFailure)
    assert result.code is Code.FETCH_TOO_LARGE
    assert result.message == f"the body has more than the {CAP} bytes that are accepted of its type"


@pytest.mark.parametrize(
    "word",
    ["utf-8", "UTF-8", "none", "8bit", "7bit", "binary", "iso-8859-1", "xml", "text/xml", "chunked", "*"],
)
async def test_a_word_that_is_no_coding_is_passed_over(word: str) -> None:
    """Servers write their charset there; the developer finds a warning."""
    async with server(reply(b'{"module":"hangup"}', Content_Encoding=word)) as there:
        result = await ask(there.url)

    assert isinstance(result, Answer)
    assert result.body == b'{"module":"hangup"}'
    assert result.warnings == (
        f"Content-Encoding is {word.lower()!r}, which is no coding; it was passed over",
    )


@pytest.mark.parametrize(
    ("value", "encode"),
    [
        ("", bytes),
        (",, identity ,", bytes),
        ("GZIP, identity", gzip.compress),
        ("utf-8, gzip", gzip.compress),
        ("gzip;q=1.0", gzip.compress),
        ("gzip, deflate", lambda body: zlib.compress(gzip.compress(body))),
        ("br, gzip", lambda body: gzip.compress(brotli.compress(body))),
        ("gzip, br", lambda body: brotli.compress(gzip.compress(body))),
        ("gzip\r\nContent-Encoding: x-gzip", lambda body: gzip.compress(gzip.compress(body))),
    ],
)
async def test_lists_of_codings_are_undone_from_the_end(value: str, encode: Callable[[bytes], bytes]) -> None:
    """In one line or several; the last one was applied last."""
    body = b'{"module":"hangup"}' * 3000
    async with server(reply(encode(body), Content_Encoding=value)) as there:
        result = await ask(there.url)

    assert isinstance(result, Answer)
    assert result.body == body


@pytest.mark.parametrize(
    ("value", "body", "code"),
    [
        ("zstd", b"x", Code.FETCH_PROTOCOL),
        ("gzip, compress", gzip.compress(b"x"), Code.FETCH_PROTOCOL),
        ("gzip, gzip, gzip, gzip", b"x", Code.FETCH_PROTOCOL),
        ("gzip, gzip", gzip.compress(b"x"), Code.FETCH_PROTOCOL),
        ("gzip, gzip", gzip.compress(gzip.compress(bytes(10**6))), Code.FETCH_TOO_LARGE),
        ("gzip, gzip", gzip.compress(gzip.compress(b"", 0) * 100_000), Code.FETCH_TOO_LARGE),
        ("br, gzip", gzip.compress(brotli.compress(bytes(10**6))), Code.FETCH_TOO_LARGE),
    ],
    ids=range(7),  # compressed bytes differ from one process to the next
)
async def test_lists_of_codings_are_bounded(value: str, body: bytes, code: Code) -> None:
    """Real codings that are not undone here are refused; no stage passes on more than the last."""
    async with server(reply(body, Content_Encoding=value)) as there:
        result = await ask(there.url)

    assert isinstance(result, FetchFailure)
    assert result.code is code
