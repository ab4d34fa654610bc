"""The whole program over a real broker: what callflow hears, in every way a call or a worker can end."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import aiohttp
import pytest

from pivot.model.commands import HandOverFlow, SayFailed, SayProcessing
from pivot.sim.kazoo import SimulatedCall, SimulatedKazoo
from tests.live.program import worker
from tests.live.voice_server import VoiceServer

pytestmark = [pytest.mark.rabbit, pytest.mark.live]

FLOW = HandOverFlow('{"module":"hangup","data":{}}')
WAIT_S = 15.0


def children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def is_there(pid: str) -> bool:
    return Path(f"/proc/{pid}").exists()


async def over(call: SimulatedCall) -> str:
    async with asyncio.timeout(WAIT_S):
        return await call.over


async def test_a_callers_request_becomes_a_callflow(
    amqp_vhost_url: str, kazoo: SimulatedKazoo, server: VoiceServer
) -> None:
    """The main job, from the outside."""
    async with worker(amqp_vhost_url) as program:
        call = await kazoo.place_call(f"{server.url}/json", Request_Format="kazoo")
        assert await over(call) == "flow"

        assert [item.command for item in call.heard] == [SayProcessing(), FLOW]
        ended = await program.logged("session.ended")
        assert (ended["outcome"], ended["code"], ended["call_id"]) == ("ok", None, call.call_id)


async def test_a_broken_server_lets_callflow_go_on(
    amqp_vhost_url: str, kazoo: SimulatedKazoo, server: VoiceServer
) -> None:
    """`failed` at once, not after ten seconds of silence."""
    async with worker(amqp_vhost_url):
        call = await kazoo.place_call(f"{server.url}/status/500", Request_Format="kazoo")

        assert await over(call) == "failed"
        assert call.heard[0].at_s < 5.0


async def test_long_answers_are_read_in_a_process_that_goes_with_the_worker(
    amqp_vhost_url: str, kazoo: SimulatedKazoo, server: VoiceServer
) -> None:
    """A flow of 100 kB runs, one built to hurt is refused shortly, and a stop leaves nothing behind."""
    async with worker(amqp_vhost_url) as program:
        long = await kazoo.place_call(f"{server.url}/long", Request_Format="kazoo")
        assert await over(long) == "flow"
        hostile = await kazoo.place_call(f"{server.url}/hostile", Request_Format="kazoo")
        assert await over(hostile) == "failed"

        pid = program.process.pid
        children = children_of(pid)
        assert children
        program.stop()
        assert await program.ended() == 0
        assert not any(is_there(child) for child in children)
        refused = [line for line in program.lines if line.get("code") == "answer.schema"]
        assert refused
        assert all(len(line["message"]) < 2_000 for line in refused)


async def test_private_addresses_are_refused_by_default(
    amqp_vhost_url: str, kazoo: SimulatedKazoo, server: VoiceServer
) -> None:
    """A customer's URL may not reach our own network."""
    async with worker(amqp_vhost_url, FETCH__EGRESS="enforce") as program:
        call = await kazoo.place_call(f"{server.url}/json", Request_Format="kazoo")

        assert await over(call) == "failed"
        assert (await program.logged("session.ended"))["code"] == "fetch.denied"
    assert server.asked == []


async def test_a_killed_workers_requests_are_answered_by_another(
    amqp_vhost_url: str, kazoo: SimulatedKazoo, server: VoiceServer
) -> None:
    """Nobody on the phone notices: every call gets its flow, and none an answer that contradicts it."""
    async with worker(amqp_vhost_url) as first, worker(amqp_vhost_url):
        calls = [await kazoo.place_call(f"{server.url}/slow", Request_Format="kazoo") for _ in range(200)]
        async with asyncio.timeout(WAIT_S):
            await server.was_asked(200)
        first.kill()
        server.released.set()

        for call in calls:
            assert await over(call) == "flow"
            assert call.outcomes()[-1] == "flow"
            assert set(call.outcomes()) == {"processing", "flow"}


async def test_sigterm_lets_calls_end_and_hands_back_the_rest(
    amqp_vhost_url: str, kazoo: SimulatedKazoo, server: VoiceServer
) -> None:
    """A rolling restart loses nothing: what one worker cannot finish, the next one does."""
    async with worker(amqp_vhost_url, BUS__DRAIN_S="0.5") as first:
        call = await kazoo.place_call(f"{server.url}/slow", Request_Format="kazoo")
        async with asyncio.timeout(WAIT_S):
            await server.was_asked(1)
        async with worker(amqp_vhost_url):
            first.stop()
            assert await first.ended() == 0
            assert (await first.logged("worker.drained"))["cut_off"] == 1
            server.released.set()

            assert await over(call) == "flow"


async def test_the_last_worker_leaves_nobody_waiting(
    amqp_vhost_url: str, kazoo: SimulatedKazoo, server: VoiceServer
) -> None:
    """The queue goes with its last consumer, so there is nothing to hand a request back to: `failed`."""
    async with worker(amqp_vhost_url, BUS__DRAIN_S="0.2") as only:
        call = await kazoo.place_call(f"{server.url}/slow", Request_Format="kazoo")
        async with asyncio.timeout(WAIT_S):
            await server.was_asked(1)
        only.stop()

        assert await over(call) == "failed"
        assert await only.ended() == 0


async def test_a_second_signal_ends_calls_at_once_but_in_order(
    amqp_vhost_url: str, kazoo: SimulatedKazoo, server: VoiceServer
) -> None:
    """Who is in a hurry cuts the drain short; still nobody is left waiting or in silence."""
    async with worker(amqp_vhost_url, BUS__DRAIN_S="60") as only:
        asking = await kazoo.place_call(f"{server.url}/slow", Request_Format="kazoo")
        running = await kazoo.place_call(f"{server.url}/pause", Request_Format="twiml")
        async with asyncio.timeout(WAIT_S):
            await server.was_asked(2)
            await running.answered
        only.stop()
        await only.logged("worker.draining")
        only.stop()

        assert await over(asking) == "failed"
        assert await over(running) == "NORMAL_CLEARING"
        assert await only.ended() == 0


async def test_sighup_reads_the_settings_again(
    amqp_vhost_url: str, kazoo: SimulatedKazoo, server: VoiceServer, tmp_path: Path
) -> None:
    """Calls go on; the next one follows the new file."""
    file = tmp_path / "pivot.toml"
    file.write_text("[fetch]\n")
    async with worker(amqp_vhost_url, file=str(file)) as program:
        file.write_text(f'[fetch]\nfallback_url = "{server.url}/json"\n')
        program.process.send_signal(signal.SIGHUP)
        assert (await program.logged("settings.reloaded"))["changed"] == ["fetch.fallback_url"]

        call = await kazoo.place_call(f"{server.url}/status/500", Request_Format="kazoo")

        assert await over(call) == "flow"
        assert (await program.logged("session.ended"))["outcome"] == "recovered"


async def test_readiness_follows_the_broker(amqp_vhost_url: str) -> None:
    """A load balancer or systemd can ask; metrics are there too."""
    async with (
        worker(amqp_vhost_url, HEALTH__PORT="18091") as program,
        aiohttp.ClientSession("http://127.0.0.1:18091") as client,
    ):
        await program.logged("health.ready")
        async with client.get("/readyz") as reply:
            assert (reply.status, await reply.json()) == (200, {"status": "ready", "store": "off"})
        async with client.get("/healthz") as reply:
            assert reply.status == 200
        async with client.get("/metrics") as reply:
            assert "pivot_calls_in_progress 0.0" in await reply.text()


async def test_a_wrong_setting_stops_the_start() -> None:
    """The key, the value and the remedy, in one line; nothing half-configured runs."""
    with pytest.raises(AssertionError, match=r"fetch\.timeout_s .* want a number"):
        async with worker("amqp://127.0.0.1/", FETCH__TIMEOUT_S="5s"):
            pass


async def test_nobody_says_failed_twice(
    amqp_vhost_url: str, kazoo: SimulatedKazoo, server: VoiceServer
) -> None:
    """Two workers share the queue; each call is one worker's."""
    async with worker(amqp_vhost_url), worker(amqp_vhost_url):
        calls = [
            await kazoo.place_call(f"{server.url}/status/404", Request_Format="kazoo") for _ in range(50)
        ]
        for call in calls:
            await over(call)
        assert [[item.command for item in call.heard] for call in calls] == [[SayFailed()]] * 50
