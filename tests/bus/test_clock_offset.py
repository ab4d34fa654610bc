"""Age and clock told apart: what waited differs from what follows, what a wrong clock stamped does not."""

from __future__ import annotations

import asyncio

import pytest

from pivot.bus.clock_offset import ClockOffset
from pivot.bus.doubtful import DOUBTED_FOR_S, Doubtful
from pivot.sim.clock import run_virtually

BEGAN = 1_000_000.0
"""Seconds since 1970 at second 0 of the steady clock."""


def clocks(*ages: float, node: str = "a", every_s: float = 0.1) -> ClockOffset:
    """After requests of these apparent ages, one behind the other."""
    learned = ClockOffset(0.0, BEGAN)
    for number, age in enumerate(ages):
        came = number * every_s
        learned.learn(node, BEGAN + came - age, came)
    return learned


def age(learned: ClockOffset, apparent: float, came: float = 10.0, node: str = "a") -> float:
    return learned.age_s(node, BEGAN + came - apparent, came)


@pytest.mark.parametrize("offset", [12.0, -12.0, 3600.0, -86_400.0])
def test_a_constant_offset_is_a_clock(offset: float) -> None:
    learned = clocks(offset, offset + 0.2, offset + 0.01)

    assert learned.of("a") == pytest.approx(offset)
    assert age(learned, offset) == pytest.approx(0.0)
    assert age(learned, offset + 7.0) == pytest.approx(7.0)
    assert f"{abs(offset):.1f} s {'ahead of' if offset > 0 else 'behind'} that of a" in learned.shown()


def test_requests_that_waited_have_different_ages() -> None:
    """A broker that was blocked for twelve seconds, and then gave all at once."""
    learned = clocks(12.0, 9.0, 6.0, 3.0, 0.0, every_s=0.0)

    assert learned.of("a") is None
    assert age(learned, 12.0) == pytest.approx(12.0)
    assert learned.shown() == ""


def test_what_is_known_of_a_clock_outlives_a_burst_of_old_requests() -> None:
    learned = clocks(0.0, 0.01, 0.0, *[12.0] * 20)

    assert age(learned, 12.0) == pytest.approx(12.0)
    assert learned.shown() == ""


def test_each_node_has_its_own_clock() -> None:
    learned = clocks(12.0, 12.0, 12.0)
    for came in (1.0, 2.0, 3.0):
        learned.learn("b", BEGAN + came, came)

    assert age(learned, 5.0, node="b") == pytest.approx(5.0)
    assert age(learned, 17.0, node="a") == pytest.approx(5.0)


@pytest.mark.parametrize("apparent", [120.0, -30.0])
def test_an_unbelievable_stamp_is_no_age(apparent: float) -> None:
    assert age(clocks(), apparent) == 0.0


def test_an_old_request_waits_until_its_clock_is_known() -> None:
    """Three of them agree: all are served."""

    async def live() -> list[float]:
        learned, decided = ClockOffset(0.0, BEGAN), list[float]()
        doubtful = Doubtful(learned)
        for came in (0.0, 0.1, 0.2):
            learned.learn("a", BEGAN + came - 12.0, came)
            doubtful.learned("a")
            doubtful.judge("a", age(learned, 12.0, came), lambda: decided.append(age(learned, 12.0)))
            await asyncio.sleep(0.1)
        return decided

    assert run_virtually(live()) == [0.0, 0.0, 0.0]


def test_a_single_old_request_is_old() -> None:
    """Nobody tells otherwise within half a second."""

    async def live() -> tuple[bool, bool]:
        decided = list[int]()
        Doubtful(ClockOffset(0.0, BEGAN)).judge("a", 12.0, lambda: decided.append(1))
        before = bool(decided)
        await asyncio.sleep(DOUBTED_FOR_S + 0.01)
        return before, bool(decided)

    assert run_virtually(live()) == (False, True)
