"""The port of health and metrics."""

from __future__ import annotations

import pytest

from pivot.app.health import open_health
from pivot.errors import ConfigError


async def test_a_port_that_is_taken_is_named() -> None:
    """Two workers on one machine: the second one says which setting to change instead of a traceback."""
    async with open_health("127.0.0.1", 0, []) as port:
        with pytest.raises(ConfigError, match=f"health.port name 127.0.0.1:{port}: .*; choose another"):
            async with open_health("127.0.0.1", port, []):
                pass
