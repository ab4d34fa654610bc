"""Puts the room together: what is read, when, and who is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import structlog

from pivot.cluster import system_config
from pivot.cluster import system_schemas as library
from pivot.cluster.owners import CouchOwners
from pivot.cluster.phones import CouchPhones
from pivot.cluster.refreshing import Pauses, Refreshed
from pivot.cluster.system_config import Figures, SystemConfig, figures_of
from pivot.cluster.system_schemas import Library
from pivot.debug.couch import Couch, MissingDatabaseError
from pivot.schema import Schemas
from pivot.schema.urls import KAZOOS_OWN, Blacklist

log = structlog.get_logger()

_START_S = 2.0
"""Starting waits so long for the first readings; a cluster that is down must not keep calls waiting."""
_CLOSE_S = 1.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the cluster is read.

    Attributes:
        couch_url: with user and password.
        node: our name, under which settings may stand.
        zone: of ours.
        settings: whether `system_config` is.
        schemas: whether `system_schemas` are.
        accounts: whether accounts' databases are: devices' owners, and phones for Dial.
    """

    couch_url: str
    node: str
    zone: str
    settings: bool = False
    schemas: bool = False
    accounts: bool = False
    timeout_s: float = 10.0
    pauses: Pauses = field(default_factory=Pauses)


class Cluster:
    """What is known of the cluster now.

    Args:
        changed: told when `figures` or `schemas` are others; returns at once.
    """

    def __init__(self, wanted: Wanted, couch: Couch, changed: Callable[[Cluster], None]) -> None:
        self._wanted = wanted
        self._couch = couch
        self._changed = changed
        self._library = Library()
        self._named: set[str] = set()
        self.figures = Figures()
        self.owners: CouchOwners | None = None
        self.phones: CouchPhones | None = None
        self.kept: dict[str, Refreshed] = {}
        if wanted.accounts:
            now = asyncio.get_running_loop().time
            self.owners = CouchOwners(couch, now)
            self.phones = CouchPhones(couch, now)
        if wanted.settings:
            database = system_config.DATABASE
            self.kept[database] = Refreshed(database, self._read_settings, wanted.pauses)
        if wanted.schemas:
            database = library.DATABASE
            self.kept[database] = Refreshed(database, self._read_schemas, wanted.pauses)

    @property
    def schemas(self) -> Schemas:
        """The schemas in force now: the cluster's over pivot's own."""
        return self._library.schemas

    @property
    def watched(self) -> Mapping[str, Callable[[], None]]:
        """By database: whom the bus shall tell of changes."""
        return {database: kept.changed for database, kept in self.kept.items()}

    async def _read_settings(self) -> None:
        wanted = self._wanted
        documents = {}
        for category in system_config.CATEGORIES:
            with suppress(MissingDatabaseError):
                document = await self._couch.read_document(system_config.DATABASE, category)
                documents[category] = document or {}
        figures = figures_of(SystemConfig(documents, wanted.node, wanted.zone))
        self._name_problems(figures)
        if figures != self.figures:
            await self._library.deny(_blacklist(figures))
            self.figures = figures
            log.info("cluster.settings_read", request_timeout_s=figures.request_timeout_s)
            self._changed(self)

    async def _read_schemas(self) -> None:
        if await self._library.read(self._couch):
            log.info("cluster.schemas_read", documents=len(self.schemas.documents))
            self._changed(self)

    def _name_problems(self, figures: Figures) -> None:
        for problem in figures.problems:
            if problem not in self._named:
                self._named.add(problem)
                log.warning("cluster.setting_unusable", problem=problem, instead="pivot's own")


@asynccontextmanager
async def open_cluster(wanted: Wanted, changed: Callable[[Cluster], None]) -> AsyncIterator[Cluster]:
    """The cluster, read once if it can be, and again whenever it may have changed.

    Raises:
        ConfigError: the URL is none of CouchDB's.
    """
    couch = Couch(wanted.couch_url, timeout_s=wanted.timeout_s)
    cluster = Cluster(wanted, couch, changed)
    tasks = [asyncio.create_task(kept.keep(), name=f"keeping {name}") for name, kept in cluster.kept.items()]
    try:
        tried = [asyncio.ensure_future(kept.tried.wait()) for kept in cluster.kept.values()]
        if tried:
            _, late = await asyncio.wait(tried, timeout=_START_S)
            for waiting in late:
                waiting.cancel()
        yield cluster
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_CLOSE_S)
        for reader in (cluster.owners, cluster.phones):
            if reader is not None:
                await reader.close()
        await couch.close()


def _blacklist(figures: Figures) -> Blacklist:
    if figures.denied_networks is None and figures.denied_hosts is None:
        return KAZOOS_OWN
    usual = [str(network) for network in KAZOOS_OWN.networks]
    networks = usual if figures.denied_networks is None else figures.denied_networks
    return Blacklist.of(networks, KAZOOS_OWN.hosts if figures.denied_hosts is None else figures.denied_hosts)
