"""What N simultaneous calls to each fault cost: the longest wait and the peak of memory.

Each fault runs in a pair of fresh processes, servers in one and fetches in the other, so that the memory
seen is the fetching side's alone.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from tests.badserver.bed import one
from tests.badserver.faults import FAULTS

_ASKS = """
import asyncio, json, sys, time
import structlog
from pivot.fetch.fetcher import open_fetcher
from pivot.fetch.settings import FetchSettings
from pivot.model.call import Method
from pivot.model.fetch import FetchFailure, FetchRequest

structlog.configure(logger_factory=structlog.ReturnLoggerFactory())

def memory_kb(field):
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))

async def main(url, count):
    settings = FetchSettings(allow_networks=("127.0.0.0/8",), retries=0, breaker=False)
    async with open_fetcher(settings) as fetcher:
        request = FetchRequest("f", url, Method.GET)
        await fetcher.fetch(FetchRequest("f", "http://127.0.0.1:1024/", Method.GET))
        idle = memory_kb("VmRSS")
        open("/proc/self/clear_refs", "w").write("5")
        waits, codes = [], []
        async def ask():
            started = time.monotonic()
            result = await fetcher.fetch(request)
            waits.append(time.monotonic() - started)
            codes.append(result.code.value if isinstance(result, FetchFailure) else "answered")
        await asyncio.gather(*(ask() for _ in range(count)))
        above = (memory_kb("VmHWM") - idle) / 1024
        print(json.dumps([sorted(set(codes)), max(waits), above]))

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


async def measure(count: int) -> None:
    """Print a Markdown table."""
    print(
        f"| fault | code | longest wait, s | memory above idle with {count} at once, MB |\n|---|---|---|---|"
    )
    for fault in FAULTS:
        async with one(fault) as url:
            asking = await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                _ASKS,
                url,
                str(count),
                stdout=asyncio.subprocess.PIPE,
                cwd=Path(__file__).parents[2],
            )
            output, _ = await asking.communicate()
        codes, wait_s, above_mb = json.loads(output)
        name = fault.name.replace("_", " ")
        print(
            f"| {name} | {', '.join(f'`{code}`' for code in codes)} | {wait_s:.2f} | {above_mb:.1f} |",
            flush=True,
        )
