"""Tokens from the settings, each for some accounts. Only their SHA-256 is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from pivot.web.auth.credentials import Credentials, Kind
from pivot.web.errors import forbidden, no_credentials

EVERY_ACCOUNT = "*"


def digest(token: str) -> str:
    """What the settings hold of a token. Tokens are long and random, so a plain hash keeps them secret."""
    return hashlib.sha256(token.encode()).hexdigest()


class StaticAuthenticator:
    """Looks tokens up by their hash, which leaks no time about any stored one."""

    def __init__(self, accounts_by_digest: Mapping[str, tuple[str, ...]]) -> None:
        self._accounts = {key: frozenset(accounts) for key, accounts in accounts_by_digest.items()}

    async def authorize(self, credentials: Credentials, account_id: str) -> None:
        """Compare the token's hash with the settings; raise ApiError on refusal."""
        if credentials.kind not in (Kind.TOKEN, Kind.BEARER):
            raise no_credentials()
        accounts = self._accounts.get(digest(credentials.text))
        if accounts is None:
            raise no_credentials()
        if accounts.isdisjoint((account_id, EVERY_ACCOUNT)):
            raise forbidden()

    async def close(self) -> None:
        """Do nothing: nothing is open."""
        return None
