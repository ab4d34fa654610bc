"""The way of a question that nothing hinders."""

from __future__ import annotations

import pytest
from aiohttp import web
from structlog.testing import LogCapture

from pivot import __version__
from pivot.model.call import Method
from pivot.model.fetch import Answer, Attempt, Times
from tests.fetch.helpers import answered, ask, failed, fetcher_for_tests, serving
from tests.fetch.support import trust


async def test_an_answer_comes_back_whole() -> None:
    """Status, headers, body and final URL reach the engine as the server sent them."""

    async def voice(request: web.BaseRequest) -> web.Response:
        return web.Response(
            status=201,
            body=b'{"module": "hangup"}',
            headers={"Content-Type": "application/json", "X-Name": "caf\xc3\xa9", "Date": "d", "Server": "s"},
        )

    async with serving(voice) as origin, fetcher_for_tests() as fetcher:
        answer = answered(await fetcher.fetch(ask(f"{origin}/voice?x=1#rc=2")))

    attempt = answer.attempts[0]
    assert answer == Answer(
        status=201,
        headers=(
            ("Content-Type", "application/json"),
            ("X-Name", "cafÃ\x83Â©"),
            ("Date", "d"),
            ("Server", "s"),
            ("Content-Length", "20"),
        ),
        body=b'{"module": "hangup"}',
        url=f"{origin}/voice?x=1",
        attempts=(
            Attempt(
                url=f"{origin}/voice?x=1", times=attempt.times, status=201, request_id=attempt.request_id
            ),
        ),
    )


async def test_the_request_goes_out_as_it_is_meant() -> None:
    """A customer's server sees the method, the body and the headers that pivot promises, nothing else."""
    seen: list[tuple[str, str, dict[str, str], bytes]] = []

    async def voice(request: web.BaseRequest) -> web.Response:
        seen.append((request.method, request.raw_path, dict(request.headers), await request.read()))
        return web.Response(text="ok")

    async with serving(voice) as origin, fetcher_for_tests() as fetcher:
        request = ask(
            f"{origin}/v?Custom[x]=%c3%a9&y#ct=500",
            method=Method.POST,
            headers=(("Content-Type", "application/x-www-form-urlencoded"),),
            body=b"a=1&b=2",
        )
        answer = answered(await fetcher.fetch(request))

    assert seen == [
        (
            "POST",
            "/v?Custom[x]=%c3%a9&y",
            {
                "Host": origin.removeprefix("http://"),
                "User-Agent": f"pivot/{__version__}",
                "Accept": "text/xml, application/xml, application/json, */*;q=0.1",
                "Accept-Encoding": "gzip, deflate, br",
                "X-Pivot-Request-Id": answer.attempts[0].request_id,
                "X-Pivot-Attempt": "1",
                "Content-Type": "application/x-www-form-urlencoded",
                "Content-Length": "7",
            },
            b"a=1&b=2",
        )
    ]


async def test_every_part_of_an_attempt_is_timed() -> None:
    """Support reads where the time went: a fresh connection shows its connect time, a kept one none."""

    async def voice(request: web.BaseRequest) -> web.Response:
        return web.Response(text="ok")

    async with serving(voice) as origin, fetcher_for_tests() as fetcher:
        url = origin.replace("127.0.0.1", "localhost")
        trust(fetcher, url)
        fresh = answered(await fetcher.fetch(ask(url))).attempts[0].times
        kept = answered(await fetcher.fetch(ask(url))).attempts[0].times

    def seen(times: Times) -> dict[str, bool]:
        return {name: getattr(times, name) is not None for name in Times.__slots__}

    everything = dict.fromkeys(Times.__slots__, True)
    assert seen(fresh) == everything | {"tls_s": False}
    assert seen(kept) == everything | {"tls_s": False, "connect_s": False, "dns_s": False}
    parts = [fresh.queue_s, fresh.dns_s, fresh.connect_s, fresh.first_byte_s, fresh.body_s]
    assert 0 < sum(part or 0.0 for part in parts) <= fresh.total_s


async def test_one_log_line_tells_of_a_fetch(logged: LogCapture) -> None:
    """The operator finds host, outcome and duration in one line, and no query, which may hold secrets."""

    async def voice(request: web.BaseRequest) -> web.Response:
        return web.Response(text="ok")

    async with serving(voice) as origin, fetcher_for_tests() as fetcher:
        await fetcher.fetch(ask(f"{origin}/v?secret=1", call_id="c1", account_id="a1"))

    (line,) = logged.entries
    assert line.pop("duration_s") >= 0
    assert line == {
        "event": "fetch.finished",
        "log_level": "info",
        "call_id": "c1",
        "account_id": "a1",
        "iteration": 1,
        "host": "127.0.0.1",
        "method": "get",
        "status": 200,
        "code": None,
        "attempts": 1,
        "body_bytes": 2,
    }


async def test_nonsense_overrides_warn_and_do_not_stop() -> None:
    """A slip in a fragment must not cost the call; the debug document shows it."""

    async def voice(request: web.BaseRequest) -> web.Response:
        return web.Response(text="ok")

    async with serving(voice) as origin, fetcher_for_tests() as fetcher:
        answer = answered(await fetcher.fetch(ask(f"{origin}/#ct=soon&rc=77&unknown=1")))

    assert answer.warnings == (
        "#ct is 'soon', want a number from 100 to 10000; it is ignored",
        "#rc is 77, want a number from 0 to 5; 5 is used",
    )


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would connect for us, past the guard."""

    async def voice(request: web.BaseRequest) -> web.Response:
        return web.Response(text="direct")

    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with serving(voice) as origin, fetcher_for_tests() as fetcher:
        answer = answered(await fetcher.fetch(ask(origin)))

    assert answer.body == b"direct"


async def test_cookies_of_one_call_do_not_reach_the_next() -> None:
    """Connections are shared by tenants; nothing else may be."""
    cookies: list[str | None] = []

    async def voice(request: web.BaseRequest) -> web.Response:
        cookies.append(request.headers.get("Cookie"))
        return web.Response(text="ok", headers={"Set-Cookie": "session=1; Path=/"})

    async with serving(voice) as origin, fetcher_for_tests() as fetcher:
        await fetcher.fetch(ask(origin))
        await fetcher.fetch(ask(origin))

    assert cookies == [None, None]


async def test_refused_connections_say_so(unused_tcp_port: int) -> None:
    """Nobody listens: known at once, and not a matter of waiting."""
    async with fetcher_for_tests() as fetcher:
        assert failed(await fetcher.fetch(ask(f"http://127.0.0.1:{unused_tcp_port}/"))) == "fetch.refused"
