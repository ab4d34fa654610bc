"""A message ready to be published, and the members that all messages share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field

from pivot.model.hot import hot_dataclass
from pivot.model.json import JsonObject
from pivot.wire.address import route
from pivot.wire.message_rules import Api
from pivot.wire.names import DELIVER_TO_PID, Category, EventName, Exchange, Field
from pivot.wire.payload import Payload, encode

_NEVER_STRIPPED = (Field.SERVER_ID, Field.MSG_ID)


@hot_dataclass(frozen=True, slots=True)
class Message:
    """One AMQP message of ours. `headers` are AMQP headers of type byte array."""

    exchange: Exchange
    routing_key: str
    payload: bytes
    msg_id: str
    headers: Mapping[str, bytes] = field(default_factory=dict)
    mandatory: bool = False
    """A message that reaches no queue means that nobody will act on it: the broker shall say so."""


@hot_dataclass(frozen=True, slots=True)
class App:
    """`App-Name` and `App-Version`, which name the part of Kazoo that a message used to come from."""

    name: str
    version: str


PIVOT = App("pivot", "4.0.0")
TRANSLATOR = App("translator", "4.0.0")
KAPPS_CALL = App("kapps_call", "1.0.0")
KAPPS_CALL_COMMAND = App("kapps_call_command", "4.0.0")
ECALLMGR = App("ecallmgr", "5.0.0")
STEPSWITCH = App("stepswitch", "2.0.0")
CALL_RESPONSE = App("call_response", "0.1.0")
CALLFLOW = App("callflow", "4.0.0")
FREESWITCH = App("freeswitch", "1.0")
DATAMGR = App("datamgr", "1.0.0")


@hot_dataclass(frozen=True, slots=True)
class Sender:
    """Who publishes: the node's name, and the queue where answers to commands arrive."""

    node: str
    server_id: str


def addressed(exchange: Exchange, address: str, payload: bytes, msg_id: str) -> Message:
    """A message to one process: by its queue's name, or by a shared queue and the process's id."""
    target = route(address)
    headers = {} if target.pid is None else {DELIVER_TO_PID: target.pid.encode()}
    return Message(exchange, target.routing_key, payload, msg_id, headers, mandatory=True)


def seal(
    api: Api,
    body: JsonObject,
    *,
    kind: tuple[Category, EventName | str],
    app: App,
    node: str,
    msg_id: str,
    server_id: str | None = None,
) -> bytes:
    """The payload as Kazoo would publish it: shared members added, empty texts and unknown members left out.

    Raises:
        WireError: the payload would be refused by its readers; names the member.
    """
    category, name = kind
    shared: Payload = {
        Field.NODE: node,
        Field.MSG_ID: msg_id,
        Field.EVENT_NAME: name,
        Field.EVENT_CATEGORY: category,
        Field.APP_VERSION: app.version,
        Field.APP_NAME: app.name,
    }
    if server_id is not None:
        shared[Field.SERVER_ID] = server_id
    return publishable(api, {**body, **shared}, strip=STRIPPING.get(category, strip_deep))


def publishable(api: Api, payload: Payload, strip: Callable[[JsonObject], Payload]) -> bytes:
    """Check, strip and select: the steps of Kazoo between a complete payload and the wire.

    Raises:
        WireError: the payload would be refused by its readers; names the member.
    """
    stripped = strip(payload)
    api.check(stripped)
    return encode(api.select(stripped))


def strip_deep(payload: JsonObject) -> Payload:
    """Without empty texts, in nested objects too but not in lists; Server-ID and Msg-ID always stay."""
    return {
        key: strip_deep(value) if isinstance(value, Mapping) else value
        for key, value in payload.items()
        if value != "" or key in _NEVER_STRIPPED
    }


def strip_top(payload: JsonObject) -> Payload:
    """Without empty texts at the top; what call events get."""
    return {key: value for key, value in payload.items() if value != "" or key in _NEVER_STRIPPED}


def strip_nothing(payload: JsonObject) -> Payload:
    """All as it is; what call commands get."""
    return dict(payload)


STRIPPING = {Category.CALL: strip_nothing, Category.CALL_EVENT: strip_top}
"""How a category of messages loses empty texts; all others lose them at every depth."""
