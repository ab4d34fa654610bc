"""Names of accounts' databases and their months, as Kazoo spells them.

Source: kzs_util.erl, format_account_id, format_account_mod_id; kz_types.hrl.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

GREGORIAN_UNIX_S = 62_167_219_200
"""Seconds from the year 0 to 1970, as Erlang counts them."""

_ACCOUNT = re.compile(r"[0-9a-z]{32}")
_MONTH = re.compile(r"[0-9]{4}(0[1-9]|1[0-2])")


def is_account_id(value: str | None) -> bool:
    """Can this be an account's id? Kazoo makes 32 hex digits; like Kazoo we do not insist on hex."""
    return value is not None and _ACCOUNT.fullmatch(value) is not None


def is_month(value: str) -> bool:
    """True for a month as databases are named, `YYYYMM`."""
    return _MONTH.fullmatch(value) is not None


def month_of(when_s: float) -> str:
    """The UTC month of a Unix time: `202611`."""
    when = datetime.fromtimestamp(when_s, UTC)
    return f"{when.year:04}{when.month:02}"


def account_database(account_id: str) -> str:
    """The account's own database: `account/a1/b2/c3…`."""
    return f"account/{account_id[:2]}/{account_id[2:4]}/{account_id[4:]}"


def month_database(account_id: str, month: str) -> str:
    """The account's database of a month: `account/a1/b2/c3…-202611`."""
    return f"{account_database(account_id)}-{month}"


def encoded(database: str) -> str:
    """As it stands in `pvt_account_db`, in bus messages and in URLs: `account%2Fa1%2Fb2%2Fc3…-202611`."""
    return database.replace("/", "%2F")
