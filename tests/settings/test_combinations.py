"""Settings that cannot work together are told of before anybody waits for a call."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pivot.settings.combinations import UNIT_STOP_S, warnings_about
from pivot.settings.loading import load

ROOT = Path(__file__).parents[2]


def test_defaults_work_together() -> None:
    """A warning that everybody sees is one that nobody reads."""
    assert list(warnings_about(load(environment={}))) == []


def test_the_units_stop_time_is_the_one_that_is_warned_about() -> None:
    """The number stands in two files."""
    unit = (ROOT / "config" / "pivot.service").read_text()
    found = re.search(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)
    assert found is not None
    assert float(found[1]) == UNIT_STOP_S


@pytest.mark.parametrize(
    ("environment", "warning"),
    [
        ({"PIVOT_BUS__DRAIN_S": "58"}, "bus.drain_s and debug.flush_s are 63 s together"),
        ({"PIVOT_FETCH__CONNECT_TIMEOUT_S": "9"}, "fetch.connect_timeout_s (9) is above fetch.timeout_s (5)"),
        ({"PIVOT_FETCH__DNS_TIMEOUT_S": "4"}, "fetch.dns_timeout_s (4) is above fetch.connect_timeout_s (3)"),
        ({"PIVOT_BUS__SLOW_AFTER_S": "6"}, "bus.slow_after_s (6) is above fetch.timeout_s (5)"),
        ({"PIVOT_WEB__AUTH__TIMEOUT_S": "30"}, "web.auth.timeout_s (30) is above web.request_timeout_s (20)"),
        ({"PIVOT_WEB__ENABLED": "1", "PIVOT_WEB__AUTH__MODE": "static"}, "web.auth.tokens is empty"),
        ({"PIVOT_WEB__ENABLED": "1", "PIVOT_HEALTH__PORT": "8090"}, "web.port and health.port are both 8090"),
        ({"PIVOT_WEB__ENABLED": "1", "PIVOT_DEBUG__STORE": "off"}, "the port stays shut"),
        ({"PIVOT_DEBUG__SPILL_DIR": "/nowhere/spill"}, "/nowhere/spill does not exist; create it"),
        ({"PIVOT_DEBUG__SPILL_DIR": __file__}, "is a file, want a folder"),
        (
            {"PIVOT_DEBUG__STORE": "sqlite", "PIVOT_DEBUG__SQLITE_PATH": "/nowhere/a.sqlite"},
            "the folder of debug.sqlite_path: /nowhere does not exist",
        ),
        ({"PIVOT_WEB__AUTH__CROSSBAR_URL": "http://a b:8000"}, "web.auth.crossbar_url holds a blank"),
    ],
)
def test_what_cannot_work_is_told_with_its_remedy(environment: dict[str, str], warning: str) -> None:
    """One warning for one mistake."""
    (told,) = warnings_about(load(environment=environment))
    assert warning in told
