"""The worker's side: how its calls stand in the places of one shard, and whether the owner knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pivot.meeting.empty_queues import forgotten
from pivot.meeting.membership import Membership
from pivot.meeting.messages import Resumed, Resumes, Stands, ToOwnerItem


@dataclass(slots=True)
class Presence:
    """One worker in one shard.

    Attributes:
        session: the last that was begun; what is told in another one is not heard.
        speaks: the owner was told everything, as far as we know.
        memberships: by number of stay, those included whose leaving may not have reached the owner.
        known: queues that a call of ours saw, and when it was used last, in seconds since 1970.
        tries: how often in a row the owner could not be reached.
    """

    shard: int
    session: int = 0
    speaks: bool = False
    memberships: dict[int, Membership] = field(default_factory=dict)
    known: dict[str, float] = field(default_factory=dict)
    tries: int = 0
    renewals: int = 0
    left: dict[int, int] = field(default_factory=dict)
    """Stays that were left, each with the renewal whose answer proves that the owner knows."""

    @property
    def needed(self) -> bool:
        """Whether any call of ours is here."""
        return bool(self.memberships)

    def resumption(self) -> Iterator[ToOwnerItem]:
        """All that an owner must be told who knows nothing of us."""
        yield Resumes(tuple(self.known.items()))
        for _, membership in sorted(self.memberships.items()):
            yield Stands(membership)
        yield Resumed()

    def keep(self, membership: Membership) -> None:
        """Remember a membership until the owner is known to have seen its end."""
        self.memberships[membership.stay] = membership
        if membership.has_left:
            self.left[membership.stay] = self.renewals + 1

    def drop(self, stay: int) -> None:
        """Forget a membership."""
        self.memberships.pop(stay, None)
        self.left.pop(stay, None)

    def confirmed(self, renewal: int) -> list[int]:
        """Stays whose leaving the owner has seen; they are dropped."""
        done = [stay for stay, proof in self.left.items() if proof <= renewal]
        for stay in done:
            self.drop(stay)
        return done

    def forget_known(self, now_s: float) -> None:
        """Forget empty queues whose time is over; `now_s` is monotonic."""
        for queue_id in forgotten(self.known, now_s):
            del self.known[queue_id]
