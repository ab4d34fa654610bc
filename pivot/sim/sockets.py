"""A simulated gateway from SIP to WebSockets: what it reads in the headers of its INVITE.

It is recognised by them, as a real one knows from them alone what is wanted; see `docs/gateway.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import unquote

from pivot.model.dialling import Endpoint

Seen: TypeAlias = tuple[str, dict[str, str | tuple[str, ...] | None]]
"""What a bystander calls it, and the details."""
_PREFIX = "X-Stream-"
_LISTS = ("Parameters", "Options")


@dataclass(frozen=True, slots=True)
class Socket:
    """What one INVITE asks for.

    Attributes:
        told: the headers without `X-Stream-`, decoded; lists of names and values are still to be taken apart.
    """

    told: dict[str, str]

    @property
    def opens(self) -> Seen:
        """What the gateway does first: open a WebSocket, or begin a transcription."""
        told = self.told
        name, track = told.get("Name"), told.get("Track")
        if told["Kind"] == "transcription":
            return "transcription_start", {"name": name, "track": track, "language": told["Language"]}
        url, both_ways = told["Url"], told["Bidirectional"]
        return "ws_connect", {"url": url, "bidirectional": both_ways, "name": name, "track": track}

    @property
    def closes(self) -> Seen:
        """What the gateway does at the end of the leg."""
        op = "transcription_stop" if self.told["Kind"] == "transcription" else "ws_close"
        return op, {"name": self.told.get("Name")}


def socket_of(endpoint: Endpoint) -> Socket | None:
    """What the gateway is asked for at this endpoint; None: it is no gateway's."""
    told = {
        item.name.removeprefix(_PREFIX): item.value
        for item in endpoint.headers
        if item.name.startswith(_PREFIX)
    }
    decoded = {name: value if name in _LISTS else unquote(value) for name, value in told.items()}
    return Socket(decoded) if "Sid" in told else None
