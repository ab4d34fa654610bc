"""All ports and settings that a session needs, in one value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pivot.meeting.local import LocalMeetings
from pivot.session.notice_order import NoticeOrder
from pivot.session.ports import (
    Bus,
    Fetcher,
    Meetings,
    NoPhones,
    NoSpeech,
    NoTranslator,
    Ownership,
    Phones,
    Speech,
    Translator,
)


@dataclass(frozen=True, slots=True)
class World:
    """The ports of `ports.py`, and a clock."""

    bus: Bus
    fetcher: Fetcher
    ownership: Ownership
    now: Callable[[], float]
    """Wall-clock seconds since 1970; due times are kept in it, so that another machine can go on."""
    meetings: Meetings = field(default_factory=LocalMeetings)
    phones: Phones = field(default_factory=NoPhones)
    speech: Speech = field(default_factory=NoSpeech)
    translator: Translator = field(default_factory=NoTranslator)
    notice_order: NoticeOrder = field(default_factory=NoticeOrder)
