"""What administrators set in the cluster, as one node sees it."""

from __future__ import annotations

import pytest

from pivot.cluster.system_config import Figures, SystemConfig, figures_of
from pivot.model.instructions import SwitchVoice
from pivot.model.json import JsonObject

NODE = "pivot@apps1.example.com"


def config(**documents: JsonObject) -> SystemConfig:
    return SystemConfig(documents, NODE, "east")


def test_the_node_beats_the_zone_and_the_zone_the_default() -> None:
    """As kapps_config looks a key up."""
    pivot = {
        "default": {"request_timeout_ms": 5000, "tts_texts_size": 4000},
        "east": {"request_timeout_ms": 4000, "tts_texts_size": 3000},
        "west": {"request_timeout_ms": 1},
        NODE: {"request_timeout_ms": 3000},
    }

    figures = figures_of(config(pivot=pivot))

    assert (figures.request_timeout_s, figures.max_tts_bytes, figures.problems) == (3.0, 3000, ())


def test_nothing_set_is_nothing_known() -> None:
    """Then pivot's own settings count."""
    assert figures_of(config()) == Figures()
    assert figures_of(config(pivot={"_id": "pivot", "default": {}})) == Figures()


def test_every_figure_is_found_in_its_document() -> None:
    """Keys may be paths."""
    figures = figures_of(
        config(
            kzt_twiml_util={"default": {"max_length": "600"}},
            callflow={"default": {"call_recording": {"extension": "wav"}}},
            kazoo_web={"default": {"client": {"blacklist": {"cidrs": ["10.0.0.0/8"], "hosts": ["db"]}}}},
            speech={"default": {"tts_voice": "female", "tts_language": "de-de", "tts_provider": "google"}},
        )
    )

    assert figures == Figures(
        max_record_s=600,
        recording_extension="wav",
        voice=SwitchVoice("female", "de-de", "google"),
        denied_networks=("10.0.0.0/8",),
        denied_hosts=("db",),
    )


@pytest.mark.parametrize(
    ("category", "key", "value", "problem"),
    [
        (
            "pivot",
            "request_timeout_ms",
            "soon",
            "pivot.request_timeout_ms is 'soon', want a whole number above 0",
        ),
        (
            "pivot",
            "request_timeout_ms",
            True,
            "pivot.request_timeout_ms is 'True', want a whole number above 0",
        ),
        ("speech", "tts_voice", "robot", "speech.tts_voice is 'robot', want male or female, as the switch"),
    ],
)
def test_a_value_without_sense_is_named_and_passed_over(
    category: str, key: str, value: str, problem: str
) -> None:
    """One administrator's mistake must not stop calls."""
    figures = figures_of(config(**{category: {"default": {key: value}}}))

    (named,) = figures.problems
    assert named.startswith(problem)
    assert figures.request_timeout_s is None
    assert figures.voice == SwitchVoice()
