"""What `pivot check` is given: files, folders, URLs and standard input, each as the answer of a server."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from pivot.errors import ConfigError
from pivot.model.fetch import Answer

TYPES = {".xml": "text/xml", ".twiml": "text/xml", ".json": "application/json"}
STDIN = "-"
_BEFORE_JSON = b"\xef\xbb\xbf \t\r\n"


def is_url(target: str) -> bool:
    """True for an http or https URL; anything else is a file."""
    return target.startswith(("http://", "https://"))


def read_file(path: Path) -> Answer:
    """A file as if a server had answered with it; its name tells the content type.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        body = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}; name a file or a URL") from error
    url = path.as_uri() if path.is_absolute() else str(path)
    return _answer(body, TYPES.get(path.suffix.lower()), url)


def read_stdin() -> Answer:
    """Standard input as if a server had answered with it; the first character tells JSON from XML.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        body = sys.stdin.buffer.read()
    except OSError as error:
        raise ConfigError(f"standard input cannot be read: {error.strerror}") from error
    is_json = body.lstrip(_BEFORE_JSON)[:1] in (b"{", b"[")
    return _answer(body, TYPES[".json" if is_json else ".xml"], STDIN)


def documents_in(folder: Path) -> Iterator[Path]:
    """The documents of a folder and of the folders in it, by name; hidden ones are left out.

    Raises:
        ConfigError: a folder cannot be read, or there is no document in it.
    """
    found = False
    for above, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in TYPES:
                found = True
                yield Path(above, name)
    if not found:
        raise ConfigError(f"{folder} holds no document; their names end in {', '.join(TYPES)}")


def _refuse(error: OSError) -> None:
    raise ConfigError(f"{error.filename} cannot be read: {error.strerror}") from error


def _answer(body: bytes, content_type: str | None, url: str) -> Answer:
    headers = (("Content-Type", content_type),) if content_type else ()
    return Answer(200, headers, body, url)
