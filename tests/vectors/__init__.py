"""Recorded behaviour as data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent


def vectors(path: str) -> Any:
    """The decoded file, order of members kept."""
    return json.loads((_FOLDER / path).read_text())
