"""To whom a caller's device belongs: the parameter `User-ID` of Kazoo's own format.

callflow names the owner itself where a device has exactly one; what is left are devices that several users
share or are logged in at, and devices without an owner. Those are looked up in the account's database, for a
time that no caller notices.

Source: kzt_kazoo.erl, req_params; kz_attributes.erl, owner_ids; view `owner` of design document `attributes`.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable

import structlog

from pivot.debug.couch import Couch, MissingDatabaseError, MissingError
from pivot.debug.names import account_database, is_account_id
from pivot.errors import StoreError
from pivot.model.call import PivotRequest, RequestFormat

log = structlog.get_logger()

Device = tuple[str, str]
"""Account and device."""

LIMIT_S = 0.150
"""A call waits so long at most."""
_KEEP_S = 30.0
"""A user who logs in at a device is known this much later."""
_REST_S = 10.0
"""After a failure or a late answer an account's database is not asked, so that not each call is delayed."""
_QUIET_S = 60.0
"""Between two lines of the log."""
_KEPT = 20_000
_AT_ONCE = 64


class CouchOwners:
    """The port `Owners` over the accounts' databases.

    Args:
        couch: the cluster's.
        now: the loop's time.
        limit_s: how long a call waits at most.
    """

    def __init__(self, couch: Couch, now: Callable[[], float], limit_s: float = LIMIT_S) -> None:
        self._couch = couch
        self._now = now
        self._limit_s = limit_s
        self._known: OrderedDict[Device, tuple[tuple[str, ...], float]] = OrderedDict()
        self._readings: dict[Device, asyncio.Task[None]] = {}
        self._resting: dict[str, float] = {}
        self._quiet_until = 0.0

    async def of(self, request: PivotRequest) -> tuple[str, ...]:
        """Owners of the caller's device, as far as Kazoo's format needs them and they are known in time."""
        device = _device(request)
        if device is None:
            return ()
        known, until = self._known.get(device, ((), 0.0))
        now = self._now()
        if now < until or self._is_resting(device[0], now) or len(self._readings) >= _AT_ONCE:
            return known
        reading = self._readings.get(device) or self._start(device)
        done, _ = await asyncio.wait({reading}, timeout=self._limit_s)
        if not done:
            self._rest(device[0], f"no answer within {self._limit_s:g} s")
        return self._known.get(device, ((), 0.0))[0]

    async def close(self) -> None:
        """Give up what is still being read."""
        for reading in self._readings.values():
            reading.cancel()
        await asyncio.gather(*self._readings.values(), return_exceptions=True)

    def _start(self, device: Device) -> asyncio.Task[None]:
        reading = asyncio.create_task(self._read(device), name=f"owners of {device[1]}")
        self._readings[device] = reading
        reading.add_done_callback(lambda _: self._readings.pop(device, None))
        return reading

    async def _read(self, device: Device) -> None:
        account_id, device_id = device
        try:
            rows = await self._couch.view(account_database(account_id), "attributes", "owner", key=device_id)
        except (MissingDatabaseError, MissingError):
            rows = []  # an account without this view has no devices either
        except StoreError as error:
            self._rest(account_id, str(error))
            return
        owners = tuple(owner for row in rows if isinstance(owner := row.get("value"), str))
        self._known[device] = owners, self._now() + _KEEP_S
        self._known.move_to_end(device)
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)

    def _is_resting(self, account_id: str, now: float) -> bool:
        if self._resting.get(account_id, 0.0) > now:
            return True
        self._resting.pop(account_id, None)
        return False

    def _rest(self, account_id: str, reason: str) -> None:
        now = self._now()
        self._resting[account_id] = now + _REST_S
        if now >= self._quiet_until:
            self._quiet_until = now + _QUIET_S
            log.warning(
                "cluster.owners_unknown", account_id=account_id, reason=reason, instead="no User-ID is sent"
            )


def _device(request: PivotRequest) -> Device | None:
    """The device whose owners are wanted; None when nobody asks, or callflow has told."""
    call = request.call
    if request.format is not RequestFormat.KAZOO or call.owner_id or call.authorizing_type != "device":
        return None
    account_id, device_id = call.account_id, call.authorizing_id
    return (account_id, device_id) if account_id and device_id and is_account_id(account_id) else None
