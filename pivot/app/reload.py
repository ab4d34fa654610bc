"""SIGHUP: the settings are read again, and what can change while calls run does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import structlog

from pivot.app.live_settings import LiveSettings
from pivot.errors import ConfigError
from pivot.fetch import settings as fetch_settings
from pivot.log import set_level
from pivot.settings.sections import Settings
from pivot.speech import settings as speech_settings

log = structlog.get_logger()

AT_RUN_TIME: dict[str, frozenset[str]] = {
    "bus": frozenset({"slow_after_s", "drain_s"}),
    "fetch": fetch_settings.AT_RUN_TIME,
    "web": frozenset({"enabled"}),
    "twiml": frozenset(
        {"profile", "accounts", "max_iterations", "apology", "max_xml_depth", "max_xml_nodes"}
        | {"refer", "stream_gateway", "recordings_url"}
    ),
    "speech": speech_settings.AT_RUN_TIME,
    "compat": frozenset({"failures"}),
    "schemas": frozenset({"max_depth", "max_nodes"}),
    "log": frozenset({"level"}),
}
"""Sections and keys that are followed at once; every other key needs a restart."""


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What came of reading the settings again.

    Attributes:
        settings: those to run with: the old ones, with what may change taken from the new.
        changed: keys that are others now.
        waiting: keys that were changed and need a restart.
    """

    settings: Settings
    changed: tuple[str, ...]
    waiting: tuple[str, ...]


def reloaded(running: Settings, read: Settings) -> Reloaded:
    """The settings to run with from now on."""
    changed: list[str] = []
    waiting: list[str] = []
    sections: dict[str, Any] = {}
    for section in fields(running):
        old, new = getattr(running, section.name), getattr(read, section.name)
        taken = {}
        for key in _differing(old, new):
            if key in AT_RUN_TIME.get(section.name, ()):
                taken[key] = getattr(new, key)
                changed.append(f"{section.name}.{key}")
            else:
                waiting.append(f"{section.name}.{key}")
        sections[section.name] = replace(old, **taken)
    return Reloaded(Settings(**sections), tuple(changed), tuple(waiting))


def _differing(old: Any, new: Any) -> Iterator[str]:
    return (each.name for each in fields(old) if getattr(old, each.name) != getattr(new, each.name))


class Reload:
    """What is done at SIGHUP.

    Args:
        force: what calls follow.
        read_again: the settings as files and environment say now.
        set_web: opens or shuts the debug API; returns at once.
    """

    def __init__(
        self, force: LiveSettings, read_again: Callable[[], Settings], set_web: Callable[[bool], None]
    ) -> None:
        self._force = force
        self._read_again = read_again
        self._set_web = set_web

    def __call__(self) -> None:
        """Read and follow; settings that cannot be used change nothing at all."""
        try:
            result = reloaded(self._force.settings, self._read_again())
            self._force.change(settings=result.settings)
        except ConfigError as error:
            log.error("settings.unusable", error=str(error), instead="those in force")
            return
        set_level(result.settings.log.level)
        self._set_web(result.settings.web.enabled)
        log.warning("settings.reloaded", changed=result.changed, need_restart=result.waiting)
