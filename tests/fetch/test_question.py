"""One question and its answer: what goes out, what comes back, and how long it may take."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from pivot import __version__
from pivot.errors import ConfigError
from pivot.fetch.body import ACCEPTED_ENCODINGS
from pivot.fetch.fetcher import open_fetcher
from pivot.fetch.settings import FetchSettings
from pivot.model.call import Method
from pivot.model.codes import Code
from pivot.model.fetch import Answer, FetchFailure
from tests.fetch.support import Seen, ask, codes, fetcher, form_post, question, reply, server, trust
from tests.tcp_server import tcp_server


async def test_an_answer_comes_back_whole() -> None:
    """Status, headers as the server spelled them, body and final URL."""
    async with server(reply(b'{"module":"hangup"}', "201 Created", X_Odd="\xe9")) as there:
        result = await ask(f"{there.url}/voice?a=1#rc=0")

    assert isinstance(result, Answer)
    assert replace(result, attempts=()) == Answer(
        201,
        (("Content-Type", "application/json"), ("Content-Length", "19"), ("X-Odd", "\xe9")),
        b'{"module":"hangup"}',
        f"{there.url}/voice?a=1",
    )
    (attempt,) = result.attempts
    assert (attempt.url, attempt.status, attempt.code) == (f"{there.url}/voice?a=1", 201, None)
    assert attempt.address is None, "a private address is nobody's business"
    assert attempt.times.connect_s is not None
    assert attempt.times.first_byte_s is not None
    assert attempt.times.total_s < 5


async def test_a_get_goes_out_like_this() -> None:
    """The whole request, in order; nothing that a proxy, a cookie jar or a library adds on its own."""
    async with server(reply()) as there:
        await ask(f"{there.url}/voice?a=1")
        (seen,) = there.seen

    request_id = seen.header("x-pivot-request-id") or ""
    assert (seen.line, seen.body) == ("GET /voice?a=1 HTTP/1.1", b"")
    assert seen.headers == (
        ("Host", f"127.0.0.1:{there.port}"),
        ("User-Agent", f"pivot/{__version__}"),
        ("Accept", "text/xml, application/xml, application/json, */*;q=0.1"),
        ("Accept-Encoding", ACCEPTED_ENCODINGS),
        ("X-Pivot-Request-Id", request_id),
        ("X-Pivot-Attempt", "1"),
    )
    assert len(request_id) == 34


async def test_a_post_goes_out_like_this() -> None:
    """Its body byte for byte, its type as the call's side wrote it."""
    async with server(reply()) as there:
        await ask(form_post(f"{there.url}/voice"))
        (seen,) = there.seen

    assert (seen.line, seen.body) == ("POST /voice HTTP/1.1", b"Digits=42&To=%2B1")
    assert seen.headers[-2:] == (
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Content-Length", "17"),
    )


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("/v?To=%2b1&q=a+b&k[a]=1&k[]=2", "/v?To=%2b1&q=a+b&k[a]=1&k[]=2"),
        ("/v?Caller-ID-Name=%C3%A9&x=%zz&&", "/v?Caller-ID-Name=%C3%A9&x=%zz&&"),
        ("/a/../b//c/./%7euser;p=1", "/a/../b//c/./%7euser;p=1"),
        ("/v?u=http://x/?y#tt=900&fb=x", "/v?u=http://x/?y"),
        ("?a=1", "/?a=1"),
        ("", "/"),
        ("/é?ü", "/%C3%A9?%C3%BC"),
        ("/v?a'b\"<>|{}^`\\", "/v?a'b\"<>|{}^`\\"),
    ],
)
async def test_path_and_query_go_out_as_they_came(written: str, sent: str) -> None:
    """Kazoo leaves brackets in names bare, and servers tell %2b from %2B; a fragment is for us alone."""
    async with server(reply()) as there:
        await ask(there.url + written)
        assert [seen.target for seen in there.seen] == [sent]


async def test_connections_are_kept_and_told_apart() -> None:
    """A second question to the same server costs no second handshake."""
    async with server(reply()) as there, fetcher() as opened:
        trust(opened, there.url)
        for _ in range(3):
            assert isinstance(await opened.fetch(question(there.url)), Answer)
        assert (there.connections, len(there.seen)) == (1, 3)


@pytest.mark.parametrize("method", Method)
async def test_a_connection_that_was_closed_meanwhile_is_nobodys_failure(method: Method) -> None:
    """Servers close idle connections; the question is asked again on a new one, and no breaker counts it."""
    async with (
        server(lambda _: b"" if len(there.seen) == 2 else reply()) as there,
        fetcher(retries=0, breaker_failures=1) as opened,
    ):
        trust(opened, there.url)
        await opened.fetch(question(there.url))
        result = await opened.fetch(question(there.url, method=method))

        assert codes(result) == [Code.FETCH_CLOSED, 200]
        assert opened.breaker_states() == {}
    assert [seen.connection for seen in there.seen] == [1, 1, 2]


async def test_a_server_that_hangs_up_is_asked_once() -> None:
    """Whoever closes a new connection may have begun to work on the request."""
    async with server(b"") as there:
        result = await ask(there.url)
        assert (codes(result), len(there.seen)) == ([Code.FETCH_CLOSED], 1)


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would connect where the guard cannot see."""
    async with server(reply(b"proxy")) as proxy, server(reply(b"voice")) as there:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        result = await ask(there.url)

    assert isinstance(result, Answer)
    assert (result.body, proxy.seen) == (b"voice", [])


async def test_no_cookie_goes_from_one_call_to_another() -> None:
    """One customer's cookie must never reach another's request."""
    async with server(reply(Set_Cookie="sid=42; Path=/")) as there, fetcher() as opened:
        for _ in range(2):
            await opened.fetch(question(there.url))
        assert [seen.header("cookie") for seen in there.seen] == [None, None]


def hang(seen: Seen) -> None:
    return None


@pytest.mark.parametrize(
    ("fragment", "changes", "code", "takes_s"),
    [
        ("", {"timeout_s": 0.3}, Code.FETCH_READ_TIMEOUT, 0.3),
        ("#rt=200", {}, Code.FETCH_READ_TIMEOUT, 0.2),
        ("#rt=900", {"timeout_s": 0.3}, Code.FETCH_READ_TIMEOUT, 0.3),
        ("#tt=300", {}, Code.FETCH_TOTAL_TIMEOUT, 0.3),
        ("#rt=200&rc=1&rp=rt", {}, Code.FETCH_READ_TIMEOUT, 0.4),
        ("#rt=200&rc=5&rp=rt&tt=300", {}, Code.FETCH_TOTAL_TIMEOUT, 0.3),
    ],
)
async def test_a_silent_server_costs_as_long_as_was_allowed(
    fragment: str, changes: dict[str, float], code: Code, takes_s: float
) -> None:
    """The customer's own limits only shorten; the total holds over all attempts."""
    loop = asyncio.get_running_loop()
    async with server(hang) as there, fetcher(**changes) as opened:
        started_at = loop.time()
        result = await opened.fetch(question(f"{there.url}{fragment}"))
        took_s = loop.time() - started_at

    assert isinstance(result, FetchFailure)
    assert result.code is code
    assert takes_s <= took_s < takes_s + 0.25


async def test_the_requests_own_timeout_wins_over_the_setting() -> None:
    """`Request-Timeout` is the operator's choice for this one callflow."""
    async with server(hang) as there, fetcher(timeout_s=5.0) as opened:
        async with asyncio.timeout(2):
            result = await opened.fetch(question(there.url, timeout_s=0.2))

    assert isinstance(result, FetchFailure)
    assert result.code is Code.FETCH_READ_TIMEOUT


async def test_a_dripping_body_cannot_pass_the_read_timeout() -> None:
    """Each byte buys time against the lowest rate, never against `#rt=`."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x" * 10)
            await writer.drain()
            await asyncio.sleep(0.02)

    async with tcp_server(drip) as port, asyncio.timeout(1):
        result = await ask(f"http://127.0.0.1:{port}/#rt=300")

    assert isinstance(result, FetchFailure)
    assert result.code is Code.FETCH_READ_TIMEOUT


class TestRetries:
    """`#rc=` and `#rp=`; a retry that cannot finish is not started."""

    async def test_a_broken_server_is_asked_as_often_as_the_url_says(self) -> None:
        """Each attempt has an id of its own and says which it is."""
        async with server(lambda _: reply(status="200 OK" if len(there.seen) == 3 else "503 No")) as there:
            result = await ask(f"{there.url}#rc=2&rp=5xx")

        assert codes(result) == [503, 503, 200]
        assert [seen.header("x-pivot-attempt") for seen in there.seen] == ["1", "2", "3"]
        ids = [seen.header("x-pivot-request-id") or "" for seen in there.seen]
        assert ids == [f"{ids[0][:32]}-{number}" for number in (1, 2, 3)]
        assert [attempt.request_id for attempt in result.attempts] == ids

    @pytest.mark.parametrize(
        ("status", "fragment", "times"),
        [
            ("500 No", "", 1),
            ("500 No", "#rp=4xx&rc=3", 1),
            ("404 No", "#rp=4xx", 2),
            ("404 No", "#rp=5xx,ct&rc=3", 1),
            ("404 No", "#rp=all&rc=3", 4),
            ("500 No", "#rp=5xx&rc=0", 1),
            ("200 OK", "#rp=all&rc=3", 1),
        ],
    )
    async def test_only_the_failures_that_are_named_are_retried(
        self, status: str, fragment: str, times: int
    ) -> None:
        """Once by default, and only when no connection came about."""
        async with server(reply(status=status)) as there:
            result = await ask(there.url + fragment)
            assert isinstance(result, Answer)
            assert len(there.seen) == times

    async def test_a_refused_connection_is_tried_once_more(self) -> None:
        """A server that restarts is back in a moment."""
        async with server(reply()) as there:
            pass
        result = await ask(there.url)

        assert isinstance(result, FetchFailure)
        assert (result.code, codes(result)) == (Code.FETCH_REFUSED, [Code.FETCH_REFUSED] * 2)

    async def test_no_retry_starts_that_cannot_finish(self) -> None:
        """The last moment to say `failed` is kept free."""
        async with server(reply(status="503 No")) as there:
            result = await ask(question(f"{there.url}#rc=5&rp=5xx", deadline_s=0.4), min_attempt_s=0.5)
            assert isinstance(result, Answer)
            assert (result.status, len(there.seen)) == (503, 1)


async def test_nonsense_in_the_fragment_is_told() -> None:
    """The debug document says which override was passed over."""
    async with server(reply()) as there:
        result = await ask(f"{there.url}#ct=soon&rc=1&rp=never")

    assert result.warnings == (
        "#ct is 'soon', want a number from 100 to 10000; it is ignored",
        "#rp has 'never', want any of ct, rt, 4xx, 5xx, all; it is ignored",
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("retry_on", ("6xx",)),
        ("timeout_s", 0.0),
        ("connect_timeout_s", -1.0),
        ("dns_timeout_s", 0.0),
        ("per_host", 0),
        ("per_account", 0),
        ("max_inflight_bytes", 1000),
        ("egress", "strict"),
        ("allow_networks", ("10.0.0.1/8",)),
        ("deny_networks", ("all",)),
        ("deny_ports", ("http",)),
        ("allow_ports", ("7-x",)),
        ("ca_file", "/does/not/exist.pem"),
        ("client_cert_file", "/does/not/exist.pem"),
        ("signing_keys", {"*": ("secret",)}),
        ("origin_headers", {"app.example": ("X: 1",)}),
        ("origin_headers", {"https://app.example": ("no colon",)}),
        ("origin_headers", {"https://app.example": ("X: 1\r\nY: 2",)}),
        ("credentials", {"ftp://app.example": "u:p"}),
        ("nameservers", ("ns.example:x",)),
    ],
)
async def test_a_setting_that_cannot_be_used_is_named(key: str, value: object) -> None:
    """Nothing starts half-configured."""
    with pytest.raises(ConfigError, match=f"fetch.*{key}"):
        async with open_fetcher(FetchSettings(**{key: value})):  # type: ignore[arg-type]
            pass
