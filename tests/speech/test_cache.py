"""Sounds on disk: found again by what they say, bounded, and named by nobody outside."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pivot.speech.cache import SoundCache

DAY_S = 86_400.0
ZEROS = "0" * 64


def age(path: Path, seconds: float) -> None:
    """As if it had not been asked for so long."""
    found = path.stat()
    os.utime(path, (found.st_atime - seconds, found.st_mtime - seconds))


def sounds(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


async def test_a_sound_is_found_again_also_by_the_next_worker(tmp_path: Path) -> None:
    """A restart costs no synthesis."""
    cache = SoundCache(tmp_path, 1_000, DAY_S)
    name = cache.name("engine", "kate", "hello", None)
    assert await cache.find(name) is None

    file_name = await cache.add(name, b"RIFF", "audio/wav")

    again = SoundCache(tmp_path, 1_000, DAY_S)
    assert again.name("engine", "kate", "hello", None) == name
    assert await again.find(name) == file_name == f"{name}.wav"
    assert (tmp_path / file_name).read_bytes() == b"RIFF"


def test_a_name_depends_on_everything_that_is_said(tmp_path: Path) -> None:
    """Two sounds never share a name, wherever one part ends and the next begins."""
    cache = SoundCache(tmp_path, 1_000, DAY_S)
    said = [
        ("a", "b", "c"),
        ("a", "c", "b"),
        ("ab", "c"),
        ("a", "bc"),
        ("a", "b", None, "c"),
        ("a", "b", "c", ""),
    ]

    assert len({cache.name(*each) for each in said}) == len(said)


def test_who_knows_the_text_does_not_know_the_name(tmp_path: Path) -> None:
    """Else anybody could try whether somebody's code was spoken."""
    here, there = (SoundCache(tmp_path / folder, 1_000, DAY_S) for folder in "ab")

    assert here.name("your code is 1234") != there.name("your code is 1234")
    assert (tmp_path / "a" / ".key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "name",
    [
        *("", ".key", "../.key", "/etc/passwd"),
        *(ZEROS, f"{ZEROS}.exe", f"{ZEROS[1:]}.wav", f"{ZEROS}.wav\n", f"{ZEROS}.wav/.."),
        *("A" * 64 + ".wav", f"..{ZEROS[2:]}.wav"),
    ],
)
def test_only_names_of_sounds_lead_to_a_file(tmp_path: Path, name: str) -> None:
    """Neither the key nor anything outside the folder can be named."""
    assert SoundCache(tmp_path, 1_000, DAY_S).path(name) is None


async def test_what_was_not_asked_for_longest_makes_room(tmp_path: Path) -> None:
    """The folder never holds more than it may."""
    cache = SoundCache(tmp_path, 1_000, DAY_S)
    names = [cache.name(text) for text in "abcd"]
    for number, name in enumerate(names[:3]):
        age(tmp_path / await cache.add(name, bytes(300), "audio/wav"), 100.0 - number)
    await cache.find(names[0])  # the oldest is wanted again

    await cache.add(names[3], bytes(300), "audio/wav")

    assert sounds(tmp_path) == {f"{name}.wav" for name in (names[0], names[2], names[3])}
    assert cache.bytes == 900


async def test_a_sound_that_nobody_wants_any_more_goes(tmp_path: Path) -> None:
    """What was said once is not kept for ever."""
    cache = SoundCache(tmp_path, 1_000, DAY_S)
    old, young = [await cache.add(cache.name(text), b"x", "audio/mpeg") for text in "ab"]
    age(tmp_path / old, DAY_S + 60)

    again = SoundCache(tmp_path, 1_000, DAY_S)

    assert sounds(tmp_path) == {young}
    assert again.bytes == 1


async def test_what_a_killed_worker_left_half_written_goes(tmp_path: Path) -> None:
    """And what another one writes just now stays."""
    cache = SoundCache(tmp_path, 1_000, DAY_S)
    left, fresh = (tmp_path / f"{cache.name(text)}.wav.0123.part" for text in "ab")
    for path in (left, fresh):
        path.write_bytes(b"x")
    age(left, 7_200)

    SoundCache(tmp_path, 1_000, DAY_S)

    assert sounds(tmp_path) == {fresh.name}


async def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    """The sound is not there, and neither is a part of it."""
    cache = SoundCache(tmp_path, 1_000, DAY_S)
    (tmp_path / f"{cache.name('a')}.wav").mkdir()  # nothing can be put in its place

    with pytest.raises(OSError, match="directory"):
        await cache.add(cache.name("a"), b"x", "audio/wav")

    assert sounds(tmp_path) == {f"{cache.name('a')}.wav"}
