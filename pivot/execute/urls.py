"""Where the next request goes, and how parameters come into a URL."""

from __future__ import annotations

import posixpath
from urllib.parse import urljoin, urlsplit

from pivot.execute.profile import Profile, UrlResolution
from pivot.model.overrides import without_fragment

_ABOVE_PATH = 3
"""Parts of a URL split at its slashes that are no path: scheme, nothing, host."""


def with_query(url: str, query: str) -> str:
    """A GET's URL: its own query stays in front, its fragment behind.

    Differs: Kazoo takes the URL apart at its first colon and thereby damages user names, passwords and
    IPv6 addresses; here they stay.

    Source: pivot_call.erl, uri.
    """
    address, _, fragment = url.partition("#")
    path, _, own_query = address.partition("?")
    whole_query = f"{own_query}&{query}" if own_query else query
    return path + (f"?{whole_query}" if whole_query else "") + (f"#{fragment}" if fragment else "")


def base_url(profile: Profile, asked: str, sent: str, came_from: str) -> str:
    """What the references in a document are relative to.

    Args:
        profile: whether redirects of HTTP count.
        asked: the URL as setting or document named it, before parameters were added.
        sent: the URL of the request, with them.
        came_from: the URL that answered in the end.
    """
    redirected = _comparable(came_from) != _comparable(without_fragment(sent))
    return came_from if profile.base_follows_redirects and redirected else without_fragment(asked)


def resolve_url(profile: Profile, base: str, reference: str) -> str:
    """The absolute URL that a document's reference means; the empty one means `base` itself."""
    reference = reference.strip()
    if profile.url_resolution is UrlResolution.APPENDED:
        return _resolve_as_kazoo(base, reference)
    return _resolve_rfc_3986(base, reference)


def _resolve_rfc_3986(base: str, reference: str) -> str:
    try:
        return urljoin(base, reference)
    except ValueError:  # brackets around no IPv6 address: whoever fetches it says so
        return reference


def _resolve_as_kazoo(base: str, reference: str) -> str:
    """Segments of the reference laid on those of the base, query and all.

    A base whose last segment has no extension counts as a folder. A reference that climbs above the root
    takes the host's place at Kazoo, and crashes it above the scheme. Differs: it is resolved by RFC 3986
    instead, so the host stays.

    Source: kz_http_util.erl, resolve_uri.
    """
    if reference.startswith("http"):
        return reference
    path = base.split("/")
    is_absolute = "://" in base
    for segment in reference.split("/"):
        if segment in ("", "."):
            continue
        if segment == "..":
            path = path[:-1]
            if is_absolute and len(path) < _ABOVE_PATH:
                return _resolve_rfc_3986(base, reference)
            continue
        has_path = not is_absolute or len(path) > _ABOVE_PATH
        is_file = has_path and (path[-1] == "" or posixpath.splitext(path[-1])[1])
        path = [*(path[:-1] if is_file else path), segment]
    return "/".join(path)


def _comparable(url: str) -> tuple[str, ...]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return (url,)
    return parts.scheme.lower(), parts.netloc.lower(), parts.path or "/", parts.query
