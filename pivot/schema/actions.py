"""The actions of a flow, one by one, without recursion."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from pivot.schema.documents import Schema
from pivot.schema.validator import pattern

ACTION = "callflows.action"
Place: TypeAlias = "tuple[Place, str, str] | None"
"""Where an action is: its parent's place, the parent's member and the name in it; None for the first."""
Branch: TypeAlias = tuple[str, Callable[[str], object]]
"""A member that holds actions by name, and a test of the name."""


@dataclass(frozen=True, slots=True)
class ActionDocument:
    """The document of an action, and where it refers to itself."""

    without_children: Schema
    branches: tuple[Branch, ...]

    @classmethod
    def of(cls, document: Schema) -> ActionDocument:
        """The members of an action's schema, with references to other actions taken apart."""
        members = dict(document.get("properties", {}))
        branches = []
        for name, member in list(members.items()):
            for text, inner in member.get("patternProperties", {}).items():
                wanted = pattern(text)
                if inner == {"$ref": ACTION} and wanted is not None:
                    branches.append((name, wanted.search))
                    members[name] = {
                        key: value for key, value in member.items() if key != "patternProperties"
                    }
        return cls({**document, "properties": members}, tuple(branches))


def actions(flow: dict[str, Any], branches: Iterable[Branch]) -> list[tuple[Place, Any]]:
    """Every action with its place: children before their parent, in the order in which they are listed."""
    found: list[tuple[Place, Any]] = []
    pending: list[tuple[Place, Any]] = [(None, flow)]
    while pending:
        place, action = pending.pop()
        found.append((place, action))
        for member, wanted in branches if isinstance(action, dict) else ():
            children = action.get(member)
            if isinstance(children, dict):
                pending.extend(
                    ((place, member, name), child) for name, child in children.items() if wanted(name)
                )
    found.reverse()
    return found


def place_of(place: Place) -> list[str]:
    """The names from the root to the action."""
    names: list[str] = []
    while place is not None:
        place, member, name = place
        names += (name, member)
    names.reverse()
    return names
