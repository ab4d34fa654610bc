"""Meeting places of all workers of a cluster: each shard of them is owned by one worker at a time.

The owner of a shard is the worker that holds its box at the broker. The broker lets nobody else hold it, and
takes it away with the worker's connection. So two never decide, and nobody needs to agree on anything: a
message that comes back says that there is no owner, and whoever got it back tries to become it.

Every worker remembers how its own calls stand. Messages are never repeated: what may have been lost is
repaired by telling the owner all memberships again.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeAlias

import structlog

from pivot.meeting.batches import MessageBatches
from pivot.meeting.membership import (
    ENTERS,
    SHARDS,
    Command,
    Membership,
    News,
    ends,
    place_of,
    shard_of,
    way_out,
)
from pivot.meeting.messages import (
    NO_SESSION,
    Alive,
    AsksAll,
    IsOver,
    Renews,
    Says,
    Tells,
    ToOwner,
    ToOwnerItem,
    ToWorker,
    ToWorkerItem,
    decode,
    encode,
)
from pivot.meeting.owner import Owner
from pivot.meeting.ports import MessagePublisher
from pivot.meeting.presence import Presence
from pivot.model.queues import QueueNews

log = structlog.get_logger()

Hear: TypeAlias = Callable[[News], None]

BOX = "pivot.meeting."
"""And the shard's number: the box of its owner."""
RENEW_S = 2.0
SILENT_RENEWALS = 3
"""After so many that did not come a worker is gone."""
GRACE_S = 1.0
"""A new owner asks all workers at once and gives them this long to answer."""
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0


class SharedMeetings:
    """Callers meet whichever workers serve them.

    Args:
        post: the broker.
        name: this worker's; unique for every start.
        now: seconds since 1970.
    """

    def __init__(self, post: MessagePublisher, name: str, now: Callable[[], float] = time.time) -> None:
        self._post = post
        self._name = name
        self._now = now
        self._loop = asyncio.get_running_loop()
        self._shards = tuple(Presence(number) for number in range(SHARDS))
        self._owners: dict[int, Owner] = {}
        self._calls: dict[str, dict[str, int]] = {}
        """By Call-ID: places that the call is in, each with the number of the stay."""
        self._hear: dict[int, Hear] = {}
        self._last_stay = 0
        self._last_session = NO_SESSION
        self._open = False
        self._timers: set[asyncio.TimerHandle] = set()
        self._seeking: dict[int, asyncio.Task[None]] = {}
        self._messages_out: MessageBatches[int, ToOwnerItem] = MessageBatches(self._write_to_owner)
        self._messages_back: MessageBatches[tuple[str, int, int], ToWorkerItem] = MessageBatches(
            self._write_to_worker
        )
        self._ticking = self._loop.call_later(RENEW_S, self._tick)
        post.serve(self)

    @property
    def shards_owned(self) -> int:
        """Number of shards in which this worker decides."""
        return len(self._owners)

    @property
    def places_owned(self) -> int:
        """Rooms and queues that this worker owns and somebody is in."""
        return sum(owner.places for owner in self._owners.values())

    @property
    def members(self) -> int:
        """Stays of this worker's calls, wherever the owner is."""
        return len(self._hear)

    # The session's port

    def perform(self, call_id: str, command: Command, hear: Hear) -> None:
        """Let the place's owner do it; returns at once. News of the place reach `hear` from now on."""
        place = place_of(command)
        shard, places = self._shards[shard_of(place)], self._calls.setdefault(call_id, {})
        if isinstance(command, ENTERS):
            self._last_stay += 1
            if place in places:
                self._hear.pop(places[place], None)
                shard.drop(places[place])
            places[place] = self._last_stay
            membership = Membership(self._last_stay, call_id, self._now(), (command,))
        else:
            known = shard.memberships.get(places.get(place, 0))
            if known is None:
                return self._forget_call(call_id)  # refused, over, or never entered
            membership = known.said(command)
        self._hear[membership.stay] = hear
        shard.keep(membership)
        if membership.has_left:
            self._out(membership)
        if shard.speaks:
            self._messages_out.put(shard.shard, Says(membership.stay, call_id, command))
        elif self._open and shard.shard not in self._seeking:
            self._resume(shard)

    def leave(self, call_id: str) -> None:
        """The session is over: out of every place."""
        for place, stay in tuple(self._calls.get(call_id, {}).items()):
            membership = self._shards[shard_of(place)].memberships[stay]
            self.perform(call_id, way_out(membership.words[0], over=True), _deaf)

    # The broker's side

    def opened(self) -> None:
        """The connection to the broker stands: tell all memberships anew."""
        self.closed()
        self._open = True
        for shard in self._shards:
            if shard.needed:
                self._resume(shard)

    def closed(self) -> None:
        """Everything that we owned is another's from now on."""
        self._open = False
        for timer in self._timers:
            timer.cancel()
        for task in self._seeking.values():
            task.cancel()
        self._timers.clear()
        self._seeking.clear()
        self._owners.clear()
        self._messages_out.clear()
        self._messages_back.clear()
        for shard in self._shards:
            shard.speaks = False

    def received(self, box: str, body: bytes) -> None:
        """Take a message to this worker, or to the owner that this worker is."""
        try:
            if box == self._post.inbox:
                self._read(decode(ToWorker, body))
            else:
                self._owner(int(box.removeprefix(BOX))).receive(decode(ToOwner, body))
        except ValueError as error:
            log.warning("meeting.letter_unread", box=box, error=str(error))
        except Exception:  # a fault of ours; the messages of others go on
            log.exception("meeting.letter_failed", box=box)

    def returned(self, box: str, body: bytes) -> None:
        """The broker had no queue `box` for this message: a worker is gone, or a shard has no owner."""
        if not box.removeprefix(BOX).isdecimal():
            for owner in tuple(self._owners.values()):
                owner.gone(box)
            return
        shard, message = self._shards[int(box.removeprefix(BOX))], decode(ToOwner, body)
        if self._open and shard.speaks and message.session == shard.session:
            shard.speaks = False
            self._seek(shard)

    # As who attends

    def _resume(self, shard: Presence) -> None:
        self._last_session += 1
        shard.session, shard.speaks = self._last_session, True
        self._messages_out.drop(shard.shard)
        for item in shard.resumption():
            self._messages_out.put(shard.shard, item)

    def _seek(self, shard: Presence) -> None:
        """There is no owner: become it, or find who has."""
        if shard.shard not in self._seeking:
            task = asyncio.create_task(self._find_owner(shard), name=f"owner of shard {shard.shard}")
            self._seeking[shard.shard] = task

    async def _find_owner(self, shard: Presence) -> None:
        if shard.tries:
            await asyncio.sleep(min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(shard.tries, 16)))
        shard.tries += 1
        ours = await self._post.claim(f"{BOX}{shard.shard}")
        del self._seeking[shard.shard]
        if ours:
            self._owner(shard.shard)
        self._resume(shard)

    def _read(self, message: ToWorker) -> None:
        shard = self._shards[message.shard]
        if message.session == NO_SESSION:
            self._meet_new_owner(shard)
            return
        for item in message.items:
            if message.session != shard.session:
                return
            shard.tries = 0
            match item:
                case Tells(stay, news):
                    self._hear_news(shard, stay, news)
                case IsOver(stay):
                    self._end(shard, stay)
                case Alive(number):
                    shard.confirmed(number)
                case AsksAll():
                    self._resume(shard)

    def _meet_new_owner(self, shard: Presence) -> None:
        told = shard.shard in self._owners or shard.shard in self._seeking  # or will be in a moment
        if (shard.needed or shard.known) and not told:
            self._resume(shard)

    def _hear_news(self, shard: Presence, stay: int, news: News) -> None:
        membership, hear = shard.memberships.get(stay), self._hear.get(stay)
        if membership is None or hear is None:
            return  # it has left
        shard.keep(membership.heard(news))
        if ends(news):
            self._end(shard, stay)
        elif isinstance(news, QueueNews):
            shard.known[news.queue] = self._now()
        hear(news)

    def _end(self, shard: Presence, stay: int) -> None:
        """The owner knows this stay no longer."""
        if (membership := shard.memberships.get(stay)) is not None:
            self._out(membership)
            shard.drop(stay)

    def _out(self, membership: Membership) -> None:
        self._hear.pop(membership.stay, None)
        places = self._calls.get(membership.call_id, {})
        if places.get(membership.place) == membership.stay:
            del places[membership.place]
        self._forget_call(membership.call_id)

    def _forget_call(self, call_id: str) -> None:
        if not self._calls.get(call_id):
            self._calls.pop(call_id, None)

    # As owner

    def _owner(self, number: int) -> Owner:
        """Ours, since its messages reach us; a new one asks everybody who was there before."""
        owner = self._owners.get(number)
        if owner is None:
            patience_s = RENEW_S * SILENT_RENEWALS
            owner = Owner(self._now, self._loop.time, partial(self._mail, number), patience_s)
            self._owners[number] = owner
            log.info("meeting.shard_owned", shard=number)
            self._post.send_all(encode(ToWorker(number, NO_SESSION, (AsksAll(),))))
            self._later(GRACE_S, owner.release)
            self._later(patience_s, owner.stop_expecting)
        return owner

    def _mail(self, number: int, inbox: str, session: int, item: ToWorkerItem) -> None:
        self._messages_back.put((inbox, number, session), item)

    # Time and messages

    def _later(self, delay_s: float, do: Callable[[], None]) -> None:
        def now() -> None:
            self._timers.discard(timer)
            do()

        timer = self._loop.call_later(delay_s, now)
        self._timers.add(timer)

    def _tick(self) -> None:
        self._ticking = self._loop.call_later(RENEW_S, self._tick)
        now_s = self._now()
        for shard in self._shards:
            shard.forget_known(now_s)
            if not shard.needed:
                shard.speaks = False
            if not shard.needed or not self._open or shard.shard in self._seeking:
                continue
            if not shard.speaks:
                self._resume(shard)
            shard.renewals += 1
            self._messages_out.put(shard.shard, Renews(shard.renewals))
        for owner in tuple(self._owners.values()):
            owner.tick()

    def _write_to_owner(self, number: int, items: tuple[ToOwnerItem, ...]) -> None:
        session = self._shards[number].session
        self._post.send(f"{BOX}{number}", encode(ToOwner(self._name, self._post.inbox, session, items)))

    def _write_to_worker(self, to: tuple[str, int, int], items: tuple[ToWorkerItem, ...]) -> None:
        inbox, number, session = to
        self._post.send(inbox, encode(ToWorker(number, session, items)))

    def close(self) -> None:
        """Nothing more is said or owned."""
        self._ticking.cancel()
        self.closed()


def _deaf(news: News) -> None:
    """A session that is over hears nothing."""


@asynccontextmanager
async def open_meetings(post: MessagePublisher, node: str) -> AsyncIterator[SharedMeetings]:
    """Places shared with all workers that the post reaches; `node` need not be unique."""
    meetings = SharedMeetings(post, f"{node}-{secrets.token_hex(8)}")
    try:
        yield meetings
    finally:
        meetings.close()
