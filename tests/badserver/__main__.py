"""`python -m tests.badserver` listens until interrupted; `--measure 200` prints each fault's cost."""

from __future__ import annotations

import argparse
import asyncio
import contextlib

from tests.badserver.bed import bed
from tests.badserver.faults import FAULTS
from tests.badserver.measure import measure


async def listen(first_port: int) -> None:
    async with bed(first_port) as urls:
        for fault in FAULTS:
            print(f"{urls[fault.name]:70} {fault.code}")
        await asyncio.Event().wait()


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.badserver", description=__doc__)
    options.add_argument("--port", type=int, default=9400, help="first port; each fault has its own")
    options.add_argument("--measure", type=int, metavar="N", help="ask each server N times at once")
    chosen = options.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(measure(chosen.measure) if chosen.measure else listen(chosen.port))


main()
