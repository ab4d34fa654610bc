"""What a Dial asks of an account's database: phones of users and devices, the caller's identity, numbers.

Users and devices are named by id. A client is the first of: the user of this user name (Kazoo keeps them in
lower case), the devices of this SIP user name, the devices of this name.
Source: kz_endpoints.erl, by_owner_id; kz_endpoint_v4.erl, get_user; views `owned` and `sip_username` of
design document `attributes`, `list_by_username` of `users`, `crossbar_listing` of `devices`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

import structlog

from pivot.cluster.attributes import Document, is_false, is_true, owners_of, text
from pivot.cluster.endpoints import Owned, endpoints_of
from pivot.cluster.identity import identity_of
from pivot.cluster.read_cache import Ages, ReadCache
from pivot.debug.couch import Couch, MissingDatabaseError, MissingError
from pivot.debug.names import account_database, is_account_id
from pivot.errors import StoreError
from pivot.model.call import Call
from pivot.model.dialling import Endpoint, EndpointsOf, Identity, Wanted

log = structlog.get_logger()
V = TypeVar("V")
W = TypeVar("W")

LIMIT_S = 3.0
"""A Dial waits so long at most."""
_QUIET_S = 60.0
"""Between two lines of the log."""
_DEVICES = 100
"""Of one user or one name that are rung at most; a switch's bridge has to carry them all."""
_LISTED = 5_000
"""Devices of an account whose names are looked at."""


class CouchPhones:
    """The port `Phones` over the accounts' databases: its answers come in time or are left out.

    Args:
        couch: the cluster's.
        now: the loop's time.
        ages: how long what was read is good.
        limit_s: how long a Dial waits at most.
    """

    def __init__(
        self, couch: Couch, now: Callable[[], float], ages: Ages | None = None, limit_s: float = LIMIT_S
    ) -> None:
        self._couch = couch
        self._now = now
        self._limit_s = limit_s
        self._recent: ReadCache[tuple[str, ...], Any] = ReadCache(now, ages=ages, limit_s=limit_s)
        self._quiet_until = 0.0

    async def look_up(self, call: Call, wanted: tuple[Wanted, ...]) -> tuple[tuple[Endpoint, ...], ...]:
        """The endpoints of each, in that order; nobody's for who is unknown or cannot be read in time."""
        if not is_account_id(call.account_id):
            return tuple(() for _ in wanted)
        account = self._account_of(call)
        return tuple(await asyncio.gather(*(self._endpoints(call, account, each) for each in wanted)))

    async def identity_of(self, call: Call) -> Identity | None:
        """How the caller is to be shown, by the documents of what authorised the call and of the account."""
        if not is_account_id(call.account_id) or call.authorizing_id is None:
            return None
        account = self._account_of(call)
        read = await self._in_time(account, account.document(), account.caller(call))
        if read is None:
            return None
        document, caller = read
        return None if caller is None else identity_of(caller.device, caller.owner, document)

    async def owns(self, call: Call, number: str) -> bool | None:
        """Whether the account's database holds the number's document; None when there is no such account."""
        if not is_account_id(call.account_id):
            return None
        account = self._account_of(call)
        read = await self._in_time(account, account.document(), account.number(number))
        return None if read is None or not read[0] else bool(read[1])

    async def close(self) -> None:
        """Give up what is still being read."""
        await self._recent.close()

    def _account_of(self, call: Call) -> _Account:
        return _Account(str(call.account_id), self._couch, self._recent)

    async def _endpoints(self, call: Call, account: _Account, wanted: Wanted) -> tuple[Endpoint, ...]:
        read = await self._in_time(account, account.document(), account.devices_of(wanted))
        return () if read is None else endpoints_of(call, read[1], read[0])

    async def _in_time(self, account: _Account, one: Awaitable[V], other: Awaitable[W]) -> tuple[V, W] | None:
        """Both answers, None when the database gives none within the limit."""
        try:
            async with asyncio.timeout(self._limit_s):
                return await asyncio.gather(one, other)
        except (StoreError, TimeoutError) as error:
            self._say(account.id, str(error) or f"no answer within {self._limit_s:g} s")
            return None

    def _say(self, account_id: str, reason: str) -> None:
        if self._now() >= self._quiet_until:
            self._quiet_until = self._now() + _QUIET_S
            log.warning(
                "cluster.phones_unknown", account_id=account_id, reason=reason, instead="nobody rings"
            )


class _Account:
    """An account's database, each question asked once in a while.

    Raises (everywhere): StoreError.
    """

    def __init__(self, account_id: str, couch: Couch, recent: ReadCache[tuple[str, ...], Any]) -> None:
        self.id = account_id
        self._database = account_database(account_id)
        self._couch = couch
        self._recent = recent

    async def document(self) -> Document:
        """The account's own document."""
        return await self._read(self.id, "account")

    async def caller(self, call: Call) -> Owned | None:
        """The device or user who calls; None when it is neither, or gone."""
        caller_id = call.authorizing_id or ""
        if call.authorizing_type == "user":
            user = await self._read(caller_id, "user")
            return Owned({}, user) if user else None
        return next(iter(await self._of_devices([caller_id])), None)

    async def number(self, number: str) -> Document:
        """The document of a number of the account."""
        return await self._read(number, "number")

    async def devices_of(self, wanted: Wanted) -> list[Owned]:
        match wanted.of:
            case EndpointsOf.USER:
                return await self._of_user(wanted.name)
            case EndpointsOf.DEVICE:
                return await self._of_devices([wanted.name])
        return await self._of_client(wanted.name)

    async def _of_user(self, user_id: str) -> list[Owned]:
        """Devices that a user owns or is logged in at."""
        user, devices = await asyncio.gather(self._read(user_id, "user"), self._owned(user_id))
        if not user or is_false(user.get("enabled")):
            return []
        return [Owned(device, await self._owner(device, user)) for device in devices[:_DEVICES]]

    async def _of_client(self, name: str) -> list[Owned]:
        users = await self._ids("users", "list_by_username", name.lower())
        if users:
            return await self._of_user(users[0])
        devices = await self._ids("attributes", "sip_username", name)
        for key in () if devices else ("username", "name"):
            devices = devices or (await self._listed(key)).get(name, [])
        return await self._of_devices(devices)

    async def _of_devices(self, ids: Iterable[str]) -> list[Owned]:
        devices = await asyncio.gather(*(self._read(each, "device") for each in list(ids)[:_DEVICES]))
        return [Owned(device, await self._owner(device)) for device in devices if device]

    async def _owner(self, device: Document, known: Document | None = None) -> Document:
        """Several people at one device share none of their settings with it."""
        owners = owners_of(device)
        if len(owners) != 1:
            return {}
        return known if known and known.get("_id") == owners[0] else await self._read(owners[0], "user")

    # Questions

    async def _read(self, document_id: str, kind: str) -> Document:
        """A document of this type; empty when there is none. What customers name is no other path."""

        async def ask() -> Document:
            document = await self._couch.read_document(self._database, document_id)
            is_it = document is not None and document.get("pvt_type") == kind
            return dict(document) if document and is_it and not is_true(document.get("pvt_deleted")) else {}

        if not document_id or document_id.startswith("_"):
            return {}
        return await self._ask((kind, document_id), ask, {})

    async def _owned(self, user_id: str) -> list[Document]:
        async def ask() -> list[Document]:
            rows = await self._view("attributes", "owned", key=[user_id, "device"], include_docs=True)
            return [document for row in rows if isinstance(document := row.get("doc"), dict)]

        return await self._ask(("owned", user_id), ask, [])

    async def _ids(self, design: str, view: str, key: str) -> list[str]:
        async def ask() -> list[str]:
            return [str(row["id"]) for row in await self._view(design, view, key=key)]

        return await self._ask((view, key), ask, [])

    async def _listed(self, key: str) -> dict[str, list[str]]:
        """Ids of devices by `name`, or by `username`, which the view above lacks without a password."""

        async def ask() -> dict[str, list[str]]:
            names: dict[str, list[str]] = {}
            for row in await self._view("devices", "crossbar_listing", limit=_LISTED):
                name = text(row, "value", key)
                if name is not None:
                    names.setdefault(name, []).append(str(row["id"]))
            return names

        return await self._ask(("listed", key), ask, {})

    async def _view(self, design: str, view: str, **query: Any) -> list[Document]:
        return [dict(row) for row in await self._couch.view(self._database, design, view, **query)]

    async def _ask(self, question: tuple[str, ...], ask: Callable[[], Awaitable[V]], nothing: V) -> V:
        """An account without this database or view has nothing of this kind."""

        async def asked() -> V:
            try:
                return await ask()
            except (MissingDatabaseError, MissingError):
                return nothing

        answer: V = await self._recent.get((self.id, *question), asked)
        return answer
