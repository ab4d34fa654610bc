"""What follows a first answer that is not the last word."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from pivot.model.call import Method
from pivot.model.codes import Code
from pivot.model.fetch import Purpose
from tests.fetch.helpers import Handler, answered, ask, failed, fetcher_for_tests, serving
from tests.fetch.support import trust
from tests.tcp_server import tcp_server

Seen = list[tuple[str, str, bytes]]


def redirecting(seen: Seen, status: int, location: str) -> Handler:
    """Redirects `/` and answers everything else."""

    async def handle(request: web.BaseRequest) -> web.Response:
        seen.append((request.method, request.path, await request.read()))
        if request.path == "/":
            return web.Response(status=status, headers={"Location": location})
        return web.Response(text="there")

    return handle


@pytest.mark.parametrize(
    ("status", "second"),
    [
        (301, ("GET", "/there", b"")),
        (302, ("GET", "/there", b"")),
        (303, ("GET", "/there", b"")),
        (307, ("POST", "/there", b"a=1")),
        (308, ("POST", "/there", b"a=1")),
    ],
)
async def test_redirects_are_followed_like_a_careful_browser(
    status: int, second: tuple[str, str, bytes]
) -> None:
    """The final URL is the base of what the document refers to; every hop stands in the attempts."""
    seen: Seen = []
    async with serving(redirecting(seen, status, "there")) as origin, fetcher_for_tests() as fetcher:
        request = ask(origin, method=Method.POST, body=b"a=1", headers=(("Content-Type", "text/plain"),))
        answer = answered(await fetcher.fetch(request))

    assert seen == [("POST", "/", b"a=1"), second]
    assert answer.url == f"{origin}/there"
    assert [(hop.url, hop.status) for hop in answer.attempts] == [
        (f"{origin}/", status),
        (f"{origin}/there", 200),
    ]


@pytest.mark.parametrize("status", [300, 304, 305])
async def test_other_statuses_are_answers(status: int) -> None:
    """Nobody should be sent through a proxy by an answer."""
    seen: Seen = []
    async with serving(redirecting(seen, status, "/there")) as origin, fetcher_for_tests() as fetcher:
        assert answered(await fetcher.fetch(ask(origin))).status == status


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("http://169.254.169.254/latest/", "fetch.denied"),
        ("//10.0.0.1/", "fetch.denied"),
        ("http://[::ffff:7f00:1]/", "fetch.denied"),
        ("http://8.8.8.8:25/", "fetch.denied"),
        ("file:///etc/passwd", "fetch.bad_url"),
        ("gopher://127.0.0.1/", "fetch.bad_url"),
        ("http://127.1/", "fetch.bad_url"),
        ("/a\tb", "fetch.bad_url"),
        ("\\\\10.0.0.1\\", "fetch.bad_url"),
        ("/", "fetch.redirects"),
    ],
)
async def test_redirects_to_bad_places_fail(location: str, code: str) -> None:
    """A hop is judged like a first URL."""
    seen: Seen = []
    async with serving(redirecting(seen, 307, location)) as origin, fetcher_for_tests() as fetcher:
        assert failed(await fetcher.fetch(ask(origin))) == code


async def test_secrets_do_not_follow_to_another_origin() -> None:
    """Credentials and signatures are for the server they were configured for."""
    headers: list[set[str]] = []
    secret = {"Authorization", "X-Key", "webhook-signature", "X-Twilio-Signature"}

    async def stranger(request: web.BaseRequest) -> web.Response:
        headers.append(set(request.headers))
        return web.Response(text="stolen?")

    async with serving(stranger) as other:

        async def friend(request: web.BaseRequest) -> web.Response:
            headers.append(set(request.headers))
            return web.Response(status=307, headers={"Location": f"{other}/"})

        async with (
            serving(friend) as origin,
            fetcher_for_tests(
                credentials={origin: "user:password"},
                origin_headers={origin: ("X-Key: secret",)},
                signing_keys={"*": ("whsec_MDEyMzQ1Njc4OWFiY2RlZg==",)},
                twilio_tokens={"*": "token"},
            ) as fetcher,
        ):
            answered(await fetcher.fetch(ask(origin.replace("://", "://u:p@"))))

    assert [names & secret for names in headers] == [secret, set()]


@pytest.mark.parametrize("scheme", ["Basic", "Digest"])
async def test_user_info_is_shown_when_the_server_asks(scheme: str) -> None:
    """`https://user:password@host/`: the first request goes without."""
    challenges = {"Basic": 'Basic realm="x"', "Digest": 'Digest realm="x", nonce="n", qop="auth"'}
    shown: list[str | None] = []

    async def voice(request: web.BaseRequest) -> web.Response:
        authorization = request.headers.get("Authorization")
        shown.append(authorization and authorization.partition(" ")[0])
        if authorization is None:
            return web.Response(status=401, headers={"WWW-Authenticate": challenges[scheme]})
        return web.Response(text="welcome")

    async with serving(voice) as origin, fetcher_for_tests() as fetcher:
        answer = answered(await fetcher.fetch(ask(origin.replace("://", "://u:p@"))))

    assert (answer.body, shown[0], shown[-1]) == (b"welcome", None, scheme)
    assert all("u:p" not in attempt.url for attempt in answer.attempts)


def failing(times: int, status: int) -> tuple[Handler, list[tuple[str, str]]]:
    asked: list[tuple[str, str]] = []

    async def handle(request: web.BaseRequest) -> web.Response:
        asked.append((request.headers["X-Pivot-Request-Id"], request.headers["X-Pivot-Attempt"]))
        return web.Response(status=status if len(asked) <= times else 200, text="x")

    return handle, asked


@pytest.mark.parametrize(
    ("fragment", "statuses"),
    [
        ("", [503]),
        ("#rc=2", [503]),
        ("#rc=2&rp=5xx", [503, 503, 200]),
        ("#rc=1&rp=5xx", [503, 503]),
        ("#rc=2&rp=all", [503, 503, 200]),
        ("#rc=2&rp=4xx,ct", [503]),
        ("#rc=0&rp=5xx", [503]),
    ],
)
async def test_retries_are_what_the_fragment_says(fragment: str, statuses: list[int]) -> None:
    """Each attempt has its own id, of which the stem tells the server that it is the same question."""
    handle, asked = failing(2, 503)
    async with serving(handle) as origin, fetcher_for_tests(retry_delay_s=0.001) as fetcher:
        answer = answered(await fetcher.fetch(ask(f"{origin}/{fragment}")))

    assert [attempt.status for attempt in answer.attempts] == statuses
    assert asked == [
        (attempt.request_id, str(number)) for number, attempt in enumerate(answer.attempts, start=1)
    ]
    assert len({request_id.partition("-")[0] for request_id, _ in asked}) == 1


@pytest.mark.parametrize("purpose", [Purpose.CALLBACK, Purpose.CDR])
@pytest.mark.parametrize(
    ("fragment", "statuses"), [("", [503, 503, 200]), ("#rc=0", [503]), ("#rp=ct", [503])]
)
async def test_notices_are_tried_again_since_no_caller_waits_for_them(
    purpose: Purpose, fragment: str, statuses: list[int]
) -> None:
    """A server that restarts still learns how the call ended; it may refuse that in its URL."""
    handle, _ = failing(2, 503)
    async with serving(handle) as origin, fetcher_for_tests(retry_delay_s=0.001) as fetcher:
        answer = answered(await fetcher.fetch(ask(f"{origin}/{fragment}", purpose=purpose)))

    assert [attempt.status for attempt in answer.attempts] == statuses


async def test_a_refused_connection_is_tried_once_more(unused_tcp_port: int) -> None:
    """A server that restarts loses no call."""
    async with fetcher_for_tests(retries=1, retry_delay_s=0.001) as fetcher:
        result = await fetcher.fetch(ask(f"http://127.0.0.1:{unused_tcp_port}/"))

    assert failed(result) == "fetch.refused"
    assert [attempt.code for attempt in result.attempts] == [Code.FETCH_REFUSED] * 2


async def silent(request: web.BaseRequest) -> web.Response:
    await asyncio.sleep(30)
    return web.Response()


@pytest.mark.parametrize(
    ("changes", "fragment", "code", "waited_s", "attempts"),
    [
        ({"timeout_s": 0.4}, "", "fetch.read_timeout", 0.4, 1),
        ({"timeout_s": 5.0, "deadline_s": 0.5}, "", "fetch.total_timeout", 0.5, 1),
        ({"timeout_s": 5.0}, "#rt=400", "fetch.read_timeout", 0.4, 1),
        ({"timeout_s": 0.4}, "#rt=9000", "fetch.read_timeout", 0.4, 1),
        ({"timeout_s": 5.0}, "#tt=450", "fetch.total_timeout", 0.45, 1),
        ({"timeout_s": 0.4}, "#rc=1&rp=rt", "fetch.read_timeout", 0.8, 2),
        ({"timeout_s": 0.4, "deadline_s": 0.8}, "#rc=5&rp=all", "fetch.read_timeout", 0.4, 1),
    ],
)
async def test_everything_ends_in_time(
    changes: dict[str, object], fragment: str, code: str, waited_s: float, attempts: int
) -> None:
    """No retry is started that the deadline would cut off."""
    loop = asyncio.get_running_loop()
    rules = {"retry_delay_s": 0.001, "min_attempt_s": 0.5}
    async with serving(silent) as origin, fetcher_for_tests(**rules) as fetcher:
        started_at = loop.time()
        result = await fetcher.fetch(ask(f"{origin}/{fragment}", **changes))
        waited = loop.time() - started_at

    assert (failed(result), len(result.attempts)) == (code, attempts)
    assert waited_s - 0.01 <= waited < waited_s + 1.0


async def test_a_connection_that_the_server_closed_meanwhile_costs_nothing() -> None:
    """A kept connection dies with the next request; a fresh one is taken, for POST as well."""
    served = 0

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        await reader.readuntil(b"\r\n\r\n")
        served += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async with tcp_server(converse) as port, fetcher_for_tests() as fetcher:
        url = f"http://127.0.0.1:{port}/"
        trust(fetcher, url)
        first = answered(await fetcher.fetch(ask(url, method=Method.POST)))
        second = answered(await fetcher.fetch(ask(url, method=Method.POST)))

    assert [(len(answer.attempts), answer.body) for answer in (first, second)] == [(1, b"ok"), (2, b"ok")]
    assert served == 2


async def test_a_cancelled_fetch_leaves_nothing_behind() -> None:
    """The caller hung up: its place and its connection are free at once."""
    arrived = asyncio.Event()

    async def voice(request: web.BaseRequest) -> web.Response:
        arrived.set()
        return await silent(request)

    async with serving(voice) as origin, fetcher_for_tests(per_host=1) as fetcher:
        fetches = [asyncio.create_task(fetcher.fetch(ask(origin))) for _ in range(3)]
        await arrived.wait()
        assert fetcher.in_flight == 1
        for fetch in fetches:
            fetch.cancel()
        results = await asyncio.gather(*fetches, return_exceptions=True)

        assert all(isinstance(result, asyncio.CancelledError) for result in results)
        assert (fetcher.in_flight, fetcher.inflight_bytes) == (0, 0)
