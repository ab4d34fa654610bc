"""Where a token may stand."""

from __future__ import annotations

import pytest
from multidict import CIMultiDict

from pivot.web.auth.credentials import Credentials, Kind, find_credentials


@pytest.mark.parametrize(
    ("headers", "query", "wanted"),
    [
        ({}, {}, (Kind.NONE, "")),
        ({"X-Auth-Token": "t"}, {"auth_token": "q"}, (Kind.TOKEN, "t")),
        ({}, {"auth_token": "q"}, (Kind.TOKEN, "q")),
        ({"Authorization": "Bearer b"}, {"auth_token": "q"}, (Kind.TOKEN, "q")),
        ({"Authorization": "Bearer b"}, {}, (Kind.BEARER, "b")),
        ({"authorization": "bearer  b "}, {}, (Kind.BEARER, "b")),
        ({"Authorization": "Basic YTpi"}, {}, (Kind.BASIC, "YTpi")),
        ({}, {"authorization": "Bearer b"}, (Kind.BEARER, "b")),
        ({"Authorization": "Digest x"}, {}, (Kind.UNUSABLE, "x")),
        ({"Authorization": "Bearer"}, {}, (Kind.UNUSABLE, "")),
        ({}, {"auth_token": "a\nX-Evil: 1"}, (Kind.UNUSABLE, "")),
        ({}, {"auth_token": "\u00e4"}, (Kind.UNUSABLE, "")),
        ({}, {"auth_token": "x" * 20_000}, (Kind.UNUSABLE, "")),
    ],
)
def test_the_first_place_counts(
    headers: dict[str, str], query: dict[str, str], wanted: tuple[Kind, str]
) -> None:
    """In Crossbar's order; what is unfit for a header is never passed on."""
    found = find_credentials(CIMultiDict(headers), query)

    assert (found.kind, found.text) == wanted


def test_the_text_is_not_in_the_repr() -> None:
    """Tracebacks and logs print values."""
    assert "secret" not in repr(Credentials(Kind.TOKEN, "secret"))
