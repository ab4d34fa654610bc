"""Settings that are right one by one and cannot work together, or not on this machine: warnings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from pivot.settings.sections import Settings

UNIT_STOP_S = 60.0
"""`TimeoutStopSec` of `config/pivot.service`: systemd kills the worker then."""


def warnings_about(settings: Settings) -> Iterator[str]:
    """One sentence for each, which names the keys, what happens, and what to do."""
    yield from _about_times(settings)
    yield from _about_ports(settings)
    yield from _about_folders(settings)
    yield from _about_urls(settings)


def _about_times(settings: Settings) -> Iterator[str]:
    bus, fetch, web = settings.bus, settings.fetch, settings.web
    stop_s = bus.drain_s + settings.debug.flush_s
    if stop_s > UNIT_STOP_S:
        yield (
            f"bus.drain_s and debug.flush_s are {stop_s:g} s together, but systemd kills the worker"
            f" {UNIT_STOP_S:g} s after its stop: raise TimeoutStopSec of the unit, or lower them"
        )
    if bus.slow_after_s > fetch.timeout_s:
        yield (
            f"bus.slow_after_s ({bus.slow_after_s:g}) is above fetch.timeout_s ({fetch.timeout_s:g}):"
            " no request counts as slow, so no hang-up cancels one; 0.25 is usual"
        )
    for lower, low, higher, high, effect in (
        (
            "fetch.connect_timeout_s",
            fetch.connect_timeout_s,
            "fetch.timeout_s",
            fetch.timeout_s,
            "the second ends each attempt first",
        ),
        (
            "fetch.dns_timeout_s",
            fetch.dns_timeout_s,
            "fetch.connect_timeout_s",
            fetch.connect_timeout_s,
            "the second ends name and connection first",
        ),
        (
            "web.auth.timeout_s",
            web.auth.timeout_s,
            "web.request_timeout_s",
            web.request_timeout_s,
            "a slow Crossbar ends requests without a reason",
        ),
    ):
        if low > high:
            yield f"{lower} ({low:g}) is above {higher} ({high:g}): {effect}; lower it, or raise the other"


def _about_ports(settings: Settings) -> Iterator[str]:
    web, health = settings.web, settings.health
    if web.enabled and web.auth.mode == "static" and not web.auth.tokens:
        yield 'web.auth.mode is "static", but web.auth.tokens is empty: nobody may read; add a token'
    if web.enabled and health.port and web.port == health.port:
        yield f"web.port and health.port are both {web.port}: only one can open; web.port serves health, too"
    if web.enabled and settings.debug.store == "off":
        yield 'web.enabled is true, but debug.store is "off": nothing can be served, the port stays shut'


def _about_folders(settings: Settings) -> Iterator[str]:
    debug = settings.debug
    if debug.store != "off" and debug.spill_dir:
        yield from _about_folder("debug.spill_dir", Path(debug.spill_dir))
    if debug.store == "sqlite" and debug.sqlite_path != ":memory:":
        yield from _about_folder("the folder of debug.sqlite_path", Path(debug.sqlite_path).absolute().parent)
    if settings.speech.engine and settings.speech.cache_dir:
        yield from _about_folder("speech.cache_dir", Path(settings.speech.cache_dir))


def _about_folder(name: str, folder: Path) -> Iterator[str]:
    above = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not above.is_dir():
        yield f"{name}: {above} is a file, want a folder"
    elif not os.access(above, os.W_OK | os.X_OK):
        yield f"{name}: {above} cannot be written by this user; give {folder} to the worker's user"
    elif above != folder.absolute():
        yield f"{name}: {folder} does not exist; create it and give it to the worker's user"


def _about_urls(settings: Settings) -> Iterator[str]:
    urls = {
        "bus.url": settings.bus.url,
        "fetch.fallback_url": settings.fetch.fallback_url,
        "debug.couch_url": settings.debug.couch_url,
        "kazoo.couch_url": settings.kazoo.couch_url,
        "web.auth.crossbar_url": settings.web.auth.crossbar_url,
        "web.auth.couch_url": settings.web.auth.couch_url,
        "speech.base_url": settings.speech.base_url,
    }
    for name, url in urls.items():
        if any(character.isspace() for character in url):
            yield f"{name} holds a blank: write it without, or as %20"
