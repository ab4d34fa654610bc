"""What only the garbage collector would free: objects that hold each other and that nothing else holds."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_off() -> Iterator[None]:
    """Nothing is collected by itself; what exists already is never looked at, so that looking is cheap."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def garbage() -> Counter[str]:
    """The objects that were left since the last look, by type; functions and methods by name."""
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        return Counter(map(_named, gc.garbage))
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.collect()
        gc.freeze()


def _named(thing: object) -> str:
    cls = type(thing)
    if cls.__name__ in ("function", "method", "coroutine"):
        return f"{cls.__name__} {getattr(thing, '__qualname__', '')}"
    return f"{cls.__module__}.{cls.__qualname__}"
