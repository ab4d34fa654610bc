"""The cluster's own schemas, database `system_schemas`, over those that pivot brings along."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from pivot.debug.couch import Couch
from pivot.schema import Schemas
from pivot.schema.documents import Schema
from pivot.schema.urls import KAZOOS_OWN, Blacklist

log = structlog.get_logger()

DATABASE = "system_schemas"


class Library:
    """The schemas in force. What they need is made in a thread, so that no call waits for it."""

    def __init__(self) -> None:
        self._documents: Mapping[str, Schema] = {}
        self._blacklist: Blacklist = KAZOOS_OWN
        self._named: set[str] = set()
        self._changing = asyncio.Lock()
        self.schemas = Schemas.bundled()

    async def read(self, couch: Couch) -> bool:
        """Take the cluster's documents; whether anything is new.

        Raises:
            StoreError: they cannot be read; what is in force stays.
        """
        rows = await couch.all_documents(DATABASE)
        documents = {
            str(row["id"]): document
            for row in rows
            if isinstance(document := row.get("doc"), dict) and not str(row["id"]).startswith("_design/")
        }
        return await self._take(documents, self._blacklist)

    async def deny(self, blacklist: Blacklist) -> bool:
        """Other hosts may not stand in URLs; whether anything is new."""
        return await self._take(self._documents, blacklist)

    async def _take(self, documents: Mapping[str, Schema], blacklist: Blacklist) -> bool:
        async with self._changing:
            if documents == self._documents and blacklist == self._blacklist:
                return False
            self.schemas = await asyncio.to_thread(_compiled, documents, blacklist)
            self._documents, self._blacklist = documents, blacklist
        for problem in self.schemas.problems:
            if problem not in self._named:
                self._named.add(problem)
                log.warning("cluster.schema_unusable", problem=problem, instead="the one that pivot brings")
        return True


def _compiled(documents: Mapping[str, Schema], blacklist: Blacklist) -> Schemas:
    return Schemas.bundled().with_documents(documents).with_blacklist(blacklist).prepare()
