"""Puts the room together from its settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from pivot.debug.couch import Couch
from pivot.debug.couch_store import CouchStore
from pivot.debug.recorder import Recorder
from pivot.debug.settings import DebugSettings
from pivot.debug.spill import open_spill
from pivot.debug.sqlite import SqliteStore
from pivot.debug.store import DebugDocument, Store
from pivot.debug.writer import Counts, Created, Writer, open_writer
from pivot.errors import StoreError

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DebugRoom:
    """What the worker uses of this room; without a store there is only a recorder that records nothing."""

    recorder: Recorder
    store: Store | None = None
    writer: Writer | None = None


@asynccontextmanager
async def open_store(settings: DebugSettings) -> AsyncIterator[Store | None]:
    """The store of these settings, None when it is off. One that is down now may come back later.

    Raises:
        ConfigError: it refuses our password.
    """
    store = _store(settings)
    if store is None:
        yield None
        return
    try:
        try:
            await store.check()
        except StoreError as error:
            log.warning("debug.store_unreachable", reason=str(error))
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def open_debug(
    settings: DebugSettings, node: str, created: Created | None = None
) -> AsyncIterator[DebugRoom]:
    """Store, writer and recorder; on leaving, what waits is written.

    Args:
        settings: the `[debug]` section.
        node: our name in documents, as other Kazoo nodes write theirs: `pivot@host`.
        created: told of new month databases by their plain names.

    Raises:
        ConfigError: the store refuses our password, or the spill folder cannot be used.
    """
    async with open_store(settings) as store:
        if store is None:
            yield DebugRoom(Recorder(settings, node, _forget))
            return
        counts = Counts()
        async with (
            open_spill(settings, store, counts, created) as spill,
            open_writer(store, settings, created, spill.take if spill else None, counts) as writer,
        ):
            yield DebugRoom(Recorder(settings, node, writer.put), store, writer)


def _store(settings: DebugSettings) -> Store | None:
    match settings.store:
        case "couch":
            return CouchStore(Couch(settings.couch_url, timeout_s=settings.couch_timeout_s))
        case "sqlite":
            return SqliteStore(settings.sqlite_path)
        case "off":
            return None


def _forget(document: DebugDocument) -> None:
    """The store is off."""
