"""Turns errors of the AMQP libraries into BusError."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from aiormq.exceptions import AMQPError, ChannelInvalidStateError, PublishError
from pamqp.exceptions import PAMQPException

from pivot.errors import BusError
from pivot.model.codes import Code

LIBRARY_ERRORS = (AMQPError, PAMQPException, ChannelInvalidStateError, OSError, TimeoutError, EOFError)


@contextmanager
def bus_errors(what: str) -> Iterator[None]:
    """Turn whatever the library raises while it does `what` into a `BusError`."""
    try:
        yield
    except PublishError as error:
        raise BusError(Code.BUS_RETURNED, f"{what}: the broker has no queue for it ({error})") from error
    except LIBRARY_ERRORS as error:
        raise BusError(Code.BUS_LOST, f"{what}: {shown(error)}") from error
    except asyncio.CancelledError as error:
        # a connection that breaks cancels what waits for the broker, and that is not us being cancelled
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise BusError(Code.BUS_LOST, f"{what}: the connection broke") from error


def shown(error: BaseException) -> str:
    """An error for a log line; never empty, and without the broker's URL."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
