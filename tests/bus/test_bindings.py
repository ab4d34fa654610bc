"""Reference counts of bindings, without a broker."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from pivot.bus.bindings import Bindings
from pivot.errors import BusError
from pivot.model.codes import Code
from pivot.model.events import Event


class FakeQueue:
    """Notes what would be bound; each round of changes waits until `go` is set, or fails."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, str]] = []
        self.rounds = 0
        self.go = asyncio.Event()
        self.go.set()
        self.broken = False

    async def bind(self, legs: Sequence[str]) -> None:
        await self.change(legs, ())

    async def unbind(self, legs: Sequence[str]) -> None:
        await self.change((), legs)

    async def change(self, bind: Sequence[str], unbind: Sequence[str]) -> None:
        self.rounds += 1
        self.changes += [("bind", call_id) for call_id in bind]
        self.changes += [("unbind", call_id) for call_id in unbind]
        await self.go.wait()
        if self.broken:
            raise BusError(Code.BUS_LOST, "no connection")


async def settled() -> None:
    """Everything has run that can run without the broker."""
    for _ in range(10):
        await asyncio.sleep(0)


def first(_: Event) -> None: ...
def second(_: Event) -> None: ...


@pytest.fixture
def queue() -> FakeQueue:
    return FakeQueue()


@pytest.fixture
def bindings(queue: FakeQueue) -> Bindings:
    return Bindings([queue.bind], queue.unbind)


async def test_the_first_receiver_binds_and_the_last_unbinds(bindings: Bindings, queue: FakeQueue) -> None:
    """A call that pivots twice keeps its events until both are done."""
    await bindings.add("a.b", first)
    await bindings.add("a.b", second)
    assert bindings.receivers("a%2Eb") == (first, second)

    bindings.remove("a.b", first)
    assert (bindings.receivers("a%2Eb"), queue.changes) == ((second,), [("bind", "a.b")])

    bindings.remove("a.b", second)
    await settled()
    assert queue.changes == [("bind", "a.b"), ("unbind", "a.b")]
    assert len(bindings) == 0


async def test_a_receiver_gets_events_from_the_moment_the_broker_binds(
    bindings: Bindings, queue: FakeQueue
) -> None:
    """An event may come before the broker's answer has been read."""
    queue.go.clear()
    adding = asyncio.create_task(bindings.add("c", first))
    await asyncio.sleep(0)

    assert bindings.receivers("c") == (first,)
    assert not adding.done()
    queue.go.set()
    await adding


async def test_changes_of_a_leg_follow_each_other(bindings: Bindings, queue: FakeQueue) -> None:
    """An unbind that overtakes the next bind would leave a call deaf."""
    await bindings.add("c", first)
    queue.go.clear()
    bindings.remove("c", first)
    await settled()
    adding = asyncio.create_task(bindings.add("c", second))
    await settled()
    assert queue.changes == [("bind", "c"), ("unbind", "c")]

    queue.go.set()
    await adding

    assert queue.changes == [("bind", "c"), ("unbind", "c"), ("bind", "c")]
    assert bindings.receivers("c") == (second,)


async def test_what_changes_during_a_round_is_one_round_after_it(
    bindings: Bindings, queue: FakeQueue
) -> None:
    """Many calls come and go while the broker works: waiting for each would make all of them wait."""
    await bindings.add("leaves", first)
    queue.go.clear()
    came = [asyncio.create_task(bindings.add("early", first))]
    await settled()
    came += [asyncio.create_task(bindings.add(call_id, first)) for call_id in "abc"]
    bindings.remove("leaves", first)
    await settled()
    assert queue.changes[1:] == [("bind", "early"), ("unbind", "leaves")]

    queue.go.set()
    await asyncio.gather(*came)

    assert queue.rounds == 4
    assert sorted(queue.changes[3:]) == [("bind", each) for each in "abc"]


async def test_a_leg_that_is_bound_already_costs_a_second_receiver_nothing(
    bindings: Bindings, queue: FakeQueue
) -> None:
    """It does not wait for other calls' rounds either."""
    await bindings.add("c", first)
    queue.go.clear()
    other = asyncio.create_task(bindings.add("d", first))
    await settled()

    await bindings.add("c", second)

    assert bindings.receivers("c") == (first, second)
    queue.go.set()
    await other


async def test_one_receiver_taking_over_from_another_costs_the_broker_nothing(
    bindings: Bindings, queue: FakeQueue
) -> None:
    """The binding is wanted before and after."""
    await bindings.add("c", first)

    adding = asyncio.create_task(bindings.add("c", second))
    await asyncio.sleep(0)
    bindings.remove("c", first)
    await adding

    assert (queue.changes, bindings.receivers("c")) == ([("bind", "c")], (second,))


async def test_a_binding_that_fails_leaves_nothing(bindings: Bindings, queue: FakeQueue) -> None:
    """And the next attempt starts from nothing."""
    queue.broken = True
    with pytest.raises(BusError):
        await bindings.add("c", first)
    await settled()
    assert (bindings.receivers("c"), len(bindings)) == ((), 0)

    queue.broken = False
    await bindings.add("c", first)
    assert queue.changes == [("bind", "c"), ("bind", "c")]


async def test_a_cancelled_bind_is_undone_when_it_stands(bindings: Bindings, queue: FakeQueue) -> None:
    """The request to the broker itself is never cancelled: that would close the channel of all calls."""
    queue.go.clear()
    adding = asyncio.create_task(bindings.add("c", first))
    await settled()
    adding.cancel()
    await asyncio.gather(adding, return_exceptions=True)
    assert adding.cancelled()

    queue.go.set()
    await settled()

    assert queue.changes == [("bind", "c"), ("unbind", "c")]
    assert len(bindings) == 0


async def test_a_new_connection_gets_what_is_wanted_now(bindings: Bindings, queue: FakeQueue) -> None:
    """Our queue outlives the connection, so what was left bound in vain is unbound there."""
    await bindings.add("wanted", first)
    await bindings.add("unwanted", first)
    queue.broken = True
    bindings.remove("unwanted", first)
    await settled()

    fresh = FakeQueue()
    await bindings.restore(fresh.change)

    assert fresh.changes == [("bind", "wanted"), ("unbind", "unwanted")]
    assert len(bindings) == 1


async def test_what_changes_while_a_new_connection_is_made_is_followed(
    bindings: Bindings, queue: FakeQueue
) -> None:
    """A call that came back just then is not left deaf, and one that went leaves no binding behind."""
    await bindings.add("goes", first)
    await bindings.add("comes", first)
    queue.broken = True
    bindings.remove("comes", first)
    await settled()
    queue.broken = False
    fresh = FakeQueue()
    fresh.go.clear()
    restoring = asyncio.create_task(bindings.restore(fresh.change))
    await settled()
    queue.changes.clear()

    bindings.remove("goes", first)
    await bindings.add("comes", second)
    fresh.go.set()
    await restoring
    await settled()

    assert fresh.changes == [("bind", "goes"), ("unbind", "comes")]
    assert [change for change in queue.changes if change[1] == "comes"][-1:] == [("bind", "comes")]
    assert [change for change in queue.changes if change[1] == "goes"][-1:] == [("unbind", "goes")]
    assert bindings.receivers("comes") == (second,)


async def test_removing_a_stranger_changes_nothing(bindings: Bindings, queue: FakeQueue) -> None:
    """A session may end before its binding was made."""
    bindings.remove("c", first)
    await bindings.add("c", first)
    bindings.remove("c", second)
    await settled()

    assert queue.changes == [("bind", "c")]
