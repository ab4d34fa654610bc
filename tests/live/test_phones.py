"""The whole program over a real broker and a real database: a document names a user, and the phones ring."""

from __future__ import annotations

import asyncio
import secrets

import orjson
import pytest

from pivot.debug.couch import Couch
from pivot.debug.names import account_database
from pivot.model.dialling import BridgeTo, CallerId, EndpointKind
from pivot.sim.kazoo import SimulatedKazoo
from tests.cluster.documents import DESIGNS, REALM, account, device, user
from tests.live.program import worker
from tests.live.voice_server import VoiceServer

pytestmark = [pytest.mark.rabbit, pytest.mark.couch, pytest.mark.live]
WAIT_S = 15.0


async def test_a_user_of_the_account_is_rung(
    amqp_vhost_url: str, couch_url: str, kazoo: SimulatedKazoo, server: VoiceServer
) -> None:
    """The settings say where the cluster's database is; nothing else is needed."""
    account_id = secrets.token_hex(16)
    couch = Couch(couch_url)
    await couch.create(account_database(account_id))
    lobby = {"internal": {"number": "2002", "name": "Lobby"}}
    documents = [
        account() | {"_id": account_id},
        user(),
        device(),
        device("device-2"),
        device("device-3", owner_id=None, caller_id=lobby),
        *DESIGNS,
    ]
    await couch.write_documents(account_database(account_id), [orjson.dumps(each) for each in documents])
    await couch.close()

    async with worker(amqp_vhost_url, KAZOO__COUCH_URL=couch_url):
        caller = {"Account-ID": account_id, "Authorizing-ID": "device-3", "Authorizing-Type": "device"}
        call = await kazoo.place_call(f"{server.url}/dial", call=caller)
        async with asyncio.timeout(WAIT_S):
            await call.over

    (bridge,) = [item.command for item in call.heard if isinstance(item.command, BridgeTo)]
    phones = {(each.kind, each.address, each.realm) for each in bridge.endpoints}
    assert phones == {(EndpointKind.DEVICE, f"sip_{name}", REALM) for name in ("device-1", "device-2")}
    assert {each.variables["Owner-ID"] for each in bridge.endpoints} == {"user-1"}
    assert bridge.caller_id == CallerId("2002", "Lobby")
