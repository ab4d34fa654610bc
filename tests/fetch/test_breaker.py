"""The breaker by itself, on a clock of numbers."""

from __future__ import annotations

from pivot.fetch.breaker import Breaker, BreakerState

CLOSED, OPEN, PROBING = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.PROBING
APP = "https://app.test"


def opened(at: float = 0.0) -> Breaker:
    """Three failures in a row at this time; it stays open for five seconds."""
    breaker = Breaker(3, 5.0)
    for _ in range(3):
        assert breaker.enter(APP, at) is CLOSED
        breaker.failed(APP, at, probe=False)
    return breaker


def test_a_run_of_failures_opens_it_for_a_while() -> None:
    """That origin alone."""
    breaker = opened()

    assert [breaker.enter(APP, at) for at in (0.0, 4.9)] == [OPEN, OPEN]
    assert breaker.enter("https://other.test", 0.0) is CLOSED
    assert breaker.states() == {APP: OPEN}


def test_one_success_ends_the_run() -> None:
    """Failures count in a row only."""
    breaker = Breaker(3, 5.0)
    for _ in range(5):
        breaker.failed(APP, 0.0, probe=False)
        breaker.failed(APP, 0.0, probe=False)
        breaker.succeeded(APP)

    assert breaker.states() == {}


def test_one_probe_at_a_time_tests_recovery() -> None:
    """Everybody else goes on failing at once meanwhile."""
    breaker = opened()

    assert [breaker.enter(APP, 5.0) for _ in range(3)] == [PROBING, OPEN, OPEN]
    assert breaker.states() == {APP: PROBING}
    breaker.failed(APP, 6.0, probe=True)
    assert [breaker.enter(APP, at) for at in (6.0, 10.9, 11.0)] == [OPEN, OPEN, PROBING]
    breaker.succeeded(APP)
    assert (breaker.enter(APP, 11.0), breaker.states()) == (CLOSED, {})


def test_a_probe_that_says_nothing_makes_way_for_the_next() -> None:
    """Its caller hung up, say."""
    breaker = opened()
    assert breaker.enter(APP, 5.0) is PROBING
    breaker.abandoned(APP, probe=True)

    assert breaker.enter(APP, 5.0) is PROBING


def test_late_news_of_earlier_requests_does_not_let_a_second_probe_in() -> None:
    """They were sent before it opened."""
    breaker = opened()
    assert breaker.enter(APP, 5.0) is PROBING
    breaker.abandoned(APP, probe=False)
    breaker.failed(APP, 5.1, probe=False)

    assert breaker.enter(APP, 20.0) is OPEN


def test_memory_is_bounded() -> None:
    """A customer may name a new host with every call."""
    breaker = Breaker(1, 5.0, max_origins=10)
    for number in range(50):
        breaker.failed(f"https://{number}.test", 0.0, probe=False)

    assert list(breaker.states()) == [f"https://{number}.test" for number in range(40, 50)]
