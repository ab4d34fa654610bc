"""Accounts in turn, whoever asks for how much."""

from __future__ import annotations

import asyncio

from pivot.pool.fair_queue import FairQueue


async def test_accounts_take_turns() -> None:
    """One that asks for a thousand lets another one pass after its first."""
    queue = FairQueue[int](per_account=9, max_bytes=1000)
    for number in range(5):
        assert await queue.put("greedy", number, 1)
    assert await queue.put("modest", 100, 1)

    taken = [(await queue.take())[1] for _ in range(6)]

    assert taken == [0, 100, 1, 2, 3, 4]


async def test_an_account_never_has_more_than_its_share_at_work() -> None:
    """The last process is free for somebody else."""
    queue = FairQueue[int](per_account=1, max_bytes=1000)
    await queue.put("greedy", 1, 1)
    await queue.put("greedy", 2, 1)
    await queue.take()
    waiting = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    assert not waiting.done()

    await queue.put("modest", 3, 1)
    assert await waiting == ("modest", 3)

    waiting = asyncio.create_task(queue.take())
    await queue.done("greedy")
    assert await waiting == ("greedy", 2)


async def test_what_waits_is_bounded_and_can_be_taken_back() -> None:
    """Each entry holds a whole answer; one account has an eighth of the room, and all together no more."""
    queue = FairQueue[int](per_account=1, max_bytes=80)

    assert [await queue.put("a", number, 5) for number in range(3)] == [True, True, False]
    assert [await queue.put(f"account {number}", 9, 10) for number in range(8)] == [*[True] * 7, False]
    assert not await queue.put("b", 9, 1)
    queue.remove("a", 0)
    queue.remove("a", 7)
    assert await queue.put("a", 3, 5)

    assert queue.waiting == 9
    taken = [await queue.take() for _ in range(8)]
    assert taken[:2] == [("a", 1), ("account 0", 9)]


async def test_a_first_answer_has_room_whatever_its_size() -> None:
    """A setting that is too small must not refuse what nobody waits before."""
    queue = FairQueue[int](per_account=1, max_bytes=8)

    assert await queue.put("a", 1, 500)
    assert not await queue.put("a", 2, 1)
