"""The clock of the simulated switches over a real broker."""

from __future__ import annotations

import asyncio

from pivot.sim.clock import run_virtually
from tests.conformance.quiet_clock import QUIET_S, QuietClock


def test_time_stands_still_while_something_goes_on() -> None:
    """What pivot and the network do takes no time of the caller's, however long it takes."""

    async def live() -> list[tuple[str, float, float]]:
        loop, heard = asyncio.get_running_loop(), list[tuple[str, float, float]]()
        clock = QuietClock(loop)

        def note(word: str) -> None:
            heard.append((word, clock.time(), round(loop.time(), 3)))

        clock.call_later(2.0, note, "second")
        clock.call_later(1.0, note, "first")
        await asyncio.sleep(0.5)
        with clock.held():
            await asyncio.sleep(10.0)
        await asyncio.sleep(5.0)
        return heard

    first_s = round(1.0 + QUIET_S + 10.0 + QUIET_S, 3)
    second_s = round(first_s + QUIET_S + 1.0, 3)
    assert run_virtually(live()) == [("first", 1.0, first_s), ("second", 2.0, second_s)]


def test_timers_of_one_moment_are_served_together_and_show_it_exactly() -> None:
    """A recording of four seconds must not last 3.999, and nothing comes between two keys of one moment."""

    async def live() -> list[tuple[str, float]]:
        loop, heard = asyncio.get_running_loop(), list[tuple[str, float]]()
        clock = QuietClock(loop)
        clock.call_later(0.7, lambda: heard.append(("one", clock.time())))
        clock.call_later(0.3, lambda: clock.call_later(0.4, lambda: heard.append(("two", clock.time()))))
        gone = clock.call_later(0.7, lambda: heard.append(("gone", clock.time())))
        gone.cancel()
        await asyncio.sleep(2.0)
        return heard

    assert run_virtually(live()) == [("one", 0.7), ("two", 0.7)]
