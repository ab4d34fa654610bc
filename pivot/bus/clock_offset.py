"""How old a request is, although its sender's clock and ours differ.

callflow waits ten seconds from publishing, so a request that waited at the broker has less time left; its
stamp tells. But a stamp is read off the sender's clock. A request that waited is older than those after it;
a wrong clock makes all of them older, or younger, by the same amount. So what the youngest of a node's last
requests have in common is the clock, and only what a request is older than these is its age.

Ages are measured against our steady clock: a jump of our wall clock changes none of them.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from dataclasses import dataclass, field

from pivot.wire.timestamps import MAX_AGE_S

CLOCKS_DIFFER_S = 2.0
"""A smaller offset is network, load, or a clock that NTP keeps."""
_LAST_REQUESTS = 32
_WITHIN_S = 120.0
"""Older measurements say nothing of a clock that was set since."""
_ENOUGH = 3
_SAME_S = 1.0
"""The youngest requests of one clock lie that close together."""
_NODES = 64


@dataclass(slots=True)
class _Apparent:
    """Apparent ages of the last requests, with the steady second at which each came."""

    ages: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=_LAST_REQUESTS))

    def add(self, came_s: float, age_s: float) -> None:
        while self.ages and self.ages[0][0] < came_s - _WITHIN_S:
            self.ages.popleft()
        self.ages.append((came_s, age_s))

    def offset_s(self) -> float | None:
        """What the youngest ones agree on; None: too few, or they differ."""
        youngest = sorted(age for _, age in self.ages)[:_ENOUGH]
        if len(youngest) < _ENOUGH or youngest[-1] - youngest[0] > _SAME_S:
            return None
        return youngest[0] if abs(youngest[0]) >= CLOCKS_DIFFER_S else 0.0


class ClockOffset:
    """Learns from every stamped request.

    Args:
        steady_s, wall_s: the clocks.
    """

    def __init__(self, steady_s: float | None = None, wall_s: float | None = None) -> None:
        steady_s = time.monotonic() if steady_s is None else steady_s
        self._unix_s = (time.time() if wall_s is None else wall_s) - steady_s
        """Seconds since 1970 at which our steady clock began, as our wall clock said at the start."""
        self._nodes: OrderedDict[str, _Apparent] = OrderedDict()

    def learn(self, node: str, sent_unix_s: float, came_s: float) -> None:
        """A request of this node came, at this second of the steady clock."""
        apparent = self._nodes.setdefault(node, _Apparent())
        self._nodes.move_to_end(node)
        apparent.add(came_s, self._apparent_s(sent_unix_s, came_s))
        if len(self._nodes) > _NODES:
            self._nodes.popitem(last=False)

    def age_s(self, node: str, sent_unix_s: float, came_s: float) -> float:
        """Seconds since publishing; 0 when the stamp cannot be believed."""
        age = self._apparent_s(sent_unix_s, came_s) - (self.of(node) or 0.0)
        return age if 0.0 <= age <= MAX_AGE_S else 0.0

    def of(self, node: str) -> float | None:
        """Seconds by which our clock is ahead of this node's; None: not known."""
        apparent = self._nodes.get(node)
        return apparent.offset_s() if apparent else None

    def shown(self) -> str:
        """For an operator: which clocks differ; empty: none."""
        offsets = ((node, self.of(node)) for node in self._nodes)
        return ", ".join(
            f"our clock is {abs(offset):.1f} s {'ahead of' if offset > 0 else 'behind'} that of {node or '?'}"
            for node, offset in offsets
            if offset
        )

    def _apparent_s(self, sent_unix_s: float, came_s: float) -> float:
        return self._unix_s + came_s - sent_unix_s
