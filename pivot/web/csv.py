"""A list of entries as comma-separated values: nested members become columns, joined with `_`."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence

from pivot.model.json import Json
from pivot.web.json_text import to_bytes

TYPES = ("text/csv", "application/octet-stream", "text/comma-separated-values")
_NUMBER = re.compile(r"[+-][0-9][0-9.,]*\Z")


def wants_csv(accept: str, query: Mapping[str, str]) -> bool:
    """Whether a request asks for CSV; the query beats the header."""
    if "accept" in query:
        return query["accept"] == "csv"
    kinds = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    return any(kind in TYPES for kind in kinds) and "application/json" not in kinds


def to_csv(data: Json) -> str:
    """Header and rows; the columns of all rows in order of appearance. Nothing at all for an empty list."""
    entries = data if isinstance(data, Sequence) and not isinstance(data, str) else [data]
    rows = [dict(_flat(entry)) for entry in entries]
    columns = list(dict.fromkeys(column for row in rows for column in row))
    if not columns:
        return ""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_harmless(column) for column in columns)
    writer.writerows([row.get(column, "") for column in columns] for row in rows)
    return text.getvalue()


def _flat(value: Json, path: tuple[str, ...] = ()) -> Iterable[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _flat(item, (*path, name))
    else:
        yield "_".join(path), _cell(value)


def _cell(value: Json) -> str:
    if value is None:
        return ""
    return _harmless(value) if isinstance(value, str) else to_bytes(value).decode()


def _harmless(text: str) -> str:
    """A caller's name may be a formula, and spreadsheets compute; an apostrophe makes it text."""
    is_formula = text.startswith(("=", "@", "\t", "\r")) or (
        text.startswith(("+", "-")) and not _NUMBER.match(text)
    )
    return "'" + text if is_formula else text


def file_name(wanted: str | None, request_id: str) -> str:
    """The name under which a browser stores the file: letters, digits, dot, dash and underscore only."""
    name = re.sub(r"[^A-Za-z0-9._-]", "_", wanted or "")[:100].lstrip(".")
    return name or f"{re.sub(r'[^A-Za-z0-9-]', '_', request_id)}.csv"
