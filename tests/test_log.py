"""Log lines: complete, in order, and without what a log must not show."""

from __future__ import annotations

import asyncio
import io
import json

import pytest
import structlog

from pivot.log import GatheringLogger, configure


def test_lines_are_json_and_hide_private_values(capsys: pytest.CaptureFixture[str]) -> None:
    """Digits and credentials show their length only."""
    before = structlog.get_config()
    configure("info", "json")
    try:
        structlog.get_logger().warning("room.happened", private_digits="1234", host="h")
    finally:
        structlog.configure(**before)

    text = capsys.readouterr().err
    line = json.loads(text)
    assert (line["event"], line["private_digits"], line["host"]) == ("room.happened", "<4 characters>", "h")
    assert "1234" not in text


async def test_a_warning_brings_everything_before_it() -> None:
    """Gathered lines must not come after what they led to."""
    stream = io.StringIO()
    logger = GatheringLogger(stream)

    logger.info("first")
    assert stream.getvalue() == ""
    logger.warning("second")

    assert stream.getvalue() == "first\nsecond\n"


async def test_gathered_lines_come_by_themselves() -> None:
    """A quiet worker's last line is not kept back."""
    written = asyncio.Event()

    class Stream(io.StringIO):
        def flush(self) -> None:
            written.set()

    stream = Stream()
    GatheringLogger(stream).info("last")

    async with asyncio.timeout(5):
        await written.wait()
    assert stream.getvalue() == "last\n"


def test_outside_an_event_loop_each_line_is_written_at_once() -> None:
    """Nothing would come to write it later."""
    stream = io.StringIO()
    GatheringLogger(stream).info("alone")

    assert stream.getvalue() == "alone\n"
