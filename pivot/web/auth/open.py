"""Everybody may read everything: for a machine of one's own."""

from __future__ import annotations

import re

from aiohttp import web
from aiohttp.typedefs import Handler

from pivot.web.auth.credentials import Credentials
from pivot.web.errors import forbidden
from pivot.web.settings import is_loopback

_HOST = re.compile(r"(localhost|[0-9.]{7,15}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?", re.ASCII | re.IGNORECASE)


class OpenAuthenticator:
    """Lets everybody in who speaks to this machine by one of its own names.

    A page from elsewhere can make a browser ask us under a name that it points at 127.0.0.1; the Host
    header then tells that name.
    """

    async def authorize(self, credentials: Credentials, account_id: str) -> None:
        """Allow requests to a name of this machine; raise ApiError for any other host."""
        if not is_own_name(credentials.host):
            raise forbidden()

    async def close(self) -> None:
        """Do nothing: nothing is open."""
        return None


def is_own_name(host: str) -> bool:
    """Whether a `Host` header names this machine alone: `localhost`, or a loopback address, and a port.

    Nothing else may stand in it. Readers of URLs find `127.0.0.1` also in `a@127.0.0.1` and `127.0.0.1/a`.
    """
    match = _HOST.fullmatch(host)
    return match is not None and is_loopback(match[1])


@web.middleware
async def own_names_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """For every path, health, metrics and sounds included: one Host, and it is ours."""
    hosts = request.headers.getall("Host", [])
    if len(hosts) == 1 and is_own_name(hosts[0]) and request.raw_path.startswith("/"):
        return await handler(request)
    text = "403 forbidden: ask by a name of this machine, such as localhost or 127.0.0.1\n"
    return web.Response(status=403, text=text, headers={"Cache-Control": "no-store"})
