"""The next request after a redirect: method, body, URL and headers, as browsers decide them."""

from __future__ import annotations

from dataclasses import replace

from pivot.fetch import faults, urls
from pivot.fetch.urls import BadUrl, Target
from pivot.model.call import Method
from pivot.model.hot import hot_dataclass

_TO_GET = frozenset({301, 302, 303})
FOLLOWED = _TO_GET | {307, 308}
"""300, 304 and 305 are answers to keep."""


@hot_dataclass(frozen=True, slots=True)
class Hop:
    """One request of an attempt, before pivot's own headers are added."""

    target: Target
    method: Method
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    parameters: tuple[tuple[str, str], ...] = ()
    is_form: bool = True
    trusted: bool = True
    """Still at the origin that the request was meant for: signatures and credentials may be shown."""
    authorization: str = ""
    """The scheme by which the URL's user info is shown, after the server demanded it: basic or digest."""


def next_hop(
    hop: Hop, status: int, location: str | None, *, insecure: bool, max_url_bytes: int
) -> Hop | None:
    """The hop that an answer asks for; None when it is an answer to keep.

    A redirect without a Location is kept, too.

    Raises:
        Fault: it leads to something that must not be asked.
    """
    if location is None or status not in FOLLOWED:
        return None
    try:
        target = urls.join(hop.target, _utf_8(location), max_bytes=max_url_bytes)
    except BadUrl as error:
        raise faults.bad_url(str(error)) from error
    if hop.target.scheme == "https" and target.scheme == "http" and not insecure:
        raise faults.redirects("the redirect leads from https to http, which is refused")
    same_origin = target.origin == hop.target.origin
    if same_origin and target.user is None:
        target = replace(
            target,
            user=hop.target.user,
            password=hop.target.password,
            raw_user_info=hop.target.raw_user_info,
        )
    moved = replace(hop, target=target, trusted=hop.trusted and same_origin, authorization="")
    return _as_get(moved) if status in _TO_GET else moved


def _utf_8(location: str) -> str:
    """Headers are read as Latin-1; servers that do not percent-encode mean UTF-8."""
    try:
        return location.encode("latin-1").decode()
    except UnicodeError:
        return location


def _as_get(hop: Hop) -> Hop:
    headers = tuple((name, value) for name, value in hop.headers if not name.lower().startswith("content-"))
    return replace(hop, method=Method.GET, headers=headers, body=b"", parameters=(), is_form=True)
