"""A Dial that names people, from the document to the message that makes their phones ring."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import orjson
import pytest

from pivot.cluster.phones import CouchPhones
from pivot.debug.couch import Couch
from pivot.debug.names import account_database
from pivot.execute.machine import CallMachine
from pivot.execute.state import CallState
from pivot.model.call import Call
from pivot.model.commands import BusCommand
from pivot.model.dialling import BridgeTo, DialCarrier, Endpoint, Identity, Wanted
from pivot.model.events import ChannelDestroyed, Executed, Requested
from pivot.model.switch import Hangup, SpeakText
from pivot.session.ports import Phones
from pivot.session.session import Session
from pivot.session.world import World
from pivot.sim.clock import run_virtually
from pivot.sim.fakes import FakeBus, FakeDelivery, FakeFetcher, FakeOwnership
from pivot.wire.envelope import Sender
from pivot.wire.messages import encode_command
from tests.calls import CALL_ID, call, pivot_request, twiml
from tests.cluster.documents import DESIGNS, REALM, account, device, user
from tests.rules import RULES

SENDER = Sender(node="pivot@apps", server_id="own-queue")
DIAL = (
    "<Dial timeout='15'><User>user-1</User><Client>lobby</Client><Device>nobody</Device></Dial><Say>bye</Say>"
)


async def run(document: str, call: Call, phones: Phones) -> list[BusCommand | dict[str, Any]]:
    """What leaves for the switch when nobody answers; commands that ring somebody as they are on the bus."""
    left: list[BusCommand | dict[str, Any]] = []

    def switch(of: Call, command: BusCommand) -> None:
        if isinstance(command, BridgeTo | DialCarrier):
            message = encode_command(of, command, SENDER, "unused")
            left.append(orjson.loads(message.payload))
            bus.deliver(CALL_ID, Executed(CALL_ID, "bridge", "NO_ANSWER"))
            return
        left.append(command)
        if isinstance(command, SpeakText):
            bus.deliver(CALL_ID, Executed(CALL_ID, "noop", command.noop_id))
        if isinstance(command, Hangup):
            bus.deliver(CALL_ID, ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"))

    bus = FakeBus(switch)
    request = pivot_request(call=call)
    fetcher = FakeFetcher(lambda asked: twiml(document))
    world = World(bus, fetcher, FakeOwnership(), now=asyncio.get_running_loop().time, phones=phones)
    session = Session(CallMachine(CallState(request, "s"), RULES), FakeDelivery(request), world)
    session.post(Requested(10.0))
    await session.run()
    assert bus.bound == ()
    return left


async def dialled(
    couch_url: str, *documents: dict[str, Any], document: str = DIAL, **caller: Any
) -> list[BusCommand | dict[str, Any]]:
    """The same, for a caller of a new account that holds these documents."""
    couch = Couch(couch_url)
    account_id = secrets.token_hex(16)
    database = account_database(account_id)
    await couch.create(database)
    written = [account() | {"_id": account_id}, *documents, *DESIGNS]
    await couch.write_documents(database, [orjson.dumps(document) for document in written])
    phones = CouchPhones(couch, asyncio.get_running_loop().time)
    left = await run(document, call(account_id=account_id, **caller), phones)
    await phones.close()
    await couch.close()
    return left


def members(endpoint: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(
        endpoint.get(name)
        for name in ("Invite-Format", "To-Username", "To-Realm", "Endpoint-URI", "Route", "Presence-ID")
    )


@pytest.mark.couch
async def test_a_dial_rings_the_phones_of_the_people_it_names(couch_url: str) -> None:
    """On a cluster of Kazoo 4.3: two devices of a user, one of them forwarded, and a device by its name."""
    forward = {"enabled": True, "number": "+15550007777", "substitute": True}
    left = await dialled(
        couch_url,
        user(),
        device(),
        device("device-2", call_forward=forward),
        device("device-3", owner_id=None, name="lobby"),
    )

    (bridge,) = [each for each in left if isinstance(each, dict)]
    assert (bridge["Application-Name"], bridge["Timeout"]) == ("bridge", 16)
    assert [members(each) for each in bridge["Endpoints"]] == [
        ("username", "sip_device-1", REALM, None, None, f"2001@{REALM}"),
        ("loopback", None, None, None, "+15550007777", f"2001@{REALM}"),
        ("username", "sip_device-3", REALM, None, None, f"sip_device-3@{REALM}"),
    ]
    assert len({each["Outbound-Call-ID"] for each in bridge["Endpoints"]}) == 3
    labels = [each["Custom-Channel-Vars"]["Pivot-Label"] for each in bridge["Endpoints"]]
    assert labels == ["user-1", "user-1", "lobby"]
    assert [type(each).__name__ for each in left[left.index(bridge) + 1 :]] == [
        "AnswerCall",
        "SpeakText",
        "Hangup",
    ]


@pytest.mark.couch
async def test_newer_clusters_are_told_the_devices_ids(couch_url: str) -> None:
    """Kazoo 5's switch side finds registration and settings by them."""
    left = await dialled(couch_url, user(), device(), control_queue="pid://<0.5.0>/control-queue")

    (bridge,) = [each for each in left if isinstance(each, dict)]
    (phone,) = bridge["Endpoints"]
    assert (phone["Invite-Format"], phone["Endpoint-ID"]) == ("endpoint", "device-1")
    assert phone["Endpoint-URI"] == f"device-1@{phone['Account-ID']}"


@pytest.mark.couch
async def test_a_dial_that_finds_nobody_goes_on(couch_url: str) -> None:
    """No bridge is asked for, and the caller hears the next verb."""
    left = await dialled(couch_url, user(do_not_disturb={"enabled": True}), device())

    assert not [each for each in left if isinstance(each, dict)]
    assert [type(each).__name__ for each in left[-2:]] == ["SpeakText", "Hangup"]


@pytest.mark.couch
async def test_carriers_are_shown_the_accounts_number(couch_url: str) -> None:
    """The members that Kazoo's own translator sends, from the documents of the phone that calls."""
    left = await dialled(
        couch_url,
        user(),
        device(caller_id={"emergency": {"number": "+15550000911"}}),
        document="<Dial>+15550009999</Dial>",
        authorizing_id="device-1",
        authorizing_type="device",
    )

    (offnet,) = [each for each in left if isinstance(each, dict)]
    assert {name: value for name, value in offnet.items() if "Caller" in name or name == "Presence-ID"} == {
        "Outbound-Caller-ID-Number": "+15550001000",
        "Outbound-Caller-ID-Name": "Acme Inc.",
        "Emergency-Caller-ID-Number": "+15550000911",
        "Emergency-Caller-ID-Name": "Acme Inc.",
        "Presence-ID": f"2001@{REALM}",
    }


class BrokenPhones:
    """Every question crashes."""

    async def look_up(self, call: Call, wanted: tuple[Wanted, ...]) -> tuple[tuple[Endpoint, ...], ...]:
        raise RuntimeError("look_up")

    async def identity_of(self, call: Call) -> Identity | None:
        raise RuntimeError("identity_of")

    async def owns(self, call: Call, number: str) -> bool | None:
        raise RuntimeError("owns")


def test_what_crashes_while_it_is_looked_up_is_unknown() -> None:
    """Those who need no look-up are rung all the same."""
    caller = call(authorizing_id="device-1")
    document = "<Dial><User>user-1</User><Sip>sip:kate@example.com</Sip></Dial><Say>bye</Say>"

    left = run_virtually(run(document, caller, BrokenPhones()))

    (bridge,) = [each for each in left if isinstance(each, dict)]
    assert [each["Route"] for each in bridge["Endpoints"]] == ["sip:kate@example.com"]
    assert bridge["Outbound-Caller-ID-Number"] == "1001"
