"""What the API asks about a client, and what the answers stand on."""

from __future__ import annotations

from typing import Protocol

from pivot.model.json import JsonObject
from pivot.web.auth.credentials import Credentials


class Authenticator(Protocol):
    """Decides about one request."""

    async def authorize(self, credentials: Credentials, account_id: str) -> None:
        """Returns when the client may read the account.

        Raises:
            ApiError: 401, 403, 404 or 503, in Crossbar's words. An unknown account is 404 before any
                credentials are looked at, as in Crossbar.
        """

    async def close(self) -> None:
        """Release connections."""


class DocumentReader(Protocol):
    """Reads documents of the cluster's databases, which are named plainly: `account/a1/b2/c3…`.

    Both raise `StoreError` when the databases cannot be reached.
    """

    async def document(self, database: str, document_id: str) -> JsonObject | None:
        """A document by database and id, or None when it is missing."""

    async def attachment(self, database: str, document_id: str, name: str) -> bytes | None:
        """An attachment's bytes, or None when it is missing."""

    async def close(self) -> None:
        """Release connections."""
