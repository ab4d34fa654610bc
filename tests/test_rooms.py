"""The rooms know only whom they may know. Each message says how to mend what it found."""

from __future__ import annotations

import pytest

from tests.rooms import PACKAGE, PAGE, circles, imported_names, modules, page_with, picture, rooms

ANYONE = {"codes", "errors", "schema", "pivot"}
"""Every room may import these; `pivot` stands for the modules in the root."""
WIRING = {"app", "bench", "cli", "settings"}
"""These put the rooms together and may import any of them; no room imports these."""
MAY_IMPORT = {
    "model": set[str](),
    "codes": set[str](),
    "schema": {"model"},
    "wire": {"model"},
    "translate": {"model"},
    "execute": {"model", "translate"},
    "meeting": {"model"},
    "pool": {"model", "translate", "execute"},
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
IN_ROOT = {"__init__.py", "__main__.py", "errors.py", "log.py"}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_the_rooms_it_may_know(room: str) -> None:
    """Data flows one way, so each room can be read and tested without the later ones."""
    strangers = rooms()[room] - MAY_IMPORT[room] - ANYONE

    assert not strangers, (
        f"pivot/{room} imports {sorted(strangers)}. Put what it needs into pivot/model, or let the caller"
        " hand it in through a port; when the rule is wrong, change MAY_IMPORT and ARCHITECTURE.md."
    )


@pytest.mark.parametrize("room", sorted(PURE))
def test_a_pure_room_does_no_io(room: str) -> None:
    """The engine runs without a socket, a clock or chance, so every call can be replayed."""
    for path in (PACKAGE / room).rglob("*.py"):
        found = {name.split(".")[0] for name in imported_names(path)} & NO_IO
        assert not found, (
            f"{path.relative_to(PACKAGE.parent)} imports {sorted(found)}. Make what it does a command,"
            " and what comes back an event; the session performs it."
        )


def test_modules_import_each_other_in_no_circle() -> None:
    """Whoever reads a module has read what stands below it."""
    assert circles(modules()) == [], (
        "These modules import each other. Move what both need, mostly plain data, into a module below them."
    )


def test_every_folder_is_a_room() -> None:
    """A new folder must say whom it may know."""
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(MAY_IMPORT) | WIRING, (
        "Add the new folder to MAY_IMPORT here and to ARCHITECTURE.md."
    )


def test_the_root_holds_folders() -> None:
    """A newcomer finds every room from the folder listing."""
    found = {path.name for path in PACKAGE.glob("*.py")}
    assert found == IN_ROOT, f"{sorted(found - IN_ROOT)} belong into one of the rooms: see ARCHITECTURE.md."


def test_the_picture_of_the_rooms_is_current() -> None:
    """Whoever reads the page sees the imports as they are."""
    assert page_with(picture()) == PAGE.read_text(), "Draw it anew: make rooms"
