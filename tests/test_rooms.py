"""The rooms know only whom they may know."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "pivot"
ANYONE = {"codes", "errors", "schema"}
WIRING = {"app", "bench", "cli", "settings"}
"""These put the rooms together and may import any; no room imports them."""

MAY_IMPORT = {
    "model": set[str](),
    "codes": set[str](),
    "schema": {"model"},
    "wire": {"model"},
    "translate": {"model"},
    "execute": {"model", "translate"},
    "meeting": {"model"},
    "session": {"model", "execute", "meeting"},
    "bus": {"model", "wire"},
    "fetch": {"model"},
    "debug": {"model"},
    "cluster": {"model", "debug"},
    "speech": {"model"},
    "web": {"model", "debug"},
    "sim": {"model", "wire", "execute", "meeting", "session", "bus"},
}
PURE = {"model", "wire", "translate", "execute"}
NO_IO = {
    "asyncio",
    "aiohttp",
    "aio_pika",
    "couchdb3",
    "socket",
    "time",
    "datetime",
    "random",
    "secrets",
    "structlog",
}


def imports(path: Path) -> set[str]:
    """Every module that a file imports, type-checking blocks included."""
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def rooms_known_to(room: str) -> set[str]:
    """The other parts of pivot that a room's files import."""
    known = set[str]()
    for path in (PACKAGE / room).rglob("*.py"):
        known |= {
            name.split(".")[1] for name in imports(path) if name.startswith("pivot.") and name.count(".") >= 1
        }
    return known - {room, "__version__"}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_the_rooms_it_may_know(room: str) -> None:
    """Data flows one way, so each room can be read and tested without the later ones."""
    assert rooms_known_to(room) <= MAY_IMPORT[room] | ANYONE


@pytest.mark.parametrize("room", sorted(PURE))
def test_a_pure_room_does_no_io(room: str) -> None:
    """The engine runs without a socket, a clock or chance, so every call can be replayed."""
    for path in (PACKAGE / room).rglob("*.py"):
        tops = {name.split(".")[0] for name in imports(path)}
        assert tops.isdisjoint(NO_IO), path


def test_every_folder_is_a_room() -> None:
    """A new folder must say whom it may know."""
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(MAY_IMPORT) | WIRING


def test_the_root_holds_folders() -> None:
    """A newcomer finds every room from the folder listing; a new module belongs to one of them."""
    assert {path.name for path in PACKAGE.glob("*.py")} == {
        "__init__.py",
        "__main__.py",
        "errors.py",
        "log.py",
    }
