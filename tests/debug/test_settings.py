"""The `[debug]` section."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from pivot.debug.settings import DebugSettings

FILE = Path(__file__).parent.parent.parent / "config" / "pivot.toml"


def test_the_file_holds_every_key_with_its_default() -> None:
    """An operator reads the file, not the code."""
    section = tomllib.loads(FILE.read_text())["debug"]

    assert section | {"redact": tuple(section["redact"])} == asdict(DebugSettings())


def test_defaults_make_sense() -> None:
    """Nothing to complain about."""
    assert list(DebugSettings().problems()) == []


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        (replace(DebugSettings(), queue_documents=0), "queue_documents"),
        (replace(DebugSettings(), batch_bytes=9_000_000), "batch_bytes"),
        (replace(DebugSettings(), max_body_bytes=3_000_000), "max_body_bytes"),
        (replace(DebugSettings(), flush_s=-1.0), "flush_s"),
    ],
)
def test_values_that_cannot_work_are_named(settings: DebugSettings, key: str) -> None:
    """With the key and what is wanted."""
    ((named, message),) = settings.problems()

    assert named == key
    assert message.startswith("is ")
    assert ", want " in message
