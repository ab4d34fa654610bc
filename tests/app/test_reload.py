"""SIGHUP: what may change does, what may not is named, and nonsense changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog
from structlog.testing import CapturingLogger

from pivot.app import reload as reloading
from pivot.app.live_settings import LiveSettings
from pivot.app.reload import Reload, reloaded
from pivot.errors import ConfigError
from pivot.fetch.settings import FetchSettings
from pivot.log import configure
from pivot.settings.loading import load
from pivot.settings.sections import Settings


class Fetcher:
    """Keeps what it was told to follow."""

    def __init__(self) -> None:
        self.settings: FetchSettings | None = None

    def follow(self, settings: FetchSettings) -> None:
        self.settings = settings


@pytest.fixture(autouse=True)
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[CapturingLogger]:
    """What is logged; SIGHUP also sets the level of the process's own logging, which is put back."""
    before = structlog.get_config()
    configure("info", "json")
    capturing = CapturingLogger()
    monkeypatch.setattr(reloading, "log", capturing)
    yield capturing
    structlog.configure(**before)


def settings(**environment: str) -> Settings:
    return load(environment={f"PIVOT_{name}": value for name, value in environment.items()})


def test_only_what_may_change_does() -> None:
    """The rest waits for a restart, and is named."""
    new = settings(TWIML__PROFILE="twilio", BUS__URL="amqp://other/", BUS__DRAIN_S="3", LOG__LEVEL="debug")

    result = reloaded(settings(), new)

    assert result.changed == ("bus.drain_s", "twiml.profile", "log.level")
    assert result.waiting == ("bus.url",)
    assert (result.settings.twiml.profile, result.settings.bus.drain_s) == ("twilio", 3.0)
    assert result.settings.bus.url == settings().bus.url


def test_the_next_call_follows_the_new_settings(log: CapturingLogger) -> None:
    """Rules are made anew, and the fetcher hears of its part."""
    fetcher, shown = Fetcher(), list[bool]()
    force = LiveSettings(settings(), fetcher)
    new = settings(FETCH__FALLBACK_URL="http://spare.example/", WEB__ENABLED="true", COMPAT__FAILURES="kazoo")

    Reload(force, lambda: new, shown.append)()

    assert force.rules().fallback_url == "http://spare.example/"
    assert force.rules().failures.hang_up_on
    assert fetcher.settings is not None
    assert shown == [True]
    assert [each.args for each in log.calls] == [("settings.reloaded",)]


def test_settings_that_cannot_be_used_change_nothing(log: CapturingLogger) -> None:
    """A typing mistake in the file must not stop calls at night."""
    force = LiveSettings(settings(), Fetcher())
    before = force.rules()

    def broken() -> Settings:
        raise ConfigError("fetch.timeout_s is '5s', want a number")

    Reload(force, broken, lambda enabled: None)()

    assert force.rules() is before
    (line,) = log.calls
    assert (line.args, line.kwargs["error"]) == (
        ("settings.unusable",),
        "fetch.timeout_s is '5s', want a number",
    )


def test_calls_follow_the_twiml_settings() -> None:
    """A setting that is read and checked, and reaches no call, would be worse than none."""
    environment = {
        "PIVOT_TWIML__SMS": "kazoo",
        "PIVOT_TWIML__REFER": "dial",
        "PIVOT_TWIML__STREAM_GATEWAY": "sip:streams@gateway.test",
        "PIVOT_TWIML__RECORDINGS_URL": "https://store.test/calls",
    }

    rules = LiveSettings(load(environment=environment), Fetcher()).rules()

    assert (rules.sends_messages, rules.refer_dials) == (True, True)
    assert rules.stream_gateway == "sip:streams@gateway.test"
    assert rules.recordings_url == "https://store.test/calls"
