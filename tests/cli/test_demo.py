"""The first thing that a newcomer sees works, and says where to look next."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog
from typer.testing import CliRunner

from pivot.cli.command_line import app


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """The command sets up logging for its own process, which here is everybody's."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_the_demo_tells_three_calls_and_where_to_look_next() -> None:
    """A flow, a menu whose caller presses a key, and a mistake that is named."""
    result = CliRunner().invoke(app, ["demo"])

    assert result.exit_code == 0, result.output
    endings = [line for line in result.stdout.splitlines() if line.startswith("ended ")]
    assert [line.split()[1] for line in endings] == ["ok", "ok", "branched"]
    assert "answer.schema" in endings[2]
    assert "We are open from nine to five." in result.stdout
    assert "Where to look next" in result.stdout
