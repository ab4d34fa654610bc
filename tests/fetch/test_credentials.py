"""User names and passwords: in the URL, and in the operator's settings."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import md5

import pytest

from pivot.model.fetch import Answer
from tests.fetch.support import Say, Seen, ask, codes, fetcher, form_post, question, redirect, reply, server

BASIC = 'Basic realm="voice"'
DIGEST = 'Digest realm="voice", nonce="n0", qop="auth", algorithm=MD5'


def with_user(url: str, user_info: str) -> str:
    return url.replace("://", f"://{user_info}@")


def basic(text: str) -> str:
    return "Basic " + b64encode(text.encode()).decode()


def demands(scheme: str) -> Say:
    def say(seen: Seen) -> bytes:
        return reply() if seen.header("authorization") else reply(b"", "401 No", WWW_Authenticate=scheme)

    return say


async def test_a_url_with_a_password_shows_it_when_it_is_asked_for() -> None:
    """First without, then with: a server that demands nothing is told nothing."""
    async with server(demands(BASIC)) as there:
        result = await ask(form_post(with_user(f"{there.url}/v", "u:p%40ss")))

    assert isinstance(result, Answer)
    assert codes(result) == [401, 200]
    assert [seen.header("authorization") for seen in there.seen] == [None, basic("u:p@ss")]
    assert [seen.body for seen in there.seen] == [b"Digits=42&To=%2B1"] * 2
    assert [attempt.url for attempt in result.attempts] == [f"{there.url}/v"] * 2
    assert result.url == with_user(f"{there.url}/v", "u:p%40ss"), "relative URLs keep the user"


async def test_digest_is_answered_too() -> None:
    """The response is what RFC 7616 computes, over the target exactly as it was sent."""
    async with server(demands(DIGEST)) as there:
        result = await ask(with_user(f"{there.url}/v?k[a]=%2b", "u:p"))

    assert isinstance(result, Answer)
    assert result.status == 200
    shown = there.seen[-1].header("authorization") or ""
    fields = {name: value.strip('"') for name, value in re.findall(r'(\w+)=("[^"]*"|[^,]+)', shown)}
    assert fields["uri"] == "/v?k[a]=%2b"
    one, two = (md5(text.encode()).hexdigest() for text in ("u:voice:p", f"GET:{fields['uri']}"))
    text = f"{one}:{fields['nonce']}:{fields['nc']}:{fields['cnonce']}:auth:{two}"
    assert fields["response"] == md5(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("user_info", "demand"),
    [("", BASIC), ("u:p@", "Negotiate"), ("u:p@", "")],
)
async def test_a_demand_that_cannot_be_met_is_an_answer(user_info: str, demand: str) -> None:
    """401 is the customer's to explain."""
    async with server(demands(demand)) as there:
        result = await ask(there.url.replace("://", f"://{user_info}"))

    assert codes(result) == [401]


async def test_a_wrong_password_is_shown_once() -> None:
    """No loop."""
    async with server(reply(b"", "401 No", WWW_Authenticate=BASIC)) as there:
        result = await ask(with_user(there.url, "u:wrong"))

    assert codes(result) == [401, 401]


async def test_a_password_does_not_follow_to_another_origin() -> None:
    """Not even when the other one asks for it."""
    async with (
        server(demands(BASIC), host="127.0.0.2") as other,
        server(lambda _: redirect(f"{other.url}/x")) as there,
    ):
        result = await ask(with_user(there.url, "u:p"))

    assert codes(result) == [302, 401]
    assert [seen.header("authorization") for seen in (*there.seen, *other.seen)] == [None, None]


async def test_what_the_operator_set_for_an_origin_goes_there_alone() -> None:
    """Headers and credentials by scheme, host and port."""
    async with server(reply()) as one, server(reply()) as two:
        settings = {
            "origin_headers": {one.url: ("X-Api-Key: k1", "x-two: a: b")},
            "credentials": {one.url: "me:secret", two.url: "Bearer t0k"},
        }
        async with fetcher(**settings) as opened:
            for url in (f"{one.url}/v", f"{two.url}/v"):
                await opened.fetch(question(url))

    names = ("x-api-key", "x-two", "authorization")
    assert [[seen.header(name) for name in names] for seen in (*one.seen, *two.seen)] == [
        ["k1", "a: b", basic("me:secret")],
        [None, None, "Bearer t0k"],
    ]
