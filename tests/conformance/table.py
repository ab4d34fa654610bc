"""The table by verb that `make conformance` prints."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping

from tests.conformance.cases import Case, objection, read_cases
from tests.conformance.engine import run_on_engine
from tests.conformance.over_http import OVER_HTTP, run_over_http


def table(title: str, results: Mapping[Case, str | None]) -> str:
    """How many cases of each verb are fulfilled."""
    passed, total = Counter[str](), Counter[str]()
    for case, reason in results.items():
        total[case.verb] += 1
        passed[case.verb] += reason is None
    rows = [f"  {verb:<12}{passed[verb]:>4} of {total[verb]:>3}" for verb in total]
    return "\n".join([title, *rows, f"  {'all':<12}{passed.total():>4} of {total.total():>3}"])


def run_all() -> dict[str, str | None]:
    """Why each case fails on the engine; None: it does not."""
    results: dict[str, str | None] = {}
    for case in read_cases():
        try:
            is_http = case.id in OVER_HTTP
            seen = asyncio.run(run_over_http(case))[0] if is_http else run_on_engine(case)
            results[case.id] = objection(case, seen)
        except Exception as error:
            results[case.id] = f"{type(error).__name__}: {error}"
    return results


if __name__ == "__main__":
    cases = {case.id: case for case in read_cases()}
    results = run_all()
    for case_id, reason in results.items():
        if reason is not None:
            print(f"{case_id:<12}{reason[:150]}")
    print(table("engine, virtual time", {cases[key]: value for key, value in results.items()}))
