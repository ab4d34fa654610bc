"""The settings of the debug API: sections `[web]` and `[web.auth]`."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from pivot.errors import ConfigError

AUTH_MODES = ("crossbar", "jwt", "static", "open")


@dataclass(frozen=True, slots=True)
class AuthSettings:
    """Who may ask."""

    mode: str = "crossbar"
    crossbar_url: str = "http://127.0.0.1:8000"
    timeout_s: float = 3.0
    cache_s: float = 5.0
    tokens: dict[str, tuple[str, ...]] = field(default_factory=dict)
    public_key_file: str = ""
    couch_url: str = ""


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Where the API listens, and what a client may ask of it."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = 8090
    rate_burst: int = 100
    rate_per_s: float = 10.0
    trusted_proxies: tuple[str, ...] = ("127.0.0.1/32", "::1/128")
    page_size: int = 50
    max_page_size: int = 1000
    max_rows: int = 10_000
    request_timeout_s: float = 20.0
    max_streams: int = 100
    stream_poll_s: float = 1.0
    auth: AuthSettings = field(default_factory=AuthSettings)


def checked(settings: WebSettings) -> WebSettings:
    """The settings, when they make sense together.

    Raises:
        ConfigError: unknown mode, `open` on an address that others reach, or a mode without its needs.
    """
    auth = settings.auth
    if auth.mode not in AUTH_MODES:
        raise ConfigError(f'web.auth.mode is "{auth.mode}", want one of {", ".join(AUTH_MODES)}')
    if auth.mode == "open" and not is_loopback(settings.host):
        raise ConfigError(
            'web.auth.mode is "open", which lets everybody read all calls, and web.host is'
            f' "{settings.host}": set web.host = "127.0.0.1" or another web.auth.mode'
        )
    if auth.mode == "crossbar" and not auth.crossbar_url.startswith(("http://", "https://")):
        raise ConfigError(f'web.auth.crossbar_url is "{auth.crossbar_url}", want http://host:8000')
    if auth.mode == "jwt" and not auth.couch_url:
        raise ConfigError('web.auth.mode is "jwt", which reads accounts: set web.auth.couch_url')
    for proxy in settings.trusted_proxies:
        try:
            ip_network(proxy)
        except ValueError as error:
            raise ConfigError(f"web.trusted_proxies has {proxy!r}, want a network: {error}") from error
    for digest, accounts in auth.tokens.items():
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise ConfigError("web.auth.tokens has a key that is no SHA-256: store sha256(token) in hex")
        if isinstance(accounts, str) or not accounts:
            raise ConfigError('web.auth.tokens: give each token a list of account ids, or ["*"] for all')
    return settings


def is_loopback(host: str) -> bool:
    """Only this machine reaches an address of this name."""
    if host.lower() in ("localhost", "localhost."):
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
