"""Settings that cannot work are named before anything starts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pivot.bus.settings import BusSettings


def test_the_defaults_can_work() -> None:
    """A worker beside its broker needs no settings."""
    assert list(BusSettings().problems()) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            {"url": "rabbit:5672"},
            ("url", "is no broker's address, want amqp://user:password@host:5672/vhost"),
        ),
        (
            {"urls": ("amqp://a", "b")},
            ("urls", "is no broker's address, want amqp://user:password@host:5672/vhost"),
        ),
        *(
            ({"url": url}, ("url", "is no broker's address, want amqp://user:password@host:5672/vhost"))
            for url in ("amqp://user:secret@host:99999", "amqp:///vhost", "http://host")
        ),
        ({"max_calls": 0}, ("max_calls", "is 0, want more than 0")),
        ({"publish_timeout_s": -1.0}, ("publish_timeout_s", "is -1.0, want more than 0")),
        ({"drain_s": -1.0}, ("drain_s", "is -1.0, want 0 or more")),
        ({"heartbeat_s": -1}, ("heartbeat_s", "is -1, want 0 or more")),
        ({"reconnect_max_s": 0.1}, ("reconnect_max_s", "is 0.1, want at least reconnect_min_s")),
    ],
)
def test_a_value_that_cannot_work_is_named(change: dict[str, Any], problem: tuple[str, str]) -> None:
    """Key, value and remedy; a URL's value is not shown, because it holds a password."""
    assert list(replace(BusSettings(), **change).problems()) == [problem]
