"""A document's relative URLs, as Kazoo completes them and as RFC 3986 does."""

from __future__ import annotations

from typing import Any

import pytest

from pivot.execute.profile import Profile
from pivot.execute.urls import base_url, resolve_url, with_query
from tests.execute.calls import KAZOO, TWILIO, vectors

CASES = [case for case in vectors("resolve_uri.json")["cases"] if case["current"] is not None]
"""Without a base there is no document, so that one case cannot come up."""
TO_A_STRANGER = [
    case
    for case in CASES
    if case["current"].startswith("http://host.example")
    and not (case["new"] or "").startswith("http")
    and str(case["result"]).startswith("http:")
    and not case["result"].startswith("http://host.example")
]
"""Where Kazoo lets the reference take the host's place."""
RESOLVED = [case for case in CASES if isinstance(case["result"], str) and case not in TO_A_STRANGER]


@pytest.mark.parametrize("case", RESOLVED, ids=lambda case: f"{case['current']} + {case['new']}")
def test_kazoos_profile_resolves_as_kazoo(case: dict[str, Any]) -> None:
    """Documents written around Kazoo's rule go on working."""
    assert resolve_url(KAZOO, case["current"], case["new"] or "") == case["result"]


@pytest.mark.parametrize("case", TO_A_STRANGER, ids=lambda case: f"{case['current']} + {case['new']}")
def test_a_relative_url_never_changes_the_host(case: dict[str, Any]) -> None:
    """The call's parameters would go to whoever owns `next.php` as a name; nobody can rely on that."""
    assert resolve_url(KAZOO, case["current"], case["new"]).startswith("http://host.example/")


@pytest.mark.parametrize(
    ("base", "reference", "url"),
    [
        ("http://document.invalid/input.xml", "../primary.xml", "http://document.invalid/primary.xml"),
        ("http://a.test/x/y.php", "../../../../z.php", "http://a.test/z.php"),
        ("http://a.test/", "../x", "http://a.test/x"),
        ("https://a.test:8443/x", "../../evil.test/y", "https://a.test:8443/evil.test/y"),
        ("https://a.test", "evil.test", "https://a.test/evil.test"),
        ("http://a.test/x.php?u=/b/c", "../../../../d", "http://a.test/d"),
    ],
)
@pytest.mark.parametrize("profile", [KAZOO, TWILIO])
def test_the_top_stays_the_top(profile: Profile, base: str, reference: str, url: str) -> None:
    """RFC 3986, section 5.2.4: what climbs above the root ends at the root."""
    assert resolve_url(profile, base, reference) == url


def test_climbing_above_the_host_does_not_crash() -> None:
    """Kazoo loses the call there; RFC 3986 stays on the host."""
    (case,) = [case for case in CASES if not isinstance(case["result"], str)]

    assert "crash" in case["result"]
    assert resolve_url(KAZOO, case["current"], case["new"]) == "http://host.example/next.php"


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("next.php", "https://app.test/dir/sub/next.php"),
        ("/root.php", "https://app.test/root.php"),
        ("../up.php", "https://app.test/dir/up.php"),
        ("./here", "https://app.test/dir/sub/here"),
        ("?a=1", "https://app.test/dir/sub/voice.php?a=1"),
        ("", "https://app.test/dir/sub/voice.php?tenant=7"),
        ("  \n", "https://app.test/dir/sub/voice.php?tenant=7"),
        ("//other.test/x", "https://other.test/x"),
        ("https://else.test/y#rc=2", "https://else.test/y#rc=2"),
        ("../../../../next", "https://app.test/next"),
        ("http://[", "http://["),
    ],
)
def test_twilios_profile_resolves_by_rfc_3986(reference: str, url: str) -> None:
    """As Twilio's documentation promises, base `voice.php?tenant=7` in a folder."""
    assert resolve_url(TWILIO, "https://app.test/dir/sub/voice.php?tenant=7", reference) == url


@pytest.mark.parametrize(
    ("came_from", "kazoo", "twilio"),
    [
        ("http://APP.test/?t=1&CallSid=x", "http://app.test?t=1", "http://app.test?t=1"),
        ("http://app.test/moved", "http://app.test?t=1", "http://app.test/moved"),
    ],
)
def test_only_a_redirect_moves_the_base(came_from: str, kazoo: str, twilio: str) -> None:
    """Our own parameters in a GET's URL must not be sent a second time by the next request."""
    asked, sent = "http://app.test?t=1#rc=1", "http://app.test?t=1&CallSid=x#rc=1"

    assert base_url(KAZOO, asked, sent, came_from) == kazoo
    assert base_url(TWILIO, asked, sent, came_from) == twilio


@pytest.mark.parametrize(
    ("url", "query", "result"),
    [
        ("http://h/p", "a=1", "http://h/p?a=1"),
        ("http://h/p?b=2", "a=1", "http://h/p?b=2&a=1"),
        ("http://h/p?b=2", "", "http://h/p?b=2&"),
        ("http://h/p?", "", "http://h/p"),
        ("http://h?x?y#f?g#h", "a=1", "http://h?x?y&a=1#f?g#h"),
        ("http://h/p#", "a=1", "http://h/p?a=1"),
    ],
)
def test_a_query_joins_the_urls_own_and_the_fragment_stays_last(url: str, query: str, result: str) -> None:
    """As Kazoo rebuilds a URL, the lonely `&` included."""
    assert with_query(url, query) == result
