"""Redirects, like a careful browser."""

from __future__ import annotations

import pytest

from pivot.fetch import urls
from pivot.fetch.faults import Fault
from pivot.fetch.redirects import Hop, next_hop
from pivot.model.call import Method
from pivot.model.codes import Code
from pivot.model.fetch import Answer, FetchFailure
from tests.fetch.support import Seen, ask, codes, form_post, redirect, reply, server

FORM = ("Content-Type", "application/x-www-form-urlencoded")


def moves(location: str, status: int = 302) -> object:
    """`/` leads to `location`; everything else answers."""
    return lambda seen: redirect(location, status) if seen.target == "/" else reply(b"there")


@pytest.mark.parametrize("status", [301, 302, 303])
async def test_a_post_becomes_a_get(status: int) -> None:
    """Without the body and without what described it; pivot's own headers stay."""

    def say(seen: Seen) -> bytes:
        return redirect("/there?x=1", status) if seen.method == "POST" else reply(b"there")

    async with server(say) as there:
        result = await ask(form_post(f"{there.url}/"))

    assert isinstance(result, Answer)
    assert (result.body, result.url) == (b"there", f"{there.url}/there?x=1")
    assert codes(result) == [status, 200]
    assert [attempt.url for attempt in result.attempts] == [f"{there.url}/", f"{there.url}/there?x=1"]
    second = there.seen[1]
    assert (second.line, second.body) == ("GET /there?x=1 HTTP/1.1", b"")
    assert (second.header("content-type"), second.header("content-length")) == (None, None)
    assert second.header("x-pivot-attempt") == "1", "a hop is no attempt of its own"


@pytest.mark.parametrize("status", [307, 308])
async def test_method_and_body_are_kept_where_the_status_says_so(status: int) -> None:
    """The parameters arrive at the new place."""

    def say(seen: Seen) -> bytes:
        return redirect("/there", status) if seen.target == "/" else reply(b"there")

    async with server(say) as there:
        await ask(form_post(f"{there.url}/"))

    assert [(seen.line, seen.body) for seen in there.seen] == [
        ("POST / HTTP/1.1", b"Digits=42&To=%2B1"),
        ("POST /there HTTP/1.1", b"Digits=42&To=%2B1"),
    ]
    assert FORM in there.seen[1].headers


@pytest.mark.parametrize("status", [300, 304, 305, 306, 399])
async def test_other_statuses_are_answers(status: int) -> None:
    """305 would make the customer's server our proxy."""
    async with server(redirect("http://127.0.0.2:9/", status)) as there:
        result = await ask(there.url)

    assert isinstance(result, Answer)
    assert (result.status, len(there.seen)) == (status, 1)


async def test_a_redirect_to_nowhere_is_an_answer() -> None:
    """Kazoo keeps it, too: the code is the status."""
    async with server(reply(b"no", "302 Found")) as there:
        result = await ask(there.url)

    assert isinstance(result, Answer)
    assert (result.status, result.body) == (302, b"no")


@pytest.mark.parametrize(
    ("base", "location", "target"),
    [
        ("/a/b?c=1", "d", "/a/d"),
        ("/a/b?c=1", "?d", "/a/b?d"),
        ("/a/b?c=1", "../d#x", "/d"),
        ("/a/b", "/d?k[]=1&x=%2b", "/d?k[]=1&x=%2b"),
        ("/a/b", "./é", "/a/%C3%A9"),
    ],
)
async def test_a_relative_location_starts_from_here(base: str, location: str, target: str) -> None:
    """By RFC 3986; what it says is not re-encoded, UTF-8 is understood."""
    raw = location.encode().decode("latin-1")
    async with server(lambda _: redirect(raw) if len(there.seen) == 1 else reply()) as there:
        await ask(there.url + base)
        assert [seen.target for seen in there.seen] == [base, target]


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "ftp://127.0.0.1/",
        "javascript:alert(1)",
        "http://",
        "http:/x",
        "http:x",
        "///x",
        "http://exa mple/",
        "http://a\\@127.0.0.1/",
        "\\\\127.0.0.1\\x",
        "http://[::1/",
        "http://127.1/",
        "http://a:0443/",
        "http://a@b@127.0.0.1/",
    ],
)
async def test_a_redirect_to_what_is_no_url_is_refused(location: str) -> None:
    """A hop is read as strictly as the first URL."""
    async with server(redirect(location)) as there:
        result = await ask(there.url)

    assert isinstance(result, FetchFailure)
    assert (result.code, codes(result)) == (Code.FETCH_BAD_URL, [302])


async def test_a_chain_ends_after_its_allowance() -> None:
    """Ten hops are followed, the eleventh is one too many; a smaller setting is obeyed."""
    async with server(lambda seen: redirect(f"/{len(there.seen)}")) as there:
        result = await ask(there.url)
        assert isinstance(result, FetchFailure)
        assert (result.code, codes(result)) == (Code.FETCH_REDIRECTS, [302] * 11)
        assert isinstance(await ask(there.url, max_redirects=0), FetchFailure)
        assert len(there.seen) == 12


async def test_a_chain_that_ends_in_time_is_fine() -> None:
    """Exactly ten."""
    async with server(lambda _: redirect("/on") if len(there.seen) <= 10 else reply()) as there:
        result = await ask(there.url)
        assert (isinstance(result, Answer), codes(result)) == (True, [302] * 10 + [200])


async def test_the_whole_chain_has_one_attempts_time() -> None:
    """Ten slow hops must not add up."""
    async with server(lambda _: None if len(there.seen) == 3 else redirect("/on")) as there:
        result = await ask(there.url, timeout_s=0.3)

    assert codes(result) == [302, 302, Code.FETCH_READ_TIMEOUT]


def hop(url: str, **changes: object) -> Hop:
    return Hop(urls.parse(url), Method.POST, (FORM,), b"a=1", **changes)  # type: ignore[arg-type]


def follow(start: Hop, location: str, *, insecure: bool = False) -> Hop:
    following = next_hop(start, 307, location, insecure=insecure, max_url_bytes=1000)
    assert following is not None
    return following


def test_nobody_is_led_from_https_to_http() -> None:
    """Unless the operator says so; the other way is fine."""
    with pytest.raises(Fault) as refused:
        follow(hop("https://app.test/"), "http://app.test/")
    assert refused.value.code is Code.FETCH_REDIRECTS

    assert follow(hop("https://app.test/"), "http://app.test/", insecure=True).target.scheme == "http"
    assert follow(hop("http://app.test/"), "https://app.test/").target.scheme == "https"


@pytest.mark.parametrize(
    ("location", "user", "trusted"),
    [
        ("/x", "me", True),
        ("https://app.test/x", "me", True),
        ("https://app.test:443/x", "me", True),
        ("https://you:2@app.test/x", "you", True),
        ("//app.test/x", "me", True),
        ("https://app.test:8443/x", None, False),
        ("https://www.app.test/x", None, False),
        ("//other.test/x", None, False),
        ("https://you@other.test/x", "you", False),
    ],
)
def test_credentials_stay_with_their_origin(location: str, user: str | None, trusted: bool) -> None:
    """Scheme, host and port: another of these is a stranger, and strangers see no signature either."""
    following = follow(hop("https://me:1@app.test/voice", authorization="basic"), location)

    assert (following.target.user, following.trusted) == (user, trusted)
    assert following.authorization == "", "credentials are shown when they are asked for"


def test_a_stranger_cannot_hand_trust_back() -> None:
    """Who led us away and back might have chosen what we sign."""
    away = follow(hop("https://app.test/"), "https://other.test/")

    assert follow(away, "https://app.test/").trusted is False


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/my file.php?name=Bob Smith", "http://a.test/my%20file.php?name=Bob%20Smith"),
        (" /y \r", "http://a.test/y"),
        ("http://a.test/my app/y #part two", "http://a.test/my%20app/y%20"),
        ("?q=a b", "http://a.test/x?q=a%20b"),
    ],
)
def test_blanks_in_a_location_are_encoded(location: str, url: str) -> None:
    """As those of a voice_url, and as browsers do; around it they are never meant."""
    assert urls.join(urls.parse("http://a.test/x"), location).text == url
