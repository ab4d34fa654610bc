"""The API does what its description says: schemathesis asks, with good and with bad values."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.result import Ok

from pivot.web.app import make_web_app, serve_web
from pivot.web.openapi import openapi_document
from pivot.web.time_range import unix
from tests.web.memory_store import MemoryStore
from tests.web.support import ALICE, EVERYBODY_TOKEN, NOW, SETTINGS, answered, asked, fill

load_all_checks()
FORGIVEN = ("negative_data_rejection", "positive_data_acceptance", "missing_required_header")
"""Crossbar takes its default for a bad time or page size, and so do we; no account is known by chance."""


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    """A server that runs in a thread of its own."""
    started, stop, loop = threading.Event(), asyncio.Event(), asyncio.new_event_loop()
    address: list[str] = []

    async def serve() -> None:
        store = MemoryStore()
        await fill(store, asked("c1", NOW - 5), answered("c1", NOW - 4))
        app = make_web_app(store, SETTINGS, node="pivot@test", clock=lambda: float(unix(NOW)))
        async with serve_web(app, replace(SETTINGS, port=0)) as (host, port):
            address.append(f"http://{host}:{port}")
            started.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert started.wait(10)
    yield address[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()


def operations() -> list[Any]:
    """All but the stream, whose answer has no end."""
    schema = schemathesis.openapi.from_dict(openapi_document())
    found: list[Any] = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    return [operation for operation in found if not operation.path.endswith("/stream")]


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode))
@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.path.split("/pivot/")[1])
def test_every_answer_is_as_described(operation: Any, mode: Any, base_url: str) -> None:
    """Status, headers and body of whatever comes back stand in the description."""
    forgiven = [check for check in CHECKS.get_all() if check.__name__ in FORGIVEN]

    @given(operation.as_strategy(generation_mode=mode))
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    def answers_as_described(case: Any) -> None:
        if mode is schemathesis.GenerationMode.POSITIVE:
            known = {"account_id": ALICE, "uuid": "c1", "call_id": "c1"}
            case.path_parameters |= {name: known[name] for name in case.path_parameters}
        token = {"X-Auth-Token": EVERYBODY_TOKEN}
        case.call_and_validate(base_url=base_url, headers=token, excluded_checks=forgiven)

    answers_as_described()


def test_every_path_of_the_server_is_described() -> None:
    """Whoever reads the description knows the whole API."""
    base = "/v2/accounts/{account_id}/pivot"
    assert set(openapi_document()["paths"]) == {
        f"{base}/debug",
        f"{base}/debug/{{uuid}}",
        f"{base}/calls",
        f"{base}/calls/{{call_id}}",
        f"{base}/stream",
    }
