"""Settings of the processes that read long answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """Which answers are read outside the worker's process, and at what cost at most."""

    processes: int = 2  # processes at a time; 0: every answer is read in the worker's own
    inline_bytes: int = 8_192  # longer answers are not read in the worker's own, nor those of many parts
    timeout_s: float = 3.0  # how long reading one answer may take; then it is refused
    wait_s: float = 5.0  # how long an answer may wait for a process; then it is refused
    max_waiting_bytes: int = 67_108_864  # answers that wait hold so much; those of an account an eighth
    max_memory_mb: int = 512  # address space of one process beyond what it starts with

    def problems(self) -> Iterator[tuple[str, str]]:
        """Keys of `[pool]` with a value that cannot be, each with what is wrong."""
        for name in ("processes", "inline_bytes"):
            if getattr(self, name) < 0:
                yield name, f"is {getattr(self, name)}, want 0 or more"
        for name in ("timeout_s", "wait_s", "max_waiting_bytes", "max_memory_mb"):
            if getattr(self, name) <= 0:
                yield name, f"is {getattr(self, name)}, want more than 0"
