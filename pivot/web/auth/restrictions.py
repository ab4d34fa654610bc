"""What an administrator forbade some tokens, by the way they were made.

Restrictions are looked for in the caller's account, then in the cluster's settings; most clusters have
none. Where there are some, a request passes only when a rule says so.

Source: cb_token_restrictions.erl, crossbar_util.erl; storage_and_api 4.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pivot.debug.names import account_database
from pivot.web.auth.ports import DocumentReader

ENDPOINT = "pivot"
ARGUMENTS = ("debug",)


async def restrictions_allow(
    reader: DocumentReader, claims: Mapping[str, Any], caller_id: str, account_id: str
) -> bool:
    """Whether a token of `caller_id` may read the pivot endpoint of `account_id`."""
    method = str(claims.get("method", ""))
    database = account_database(caller_id)
    own = await reader.document(database, "token_restrictions") or {}
    found = _choose(own.get("restrictions"), method)
    if found is None:
        cluster = await reader.document("system_config", "crossbar.token_restrictions") or {}
        found = _choose(cluster.get("default"), method)
    if found is None:
        return True
    level = await _priv_level(reader, database, claims)
    entries = _choose(_choose(found, level), ENDPOINT)
    return _allowed(entries, caller_id, account_id)


async def _priv_level(reader: DocumentReader, database: str, claims: Mapping[str, Any]) -> str:
    owner_id = claims.get("owner_id")
    if not isinstance(owner_id, str):
        return "admin"
    user = await reader.document(database, owner_id) or {}
    return str(user.get("priv_level", "user"))


def _choose(choices: object, name: str) -> Any:
    if not isinstance(choices, Mapping):
        return None
    return choices.get(name, choices.get("_"))


def _allowed(entries: object, caller_id: str, account_id: str) -> bool:
    if not isinstance(entries, list | tuple):
        return False
    for entry in entries:
        if isinstance(entry, Mapping) and _names(entry.get("allowed_accounts"), caller_id, account_id):
            rules = entry.get("rules")
            return isinstance(rules, Mapping) and any(
                _matches(pattern) and _lets_read(verbs) for pattern, verbs in rules.items()
            )
    return False


def _names(accounts: object, caller_id: str, account_id: str) -> bool:
    if accounts is None:
        return True
    if not isinstance(accounts, list | tuple):
        return False
    own = "{AUTH_ACCOUNT_ID}" if caller_id == account_id else "{DESCENDANT_ACCOUNT_ID}"
    return not {"_", own, account_id}.isdisjoint(str(account) for account in accounts)


def _matches(pattern: str) -> bool:
    parts = [part for part in pattern.split("/") if part]
    if parts[-1:] == ["#"]:
        return _fits(parts[:-1], ARGUMENTS[: len(parts) - 1])
    return _fits(parts, ARGUMENTS)


def _fits(parts: list[str], arguments: tuple[str, ...]) -> bool:
    return len(parts) == len(arguments) and all(
        part in ("*", argument) for part, argument in zip(parts, arguments, strict=True)
    )


def _lets_read(verbs: object) -> bool:
    return isinstance(verbs, list | tuple) and not {"_", "get", "GET"}.isdisjoint(map(str, verbs))
