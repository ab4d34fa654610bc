"""Developers hear their documents before any caller does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from pivot.cli.command_line import app
from pivot.cli.simulate import Script, seconds
from pivot.errors import ConfigError

RUN = CliRunner()


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """The commands set up logging for their own process, which here is everybody's."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A menu, and what its choice leads to."""
    (tmp_path / "menu.xml").write_text(
        "<Response><Gather numDigits='2' action='chosen'><Say>Two keys</Say></Gather>"
        "<Say>None</Say></Response>"
    )
    (tmp_path / "chosen.xml").write_text("<Response><Say>Thank you</Say></Response>")
    (tmp_path / "broken.xml").write_text("<Response>\n<Say>")
    (tmp_path / "flow.json").write_text('{"module": "tts", "data": {}}')
    return tmp_path


def told(*arguments: str) -> list[tuple[float, str, str]]:
    """What `pivot simulate --json` tells, parameters of requests left out."""
    result = RUN.invoke(app, ["simulate", "--json", *arguments])
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    return [(row["at_s"], row["what"], row["text"]) for row in rows]


def test_a_scripted_caller_chooses_from_a_menu(folder: Path) -> None:
    """Two documents, seven virtual seconds, no waiting; the switch takes 20 ms from a command to the next."""
    assert told(str(folder / "menu.xml"), "--press", "42") == [
        (0.0, "request", "POST http://document.invalid/menu.xml"),
        (0.0, "answered", "200, 102 bytes"),
        (0.0, "answer", ""),
        (0.02, "say", "Two keys male en-us"),
        (1.0, "stop_media", ""),
        (2.0, "request", "POST http://document.invalid/chosen"),
        (2.0, "answered", "200, 41 bytes"),
        (2.0, "say", "Thank you male en-us"),
        (4.02, "hangup", ""),
        (4.032, "end", "ok"),
    ]


def test_a_silent_caller_hears_the_rest(folder: Path) -> None:
    """Nobody presses anything within five seconds."""
    said = [text for _, what, text in told(str(folder / "menu.xml"), "--say-nothing") if what == "say"]

    assert said == ["Two keys male en-us", "None male en-us"]


def test_a_caller_hangs_up(folder: Path) -> None:
    """In the middle of the prompt."""
    rows = told(str(folder / "menu.xml"), "--hangup-after", "1500ms")

    assert rows[-2:] == [(1.5, "caller_gone", ""), (1.512, "end", "ok")]


def test_the_exit_status_tells_how_the_call_went(folder: Path) -> None:
    """0: as the document says; 1: it failed; 2: the command was wrong."""
    (folder / "lost.xml").write_text("<Response><Redirect>nowhere</Redirect></Response>")
    documents = ("menu.xml", "broken.xml", "flow.json", "lost.xml", "missing.xml")

    statuses = {
        name: RUN.invoke(app, ["simulate", "--say-nothing", str(folder / name)]).exit_code
        for name in documents
    }

    assert statuses == {"menu.xml": 0, "broken.xml": 1, "flow.json": 1, "lost.xml": 1, "missing.xml": 2}


@pytest.mark.parametrize(
    ("press", "named"), [("12x4", '"x" is no key'), ("1,a 1,", '",", "a", " " are no keys'), ("W", '"W"')]
)
def test_what_is_no_key_is_refused_by_name(folder: Path, press: str, named: str) -> None:
    """Before any call begins."""
    result = RUN.invoke(app, ["simulate", str(folder / "menu.xml"), "--press", press])

    assert (result.exit_code, result.stdout) == (2, "")
    assert named in result.stderr


def test_w_waits_half_a_second() -> None:
    """It is no key of its own."""
    pressed = [(row["t"], row["digits"]) for row in Script("1ww#wD").rows()]

    assert pressed == [(1.0, "1"), (3.0, "#"), (4.5, "D")]


@pytest.mark.parametrize(("text", "value"), [("3s", 3.0), ("3", 3.0), ("500ms", 0.5), ("0.5", 0.5)])
def test_times_have_units(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["soon", "", "-1s", "nan", "inf"])
def test_a_time_that_is_none_is_named(text: str) -> None:
    with pytest.raises(ConfigError, match=f'"{text}" is no time'):
        seconds(text)
