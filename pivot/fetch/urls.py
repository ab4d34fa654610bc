"""Reading a URL once, the strict way: what cannot be understood for certain is refused, never repaired.

Libraries disagree about odd URLs (who is before the `@`, what a tab in a host means, whether 127.1 is an
address), and every disagreement is a way around a check. So the text is read here, once, by the letter of
RFC 3986, and everybody behind works with the parts.
"""

from __future__ import annotations

import re
from dataclasses import field, replace
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import quote, unquote, urljoin

import idna
from yarl import URL

from pivot.model.hot import hot_dataclass

DEFAULT_PORTS = {"http": 80, "https": 443}

_NEVER = re.compile(r"[\x00-\x20\x7f-\xa0]")
_BLANKS = " \t\r\n"
"""Around a URL they are never meant."""
_SHAPE = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<rest>[^#]*)")
_HAS_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_USER_INFO = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*")
_HOST_AND_PORT = re.compile(r"(?P<host>\[[^\[\]]*\]|[^:\[\]]*)(?::(?P<port>[0-9]{1,5}))?")
_NAME = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.?"
)
_LOOKS_NUMERIC = re.compile(r"(?:[0-9]+|0[xX][0-9A-Fa-f]*)")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class BadUrl(ValueError):
    """The text is no URL that we call; the message says why and may be shown."""


@hot_dataclass(frozen=True, slots=True)
class Target:
    """A URL that was understood; without its fragment."""

    scheme: str
    host: str
    """Lower case ASCII; an IPv6 address without brackets."""
    port: int
    path: str
    """Path and query as they go on the wire."""
    user: str | None = None
    password: str = ""
    raw_user_info: str = ""
    origin: str = field(init=False, compare=False, repr=False)
    """Scheme, host and port; two URLs with the same origin are the same server to us."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "origin", f"{self.scheme}://{self._authority}")

    @property
    def _authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def shown(self) -> str:
        """Without user info."""
        return self.origin + self.path

    @property
    def text(self) -> str:
        """With user info."""
        user_info = f"{self.raw_user_info}@" if self.raw_user_info else ""
        return f"{self.scheme}://{user_info}{self._authority}{self.path}"

    @property
    def is_literal(self) -> bool:
        """True when the host is an address and no name."""
        return ":" in self.host or self.host.rpartition(".")[2].isdigit()

    @property
    def signed(self) -> str:
        """With user info, and the host as the server sees it: a final dot is for the resolver alone."""
        return replace(self, host=self.host.removesuffix(".")).text

    def for_the_wire(self) -> URL:
        """As aiohttp wants it, not to be quoted again; it leaves out a host's final dot in its header."""
        return URL(self.shown, encoded=True)


def parse(text: str, *, max_bytes: int = 16_384) -> Target:
    """Understand an absolute http or https URL.

    Letters beyond ASCII are encoded in path and query (as UTF-8) and in the host (IDNA 2008, without the
    folding that turns look-alikes into digits); nothing else is changed.

    Raises:
        BadUrl: anything else.
    """
    bare = text.partition("#")[0]
    if len(bare) > max_bytes:
        raise BadUrl(f"the URL has {len(bare)} characters, at most {max_bytes} are allowed")
    if _NEVER.search(bare):
        raise BadUrl("the URL has a blank or control character; percent-encode it")
    match = _SHAPE.fullmatch(bare)
    if match is None:
        raise BadUrl("the URL is not absolute; write http://host/path or https://host/path")
    scheme = match["scheme"].lower()
    if scheme not in DEFAULT_PORTS:
        raise BadUrl(f"the URL's scheme is {scheme[:20]}, only http and https are called")
    user_info, host, port = _authority(match["authority"], scheme)
    user, _, password = user_info.partition(":")
    return Target(
        scheme=scheme,
        host=host,
        port=port,
        path=_path(match["rest"]),
        user=unquote(user) if user_info else None,
        password=unquote(password),
        raw_user_info=user_info,
    )


def join(base: Target, reference: str, *, max_bytes: int = 16_384) -> Target:
    """Where a `Location` leads.

    Raises:
        BadUrl: the result is no URL that we call.
    """
    reference = reference.strip(_BLANKS).partition("#")[0].replace(" ", "%20")
    if any(character <= " " or character == "\\" for character in reference):
        raise BadUrl("the redirect leads to a URL with a control character or a backslash")
    if reference.startswith("//"):
        return parse(f"{base.scheme}:{reference}", max_bytes=max_bytes)
    if _HAS_SCHEME.match(reference):  # the standard library would take http:/x for a path
        return parse(reference, max_bytes=max_bytes)
    return parse(urljoin(base.shown, reference), max_bytes=max_bytes)


@lru_cache(4096)
def _authority(text: str, scheme: str) -> tuple[str, str, int]:
    """User info, host and port; calls come in numbers for the same few servers."""
    user_info, at, host_and_port = text.rpartition("@")
    if at and not _USER_INFO.fullmatch(user_info):
        raise BadUrl("the URL's part before the @ is not well-formed; percent-encode user and password")
    match = _HOST_AND_PORT.fullmatch(host_and_port)
    if match is None:
        raise BadUrl("the URL's host or port is not well-formed")
    return user_info, _host(match["host"]), _port(match["port"], scheme)


def _port(text: str | None, scheme: str) -> int:
    if text is None:
        return DEFAULT_PORTS[scheme]
    if text.startswith("0") or int(text) > 65_535:
        raise BadUrl(f"the URL's port is {text}, want 1 to 65535 without leading zeros")
    return int(text)


@lru_cache(maxsize=4096)
def _host(text: str) -> str:
    if not text:
        raise BadUrl("the URL has no host")
    if text.startswith("["):
        return _ipv6(text[1:-1])
    name = text.lower() if text.isascii() else _to_ascii(text)
    if len(name) > 254 or not _NAME.fullmatch(name):
        raise BadUrl("the URL's host is no domain name")
    if _LOOKS_NUMERIC.fullmatch(name.rstrip(".").rpartition(".")[2]):
        return _ipv4(name)
    return name


def _to_ascii(text: str) -> str:
    small = "".join(
        letter if letter.lower().isascii() > letter.isascii() else letter.lower() for letter in text
    )
    try:
        return idna.encode(small, strict=True).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        raise BadUrl("the URL's host is no internationalised domain name") from error


def _ipv4(text: str) -> str:
    try:
        return str(IPv4Address(text))
    except AddressValueError as error:
        raise BadUrl("the URL's host is a number, but no address of four decimal parts") from error


def _ipv6(text: str) -> str:
    try:
        if "%" in text:
            raise AddressValueError("zone")
        return IPv6Address(text).compressed
    except AddressValueError as error:
        raise BadUrl("the URL's host is no IPv6 address (zones are not allowed)") from error


def _path(rest: str) -> str:
    path, question_mark, query = rest.partition("?")
    if "\\" in path:
        raise BadUrl("the URL's path has a backslash")
    if _BROKEN_ESCAPE.search(path):
        raise BadUrl("the URL's path has a % without two hexadecimal digits")
    whole = (path or "/") + (question_mark + query if query else "")  # no client sends a lonely mark
    return whole if whole.isascii() else quote(whole, safe="".join(map(chr, range(0x21, 0x7F))))
