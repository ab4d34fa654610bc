"""Phones of an account over a server that speaks CouchDB's protocol, and without one."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest

from pivot.cluster.phones import CouchPhones
from pivot.debug.couch import Couch
from pivot.debug.names import account_database
from pivot.model.call import Call
from pivot.model.dialling import CallerId, EndpointsOf, Wanted
from tests.calls import call
from tests.cluster.documents import DESIGNS, account, device, user
from tests.tcp_proxy import TcpProxy

pytestmark = pytest.mark.couch
USER, DEVICE, CLIENT = EndpointsOf.USER, EndpointsOf.DEVICE, EndpointsOf.CLIENT


@pytest.fixture
async def couch(couch_url: str) -> AsyncIterator[Couch]:
    opened = Couch(couch_url)
    yield opened
    await opened.close()


@pytest.fixture
async def phones(couch: Couch) -> AsyncIterator[CouchPhones]:
    opened = CouchPhones(couch, asyncio.get_running_loop().time)
    yield opened
    await opened.close()


async def stored(couch: Couch, *documents: dict[str, Any]) -> Call:
    """A caller of a new account that holds these documents."""
    account_id = secrets.token_hex(16)
    database = account_database(account_id)
    await couch.create(database)
    written = [account() | {"_id": account_id}, *documents, *DESIGNS]
    rows = await couch.write_documents(database, [orjson.dumps(document) for document in written])
    assert not [row for row in rows if "error" in row]
    return call(account_id=account_id)


async def ringing(phones: CouchPhones, caller: Call, of: EndpointsOf, name: str) -> list[str]:
    """SIP user names and numbers that are rung for a name."""
    (found,) = await phones.look_up(caller, (Wanted(of, name),))
    return sorted(endpoint.address for endpoint in found)


async def test_a_user_is_rung_at_every_device(couch: Couch, phones: CouchPhones) -> None:
    """At those that belong to somebody, and those that somebody is logged in at; at no other."""
    caller = await stored(
        couch,
        user(),
        user("user-2"),
        device(),
        device("device-2"),
        device("device-3", owner_id="user-2"),
        device("hot", owner_id=None, hotdesk={"users": {"user-1": {}}}),
        device("shared", owner_id=None, hotdesk={"users": {"user-1": {}, "user-2": {}}}),
        device("gone", pvt_deleted=True),
        {"_id": "box", "pvt_type": "vmbox", "owner_id": "user-1"},
    )

    assert await ringing(phones, caller, USER, "user-1") == [
        "sip_device-1", "sip_device-2", "sip_hot", "sip_shared",
    ]  # fmt: skip
    assert await ringing(phones, caller, USER, "user-2") == ["sip_device-3", "sip_shared"]


async def test_a_device_has_its_owners_settings(couch: Couch, phones: CouchPhones) -> None:
    """Also when the document names the device and not the user; a shared one has nobody's."""
    caller = await stored(
        couch,
        user(do_not_disturb={"enabled": True}),
        user("user-2"),
        device(),
        device("shared", owner_id=None, hotdesk={"users": {"user-1": {}, "user-2": {}}}),
        device("free", owner_id="user-2"),
    )

    assert await ringing(phones, caller, DEVICE, "device-1") == []
    assert await ringing(phones, caller, DEVICE, "shared") == ["sip_shared"]
    (found,) = (await phones.look_up(caller, (Wanted(DEVICE, "free"),)))[0]
    assert (found.realm, found.variables["Owner-ID"]) == ("acme.sip.example.com", "user-2")


async def test_a_client_is_a_user_then_a_sip_user_name_then_a_name(couch: Couch, phones: CouchPhones) -> None:
    """Twilio's identities are names that applications choose."""
    caller = await stored(
        couch,
        user(username="joey"),
        device(),
        device("device-2", owner_id=None, name="joey"),
        device("device-3", owner_id=None, name="lobby"),
        device("device-4", owner_id=None, name="lobby"),
        device("device-5", owner_id=None, name="sip_device-4"),
        device("gate", owner_id=None, sip={"username": "gate", "method": "ip", "ip": "192.0.2.9"}),
    )

    assert await ringing(phones, caller, CLIENT, "Joey") == ["sip_device-1"]
    assert await ringing(phones, caller, CLIENT, "sip_device-4") == ["sip_device-4"]
    assert await ringing(phones, caller, CLIENT, "gate") == ["gate"]
    assert await ringing(phones, caller, CLIENT, "lobby") == ["sip_device-3", "sip_device-4"]


async def test_nobody_is_found_for_other_names(couch: Couch, phones: CouchPhones) -> None:
    """Unknown, disabled, of another type, or no name of a document at all."""
    caller = await stored(couch, user(enabled=False), device())

    for name in ("user-1", "nobody", "device-1", "", "_all_docs", "_design/users", "a/b?c"):
        assert await ringing(phones, caller, USER, name) == []
    for name in ("user-1", "nobody", "", "_all_docs", "_design/users/_view/list_by_id"):
        assert await ringing(phones, caller, DEVICE, name) == []
    assert await ringing(phones, caller, CLIENT, "nobody") == []


async def test_answers_come_in_the_order_of_the_questions(couch: Couch, phones: CouchPhones) -> None:
    """The nouns of a Dial are told apart by it."""
    caller = await stored(couch, user(), device(), device("device-2", owner_id=None))
    wanted = (Wanted(DEVICE, "device-2"), Wanted(USER, "nobody"), Wanted(USER, "user-1"))

    found = await phones.look_up(caller, wanted)

    assert [[endpoint.address for endpoint in each] for each in found] == [
        ["sip_device-2"], [], ["sip_device-1"],
    ]  # fmt: skip


async def test_another_accounts_phones_are_not_found(couch: Couch, phones: CouchPhones) -> None:
    """Nor is anything for a call without an account."""
    await stored(couch, user(), device())
    stranger = await stored(couch)

    assert await ringing(phones, stranger, USER, "user-1") == []
    for nothing in (None, "", "../x"):
        assert await ringing(phones, call(account_id=nothing), DEVICE, "device-1") == []
    assert await ringing(phones, call(account_id="f" * 32), CLIENT, "joey") == []


async def test_a_caller_is_known_by_device_user_or_not_at_all(couch: Couch, phones: CouchPhones) -> None:
    """Whatever callflow names as the one that authorised the call."""
    caller = await stored(couch, user(), device())

    async def shown(**authorised: Any) -> CallerId | None:
        identity = await phones.identity_of(replace(caller, **authorised))
        return None if identity is None else identity.inside

    kate = CallerId("2001", "Kate Miller")
    assert await shown(authorizing_id="device-1", authorizing_type="device") == kate
    assert await shown(authorizing_id="user-1", authorizing_type="user") == kate
    assert await shown(authorizing_id="gone", authorizing_type="device") is None
    assert await shown(authorizing_id="gone", authorizing_type="user") is None
    assert await shown() is None
    assert await shown(authorizing_id="device-1", account_id=None) is None


async def test_an_accounts_numbers_are_its_own(couch: Couch, phones: CouchPhones) -> None:
    """Where no account is, nothing is known."""
    caller = await stored(
        couch,
        {"_id": "+15550007777", "pvt_type": "number", "pvt_state": "in_service"},
        {"_id": "+15550008888", "pvt_type": "number", "pvt_deleted": True},
    )

    assert await phones.owns(caller, "+15550007777") is True
    assert await phones.owns(caller, "+15550008888") is False
    assert await phones.owns(caller, "+15550009999") is False
    assert await phones.owns(call(account_id="f" * 32), "+15550007777") is None
    assert await phones.owns(call(account_id=None), "+15550007777") is None


async def test_a_dead_database_finds_nobody_and_what_was_known_still_rings(
    couch_url: str, tcp_proxy: Callable[[str], Awaitable[TcpProxy]]
) -> None:
    """The party counts as failed; the caller hears the next verb within the port's few seconds."""
    proxy = await tcp_proxy(couch_url)
    couch, now = Couch(proxy.url), 0.0
    phones = CouchPhones(couch, lambda: now)
    caller = await stored(couch, user(), device(), user("user-2"), device("device-2", owner_id="user-2"))
    assert await ringing(phones, caller, USER, "user-1") == ["sip_device-1"]

    proxy.refuse()
    proxy.cut()
    now = 60.0

    assert await ringing(phones, caller, USER, "user-1") == ["sip_device-1"]
    assert await ringing(phones, caller, USER, "user-2") == []
    assert await phones.owns(caller, "+15550007777") is None
    assert await phones.identity_of(replace(caller, authorizing_id="device-2")) is None
    await phones.close()
    await couch.close()
