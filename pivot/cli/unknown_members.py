"""Members of a flow's nodes that callflow never reads: a misspelt `children` loses a whole branch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import get_close_matches

from pivot.model.codes import Code
from pivot.model.documents import MOST_WARNINGS, DocumentWarning, KazooFlow
from pivot.model.json import JsonObject

MEMBERS = ("module", "data", "children")
"""Of a node; source: the schema `callflows.action`."""
_LONGEST = 80
"""Characters of a member's name, and of each name on the way to it, that are shown."""


def unknown_members(document: KazooFlow) -> Iterator[DocumentWarning]:
    """A warning `answer.schema` for each member of a node that has no meaning, `MOST_WARNINGS` at most."""
    told = 0
    for path, node in _nodes(json.loads(document.flow)):
        for name in node:
            if name not in MEMBERS and told < MOST_WARNINGS:
                told += 1
                yield DocumentWarning(Code.ANSWER_SCHEMA, _words(path, name))


def _nodes(flow: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """Every node, parents first, and the path to it as `children.1.children._.`."""
    waiting: list[tuple[str, JsonObject]] = [("", flow)]
    while waiting:
        path, node = waiting.pop()
        yield path, node
        children = node.get("children")
        if isinstance(children, dict):
            named = [(f"{path}children.{name[:_LONGEST]}.", child) for name, child in children.items()]
            waiting += [(where, child) for where, child in reversed(named) if isinstance(child, dict)]


def _words(path: str, name: str) -> str:
    close = get_close_matches(name[:_LONGEST].lower(), MEMBERS, n=1)
    hint = f"; did you mean {close[0]}?" if close else f"; a node has {', '.join(MEMBERS)}"
    return f"{path}{name[:_LONGEST]} is no member of a node and is ignored, with all that is in it{hint}"
