"""`pivot debug`: the stored calls at the terminal."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner, Result

from pivot.cli.command_line import app
from pivot.debug.sqlite import SqliteStore
from pivot.debug.store import DebugDocument
from tests.debug.calls import ACCOUNT, failed_call, good_call, recorded, request

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """The commands set logging up for their process, which here is the tests'."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with a good and a failed call."""
    path = tmp_path / "debug.sqlite"
    write(path, recorded(request("good@host", msg_id="m1"), good_call()))
    write(path, recorded(request("bad@host", msg_id="m2"), failed_call()))
    return path


def write(path: Path, documents: list[DebugDocument]) -> None:
    async def run() -> None:
        store = SqliteStore(str(path))
        await store.write(documents)
        await store.close()

    asyncio.run(run())


def environment(path: Path) -> dict[str, str]:
    return {"PIVOT_DEBUG__STORE": "sqlite", "PIVOT_DEBUG__SQLITE_PATH": str(path), "COLUMNS": "160"}


@pytest.fixture
def run(path: Path) -> Run:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["debug", *arguments], env=environment(path))

    return run


def test_the_list_shows_every_call_and_the_search_some(run: Run) -> None:
    """As the API does, in a table or as JSON."""
    table = run("list", "-a", ACCOUNT)
    found = run("list", "outcome:branched", "-a", ACCOUNT, "--json")

    assert table.exit_code == 0
    assert "good@host" in table.stdout
    assert "fetch.refused" in table.stdout
    assert [row["call_id"] for row in json.loads(found.stdout)] == ["bad@host"]


def test_a_search_has_several_words_and_the_account_may_stand_in_the_environment(path: Path) -> None:
    """As README and `--help` say."""
    result = CliRunner().invoke(
        app,
        ["debug", "list", "outcome:branched", "bad@", "--json"],
        env=environment(path) | {"PIVOT_ACCOUNT": ACCOUNT},
    )

    assert result.exit_code == 0, result.output
    assert [row["call_id"] for row in json.loads(result.stdout)] == ["bad@host"]


def test_a_key_that_nobody_knows_is_an_error(run: Run) -> None:
    """It names the known ones, instead of finding nothing."""
    result = run("list", "outcom:ok", "-a", ACCOUNT)

    assert result.exit_code == 1
    assert "want one of the keys code:, outcome:" in result.stderr


def test_a_call_is_shown_as_a_story_as_json_and_as_an_archive(run: Run) -> None:
    """For people, for programs, for browsers."""
    story = run("show", "bad@host", "-a", ACCOUNT)
    told: Any = json.loads(run("show", "bad@host", "-a", ACCOUNT, "--json").stdout)
    archive: Any = json.loads(run("show", "bad@host", "-a", ACCOUNT, "--har").stdout)

    assert "Start the server, or correct the port." in story.stdout
    assert told["runs"][0]["code"] == "fetch.refused"
    assert archive["log"]["entries"][0]["request"]["url"] == "http://example.com/cf"


def test_a_call_that_is_not_there_fails(run: Run) -> None:
    """Scripts can tell."""
    unknown = run("show", "nobody", "-a", ACCOUNT)

    assert unknown.exit_code == 1
    assert "nothing is stored about nobody" in unknown.stdout


def test_everything_found_is_exported_line_by_line(run: Run, tmp_path: Path) -> None:
    """One call, some, or all; to a file or onwards."""
    output = tmp_path / "calls.jsonl"
    result = run("export", "-a", ACCOUNT, "-o", str(output))
    some = run("export", "-a", ACCOUNT, "-q", "outcome:ok")
    one = run("export", "bad@host", "-a", ACCOUNT, "--har")

    assert result.exit_code == 0
    assert "2 calls written" in result.stderr
    exported = [json.loads(line)["call_id"] for line in output.read_text().splitlines()]
    assert sorted(exported) == ["bad@host", "good@host"]
    assert [json.loads(line)["call_id"] for line in some.stdout.splitlines()] == ["good@host"]
    assert [json.loads(line)["log"]["version"] for line in one.stdout.splitlines()] == ["1.2"]
    assert run("export", "nobody", "-a", ACCOUNT).exit_code == 1


def test_a_search_that_means_nothing_is_explained(run: Run) -> None:
    """In one line, without a traceback."""
    result = run("list", "outcome:bad", "-a", ACCOUNT)

    assert result.exit_code == 1
    assert result.stderr.startswith("pivot: outcome: want one of ok, recovered")


def test_a_store_that_is_off_is_said_to_be_so(path: Path) -> None:
    """Not an empty list."""
    result = CliRunner().invoke(
        app, ["debug", "list", "-a", ACCOUNT], env=environment(path) | {"PIVOT_DEBUG__STORE": "off"}
    )

    assert result.exit_code == 1
    assert 'debug.store is "off"' in result.stderr


@pytest.mark.live
def test_the_tail_prints_calls_as_they_end(path: Path) -> None:
    """In a program of its own, ended by Ctrl-C as people end it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pivot", "debug", "tail", "-a", ACCOUNT, "--json"],
        env=os.environ | environment(path) | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        assert "waiting for calls" in process.stderr.readline()
        write(path, recorded(request("new@host", msg_id="m3"), good_call()))
        assert json.loads(process.stdout.readline())["call_id"] == "new@host"
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
    assert process.returncode == 130
