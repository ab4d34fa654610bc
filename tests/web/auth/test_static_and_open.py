"""Tokens from the settings; and no tokens at all, on one's own machine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pivot.errors import ConfigError
from pivot.web.auth.static import digest
from pivot.web.settings import AuthSettings, WebSettings, checked
from tests.web.memory_store import MemoryStore
from tests.web.support import ALICE, ALICE_TOKEN, SETTINGS, CrossbarClient, serving

OPEN = replace(SETTINGS, auth=AuthSettings(mode="open"))


async def test_every_place_of_a_token_opens(store: MemoryStore) -> None:
    """Header, query, bearer; and a body never repeats what it must not."""
    async with serving(store) as http:
        nobody = CrossbarClient(http, None)
        header = await nobody.get(headers={"X-Auth-Token": ALICE_TOKEN})
        query = await nobody.get(auth_token=ALICE_TOKEN)
        bearer = await nobody.get(headers={"Authorization": f"Bearer {ALICE_TOKEN}"})
        basic = await nobody.get(headers={"Authorization": f"Basic {ALICE_TOKEN}"})

    assert [reply.status for reply in (header, query, bearer, basic)] == [200, 200, 200, 401]
    assert header.body["auth_token"] == query.body["auth_token"] == ALICE_TOKEN
    assert ALICE_TOKEN not in bearer.text
    assert ALICE_TOKEN not in basic.text


async def test_without_tokens_only_this_machines_names_are_answered(store: MemoryStore) -> None:
    """A stranger's page may point its own name at 127.0.0.1; that name then stands in `Host`."""
    async with serving(store, OPEN) as http:
        client = CrossbarClient(http, None)
        for host in ("localhost", "127.0.0.1:8090", "[::1]:8090", "127.8.8.8"):
            assert (await client.get(headers={"Host": host})).status == 200
        for host in ("rebind.example", "127.0.0.1.rebind.example", "10.0.0.1", "", "[::1"):
            assert (await client.get(headers={"Host": host})).status in (400, 403)


async def test_without_tokens_pages_from_elsewhere_cannot_read(store: MemoryStore) -> None:
    """No CORS, no padding: whoever looks at a website must not show it the calls of their machine."""
    async with serving(store, OPEN) as http:
        client = CrossbarClient(http, None)
        reply = await client.get(headers={"Origin": "https://evil.example"})
        refused = await client.raw("/v2/nothing", headers={"Origin": "https://evil.example"})
        padded = await client.get(jsonp="steal")

    assert "Access-Control-Allow-Origin" not in reply.headers
    assert "Access-Control-Allow-Origin" not in refused.headers
    assert padded.status == 400


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "", "pivot.example"])
def test_open_is_refused_on_an_address_that_others_reach(host: str) -> None:
    """The message says which two settings do not go together."""
    with pytest.raises(ConfigError, match=r"web\.host.*web\.auth\.mode"):
        checked(WebSettings(host=host, auth=AuthSettings(mode="open")))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_open_is_fine_on_loopback(host: str) -> None:
    """That is what it is for."""
    settings = WebSettings(host=host, auth=AuthSettings(mode="open"))

    assert checked(settings) == settings


@pytest.mark.parametrize(
    ("auth", "key"),
    [
        (AuthSettings(mode="crossbar", crossbar_url="crossbar:8000"), r"web\.auth\.crossbar_url"),
        (AuthSettings(mode="jwt"), r"web\.auth\.couch_url"),
        (AuthSettings(mode="static", tokens={"plain token": (ALICE,)}), r"web\.auth\.tokens"),
        (AuthSettings(mode="static", tokens={digest("x"): ()}), r"web\.auth\.tokens"),
    ],
)
def test_settings_that_cannot_work_name_their_key(auth: AuthSettings, key: str) -> None:
    """And a token that was written down in the clear is not repeated."""
    with pytest.raises(ConfigError, match=key) as caught:
        checked(WebSettings(auth=auth))
    assert "plain token" not in str(caught.value)


def test_a_proxy_that_is_no_network_names_its_key() -> None:
    """`localhost` is a name, and names are not resolved here."""
    with pytest.raises(ConfigError, match=r"web\.trusted_proxies"):
        checked(WebSettings(trusted_proxies=("localhost",)))
