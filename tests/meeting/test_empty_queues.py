"""Which queues are still known when nobody is in them."""

from __future__ import annotations

from pivot.meeting.empty_queues import KNOWN_S, MOST_KNOWN, forgotten


def test_a_queue_is_forgotten_after_a_day() -> None:
    """An agent of yesterday's queue is told that there is none."""
    assert forgotten({"old": 0.0, "new": 2.0}, KNOWN_S + 1.0) == ["old"]


def test_names_that_documents_make_up_push_each_other_out() -> None:
    """One account's names must not fill the memory of all workers for a day; the latest are kept."""
    used_s = {f"q{number}": float(number) for number in range(MOST_KNOWN + 3)}

    assert forgotten(used_s, 10_000.0) == ["q0", "q1", "q2"]
