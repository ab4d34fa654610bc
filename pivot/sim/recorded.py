"""A recorded call: what went over the bus of a real cluster, and how what a worker sends now compares.

Format (`tests/vectors/switch/calls/*.json`): an object with `name`, `source`, `call_id`, `legs` (Call-IDs of
other legs), `document` (the answer to the first request), `further_documents` (by path of the URL), and
`messages` in the order in which the broker got them. A message has `t_s` (seconds since the first),
`exchange`, `routing_keys` and `payload` (the decoded JSON). `tools/record_calls.py` writes it.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pivot.wire.names import Field

Payload = Mapping[str, Any]

_OURS_ALONE = frozenset(
    {
        Field.MSG_ID,
        Field.SERVER_ID,
        Field.NODE,
        Field.APP_NAME,
        Field.APP_VERSION,
        "Call-ID",
        "Export-All",
        "Custom-Call-Vars",
    }
)
"""What differs between two workers, or between Kazoo's envelope and ours, without a meaning."""
_AN_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[^/]*-[0-9a-f]{16}")
_HIDDEN_PATH = "/path/file"
"""Stands in recordings for a path on the media server."""


@dataclass(frozen=True, slots=True)
class RecordedMessage:
    """One message, and who sent it."""

    t_s: float
    exchange: str
    routing_key: str
    payload: Payload
    of_worker: bool


@dataclass(frozen=True)
class RecordedCall:
    """One call as it went over the bus."""

    name: str
    call_id: str
    legs: tuple[str, ...]
    documents: Mapping[str, str]
    """By path of the URL; the first one's path is that of Voice-URI."""
    messages: tuple[RecordedMessage, ...]

    @property
    def request(self) -> RecordedMessage:
        """The `pivot_req`."""
        return next(each for each in self.messages if each.payload.get("Event-Name") == "pivot_req")

    @property
    def base_url(self) -> str:
        """Scheme, host and port of the customer's server."""
        voice_url = str(self.request.payload["Voice-URI"])
        return "/".join(voice_url.split("/", 3)[:3])


class RecordingError(ValueError):
    """A file is no recorded call that can be replayed."""


def read_call(path: Path) -> RecordedCall:
    """The call in this file.

    Raises:
        RecordingError: it is no recording, or lacks what a replay needs.
    """
    try:
        row = json.loads(path.read_text())
        sent = [each for each in row["messages"] if isinstance(each["payload"], dict)]
        nodes = {
            each["payload"].get("Node") for each in sent if each["payload"].get("Event-Category") == "pivot"
        }
        messages = tuple(_message(each, nodes) for each in sent)
        call = RecordedCall(
            row["name"], row["call_id"], tuple(row.get("legs", ())), _documents(row, messages), messages
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RecordingError(f"{path} is no recorded call ({error!r}); see tools/record_calls.py") from error
    if not any(each.payload.get("Event-Name") == "pivot_req" for each in messages):
        raise RecordingError(f"{path} has no pivot_req: begin to record before the call comes in")
    return call


def _message(row: Mapping[str, Any], nodes: set[Any]) -> RecordedMessage:
    payload = row["payload"]
    of_worker = payload.get("Node") in nodes and payload.get("Event-Name") != "originate_resp"
    return RecordedMessage(row["t_s"], row["exchange"], row["routing_keys"][0], payload, of_worker)


def _documents(row: Mapping[str, Any], messages: tuple[RecordedMessage, ...]) -> dict[str, str]:
    asked = next((each for each in messages if each.payload.get("Event-Name") == "pivot_req"), None)
    documents = dict(row.get("further_documents", {}))
    if asked is not None and "document" in row:
        documents["/" + str(asked.payload["Voice-URI"]).split("/", 3)[3].partition("?")[0]] = row["document"]
    return documents


@dataclass
class Rewriting:
    """Recorded texts and what stands for them in the replay: ids, queues, addresses."""

    texts: dict[str, str] = field(default_factory=dict)

    def fresh(self, recorded: str) -> None:
        """A new id for a recorded one."""
        self.texts.setdefault(recorded, secrets.token_hex(16))

    def learn(self, recorded: Any, live: Any) -> None:
        """Two messages that mean the same: ids in the one stand for those in the other."""
        for _, old, new in _pairs(recorded, live):
            if isinstance(old, str) and isinstance(new, str) and old != new and _AN_ID.fullmatch(_stem(old)):
                self.texts[_stem(old)] = _stem(new)

    def apply(self, payload: Payload, file: str | None = None) -> dict[str, Any]:
        """The payload with everything replaced; `file` is the name of the newest recording."""
        text = json.dumps(payload)
        for old in sorted(self.texts, key=len, reverse=True):
            text = text.replace(json.dumps(old)[1:-1], json.dumps(self.texts[old])[1:-1])
        if file is not None:
            text = text.replace(_HIDDEN_PATH, f"/tmp/{file}")
        applied: dict[str, Any] = json.loads(text)
        return applied


def kind_of(payload: Payload) -> str:
    """What a message is, without its details: `command tts, noop`, `command bridge`, `processing`."""
    words = [str(payload.get("Event-Name"))]
    if payload.get("Event-Category") == "switch_event":
        words.append(str(payload.get("Command")))
    commands = payload.get("Commands")
    if isinstance(commands, list):
        words += [str(each.get("Application-Name")) for each in reversed(commands)]
    elif "Application-Name" in payload:
        words.append(str(payload["Application-Name"]))
    if payload.get("Insert-At") == "flush":
        words.append("(flush)")
    return " ".join(words)


def differences(recorded: Payload, live: Payload) -> Iterator[str]:
    """Members of a message of the worker that are not as they were recorded; ids are replaced before."""
    for path, old, new in _pairs(recorded, live):
        if path.rpartition(".")[2] not in _OURS_ALONE and not isinstance(old, dict | list) and old != new:
            yield f"{path}: recorded {json.dumps(old)}, now {json.dumps(new)}"


def _pairs(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted({*old, *new}):
            yield from _pairs(old.get(name), new.get(name), f"{path}.{name}" if path else name)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (each, other) in enumerate(zip(old, new, strict=True)):
            yield from _pairs(each, other, f"{path}[{index}]")
    elif isinstance(old, dict | list) or isinstance(new, dict | list):
        yield path, json.dumps(old), json.dumps(new)
    else:
        yield path, old, new


def _stem(text: str) -> str:
    return re.sub(r"\.(mp3|wav|mp4)$", "", text)
