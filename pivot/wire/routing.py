"""Routing keys.

Source: kz_amqp_util.erl, encode/1; kapi_call.erl, kapi_pivot.erl, kapi_conference.erl, kapi_conf.erl.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import unquote_plus

from pivot.wire.names import Exchange

_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-~_")
_ENCODED = {byte: "+" if byte == 0x20 else f"%{byte:02X}" for byte in range(256) if byte not in _PLAIN}


@lru_cache(maxsize=8192)
def encode_word(text: str) -> str:
    """One word of a routing key; the wildcards `*` and `#` stay when they stand alone."""
    if text in ("*", "#"):
        return text
    return text.encode("utf-8", "surrogateescape").decode("latin-1").translate(_ENCODED)


def decode_word(word: str) -> str:
    """The text that `encode_word` made this word of."""
    return unquote_plus(word, errors="surrogateescape")


def pivot_request(realm: str) -> str:
    """Key of a `pivot_req` on `callmgr`."""
    return f"pivot.req.{encode_word(realm)}"


ALL_PIVOT_REQUESTS = "pivot.req.*"


def call_event(name: str, call_id: str) -> str:
    """Key of one event of one call on `callevt`."""
    return f"call.{name}.{encode_word(call_id)}"


def call_events(call_id: str) -> str:
    """Binding for every event of one call on `callevt`."""
    return call_event("*", call_id)


def conference_event(event: str, account_id: str, conference_id: str, call_id: str) -> str:
    """Key of what happens to a call in a conference, on `conference`; only the last word is encoded."""
    return f"conference.event.{event}.{account_id}.{conference_id}.{encode_word(call_id)}"


def conference_events(account_id: str, conference_id: str, call_id: str) -> str:
    """Binding for a call's events in a conference on `conference`."""
    return conference_event("*", account_id, conference_id, call_id)


def channel_status_request(call_id: str) -> str:
    """Key of the question whether a channel exists, on `callevt`."""
    return call_event("status_req", call_id)


def media_server_command(node: str) -> str:
    """Key of a command to one media server, on `switch`."""
    return f"switch.command.{encode_word(node)}"


def conference_command(conference_id: str) -> str:
    """Key of a command to a conference, on `conference`; not encoded."""
    return f"conference.command.{conference_id}"


def outbound_message(message_id: str) -> str:
    """Key of a text message to the network, on `im`."""
    return f"sms.outbound.{encode_word(message_id)}"


CONFERENCE_LEG = "conference "
"""In front of a Call-ID, where bindings are counted: the leg's events in conferences."""


def binding_of(leg: str) -> tuple[Exchange, str]:
    """Exchange and key that bring all events of a leg, or those that it has in conferences."""
    if leg.startswith(CONFERENCE_LEG):
        call_id = encode_word(leg.removeprefix(CONFERENCE_LEG))
        return Exchange.CONFERENCE, f"conference.event.*.*.*.{call_id}"
    return Exchange.CALLEVT, call_events(leg)


def split_conference_key(routing_key: str) -> str | None:
    """Encoded call id of a key of conference events; None for any other key."""
    words = routing_key.split(".")
    return words[5] if len(words) == 6 and words[:2] == ["conference", "event"] else None


ORIGINATE_REQUEST = "originate.resource.req"
"""Key of a request to ring a party apart, on `callmgr`."""


def changes_of(database: str) -> str:
    """Binding for every change of a database's documents on `configuration`."""
    return f"*.{database}.*.*"


def changed_database(routing_key: str) -> str | None:
    """The database that a key on `configuration` is about, as `changes_of` names it."""
    words = routing_key.split(".")
    return words[1] if len(words) == 4 else None


def database_created(database: str) -> str:
    """Key of the news that a database was made; only the last word is encoded, `%2F` in it once more."""
    return f"db_created.{database}.database.{encode_word(database)}"


CONFERENCE_DISCOVERY = "conference.discovery"


def offnet_request(resource_type: str) -> str:
    """Key of a request for a carrier on `resources`; not encoded."""
    return f"offnet.resource.req.{resource_type}"


def split_call_key(routing_key: str) -> tuple[str, str] | None:
    """Event name and encoded call id of a key on `callevt`; None for any other key."""
    words = routing_key.split(".")
    return (words[1], words[2]) if len(words) == 3 and words[0] == "call" else None
