"""Each fault of the test bed ends in time and under its own name."""

from __future__ import annotations

import asyncio

import pytest

from pivot.model.codes import Code
from tests.badserver.bed import one
from tests.badserver.faults import FAULTS, Fault
from tests.fetch.helpers import ask, failed, fetcher_for_tests

_TIMEOUTS = ("fetch.connect_timeout", "fetch.read_timeout")
_LONG_S = 20.0
"""Long enough for a busy machine, for faults that end by themselves."""


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_each_fault_has_its_code(fault: Fault) -> None:
    """The caller never waits longer than the attempt's limit, whatever the server does."""
    limit_s = 0.6 if fault.code in _TIMEOUTS else _LONG_S
    async with one(fault) as url, fetcher_for_tests(timeout_s=limit_s, connect_timeout_s=limit_s) as fetcher:
        async with asyncio.timeout(_LONG_S):
            result = await fetcher.fetch(ask(url))
        assert (fetcher.in_flight, fetcher.inflight_bytes) == (0, 0)

    assert failed(result) == fault.code
    assert result.attempts[-1].code == Code(fault.code) or fault.code in ("fetch.redirects", "fetch.bad_url")
