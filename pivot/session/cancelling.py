"""Ending a task of a call for good."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any


async def cancel(task: asyncio.Task[Any]) -> None:
    """Cancel it, wait until it is done, and let go of the error that ended it.

    The task keeps that error until somebody takes it, the error keeps the frames that it went through, and a
    timeout in one of these frames keeps the task: they would stay in memory until the garbage collector comes
    by.
    """
    task.cancel()
    await asyncio.wait([task])
    if task.cancelled():
        with suppress(asyncio.CancelledError):
            task.result()
