"""Dates of cookies, which servers write in many ways. Source: RFC 6265, section 5.1.1."""

from __future__ import annotations

import calendar
import re

_DELIMITERS = re.compile(r"[\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[^0-9].*)?", re.DOTALL)
_DAY = re.compile(r"([0-9]{1,2})(?:[^0-9].*)?", re.DOTALL)
_YEAR = re.compile(r"([0-9]{2,4})(?:[^0-9].*)?", re.DOTALL)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FIRST_YEAR = 1601


def cookie_date(text: str) -> float | None:
    """Seconds since 1970 of a date, UTC whatever zone it names; None: it is none."""
    time: tuple[int, ...] = ()
    day = month = year = None
    for token in _DELIMITERS.split(text):
        if not time and (found := _TIME.fullmatch(token)):
            time = tuple(int(part) for part in found.groups())
        elif day is None and (found := _DAY.fullmatch(token)):
            day = int(found[1])
        elif month is None and token[:3].lower() in _MONTHS:
            month = _MONTHS.index(token[:3].lower()) + 1
        elif year is None and (found := _YEAR.fullmatch(token)):
            year = _full_year(int(found[1]))
    if not time or day is None or month is None or year is None:
        return None
    return _seconds(year, month, day, *time)


def _full_year(written: int) -> int:
    if written < 70:
        return written + 2000
    return written + 1900 if written < 100 else written


def _seconds(year: int, month: int, day: int, hour: int, minute: int, second: int) -> float | None:
    if year < _FIRST_YEAR or not 1 <= day <= calendar.monthrange(year, month)[1]:
        return None
    if hour > 23 or minute > 59 or second > 59:
        return None
    return float(calendar.timegm((year, month, day, hour, minute, second)))
