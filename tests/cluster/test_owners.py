"""Owners of the caller's device: looked up in time, or not at all."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

from pivot.cluster.owners import CouchOwners
from pivot.debug.couch import Couch, MissingDatabaseError
from pivot.errors import StoreError
from pivot.model.call import PivotRequest, RequestFormat
from pivot.sim.clock import run_virtually
from tests.calls import ACCOUNT_ID, call, pivot_request

DATABASE = f"account/{ACCOUNT_ID[:2]}/{ACCOUNT_ID[2:4]}/{ACCOUNT_ID[4:]}"


class Views:
    """Stands where CouchDB does: answers after a delay, or not at all."""

    def __init__(self, delay_s: float = 0.0, error: StoreError | None = None) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.delay_s = delay_s
        self.error = error

    async def view(self, database: str, design: str, view: str, *, key: str) -> list[dict[str, Any]]:
        self.asked.append((database, design, view, key))
        await asyncio.sleep(self.delay_s)
        if self.error is not None:
            raise self.error
        return [{"id": key, "key": key, "value": "user-1"}, {"id": key, "key": key, "value": "user-2"}]


def request(**changes: Any) -> PivotRequest:
    device = {"authorizing_type": "device", "authorizing_id": "d1"}
    return pivot_request(call=call(**(device | changes)))


async def ask(views: Views, *requests: PivotRequest, pause_s: float = 0.0) -> tuple[list[Any], list[float]]:
    """The answers, and how long each call waited."""
    loop = asyncio.get_running_loop()
    owners = CouchOwners(cast(Couch, views), loop.time)
    answers, waits = [], []
    for one in requests:
        began = loop.time()
        answers.append(await owners.of(one))
        waits.append(loop.time() - began)
        await asyncio.sleep(pause_s)
    await owners.close()
    return answers, waits


def test_owners_are_read_once_and_kept() -> None:
    """The second call of a device waits for nothing."""
    views = Views(delay_s=0.1)

    answers, waits = run_virtually(ask(views, request(), request()))

    assert answers == [("user-1", "user-2")] * 2
    assert waits == [0.1, 0.0]
    assert views.asked == [(DATABASE, "attributes", "owner", "d1")]


def test_a_hanging_database_costs_one_call_150_ms() -> None:
    """Then its account is left alone for a while."""
    answers, waits = run_virtually(ask(Views(delay_s=60.0), request(), request(authorizing_id="d2")))

    assert answers == [(), ()]
    assert waits == [0.15, 0.0]


def test_a_failing_database_is_no_failing_call() -> None:
    """Without owners no User-ID is sent, that is all."""
    views = Views(error=StoreError("down", retryable=True))

    assert run_virtually(ask(views, request(), request()))[0] == [(), ()]
    assert len(views.asked) == 1


def test_an_account_without_this_view_has_no_owners() -> None:
    """Its absence is an answer, and is kept like one."""
    views = Views(error=MissingDatabaseError("no such database", retryable=False))

    assert run_virtually(ask(views, request(), request()))[0] == [(), ()]
    assert len(views.asked) == 1


def test_nobody_is_asked_when_callflow_has_told() -> None:
    """Nor for TwiML, nor for callers who are no devices."""
    views = Views()
    told = [
        request(owner_id="u1"),
        request(authorizing_type="resource"),
        request(account_id="no account"),
        replace(request(), format=RequestFormat.TWIML),
    ]

    assert run_virtually(ask(views, *told))[0] == [()] * 4
    assert views.asked == []
