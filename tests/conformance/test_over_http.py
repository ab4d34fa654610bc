"""The conformance cases that only real HTTP can show."""

from __future__ import annotations

import pytest
from twilio.request_validator import RequestValidator

from tests.conformance.cases import Case, objection, read_cases
from tests.conformance.over_http import OVER_HTTP, TOKEN, run_over_http

CASES = [case for case in read_cases() if case.id in OVER_HTTP]
SIGNED = [case for case in CASES if case.id in ("http-28", "http-29", "http-30")]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
async def test_a_case_about_http_is_fulfilled_by_the_real_fetch(case: Case) -> None:
    """Redirects, second attempts, cookies and credentials are the fetch room's, so it must be there."""
    seen, _ = await run_over_http(case)

    assert objection(case, seen) is None, seen


@pytest.mark.parametrize("case", SIGNED, ids=lambda case: case.id)
async def test_requests_are_signed_as_twilios_own_library_wants(case: Case) -> None:
    """Applications that check the signature go on to work."""
    _, signed = await run_over_http(case)

    assert signed
    for url, form, signature in signed:
        assert RequestValidator(TOKEN).validate(url, form, signature), url
