"""Frozen dataclasses of which dozens are made for every call."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

__all__ = ["hot_dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass as hot_dataclass
else:

    def hot_dataclass(*, frozen: bool, eq: bool = True, **options: Any) -> Any:
        """`dataclasses.dataclass`, frozen for the type checker and not at run time.

        A dataclass that is frozen at run time sets each of its fields through `object.__setattr__`, which
        makes an object of ten fields take 2.7 µs and not 0.5. Whoever assigns to a field is told so by mypy.
        Objects are compared and hashed by their fields as before.
        """
        return dataclasses.dataclass(unsafe_hash=frozen and eq, eq=eq, **options)
