"""The schema documents that pivot brings along: the folder `schemas/` of the repository."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeAlias

from jsonschema import Draft3Validator, Draft4Validator, SchemaError

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


def problem_of(document: object) -> str | None:
    """Why a document cannot serve as a schema; None when it can. Without `$schema` it is draft 3."""
    if not isinstance(document, Mapping):
        return f"is {type(document).__name__}, want an object"
    draft = Draft4Validator if "draft-04" in str(document.get("$schema")) else Draft3Validator
    try:
        draft.check_schema(dict(document))
    except SchemaError as error:
        return f"is no schema at {error.json_path}: {error.message[:200]}"
    return None


def reachable(documents: Mapping[str, object], prefix: str) -> set[str]:
    """The ids that begin with `prefix`, and whatever these refer to, directly or not."""
    found: set[str] = set()
    pending = [schema_id for schema_id in documents if schema_id.startswith(prefix)]
    while pending:
        schema_id = pending.pop()
        if schema_id in documents and schema_id not in found:
            found.add(schema_id)
            pending.extend(_references(documents[schema_id]))
    return found


def _references(part: object) -> Iterator[str]:
    pending = [part]
    while pending:
        part = pending.pop()
        if isinstance(part, Mapping):
            if isinstance(part.get("$ref"), str):
                yield part["$ref"].partition("#")[0]
            pending.extend(part.values())
        elif isinstance(part, list):
            pending.extend(part)
