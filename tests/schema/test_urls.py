"""Kazoo's check of customers' URLs."""

from __future__ import annotations

import pytest

from pivot.schema.urls import is_client_url


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "0.0.0.0", "localhost", "LOCALHOST", "localhost:8080", "127.1", "2130706433"),
        *("0x7f.1", "0", "u@p:localhost", "u@p", "127.0.0.1?a", "localhost#a"),
    ],
)
def test_these_hosts_are_refused(host: str) -> None:
    """A flow that Crossbar would not save is refused here too."""
    assert not is_client_url(f"http://{host}/cf")


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.2", "10.0.0.1", "169.254.169.254", "[::1]", "localhost.", "user:pass@localhost", ""),
        *("example.com", "1.2.3.4.5", "256.1", "127.0.0.09", "u@p:example.com"),
    ],
)
def test_these_hosts_pass(host: str) -> None:
    """Kazoo's check is no guard, and flows that Kazoo takes must pass."""
    assert is_client_url(f"https://{host}/cf")


@pytest.mark.parametrize("url", ["ftp://example.com", "HTTP://example.com", "//example.com", "", "http"])
def test_only_lower_case_http_and_https_pass(url: str) -> None:
    """The scheme is compared as it is written."""
    assert not is_client_url(url)
