"""Replay recorded calls against a running worker and print where it differs from what was sent.

    python tools/replay_calls.py --amqp amqp://guest:guest@127.0.0.1:5672/ recorded/call-1.json

The worker must consume from that broker, reach 127.0.0.1 (`fetch.egress = "open"`) and be the only one. The
customer's server is played here with the recorded documents. Files: see `pivot/sim/recorded.py`; operators
record their own switch with `tools/record_calls.py`.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from pivot.sim.rabbit_link import open_link
from pivot.sim.recorded import RecordedCall, RecordingError, read_call
from pivot.sim.replay import WAIT_S, Replay


async def replay(amqp_url: str, calls: Sequence[RecordedCall], wait_s: float) -> bool:
    """Print a report for each call, one after the other; whether all agree."""
    agree = True
    for call in calls:
        async with open_link(amqp_url) as link:
            report = await Replay(call, link, wait_s).run()
        print(report)
        agree = agree and report.agrees
    return agree


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 all agree, 1 some differ, 2 a file cannot be read."""
    parser = argparse.ArgumentParser(description="Replay recorded calls against a running worker.")
    parser.add_argument("files", nargs="+", type=Path, help="recorded calls, one in each file")
    parser.add_argument("--amqp", required=True, help="URL of the worker's broker")
    parser.add_argument(
        "--wait", type=float, default=WAIT_S, help="seconds that the worker may be later than recorded"
    )
    chosen = parser.parse_args(arguments)
    try:
        calls = [read_call(path) for path in chosen.files]
    except (OSError, RecordingError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0 if asyncio.run(replay(chosen.amqp, calls, chosen.wait)) else 1


if __name__ == "__main__":
    sys.exit(main())
