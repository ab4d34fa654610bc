"""Logging: one event name, everything variable as keys; JSON unless on a terminal.

Lines are gathered for a moment and written together, since a write costs as much as a tenth of a call; a
warning or an error is written at once, with all that stood before it.

Keys that start with `private_` hold what a log must not show (digits, bodies, parameters, credentials): they
are cut to their length unless the level is debug.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import orjson
import structlog

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def configure(level: str = "info", format: str = "auto") -> None:
    """Set up structlog for this process; `format` is auto, json or console."""
    console = format == "console" or (format == "auto" and sys.stderr.isatty())
    renderer: Any = (
        structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer(_to_json)
    )
    processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _hide_private,
    ]
    if not console:
        processors.append(structlog.processors.format_exc_info)
    set_level(level)
    structlog.configure(
        processors=[*processors, renderer],
        wrapper_class=_Levelled,
        logger_factory=GatheringLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    for library in ("aiormq", "aio_pika"):  # what breaks there is told by our own `bus.` lines, in JSON
        logging.getLogger(library).setLevel(logging.CRITICAL)


def set_level(level: str) -> None:
    """Log from this level on, also through loggers that exist already."""
    for name, method in vars(structlog.make_filtering_bound_logger(_LEVELS[level])).items():
        if not name.startswith("_"):
            setattr(_Levelled, name, method)


class _Levelled(structlog.make_filtering_bound_logger(logging.DEBUG)):  # type: ignore[misc]
    """The class of every bound logger. A level is nothing but a set of methods, some of which do nothing."""


class GatheringLogger:
    """Writes lines in bunches, `_GATHER_S` apart at most; outside an event loop each at once."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        atexit.register(self.flush)

    def debug(self, line: str) -> None:
        self._lines.append(line)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
            return
        if self._timer is None:
            self._timer = loop.call_later(_GATHER_S, self.flush)

    info = debug

    def warning(self, line: str) -> None:
        self._lines.append(line)
        self.flush()

    warn = error = critical = fatal = exception = msg = warning

    def flush(self) -> None:
        """Write everything that waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._lines:
            text = "\n".join(self._lines) + "\n"
            self._lines.clear()
            self._stream.write(text)
            self._stream.flush()


class GatheringLoggerFactory:
    """One logger for all modules, so that their lines keep their order."""

    def __init__(self, stream: TextIO) -> None:
        self._logger = GatheringLogger(stream)

    def __call__(self, *args: Any) -> GatheringLogger:
        return self._logger


_GATHER_S = 0.1


def _hide_private(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in event:
        if key.startswith("private_"):
            event[key] = f"<{len(str(event[key]))} characters>"
    return event


def _to_json(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=repr).decode("utf-8", "replace")
