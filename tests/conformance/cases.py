"""The conformance cases as data, and when a run fulfils one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CASES = Path(__file__).parents[1] / "vectors" / "twiml" / "cases.json"
MORE_CASES = CASES.with_name("more_cases.json")
"""Our own, in the same format: the neighbours of those."""
FURTHER_CASES = CASES.with_name("further_cases.json")
"""Later ones, in the same format, with their neighbours."""
BASE = "https://app.test"
VOICE_URL = f"{BASE}/voice"
EMPTY = "<Response/>"

Item = dict[str, Any]
"""`op`, and its details."""

OVERRIDES: dict[str, Item] = {
    # Its title asks for a server that wants the credentials, but it names no answers.
    "http-31": {
        "responses": {
            "/voice": {"wants_credentials": "u:p", "twiml": "<Response><Say>Hello</Say></Response>"}
        }
    },
}


@dataclass(frozen=True, eq=False)
class Case:
    """One case: what the servers answer, what the parties do, what must and must not be seen."""

    id: str
    verb: str
    title: str
    script: list[Item]
    responses: Mapping[str, list[Item]]
    """By path or whole URL: the answers to the first, second ... request; the last one repeats."""
    call: Item
    compat: str | None
    order: list[Item]
    never: list[Item] = field(default_factory=list)

    @property
    def voice_url(self) -> str:
        return str(self.call.get("voice_url") or VOICE_URL)

    @property
    def lasts_s(self) -> float:
        """Seconds of the script."""
        return max([0.0, *(float(row["t"] + row.get("dur", 0.0)) for row in self.script)])


def read_cases(path: Path = CASES) -> list[Case]:
    return [_case(row | OVERRIDES.get(row["id"], {})) for row in json.loads(path.read_text())["cases"]]


def _case(row: Item) -> Case:
    responses = {
        key: value if isinstance(value, list) else [value]
        for key, value in (row.get("responses") or {}).items()
    }
    if row.get("twiml") is not None:
        responses.setdefault("/voice", [{"twiml": row["twiml"]}])
    return Case(
        id=row["id"],
        verb=row["verb"],
        title=row["title"],
        script=row.get("script") or [],
        responses=responses,
        call=row.get("call") or {},
        compat=row.get("compat"),
        order=row["expect"]["order"],
        never=row["expect"]["never"],
    )


def objection(case: Case, seen: Sequence[Item]) -> str | None:
    """Why what was seen does not fulfil the case; None when it does.

    `order` is an ordered subsequence of what was seen; callbacks may come any time after their place.
    """
    for unwanted in case.never:
        if any(matches(unwanted, item) for item in seen):
            return f"never: {unwanted}"
    place = callback_place = 0
    for wanted in case.order:
        is_callback = wanted["op"] == "callback"
        begin = max(place, callback_place) if is_callback else place
        found = next((index for index in range(begin, len(seen)) if matches(wanted, seen[index])), None)
        if found is None:
            return f"missing: {wanted}"
        if is_callback:
            callback_place = found + 1
        else:
            place = found + 1
    return None


def matches(wanted: Item, item: Item) -> bool:
    """Whether something seen is what is wanted, by every detail that is named."""
    if wanted["op"] != item["op"]:
        return False
    return all(_detail(name, value, item.get(name)) for name, value in wanted.items() if name != "op")


def _detail(name: str, wanted: Any, found: Any) -> bool:
    if name in ("params", "cookie"):
        return all(_value(value, (found or {}).get(key)) for key, value in wanted.items())
    if name == "code" and isinstance(wanted, list):
        return any(_value(code, found) for code in wanted)
    if name == "language" and isinstance(found, str):  # tags of languages know no case
        return str(wanted).lower() == found.lower()
    if isinstance(wanted, list):
        return isinstance(found, Iterable) and list(wanted) == list(found)
    return _value(wanted, found)


def _value(wanted: Any, found: Any) -> bool:
    if wanted is None:
        return found is None
    if found is None:
        return False
    if wanted == "*":
        return True
    if isinstance(wanted, str) and wanted.startswith("~"):
        return re.search(wanted[1:], str(found)) is not None
    return str(wanted) == str(found)
