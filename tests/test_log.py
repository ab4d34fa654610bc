"""Log lines: complete, in order, and without what a log must not show."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator

import pytest
import structlog

from pivot.log import GatheringLogger, configure


@pytest.fixture(autouse=True)
def _configuration_as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_lines_are_json_and_hide_private_values(capsys: pytest.CaptureFixture[str]) -> None:
    """Digits and credentials show their length only."""
    configure("info", "json")

    structlog.get_logger().warning("room.happened", private_digits="1234", host="h")

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


@pytest.mark.parametrize("filling", ["a", "\x00", "\N{SPEAKER}", "\ud800", '"'])
@pytest.mark.parametrize("keys", [1, 12])
def test_no_line_is_longer_than_8_kB(capsys: pytest.CaptureFixture[str], filling: str, keys: int) -> None:
    """Strangers write error messages; beginning and end of each are kept, however it is escaped."""
    configure("info", "json")
    told = {f"key_{number}": f"begin {filling * 100_000} end" for number in range(keys)}

    structlog.get_logger("long").warning("test.long", code="answer.schema", status=500, **told)

    line = capsys.readouterr().err.splitlines()[-1]
    assert len(line.encode()) <= 8_000
    event = json.loads(line)
    assert event["event"] == "test.long"
    assert event["code"] == "answer.schema"
    assert event["status"] == 500
    assert event["cut"] is True
    assert event["key_0"].startswith("b")
    assert event["key_0"].endswith("d")


def test_a_line_of_usual_length_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is cut, and nothing marked as cut, without need."""
    configure("info", "json")
    message = "m" * 5_000

    structlog.get_logger("usual").warning("test.usual", message=message)

    event = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert event["message"] == message
    assert "cut" not in event


def test_a_long_exception_keeps_its_last_words(capsys: pytest.CaptureFixture[str]) -> None:
    """What went wrong stands at the end of a traceback."""
    configure("info", "json")
    try:
        raise ValueError("x" * 50_000 + " the reason")
    except ValueError:
        structlog.get_logger("long").exception("test.crashed")

    line = capsys.readouterr().err.splitlines()[-1]
    assert len(line.encode()) <= 8_000
    assert json.loads(line)["exception"].endswith("the reason")
