"""Commands whose work is small enough for `command_line.py` and `check_config.py`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pivot import __version__
from pivot.cli.command_line import app


def test_check_config_prints_what_differs_and_its_origin(tmp_path: Path) -> None:
    """An operator sees what is in force and why, and can show it to anybody."""
    file = tmp_path / "pivot.toml"
    file.write_text(
        '[bus]\n# the own zone\ndrain_s = 5.0\n\n[web.auth]\nmode = "jwt"\ncouch_url = "http://c:5984"\n'
    )
    done = CliRunner().invoke(
        app,
        ["check-config", "--config", str(file)],
        env={
            "PIVOT_BUS__URL": "amqp://user:secret@broker/",
            "PIVOT_FETCH__RETRIES": "0",
            "PIVOT_FETCH__EGRESS": "",
        },
    )

    assert done.exit_code == 0
    assert done.output.splitlines() == [
        'bus.url = "amqp://user:(hidden)@broker/"  # PIVOT_BUS__URL',
        f"bus.drain_s = 5.0  # {file}:3",
        "fetch.retries = 0  # PIVOT_FETCH__RETRIES",
        f'web.auth.mode = "jwt"  # {file}:6',
        f'web.auth.couch_url = "http://c:5984"  # {file}:7',
        "ok",
    ]


def test_the_version_is_told() -> None:
    """As every program does."""
    done = CliRunner().invoke(app, ["--version"])

    assert (done.exit_code, done.output) == (0, f"pivot {__version__}\n")


def test_check_config_can_print_everything_and_for_programs() -> None:
    """`--all` is the reference on the spot; `--json` is for deployment tools."""
    everything = CliRunner().invoke(app, ["check-config", "--all"], env={})
    machine = CliRunner().invoke(app, ["check-config", "--json"], env={"PIVOT_BUS__DRAIN_S": "4"})

    assert "fetch.timeout_s = 5.0  # default" in everything.output.splitlines()
    told = json.loads(machine.output)
    assert told["settings"]["bus"]["drain_s"] == 4.0
    assert (told["origins"], told["warnings"]) == ({"bus.drain_s": "PIVOT_BUS__DRAIN_S"}, [])


def test_a_container_platforms_own_variables_stop_nothing() -> None:
    """A service called pivot makes these appear; a name that looks like a slip is told once."""
    platform = {
        "PIVOT_SERVICE_HOST": "10.0.0.1",
        "PIVOT_SERVICE_PORT": "8090",
        "PIVOT_PORT": "tcp://10.0.0.1:8090",
        "PIVOT_PORT_8090_TCP_ADDR": "10.0.0.1",
        "PIVOT_BUS_URL": "amqp://x/",
    }
    done = CliRunner().invoke(app, ["check-config"], env=platform)

    assert done.exit_code == 0
    assert done.output.splitlines() == [
        "warning: PIVOT_BUS_URL is ignored; the setting is PIVOT_BUS__URL",
        "ok",
    ]


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
