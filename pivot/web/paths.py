"""The path of a request, taken apart as Crossbar does it: split at slashes first, decoded once after.

Call ids hold every kind of character. `%2F` is a slash inside of one, `+` is a plus and no blank, and
a URL library that tidies paths up must not come between.

Source: api_resource.erl, path tokens; kz_http_util.erl, urldecode.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote

from pivot.web.time_range import is_month


def split_target(target: str) -> tuple[tuple[str, ...], str]:
    """Decoded path segments and the raw query of a request target as it stood on the request's line."""
    path, _, query = target.partition("#")[0].partition("?")
    if not path.startswith("/"):  # absolute form, as a proxy may send it
        path = "/" + path.partition("://")[2].partition("/")[2]
    segments = path[1:].removesuffix("/").split("/")
    return tuple(unquote(segment, errors="replace") for segment in segments), query


def parse_query(raw: str) -> tuple[tuple[str, str], ...]:
    """Parameters in order; here `+` is a blank, as forms write it."""
    try:
        return tuple(parse_qsl(raw, keep_blank_values=True, errors="replace", max_num_fields=200))
    except ValueError:
        return ()


def split_debug_id(text: str) -> tuple[str | None, str]:
    """Month and call id of `YYYYMM-callid`; no month when the text is a plain call id.

    Differs: Crossbar takes every id whose seventh byte is a dash for this form, and fails.
    """
    if len(text) > 7 and text[6] == "-" and is_month(text[:6]):
        return text[:6], text[7:]
    return None, text
