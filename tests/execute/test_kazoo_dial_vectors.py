"""What our engine publishes for Dial, against recordings of Kazoo's own translator.

Left out of the comparison is what differs in every one of them: Kazoo hangs the caller up when the other
party has, and we keep the caller; it tells how the caller's channel ended, we tell how the party's did; it
asks the switch for a second less to ring.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.execute.kazoo_script import comparable, shared
from tests.execute.test_kazoo_vectors import ALL, replayed

NEVER_ALIKE = frozenset({"DialBridged", "DialCallDuration", "DialCallStatus"})
"""Parameters that Kazoo does not have, or has of the wrong leg."""
NOT_COMPARED = frozenset({"hangup", "noop", "park", "channel_status_req"})
"""What ends something on either side."""

TRANSLATED_FIRST = "the whole document is read before anything is told to the switch"
NO_CRASH = "Kazoo's translator crashes here, and the caller is cut off"
DIALLED_APART = "the party is called apart from the caller, so that it can hear keys and a document first"
HAS_DEVICES = "the recorded account has the device in its database"
DIFFERENT = {
    "Dial one Number, sendDigits, url, method": DIALLED_APART,
    'Dial text, hangupOnStar="true", star pressed': "Kazoo's star never works, and the switch must hear keys",
    "Dial text, action, callerId": "the party sees the number that the document names",
    "Dial Queue": "Kazoo ends the run without a word; here a queue is looked into",
    "Dial text, letters only": TRANSLATED_FIRST,
    "Dial Sip, bad uri": TRANSLATED_FIRST,
    "Dial Device, inbound carrier call without Authorizing-ID": HAS_DEVICES,
    **dict.fromkeys(
        [
            'Dial text, hangupOn="#" without record',
            'Dial text, record="true", bridged without LEG_CREATED',
            "Dial text, inbound carrier call without Authorizing-ID",
            "Dial two Numbers, strategy single, timeout 15, action",
            "Dial two Numbers, one empty",
            "Dial Sip with port and parameters",
            "Dial Sip, sips",
            "Dial endpoints, record + hangupOnStar",
            "Dial endpoints then Say",
            "Dial Sip [kz_endpoint_v4]",
        ],
        NO_CRASH,
    ),
}
"""Where we differ on purpose, by the recording's name."""


CASES = [
    pytest.param(case, id=case["note"])
    for case in ALL
    if "<Dial" in case["body"] and "<Conference" not in case["body"]
]


def told(payloads: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is compared of the messages."""
    kept = [
        payload
        for payload in shared(payloads)
        if payload.get("Application-Name") not in NOT_COMPARED and payload["Event-Name"] not in NOT_COMPARED
    ]
    return comparable(kept)


def question(method: str, url: str, body: str) -> tuple[Any, ...]:
    """What is compared of a request: all of it but the parameters that are never alike, in order."""
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query or body, keep_blank_values=True)
    return method, parts.path, [pair for pair in pairs if pair[0] not in NEVER_ALIKE]


def rings_in_full(payload: dict[str, Any]) -> dict[str, Any]:
    """With the second that we ask more of the switch than Kazoo does: else it rings less than `timeout`."""
    return payload | {"Timeout": payload["Timeout"] + 1} if "Timeout" in payload else payload


def ours(case: dict[str, Any]) -> tuple[Any, ...]:
    replay = replayed(case)
    asked = [question(each.method.value, each.url, each.body.decode()) for each in replay.asked]
    return told(replay.published), asked


def kazoos(case: dict[str, Any]) -> tuple[Any, ...]:
    messages = [*case["published"], *(case.get("published_after") or [])]
    requests = [step["http"] for step in case.get("then") or [] if "http" in step]
    asked = [question(each["method"], each["url"], each.get("body", "")) for each in requests]
    return told([rings_in_full(message["payload"]) for message in messages]), asked


@pytest.mark.parametrize("case", CASES)
def test_a_dial_asks_for_what_kazoo_does(case: dict[str, Any]) -> None:
    """Carriers, devices and applications see the same call; where not, the reason stands beside the name."""
    if case["note"] in DIFFERENT:
        assert ours(case) != kazoos(case), f"{case['note']}: no difference any more; take it out of the list"
    else:
        assert ours(case) == kazoos(case)
