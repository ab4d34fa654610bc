"""The tables by verb that `make conformance` prints."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Mapping, Sequence

import structlog

from tests.conformance.cases import Case, Item, objection, read_cases
from tests.conformance.engine import run_on_engine
from tests.conformance.over_http import OVER_HTTP, run_over_http
from tests.conformance.over_rabbit import is_short, run_over_rabbit
from tests.conftest import empty_vhost
from tests.services import AMQP_URL

Results = Mapping[Case, str | None]
"""Why each case fails; None: it does not."""


def table(title: str, results: Results) -> str:
    """Which cases fail, and how many of each verb do not."""
    passed, total = Counter[str](), Counter[str]()
    for case, reason in results.items():
        total[case.verb] += 1
        passed[case.verb] += reason is None
    failed = [f"  {case.id:<12}{reason[:150]}" for case, reason in results.items() if reason is not None]
    rows = [f"  {verb:<12}{passed[verb]:>4} of {total[verb]:>3}" for verb in total]
    return "\n".join([title, *failed, *rows, f"  {'all':<12}{passed.total():>4} of {total.total():>3}"])


def on_engine(cases: Sequence[Case]) -> Results:
    """On virtual time; those about HTTP itself with real requests."""
    return {case: _judged(case) for case in cases}


def _judged(case: Case) -> str | None:
    try:
        is_http = case.id in OVER_HTTP
        seen: list[Item] = asyncio.run(run_over_http(case))[0] if is_http else run_on_engine(case)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return objection(case, seen)


def over_rabbit(amqp_url: str, cases: Sequence[Case]) -> tuple[Results, list[str]]:
    """Through the worker; and what was wrong beside the cases."""
    with empty_vhost(amqp_url) as url:
        outcome = asyncio.run(run_over_rabbit(url, cases))
    wrong = [f"nobody understood: {text[:300]}" for text in outcome.strays]
    wrong += [f"got nowhere: {text[:300]}" for text in outcome.unheard]
    if outcome.stuck:
        wrong.append(f"{outcome.stuck} calls had to be ended")
    return {case: objection(case, outcome.seen[case.id]) for case in cases}, wrong


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    cases = read_cases()
    print(table("engine, virtual time", on_engine(cases)))
    amqp_url = os.environ.get(AMQP_URL)
    if amqp_url is None:
        print(f"not over RabbitMQ: {AMQP_URL} is not set; `make conformance` sets it")
        return
    results, wrong = over_rabbit(amqp_url, [case for case in cases if is_short(case)])
    print(table("worker over RabbitMQ, real time", results))
    left_out = ", ".join(case.id for case in cases if case not in results)
    print(f"  left out, as they last over a minute: {left_out}")
    for text in wrong:
        print(f"  {text}")


if __name__ == "__main__":
    main()
