"""`pivot bench`: pivot beside the floor, in turn, on this machine, as ratios."""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiormq
from rich.console import Console
from rich.table import Table

from pivot.bench.load import Load, run_calls, run_paced
from pivot.bench.peers import Page, callflow, voice_server
from pivot.errors import ConfigError
from pivot.wire.names import PIVOT_QUEUE

_WARM_UP = 300
_ROUNDS = 3
_PACE = 0.6
"""Latency is judged at this share of the calls per second that a saturated pivot gets through."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured, and with how many calls."""

    page: Page = Page.FLOW
    """What the calls get: a flow, or TwiML that speaks and hangs up."""
    debug: bool = False
    accounts: int = 1
    calls: int = 3000
    at_once: int = 50


@dataclass(frozen=True, slots=True)
class Subject:
    """A program to be measured."""

    name: str
    command: tuple[str, ...]
    ready: str
    """Stands in the line that it writes when it is."""
    environment: dict[str, str]
    debug: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """One run of one subject."""

    cpu_us: float
    """Of its process, per call."""
    rate: float
    """Calls per second."""
    to_request_ms: tuple[float, float]
    """p50 and p99 from publishing the request to its arrival at the customer's server."""
    to_command_ms: tuple[float, float]
    """p50 and p99 from the answer's last byte to the arrival of the flow, or of the first command."""
    peak_mb: float


async def run_bench(amqp_url: str, plan: Plan) -> None:
    """Measure and print.

    Raises:
        ConfigError: somebody else works on this broker; the benchmark would take real calls.
    """
    await refuse_a_broker_in_use(amqp_url)
    with tempfile.TemporaryDirectory() as folder:
        pivot = pivot_subject(amqp_url, Path(folder), plan.debug)
        subjects = [_floor(amqp_url, plan.page), pivot]
        saturated: dict[str, list[Result]] = {subject.name: [] for subject in subjects}
        for _ in range(_ROUNDS):
            for subject in subjects:
                saturated[subject.name].append(await measure(subject, amqp_url, plan))
        rate = _median(saturated[pivot.name]).rate * _PACE
        paced = {subject.name: [await measure(subject, amqp_url, plan, rate)] for subject in subjects}
    console = Console()
    console.print(_table(saturated, f"{plan.at_once} calls at a time, median of {_ROUNDS} runs by CPU"))
    console.print(_table(paced, f"{rate:.0f} calls a second, {_PACE:.0%} of what {pivot.name} can"))


async def refuse_a_broker_in_use(amqp_url: str) -> None:
    """Raise when the broker has the queue `pivot_listener`: a benchmark would take live calls."""
    connection = await aiormq.connect(amqp_url)
    try:
        channel = await connection.channel()
        await channel.queue_declare(PIVOT_QUEUE, passive=True)
    except aiormq.exceptions.ChannelNotFoundEntity:
        return
    finally:
        await connection.close()
    raise ConfigError(
        f"the broker has a queue {PIVOT_QUEUE}: a worker is running there, and this would take its calls;"
        " name a broker of your own with --amqp (`make bench` starts one)"
    )


def _floor(amqp_url: str, page: Page) -> Subject:
    kind = "flow" if page is Page.FLOW else "twiml"
    return Subject("floor", (sys.executable, "-m", "pivot.bench.floor", kind, amqp_url), "ready", {})


def pivot_subject(amqp_url: str, folder: Path, debug: bool) -> Subject:
    """The worker as the benchmark starts it; `folder` holds the sqlite file when `debug` is set."""
    environment = {
        "PIVOT_BUS__URL": amqp_url,
        "PIVOT_FETCH__EGRESS": "loopback",
        "PIVOT_LOG__FORMAT": "json",
        "PIVOT_LOG__LEVEL": "info",
        "PIVOT_DEBUG__STORE": "off",
    }
    couch_url = os.environ.get("PIVOT_TEST_COUCH_URL")
    if debug and couch_url:
        environment |= {"PIVOT_DEBUG__STORE": "couch", "PIVOT_DEBUG__COUCH_URL": couch_url}
    elif debug:
        path = str(folder / "debug.sqlite")
        environment |= {"PIVOT_DEBUG__STORE": "sqlite", "PIVOT_DEBUG__SQLITE_PATH": path}
    name = "pivot, debug" if debug else "pivot"
    return Subject(name, (sys.executable, "-m", "pivot", "worker"), "worker.ready", environment, debug)


async def measure(subject: Subject, amqp_url: str, plan: Plan, rate: float | None = None) -> Result:
    """One run: `plan.at_once` calls at a time, or `rate` of them a second.

    Raises:
        ConfigError: a call failed.
        TimeoutError: no call ended for a long time.
    """
    load = Load()
    async with (
        voice_server(load) as url,
        callflow(amqp_url, load, url, plan.page, plan.accounts, subject.debug) as side,
        running(subject) as process,
    ):
        await run_calls(side.place_call, load, _WARM_UP, plan.at_once)
        load.traces.clear()
        cpu_before_s, began = cpu_s(process.pid), asyncio.get_running_loop().time()
        if rate is None:
            await run_calls(side.place_call, load, plan.calls, plan.at_once)
        else:
            await run_paced(side.place_call, load, plan.calls, rate)
        took_s = asyncio.get_running_loop().time() - began
        traces = list(load.traces.values())
        if load.failed:
            raise ConfigError(f"{load.failed} calls failed in the run of {subject.name}; see its log")
        return Result(
            (cpu_s(process.pid) - cpu_before_s) / plan.calls * 1e6,
            plan.calls / took_s,
            percentiles([trace.asked - trace.published for trace in traces]),
            percentiles([trace.over - trace.answered for trace in traces]),
            memory_mb(process.pid, "VmHWM"),
        )


@asynccontextmanager
async def running(subject: Subject) -> AsyncIterator[Process]:
    """Start the subject's process and wait until it is ready; the end of the block ends the process."""
    process = await asyncio.create_subprocess_exec(
        *subject.command, env=os.environ | subject.environment, stdout=DEVNULL, stderr=PIPE
    )
    assert process.stderr is not None
    async for line in process.stderr:
        if subject.ready in line.decode():
            break
    drain = asyncio.create_task(_discard(process.stderr))
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        await drain


async def _discard(stream: asyncio.StreamReader) -> None:
    while await stream.read(65_536):
        pass


def cpu_s(pid: int) -> float:
    """What a process has used so far."""
    numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int, figure: str) -> float:
    """A process's resident memory: `VmRSS` now, `VmHWM` at its peak."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(figure)).split()[1]) / 1024


def percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    """Median and 99th percentile of the seconds given, in milliseconds."""
    cuts = statistics.quantiles(seconds, n=100)
    return cuts[49] * 1000, cuts[98] * 1000


def _median(results: Sequence[Result]) -> Result:
    return sorted(results, key=lambda result: result.cpu_us)[len(results) // 2]


def _table(results: dict[str, list[Result]], title: str) -> Table:
    table = Table(title=title)
    for column in (
        "",
        "CPU µs/call",
        "ratio",
        "calls/s",
        "to request p50/p99 ms",
        "to command p50/p99 ms",
        "peak MB",
    ):
        table.add_column(column, justify="left" if not column else "right")
    floor_us = _median(results["floor"]).cpu_us
    for name, runs in results.items():
        run = _median(runs)
        table.add_row(
            name,
            f"{run.cpu_us:.0f}",
            f"{run.cpu_us / floor_us:.2f}",
            f"{run.rate:.0f}",
            "{:.1f} / {:.1f}".format(*run.to_request_ms),
            "{:.1f} / {:.1f}".format(*run.to_command_ms),
            f"{run.peak_mb:.0f}",
        )
    return table
