"""Each fault of the test bed ends in time and under its own name."""

from __future__ import annotations

import asyncio

import pytest

from pivot.model.codes import Code
from tests.badserver.bed import one
from tests.badserver.faults import FAULTS, Fault
from tests.fetch.helpers import ask, failed, fetcher_for_tests


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_each_fault_has_its_code(fault: Fault) -> None:
    """The caller never waits longer than the attempt's limit, whatever the server does."""
    loop = asyncio.get_running_loop()
    async with one(fault) as url, fetcher_for_tests(timeout_s=0.8, connect_timeout_s=0.6) as fetcher:
        started_at = loop.time()
        result = await fetcher.fetch(ask(url))
        waited_s = loop.time() - started_at
        assert (fetcher.in_flight, fetcher.inflight_bytes) == (0, 0)

    assert failed(result) == fault.code
    assert waited_s < 4.0
    assert result.attempts[-1].code == Code(fault.code) or fault.code in ("fetch.redirects", "fetch.bad_url")
