"""What `/metrics` tells: outcomes, codes, times and losses, in Prometheus' terms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from pivot.model.commands import End
from pivot.model.events import Fetched, FetchFailed
from pivot.model.notes import Moment

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_LATENESS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)


class Metrics:
    """All figures of one process; also the observer that counts every call's moments."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._calls = Counter(
            "pivot_calls",
            "Calls that ended, by outcome and code.",
            ("outcome", "code"),
            registry=self.registry,
        )
        self._fetch = Histogram(
            "pivot_fetch_seconds",
            "Time that one fetch took, retries and redirects included.",
            ("result",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._queue_wait = Histogram(
            "pivot_queue_wait_seconds",
            "Time between callflow's publishing a request and our receiving it.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._lateness = Histogram(
            "pivot_loop_lateness_seconds",
            "How late a timer of 0.1 s ran: for so long nothing else of this process could run.",
            buckets=_LATENESS_S,
            registry=self.registry,
        )
        self._call_counter = cache(lambda outcome, code: self._calls.labels(outcome, code))
        self._fetch_timer = cache(lambda result: self._fetch.labels(result))

    def request_taken(self, age_s: float) -> None:
        """A request came; `age_s` is how long it waited in the queue."""
        self._queue_wait.observe(max(0.0, age_s))

    def loop_was_late(self, by_s: float) -> None:
        """The event loop did something else for so long when a timer was due."""
        self._lateness.observe(by_s)

    def saw(self, moment: Moment, at_s: float) -> None:
        """Count what ended; an observer of every call."""
        match moment:
            case End(outcome, code):
                self._call_counter(outcome.value, code.value if code else "").inc()
            case Fetched(_, answer):
                took_s = sum(attempt.times.total_s for attempt in answer.attempts)
                self._fetch_timer(f"{answer.status // 100}xx").observe(took_s)
            case FetchFailed(_, failure):
                took_s = sum(attempt.times.total_s for attempt in failure.attempts)
                self._fetch_timer(failure.code.value).observe(took_s)

    def show(self, name: str, help: str, read: Callable[[], float]) -> None:
        """A figure that is read when somebody asks for it."""
        Gauge(name, help, registry=self.registry).set_function(read)

    def show_all(self, prefix: str, figures: Mapping[str, tuple[str, Callable[[], float]]]) -> None:
        """Several of them, by name: help and reader."""
        for name, (help, read) in figures.items():
            self.show(f"{prefix}_{name}", help, read)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)
