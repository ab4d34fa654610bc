"""The call that callflow asks about, and its request."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum

from pivot.model.hot import hot_dataclass
from pivot.model.json import JsonObject
from pivot.model.plain import plain


@plain
@hot_dataclass(frozen=True, slots=True)
class Party:
    """One end of the call: `user@realm`, both never empty."""

    user: str
    realm: str

    @property
    def uri(self) -> str:
        """`user@realm`, as Kazoo writes parties."""
        return f"{self.user}@{self.realm}"


@plain
@hot_dataclass(frozen=True, slots=True)
class Call:
    """A call as callflow described it, with Kazoo's defaults filled in.

    Source: kapps_call.erl, from_json.
    """

    call_id: str
    account_id: str | None
    control_queue: str | None
    """Address of the call's control process: a queue's name, or `pid://<pid>/queue`."""
    controller_queue: str | None
    """Address of callflow's process that waits for us; same two forms."""
    from_: Party
    to: Party
    request: Party
    caller_id_name: str = "unknown"
    caller_id_number: str = "anonymous"
    direction: str = "inbound"
    language: str = "en-us"
    resource_type: str | None = None
    inception: str | None = None
    """Set when the call came from outside the cluster."""
    authorizing_id: str | None = None
    authorizing_type: str | None = None
    owner_id: str | None = None
    fetch_id: str | None = None
    switch_hostname: str | None = None
    switch_nodename: str | None = None
    bridge_id: str | None = None
    custom_channel_vars: JsonObject = field(default_factory=dict)
    custom_application_vars: JsonObject = field(default_factory=dict)
    custom_sip_headers: JsonObject = field(default_factory=dict)
    key_value_store: JsonObject = field(default_factory=dict)
    as_received: JsonObject = field(default_factory=dict)
    """The whole Call object, for messages that must carry it on with members we do not know."""


@plain
class RequestFormat(StrEnum):
    """Which set of parameters the customer's server gets."""

    KAZOO = "kazoo"
    TWIML = "twiml"


@plain
class Method(StrEnum):
    """HTTP methods that callflow and TwiML know."""

    GET = "get"
    POST = "post"


@plain
class BodyFormat(StrEnum):
    """How a POST carries its parameters."""

    FORM = "form"
    JSON = "json"


@plain
@hot_dataclass(frozen=True, slots=True)
class PivotRequest:
    """One `pivot_req`, checked and with Kazoo's effective defaults.

    Source: kapi_pivot.erl, req_definition; pivot_call.erl, init.
    """

    msg_id: str
    call: Call
    voice_uri: str
    """As it came; may be unusable, which then is a failed fetch."""
    method: Method = Method.GET
    format: RequestFormat = RequestFormat.TWIML
    body_format: BodyFormat = BodyFormat.FORM
    timeout_s: float | None = None
    """Limit of each attempt; None: the setting."""
    cdr_uri: str | None = None
    debug: bool = False
    node: str = ""
    """Of Kazoo: whose clock stamped the request."""
