"""How long one fetch may take and how often it may try: the request, the URL's overrides and the settings."""

from __future__ import annotations

from functools import lru_cache

from pivot.fetch.settings import FetchSettings
from pivot.model.fetch import FetchRequest, Purpose
from pivot.model.hot import hot_dataclass
from pivot.model.overrides import Overrides, RetryOn


@hot_dataclass(frozen=True, slots=True)
class Plan:
    """Seconds; `deadline` on the loop's clock."""

    deadline: float
    """All attempts end here."""
    attempt_s: float
    connect_s: float
    answer_s: float
    """From the connection to the last byte."""
    retries: int
    retry_on: frozenset[RetryOn]
    impatient: bool
    """The customer asked for shorter times than usual: running out of them says nothing of the server."""


def make_plan(request: FetchRequest, overrides: Overrides, settings: FetchSettings, now: float) -> Plan:
    """Overrides only shorten times; how many retries there are is the customer's choice."""
    is_notice = request.purpose is not Purpose.DOCUMENT
    retries = settings.notice_retries if is_notice else settings.retries
    retry_on = settings.notice_retry_on if is_notice else settings.retry_on
    total_s = _shorter(request.deadline_s, overrides.total_timeout_s)
    attempt_s = settings.timeout_s if request.timeout_s is None else request.timeout_s
    return Plan(
        deadline=now + total_s,
        attempt_s=attempt_s,
        connect_s=_shorter(settings.connect_timeout_s, overrides.connect_timeout_s),
        answer_s=_shorter(attempt_s, overrides.read_timeout_s),
        retries=retries if overrides.retries is None else overrides.retries,
        retry_on=_kinds(overrides.retry_on or retry_on),
        impatient=overrides.connect_timeout_s is not None
        or overrides.read_timeout_s is not None
        or overrides.total_timeout_s is not None,
    )


@lru_cache(64)
def _kinds(words: tuple[str, ...]) -> frozenset[RetryOn]:
    return frozenset(map(RetryOn, words))


def _shorter(limit_s: float, wished_s: float | None) -> float:
    return limit_s if wished_s is None else min(limit_s, wished_s)
