"""Settings: what is wrong is named with its remedy, and nothing is undocumented."""

from __future__ import annotations

import tomllib
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from pivot.errors import ConfigError
from pivot.settings.loading import load
from pivot.settings.sections import Settings
from pivot.settings.shown import shown

FILE = Path(__file__).parents[2] / "config" / "pivot.toml"


def as_tables(settings: Any) -> dict[str, Any]:
    """Settings as TOML would hold them."""
    tables: dict[str, Any] = {}
    for field in fields(settings):
        value = getattr(settings, field.name)
        if is_dataclass(value):
            value = as_tables(value)
        elif isinstance(value, tuple):
            value = list(value)
        tables[field.name] = value
    return tables


def test_the_file_holds_every_key_with_its_default() -> None:
    """What is not in the file is undocumented; what is only there does nothing."""
    assert tomllib.loads(FILE.read_text()) == as_tables(Settings())


def test_every_key_has_a_comment() -> None:
    """An operator reads this file and nothing else."""
    bare = [
        line
        for line in FILE.read_text().splitlines()
        if "=" in line and not line.startswith("#") and "  # " not in line and not line.startswith(" ")
    ]
    assert bare == []


def test_later_sources_win(tmp_path: Path) -> None:
    """Defaults, file, Kazoo's config.ini, environment."""
    file = tmp_path / "pivot.toml"
    file.write_text('[bus]\nurl = "amqp://file/"\ndrain_s = 3\nslow_after_s = 1\n[log]\nlevel = "error"\n')
    kazoo = {"bus": {"url": "amqp://kazoo/", "drain_s": 4}}
    environment = {
        "PIVOT_BUS__DRAIN_S": "5",
        "PIVOT_WEB__AUTH__MODE": "open",
        "PIVOT_TEST_AMQP_URL": "x",
        "HOME": "/",
    }

    settings = load(file, environment, kazoo)

    assert (settings.bus.url, settings.bus.drain_s, settings.bus.slow_after_s) == ("amqp://kazoo/", 5.0, 1.0)
    assert (settings.log.level, settings.web.auth.mode) == ("error", "open")


def test_the_environment_can_spell_every_type() -> None:
    """Texts only, so lists and tables have a spelling."""
    settings = load(
        environment={
            "PIVOT_FETCH__ALLOW_NETWORKS": "10.0.0.0/8, 192.168.0.0/16",
            "PIVOT_FETCH__VERIFY_TLS": "false",
            "PIVOT_TWIML__ACCOUNTS": '{"a1": "twilio"}',
            "PIVOT_BUS__HEARTBEAT_S": "7",
        }
    )

    assert settings.fetch.allow_networks == ("10.0.0.0/8", "192.168.0.0/16")
    assert (settings.fetch.verify_tls, settings.bus.heartbeat_s) == (False, 7)
    assert settings.twiml.accounts == {"a1": "twilio"}


@pytest.mark.parametrize("said", ["no", "NO", "0", "off", "False", " false "])
def test_a_boolean_may_be_said_in_several_ways(said: str) -> None:
    """Deployment tools differ."""
    assert load(environment={"PIVOT_FETCH__VERIFY_TLS": said}).fetch.verify_tls is False


def test_an_empty_variable_counts_as_unset() -> None:
    """Compose files and charts pass variables on that nobody has set."""
    assert load(environment={"PIVOT_FETCH__TIMEOUT_S": "", "PIVOT_BUS__URL": " "}) == load(environment={})


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"PIVOT_FETCH__TIMEOUT_S": "5s"}, "fetch.timeout_s in the environment is '5s', want a number"),
        ({"PIVOT_FETCH__TIMEOUT_S": "nan"}, "want a number"),
        ({"PIVOT_FETCH__VERIFY_TLS": "2"}, "want true or false"),
        ({"PIVOT_BUS__HEARTBEAT_S": "1.5"}, "want a whole number"),
        ({"PIVOT_TWIML__PROFILE": "plivo"}, 'want "kazoo" or "twilio"'),
        ({"PIVOT_TWIML__ACCOUNTS": '{"a1": "plivo"}'}, "twiml.accounts.a1 is"),
        ({"PIVOT_TWIML__ACCOUNTS": "a1"}, "want a table"),
        ({"PIVOT_TWIML__STREAM_GATEWAY": "gw.example.com"}, "want sip:user@host, or nothing"),
        (
            {"PIVOT_FETCH__TIMOUT_S": "5"},
            r"fetch.timout_s in the environment is unknown \(did you mean timeout_s",
        ),
        ({"PIVOT_FETHC__TIMEOUT_S": "5"}, "fethc in the environment is unknown"),
        ({"PIVOT_BUS__URL": "amqp://host:99999"}, "bus.url is no broker's address"),
        ({"PIVOT_DEBUG__COUCH_URL": "db.example.com"}, "debug.couch_url is no server's address, want http"),
        ({"PIVOT_DEBUG__COUCH_URL": "http://db:port"}, "debug.couch_url is no server's address"),
        ({"PIVOT_HEALTH__PORT": "-1"}, "health.port is -1, want 0 to 65535"),
        ({"PIVOT_WEB__PORT": "99999"}, "web.port is 99999, want 0 to 65535"),
        ({"PIVOT_SCHEMAS__MAX_DEPTH": "0"}, "schemas.max_depth is 0, want at least 1"),
        ({"PIVOT_TWIML__MAX_XML_NODES": "0"}, "twiml.max_xml_nodes is 0, want at least 1"),
        ({"PIVOT_TWIML__RECORDINGS_URL": "store.test/x"}, "twiml.recordings_url is no http URL"),
        ({"PIVOT_WEB__AUTH": "open"}, "want a table of settings"),
    ],
)
def test_a_wrong_setting_names_key_value_and_remedy(environment: dict[str, str], message: str) -> None:
    """Nothing starts half-configured, and nobody has to read our code to mend it."""
    with pytest.raises(ConfigError, match=message):
        load(environment=environment)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[bus\n", "is no TOML"),
        ("bus = 5\n", "bus in .* is 5, want a table of settings"),
        ("[bus]\nurl = 5\n", "bus.url in .* is 5, want a text in quotes"),
        ('[bus]\nurls = "a"\nwrong = 1\n', "bus.wrong in .* is unknown"),
        ("[fetch]\ntwilio_tokens = { a = 5 }\n", "fetch.twilio_tokens in .* is hidden, want"),
    ],
)
def test_a_wrong_file_names_the_place(tmp_path: Path, text: str, message: str) -> None:
    """The file's name is in every message about it."""
    file = tmp_path / "pivot.toml"
    file.write_text(text)

    with pytest.raises(ConfigError, match=message):
        load(file, {})


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    """A typing mistake in --config must not start a worker on defaults."""
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "nowhere.toml", {})


def test_secrets_are_not_shown() -> None:
    """`pivot check-config` goes into tickets."""
    settings = load(
        environment={
            "PIVOT_BUS__URL": "amqp://kazoo:hunter2@rabbit/",
            "PIVOT_KAZOO__COUCH_URL": "http://admin:p@ss/hunter2@couch:5984",
            "PIVOT_FETCH__ORIGIN_HEADERS": '{"https://app.example": ["X-Api-Key: hunter2"]}',
            "PIVOT_SPEECH__OPTIONS": '{"API_Key": "hunter2", "url": "https://u:hunter2@tts.example"}',
            "PIVOT_DEBUG__COUCH_URL": "http://admin:hunter2@couch:5984",
            "PIVOT_FETCH__SIGNING_KEYS": '{"*": ["whsec_hunter2"]}',
            "PIVOT_FETCH__CREDENTIALS": '{"https://app.example": "user:hunter2"}',
        }
    )

    text = str(shown(settings))

    assert "hunter2" not in text
    assert "amqp://kazoo:(hidden)@rabbit/" in text
    assert "http://admin:(hidden)@couch:5984" in text
