"""The schema documents that pivot brings along: the folder `schemas/` of the repository."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeAlias

Schema: TypeAlias = Mapping[str, Any]
"""A JSON Schema, or a part of one. What it may hold is the standard's matter, hence Any."""


def folder() -> Traversable:
    """Where the documents lie: inside the package when installed, beside it in a checkout."""
    installed = files("pivot") / "schemas"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "schemas"


@cache
def bundled_documents() -> Mapping[str, Schema]:
    """All documents by id, which is the file's name without `.json`."""
    found = (entry for entry in folder().iterdir() if entry.name.endswith(".json"))
    return {entry.name.removesuffix(".json"): json.loads(entry.read_text("utf-8")) for entry in found}
