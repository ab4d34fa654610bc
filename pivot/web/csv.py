"""A list of entries as comma-separated values: nested members become columns, joined with `_`."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence

from pivot.model.json import Json
from pivot.web.json_text import to_bytes

TYPES = ("text/csv", "application/octet-stream", "text/comma-separated-values")
_NUMBER = re.compile(r"[+-][0-9][0-9.,]*\Z", re.ASCII)
_FORMULA = "=+@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b\u2212\u207a\u207b\u207c\u208a\u208b\u208c-"
"""Signs that begin a formula, and those that a spreadsheet may take for them: full-width, small, raised."""
_BLANKS = r"\s\x00-\x1f\x7f-\xa0\xad\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff"
_ENDS = r",;|\"'\t\r\n\v\f\x1c-\x1f\x85\u2028\u2029"
_BETWEEN = re.compile(rf"\A[{_BLANKS}]*|[{_ENDS}{_BLANKS}]+")
_END = re.compile(rf"[{_ENDS}]")


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
    if isinstance(value, str):
        return _harmless(value)
    text = to_bytes(value).decode()
    return text if isinstance(value, int | float) else _harmless(text)


def _harmless(text: str) -> str:
    """A caller's name may be a formula, and spreadsheets compute; an apostrophe makes it text.

    Which separator and which quotes a spreadsheet uses is its user's setting. So whatever could be one
    begins a cell: commas, semicolons, bars, tabs, line ends, quotes and blanks. A sign between two blanks
    is left alone; a number stays a number when it is all of a cell. Takes time linear in the text.
    """
    if _NUMBER.match(text):
        return text
    harmless = _BETWEEN.sub(_marked, text)
    return "'" + harmless if harmless.startswith(("\t", "\r", "\n")) else harmless


def _marked(between: re.Match[str]) -> str:
    """What stands between two cells, with an apostrophe when the second begins as a formula does."""
    after = between.string[between.end() : between.end() + 2]
    if not after or after[0] not in _FORMULA:
        return between[0]
    is_certain = between.start() == 0 or _END.search(between[0]) is not None
    return between[0] + "'" if is_certain or after[1:].strip() else between[0]


def file_name(wanted: str | None, request_id: str) -> str:
    """The name under which a browser stores the file: letters, digits, dot, dash and underscore only."""
    name = re.sub(r"[^A-Za-z0-9._-]", "_", wanted or "")[:100].lstrip(".")
    return name or f"{re.sub(r'[^A-Za-z0-9-]', '_', request_id)}.csv"
