"""The hosts of the cases at their real address: one server on loopback, told apart by name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

_ANY_HOST = r"[a-z0-9]+\.test"
_NAMED = re.compile(
    rf"(?P<scheme>https:|(?<=[\s\"'>]))//(?P<user>[^@/\s\"'<>]+@)?(?P<host>{_ANY_HOST})(?::(?P<port>\d+))?(?![\w.-])"
)


@dataclass(frozen=True)
class Addresses:
    """What `https://app.test` is for one case: a name of its own at the server's port.

    The port that a document names becomes a part of the name, `p8443.`.
    """

    case_id: str
    port: int
    zone: str = "localhost"
    """Names in this one need no name server."""

    def host(self, name: str) -> str:
        return f"{self.case_id}.{name}.{self.zone}"

    def real(self, text: str) -> str:
        """With URLs that lead to the server."""
        return _NAMED.sub(self._real_one, text)

    def named(self, text: str) -> str:
        """With URLs as the case writes them."""
        name = rf"{re.escape(self.case_id)}\.(?:p(\d+)\.)?({_ANY_HOST})\.{self.zone}"
        return re.sub(rf"http://([^@/\s\"'<>]+@)?{name}:{self.port}", self._named_one, text)

    def real_voice_url(self, url: str) -> str:
        """The URL that callflow hands over, whose fragment may hold an encoded one."""
        address, separator, fallback = url.partition("fb=")
        return self.real(address) + separator + quote(self.real(unquote(fallback)), safe="")

    def named_all(self, value: Any) -> Any:
        """Every text in a piece of data."""
        match value:
            case str():
                return self.named(value)
            case dict():
                return {key: self.named_all(item) for key, item in value.items()}
            case list() | tuple():
                return type(value)(self.named_all(item) for item in value)
        return value

    def _real_one(self, found: re.Match[str]) -> str:
        port = f"p{found['port']}." if found["port"] else ""
        scheme = "http:" if found["scheme"] else ""
        return f"{scheme}//{found['user'] or ''}{self.host(port + found['host'])}:{self.port}"

    def _named_one(self, found: re.Match[str]) -> str:
        port = f":{found[2]}" if found[2] else ""
        return f"https://{found[1] or ''}{found[3]}{port}"
