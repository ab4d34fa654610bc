"""The settings of the debug API: sections `[web]` and `[web.auth]`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Literal

from pivot.errors import ConfigError


@dataclass(frozen=True, slots=True)
class AuthSettings:
    """Who may ask."""

    mode: Literal["crossbar", "jwt", "static", "open"] = "crossbar"
    crossbar_url: str = "http://127.0.0.1:8000"
    timeout_s: float = 3.0
    cache_s: float = 5.0
    tokens: dict[str, tuple[str, ...]] = field(default_factory=dict)
    public_key_file: str = ""
    couch_url: str = ""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Keys with values that cannot work, and why."""
        if self.mode == "crossbar" and not self.crossbar_url.startswith(("http://", "https://")):
            yield "crossbar_url", f'is "{self.crossbar_url}", want http://host:8000'
        if self.mode == "jwt" and not self.couch_url.startswith(("http://", "https://")):
            yield "couch_url", 'is no URL, and mode "jwt" reads accounts: want http://user:password@host:5984'
        for digest, accounts in self.tokens.items():
            if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
                yield "tokens", "has a key that is no SHA-256: want sha256(token) in hex, never the token"
            if not accounts:
                yield "tokens", 'has a token without accounts: want a list of ids, or ["*"] for all'


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Where the API listens, and what a client may ask of it."""

    enabled: bool = False
    host: str = "127.0.0.1"
    port: int = 8090
    rate_burst: int = 100
    rate_per_s: float = 10.0
    trusted_proxies: tuple[str, ...] = ("127.0.0.1/32", "::1/128")
    page_size: int = 50
    max_page_size: int = 1000
    max_rows: int = 10_000
    request_timeout_s: float = 20.0
    max_connections: int = 256
    head_timeout_s: float = 10.0
    max_streams: int = 100
    stream_poll_s: float = 1.0
    auth: AuthSettings = field(default_factory=AuthSettings)

    def problems(self) -> Iterator[tuple[str, str]]:
        """Keys with values that cannot work, and why."""
        if not 0 <= self.port <= 65535:
            yield "port", f"is {self.port}, want 0 to 65535"
        if self.auth.mode == "open" and not is_loopback(self.host):
            who = f'is "{self.host}" and web.auth.mode is "open", which lets everybody there read all calls'
            yield "host", f'{who}: want "127.0.0.1", or another mode'
        if self.max_connections < 1:
            yield "max_connections", f"is {self.max_connections}, want 1 or more"
        if not 0 < self.head_timeout_s <= 3600:
            yield "head_timeout_s", f"is {self.head_timeout_s}, want more than 0, 3600 at most"
        if self.max_streams >= self.max_connections > 0:
            yield (
                "max_streams",
                f"is {self.max_streams}, want less than max_connections ({self.max_connections})",
            )
        for proxy in self.trusted_proxies:
            if not _is_network(proxy):
                yield "trusted_proxies", f'has "{proxy}", want a network such as 192.0.2.7/32'
        if self.max_page_size < 1 or not 1 <= self.page_size <= self.max_page_size:
            yield "page_size", f"is {self.page_size}, want 1 to max_page_size ({self.max_page_size})"


def checked(settings: WebSettings) -> WebSettings:
    """The settings, when they make sense together.

    Raises:
        ConfigError: the first of their problems.
    """
    problems = [(f"web.{key}", wrong) for key, wrong in settings.problems()]
    problems += [(f"web.auth.{key}", wrong) for key, wrong in settings.auth.problems()]
    for key, wrong in problems:
        raise ConfigError(f"{key} {wrong}")
    return settings


def is_loopback(host: str) -> bool:
    """Only this machine reaches an address of this name."""
    if host.lower() in ("localhost", "localhost."):
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True
