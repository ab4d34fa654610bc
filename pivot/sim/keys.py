"""Keys that a switch sends on a leg, one after the other, beside whatever else the leg does."""

from __future__ import annotations

from pivot.sim.publisher import Clock

_PAUSE_S = {"w": 0.5, "W": 1.0}


class KeyPad:
    """The keys of one leg that are still to go out.

    Args:
        clock: what they take is measured by.
        key_s: seconds that each takes; None: as long as the command says.
    """

    def __init__(self, clock: Clock, key_s: float | None) -> None:
        self._clock = clock
        self._key_s = key_s
        self._due: list[tuple[float, str]] = []
        """When each key is out, and which."""

    def send(self, digits: str, duration_s: float) -> float:
        """These keys go out from now, behind those before them; seconds until all are out."""
        now_s = self._clock.time()
        at_s = max(now_s, self._due[-1][0] if self._due else now_s)
        for digit in digits:
            at_s += _PAUSE_S.get(digit, self._key_s or duration_s)
            if digit not in _PAUSE_S:
                self._due.append((at_s, digit))
        return at_s - now_s

    def lost(self) -> str:
        """What is not out yet; a hang-up cuts it."""
        return "".join(digit for at_s, digit in self._due if at_s > self._clock.time())
