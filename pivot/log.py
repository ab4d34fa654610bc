"""Logging: one event name, everything variable as keys; JSON unless on a terminal.

Lines are gathered for a moment and written together, since a write costs as much as a tenth of a call; a
warning or an error is written at once, with all that stood before it.

Keys that start with `private_` hold what a log must not show (digits, bodies, parameters, credentials): they
are cut to their length unless the level is debug.

No line is longer than `MAX_LINE_BYTES`: what a stranger's server writes finds its way into error messages,
and a log that grows by megabytes hides everything else. Long values lose their middle, and the line has the
member `cut`.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import logging
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson
import structlog

MAX_LINE_BYTES = 8_000
_FORMAT = "%(levelname)s %(name)s %(message)s"
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def configure(level: str = "info", format: str = "auto") -> None:
    """Set up structlog for this process; `format` is auto, json or console."""
    console = format == "console" or (format == "auto" and sys.stderr.isatty())
    set_level(level)
    structlog.configure(
        processors=[_completed, _Console() if console else _json_line],
        wrapper_class=_Levelled,
        logger_factory=GatheringLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    libraries = logging.StreamHandler(sys.stderr)
    libraries.setFormatter(_CutFormatter(_FORMAT))
    logging.basicConfig(level=logging.WARNING, handlers=[libraries])
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
        """Keep the line, and write it with the others of this turn of the event loop."""
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
        """Write the line at once, behind those that are kept."""
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


def _completed(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """With what the task is about, the level and the time, and without what a log must not show.

    One function and not one for each, since a call writes two lines and would pay for the chain twice.
    """
    structlog.contextvars.merge_contextvars(logger, method, event)
    event["level"] = method
    event["timestamp"] = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    for key in event:
        if key.startswith("private_"):
            event[key] = f"<{len(str(event[key]))} characters>"
    return event


def _json_line(logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
    if "exc_info" in event:
        structlog.processors.format_exc_info(logger, method, event)
    return _to_json(event)


def _to_json(event: MutableMapping[str, Any]) -> str:
    line = _dumps(event)
    longest = MAX_LINE_BYTES
    while len(line) > MAX_LINE_BYTES and longest > 1:
        longest //= 4
        line = _dumps(
            {str(key)[:100]: _shortened(value, longest) for key, value in event.items()} | {"cut": True}
        )
    return line.decode("utf-8", "replace")


def _dumps(event: Any) -> bytes:
    try:
        return orjson.dumps(event, default=repr)
    except TypeError:  # half a character, or a number of more than 64 bits
        return json.dumps(event, default=repr, separators=(",", ":")).encode()


def _shortened(value: Any, longest: int) -> Any:
    if value is None or isinstance(value, float) or (isinstance(value, int) and value.bit_length() < 64):
        return value
    return without_middle(
        value if isinstance(value, str) else _dumps(value).decode("utf-8", "replace"), longest
    )


def without_middle(text: str, longest: int) -> str:
    """The text; of one that is longer the beginning and the end, where an error names itself."""
    half = longest // 2
    return text if len(text) <= longest else f"{text[:half]}…{text[len(text) - half :]}"


class _Console:
    """For people; long lines lose their middle."""

    def __init__(self) -> None:
        self._renderer = structlog.dev.ConsoleRenderer()

    def __call__(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
        return _cut_line(str(self._renderer(logger, method, event)))


class _CutFormatter(logging.Formatter):
    """Lines of libraries."""

    def format(self, record: logging.LogRecord) -> str:
        return _cut_line(super().format(record))


def _cut_line(line: str) -> str:
    """A line of plain text; a character takes four bytes at most."""
    fits = len(line.encode("utf-8", "replace")) <= MAX_LINE_BYTES
    return line if fits else without_middle(line, MAX_LINE_BYTES // 4)
