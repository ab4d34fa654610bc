"""Finished sounds on disk, named by what they say.

A name is a keyed hash of everything that makes the sound what it is, so that the same text is synthesised
once, and nobody who knows the text can work out the name: the key lies in the folder and never leaves it.
The folder is bounded: sounds that were not asked for longest go first.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

SUFFIXES: Final = {"audio/wav": ".wav", "audio/mpeg": ".mp3", "audio/ogg": ".ogg"}
"""File name endings by media type; media servers tell the format from them."""
_NAME: Final = re.compile(r"[0-9a-f]{64}(?:\.wav|\.mp3|\.ogg)")
_KEY: Final = ".key"
_PART: Final = ".part"
_FILL: Final = 0.9
"""How much of the permitted bytes is left after tidying."""
_TIDY_AFTER_S: Final = 3600.0
_ABANDONED_S: Final = 3600.0
"""A half-written file that old belongs to nobody."""


class SoundCache:
    """The sounds in one folder, which several workers may share.

    Args:
        folder: made when missing, for this user alone.
        max_bytes: of all sounds together; only while one is being added it may be one sound more.
        max_age_s: a sound that nobody asked for in this time goes.

    Raises:
        OSError: the folder cannot be made, read or written.
    """

    def __init__(self, folder: Path, max_bytes: int, max_age_s: float) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._max_bytes = max_bytes
        self._max_age_s = max_age_s
        self._key = _key(folder)
        self._adding = asyncio.Lock()
        self._tidied_at = 0.0
        self.bytes = 0
        """Of the sounds, as far as this worker knows."""
        self._tidy()

    def name(self, *said: str | None) -> str:
        """The name of a sound: 64 hexadecimal digits."""
        return hmac.new(self._key, json.dumps(said).encode(), hashlib.sha256).hexdigest()

    def path(self, file_name: str) -> Path | None:
        """The file of this name; None for what is no sound's name. It may not exist."""
        return self._folder / file_name if _NAME.fullmatch(file_name) else None

    async def find(self, name: str) -> str | None:
        """The file name of a sound; finding it counts as asking for it."""
        return await asyncio.to_thread(self._find, name)

    async def add(self, name: str, data: bytes, media_type: str) -> str:
        """Keep a sound; gives its file name.

        Raises:
            OSError: it cannot be written.
        """
        file_name = name + SUFFIXES[media_type]
        async with self._adding:
            await asyncio.to_thread(self._add, file_name, data)
        return file_name

    def _find(self, name: str) -> str | None:
        for suffix in SUFFIXES.values():
            path = self._folder / (name + suffix)
            with suppress(FileNotFoundError):
                os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))  # clients compare its date
                return path.name
        return None

    def _add(self, file_name: str, data: bytes) -> None:
        if self.bytes + len(data) > self._max_bytes or time.time() - self._tidied_at > _TIDY_AFTER_S:
            self._tidy(len(data))
        part = self._folder / f"{file_name}.{secrets.token_hex(4)}{_PART}"
        try:
            part.write_bytes(data)
            part.replace(self._folder / file_name)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        self.bytes += len(data)

    def _tidy(self, coming: int = 0) -> None:
        """Remove what is too old, then the least asked for, until what is coming has its place."""
        now = self._tidied_at = time.time()
        left = sorted(self._files())
        total = sum(size for _, size, _ in left)
        limit = self._max_bytes * _FILL - coming if total + coming > self._max_bytes else float("inf")
        for used_at, size, path in left:
            if total <= limit and now - used_at <= self._max_age_s:
                break
            path.unlink(missing_ok=True)
            total -= size
        self.bytes = total

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        """When each sound was last asked for, its bytes, and where it is; half-written ones go."""
        with os.scandir(self._folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    found = entry.stat(follow_symlinks=False)
                    if _NAME.fullmatch(entry.name):
                        yield found.st_atime, found.st_size, self._folder / entry.name
                    elif entry.name.endswith(_PART) and time.time() - found.st_mtime > _ABANDONED_S:
                        Path(entry.path).unlink(missing_ok=True)


def _key(folder: Path) -> bytes:
    """The folder's key; made by whoever comes first."""
    path = folder / _KEY
    fresh = folder / f"{_KEY}.{secrets.token_hex(4)}{_PART}"
    if not path.exists():
        fresh.touch(mode=0o600)
        fresh.write_bytes(secrets.token_bytes(32))
        with suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return path.read_bytes()
