"""The settings that new calls begin with: those of the file and those of the cluster, merged.

Both may change while we run. A change reaches the next call; one in progress keeps what it began with.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import Protocol

from pivot.cluster.opening import Cluster, Wanted
from pivot.cluster.system_config import Figures
from pivot.execute.profile import failure_rules
from pivot.execute.rules import Rules
from pivot.fetch.settings import FetchSettings
from pivot.model.speech import Repertoire
from pivot.schema import Schemas
from pivot.settings.sections import Settings
from pivot.translate.rules import TranslateRules


class Follower(Protocol):
    """Has settings of its own to keep up with."""

    def follow(self, settings: FetchSettings) -> None:
        """Use these settings for what begins from now on."""


@dataclass(slots=True)
class LiveSettings:
    """The current settings and the rules made of them, which are made anew only on a change."""

    settings: Settings
    fetcher: Follower
    schemas: Schemas = field(default_factory=Schemas.bundled)
    figures: Figures = field(default_factory=Figures)
    speech: Repertoire = field(default_factory=Repertoire)
    """The voices of the speech plug-in in use."""
    _rules: Rules = field(init=False)

    def __post_init__(self) -> None:
        self.change(self.settings, self.schemas, self.figures)

    def rules(self) -> Rules:
        """What the engine of the next call follows."""
        return self._rules

    def follow(self, cluster: Cluster) -> None:
        """The cluster has other figures or schemas."""
        self.change(schemas=cluster.schemas, figures=cluster.figures)

    def change(
        self,
        settings: Settings | None = None,
        schemas: Schemas | None = None,
        figures: Figures | None = None,
    ) -> None:
        """Put what is given into force.

        Raises:
            ConfigError: the fetch settings make no sense; nothing has changed.
        """
        settings, schemas, figures = (
            settings or self.settings,
            schemas or self.schemas,
            figures or self.figures,
        )
        self.fetcher.follow(fetch_settings(settings.fetch, figures))
        self.settings, self.schemas, self.figures = settings, schemas, figures
        self._rules = rules_of(settings, schemas, figures, self.speech)


def fetch_settings(settings: FetchSettings, figures: Figures) -> FetchSettings:
    """With the cluster's time limit, and its blacklist beside our own."""
    return replace(
        settings,
        timeout_s=figures.request_timeout_s or settings.timeout_s,
        deny_networks=(*settings.deny_networks, *(figures.denied_networks or ())),
        deny_hosts=(*settings.deny_hosts, *(figures.denied_hosts or ())),
    )


def rules_of(
    settings: Settings,
    schemas: Schemas,
    figures: Figures | None = None,
    speech: Repertoire = Repertoire(),  # noqa: B008 # frozen
) -> Rules:
    """What the engine follows under these settings."""
    failures = failure_rules(settings.compat.failures)
    figures = figures or Figures()
    usual = TranslateRules()
    return Rules(
        translate=TranslateRules(
            failures=settings.compat.failures,
            accepted_statuses=failures.accepted_statuses,
            untyped_is_xml=failures.untyped_is_xml,
            schemas=schemas,
            max_json_depth=settings.schemas.max_depth,
            max_json_nodes=settings.schemas.max_nodes,
            max_xml_bytes=settings.fetch.max_xml_bytes,
            max_xml_depth=settings.twiml.max_xml_depth,
            max_xml_nodes=settings.twiml.max_xml_nodes,
            max_tts_bytes=figures.max_tts_bytes or usual.max_tts_bytes,
            voice=figures.voice,
            speech=speech,
            max_record_s=figures.max_record_s,
        ),
        failures=failures,
        profile=settings.twiml.profile,
        profile_by_account=settings.twiml.accounts,
        slow_after_s=settings.bus.slow_after_s,
        fallback_url=settings.fetch.fallback_url,
        max_iterations=settings.twiml.max_iterations,
        apology=settings.twiml.apology,
        sends_messages=settings.twiml.sms != "off",
        refer_dials=settings.twiml.refer == "dial",
        stream_gateway=settings.twiml.stream_gateway,
        recordings_url=settings.twiml.recordings_url,
        speech_wait_s=settings.speech.wait_s,
        recording_extension=figures.recording_extension or "mp3",
    )


def wanted_of(settings: Settings, node: str) -> Wanted:
    """What of the cluster these settings have us read."""
    kazoo = settings.kazoo
    has_cluster = bool(kazoo.couch_url) or settings.debug.store == "couch"
    return Wanted(
        couch_url=kazoo.couch_url or settings.debug.couch_url,
        node=node,
        zone=kazoo.zone or os.environ.get("KAZOO_ZONE") or "local",
        settings=kazoo.system_config,
        schemas=settings.schemas.source == "couch",
        accounts=has_cluster,
        timeout_s=settings.debug.couch_timeout_s,
    )
