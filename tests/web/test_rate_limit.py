"""Buckets of tokens, and whose they are."""

from __future__ import annotations

import pytest

from pivot.web import rate_limit
from pivot.web.rate_limit import ClientAddress, RateLimit, network_of


def test_tokens_come_back_with_time() -> None:
    """Ten a second, never more than the bucket holds."""
    now = 0.0
    limit = RateLimit(3, 10.0, lambda: now)

    assert [limit.take("c", "a") for _ in range(5)] == [2, 1, 0, None, None]
    now = 0.1
    assert [limit.take("c", "a") for _ in range(2)] == [0, None]
    now = 60.0
    assert [limit.take("c", "a") for _ in range(4)] == [2, 1, 0, None]


def test_looking_takes_nothing() -> None:
    """`is_empty` may be asked as often as one likes."""
    limit = RateLimit(1, 0.0, lambda: 0.0)

    assert [limit.is_empty("c", "a") for _ in range(3)] == [False] * 3
    limit.take("c", "a")
    assert limit.is_empty("c", "a")
    assert not limit.is_empty("c", "b")


def test_strangers_cannot_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bucket unused for longest goes; one in use stays."""
    monkeypatch.setattr(rate_limit, "MAX_BUCKETS", 10)
    limit = RateLimit(5, 0.0, lambda: 0.0)
    for number in range(50):
        limit.take("busy", "a") if number < 5 else limit.is_empty("busy", "a")
        limit.take(str(number), "a")

    assert len(limit._buckets) == 10


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        ("127.0.0.1", "203.0.113.9, nonsense", "127.0.0.1"),
        ("127.0.0.1", ", ,", "127.0.0.1"),
        ("127.0.0.1", "10.0.0.1", "10.0.0.1"),
        ("", "203.0.113.9", ""),
        ("::ffff:127.0.0.1", "203.0.113.9", "203.0.113.9"),
    ],
)
def test_only_trusted_proxies_are_believed(peer: str, forwarded: str, client: str) -> None:
    """What a client writes itself stands further left than what a proxy of ours adds."""
    address = ClientAddress.behind(("127.0.0.1/32", "10.0.0.0/8"))

    assert address.of(peer, forwarded) == client


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::ffff:c000:201", "192.0.2.1"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_a_client_is_counted_by_what_it_owns(address: str, counted: str) -> None:
    """Whoever has one IPv6 address has all of its /64."""
    assert network_of(address) == counted
