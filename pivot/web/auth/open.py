"""Everybody may read everything: for a machine of one's own."""

from __future__ import annotations

from urllib.parse import urlsplit

from pivot.web.auth.credentials import Credentials
from pivot.web.errors import forbidden
from pivot.web.settings import is_loopback


class OpenAuthenticator:
    """Lets everybody in who speaks to this machine by one of its own names.

    A page from elsewhere can make a browser ask us under a name that it points at 127.0.0.1; the Host
    header then tells that name.
    """

    async def authorize(self, credentials: Credentials, account_id: str) -> None:
        """Allow requests to a name of this machine; raise ApiError for any other host."""
        if not is_loopback(_host_name(credentials.host)):
            raise forbidden()

    async def close(self) -> None:
        """Do nothing: nothing is open."""
        return None


def _host_name(host: str) -> str:
    """A `Host` header without its port; empty when it is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
