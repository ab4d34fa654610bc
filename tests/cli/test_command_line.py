"""Commands whose work is small enough to live in `cli.py`."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from pivot.cli.command_line import app


def test_check_config_prints_what_is_in_force_without_secrets() -> None:
    """An operator can show it to anybody."""
    done = CliRunner().invoke(
        app,
        ["check-config"],
        env={"PIVOT_BUS__URL": "amqp://user:secret@broker/", "PIVOT_FETCH__RETRIES": "0"},
    )

    shown = json.loads(done.output)
    assert (done.exit_code, shown["fetch"]["retries"]) == (0, 0)
    assert shown["bus"]["url"] == "amqp://user:(hidden)@broker/"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PIVOT_FETCH__TIMEOUT_S", "-5", "fetch.timeout_s is -5.0, want a number above 0"),
        ("PIVOT_FETCH__ALLOW_NETWORKS", "10.0.0.0/99", "fetch.allow_networks: '10.0.0.0/99'"),
        ("PIVOT_FETCH__EGRESS", "closed", "fetch.egress is 'closed', want one of enforce"),
        ("PIVOT_LOG__LEVEL", "loud", "log.level in the environment is 'loud', want \"debug\""),
    ],
)
def test_check_config_refuses_what_the_worker_would_refuse(name: str, value: str, said: str) -> None:
    """What passes here starts."""
    done = CliRunner().invoke(app, ["check-config"], env={name: value})

    assert done.exit_code == 1
    assert said in done.stderr
