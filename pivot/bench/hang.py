"""`pivot bench --hang 20`: what everybody else's calls cost while a share of the customers' servers hang."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console

from pivot.bench.compare import percentiles, pivot_subject, refuse_a_broker_in_use, running
from pivot.bench.load import Load, evenly
from pivot.bench.peers import Callflow, callflow, voice_server

_WARM_UP = 200


async def run_hang_bench(amqp_url: str, *, hang_percent: int, rate: float, calls: int) -> None:
    """Measure and print.

    Args:
        amqp_url: a broker of its own.
        hang_percent: this share of all calls goes to a server that accepts and is silent.
        rate: calls a second whose server answers, in both runs.
        calls: how many of them.
    """
    await refuse_a_broker_in_use(amqp_url)
    quiet = await _latencies(amqp_url, 0, rate, calls)
    with_hanging = await _latencies(amqp_url, hang_percent, rate, calls)
    console = Console(highlight=False)
    console.print(f"{calls} answered calls at {rate:g} a second; request published to flow received, ms")
    console.print(f"  quiet               p50 {quiet[0]:6.1f}   p99 {quiet[1]:6.1f}")
    console.print(
        f"  {hang_percent:2d} % hang           p50 {with_hanging[0]:6.1f}   p99 {with_hanging[1]:6.1f}"
    )
    console.print(
        f"  ratio               p50 {with_hanging[0] / quiet[0]:6.2f}   p99 {with_hanging[1] / quiet[1]:6.2f}"
    )


async def _latencies(amqp_url: str, hang_percent: int, rate: float, calls: int) -> tuple[float, float]:
    load = Load()
    with tempfile.TemporaryDirectory() as folder:
        async with (
            voice_server(load) as url,
            silent_server() as silent_url,
            callflow(amqp_url, load, url) as side,
            running(pivot_subject(amqp_url, Path(folder), debug=False)),
        ):
            await _place(side, silent_url, _WARM_UP, rate, 0)
            load.traces.clear()
            answered = await _place(side, silent_url, calls, rate, hang_percent)
            await load.until(lambda: all(load.traces[call_id].over for call_id in answered))
            return percentiles([load.traces[each].over - load.traces[each].published for each in answered])


async def _place(side: Callflow, silent_url: str, calls: int, rate: float, hang_percent: int) -> list[str]:
    """Calls at an even pace whatever becomes of them; returns those whose server answers."""
    answered: list[str] = []
    silent = 0
    async for _ in evenly(calls, rate):
        answered.append(await side.place_call())
        while silent * 100 < hang_percent * (silent + len(answered)):
            await side.place_call(silent_url)
            silent += 1
    return answered


@asynccontextmanager
async def silent_server() -> AsyncIterator[str]:
    """Accepts and never answers; yields its URL."""
    server = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hang"
