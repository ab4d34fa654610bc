"""The package's structure from its imports: rooms, floors, circles, the picture in `ARCHITECTURE.md`.

`python -m tests.rooms` draws the picture anew (`make rooms`).
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "pivot"
PAGE = ROOT / "ARCHITECTURE.md"
BEGIN = "<!-- rooms: drawn by `make rooms` from the imports -->"
END = "<!-- rooms: end -->"

Graph = Mapping[str, frozenset[str]]
"""What each module, or each room, imports."""


def imported_names(path: Path) -> set[str]:
    """Every name that a file imports, with its module in front; type-checking blocks included."""
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


@cache
def modules() -> Graph:
    """The modules of `pivot`, and which others of them each one imports."""
    paths = {_module_name(path): path for path in PACKAGE.rglob("*.py")}
    return {name: _imported_modules(path, set(paths)) - {name} for name, path in paths.items()}


def rooms() -> Graph:
    """The rooms, and which other rooms each one imports. Modules in the root are `pivot` itself."""
    found: dict[str, set[str]] = {}
    for module, others in modules().items():
        room = room_of(module)
        found.setdefault(room, set()).update(room_of(other) for other in others)
    return {room: frozenset(others - {room}) for room, others in found.items()}


def room_of(module: str) -> str:
    """`pivot.bus.inbox` is of the room `bus`; `pivot.log` is of `pivot`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and (PACKAGE / parts[1]).is_dir() else "pivot"


def circles(graph: Graph) -> list[list[str]]:
    """Groups that import each other, directly or not; each sorted."""
    reach = {name: _reachable(graph, name) for name in graph}
    groups = {frozenset(other for other in reach[name] if name in reach[other]) for name in graph}
    return sorted(sorted(group) for group in groups if group)


def floors(graph: Graph) -> list[list[str]]:
    """The rooms from the ground up: each stands above all rooms that it imports."""
    level: dict[str, int] = {}

    def floor_of(room: str) -> int:
        if room not in level:
            level[room] = 1 + max((floor_of(other) for other in graph[room]), default=-1)
        return level[room]

    for room in graph:
        floor_of(room)
    return [
        sorted(room for room in graph if level[room] == floor) for floor in range(max(level.values()) + 1)
    ]


def picture() -> str:
    """The rooms on their floors, as Markdown; each line says whom a room imports."""
    graph = {room: others - {"pivot"} for room, others in rooms().items() if room != "pivot"}
    lines = ["    floor  room        imports", ""]
    for number, floor in reversed(list(enumerate(floors(graph)))):
        for room in floor:
            lines.append(f"    {number:>5}  {room:<10}  {', '.join(sorted(graph[room]))}".rstrip())
    return "\n".join(lines)


def page_with(drawn: str) -> str:
    """The page with this picture between its marks.

    Raises:
        ValueError: the page has no marks.
    """
    before, begin, rest = PAGE.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{PAGE.name} has no place for the picture: want {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{drawn}\n\n{END}{after}"


def _module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _imported_modules(path: Path, known: set[str]) -> frozenset[str]:
    """`from pivot.bus import inbox` is an import of `pivot.bus.inbox` and none of `pivot.bus`."""
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & known
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found |= {whole if whole in known else node.module} & known
    return frozenset(found)


def _reachable(graph: Graph, start: str) -> set[str]:
    found, pending = set[str](), list(graph[start])
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending.extend(graph[name])
    return found


if __name__ == "__main__":
    PAGE.write_text(page_with(picture()))
    print(f"{PAGE.name}: the picture of the rooms is current")
