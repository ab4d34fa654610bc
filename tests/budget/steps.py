"""Counts calls, which say the same on every machine and at every load; seconds do not.

What C code does inside of one call is not seen: there the argument is that the readers of the standard
library and of libxml2 take linear time, that every regular expression of ours is anchored or possessive, and
that texts are bounded before anything superlinear could meet them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def steps(work: Callable[[], object]) -> int:
    """How many functions are called, of Python or of C, while this is done."""
    count = 0

    def seen(frame: FrameType, what: str, argument: Any) -> None:
        nonlocal count
        if what in ("call", "c_call"):
            count += 1

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def assert_linear(make: Callable[[int], Callable[[], object]], size: int) -> int:
    """Work of twice the size takes about twice as many steps; returns those of the larger one."""
    make(2)()  # what is made once is not counted
    smaller, larger = steps(make(size)), steps(make(2 * size))
    assert larger <= 2.2 * smaller + 500, f"{smaller} steps for {size} parts, {larger} for {2 * size}"
    return larger
