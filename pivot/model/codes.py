"""How a call ended, in one word, and why, in one code.

The same words stand in logs, metrics, debug documents, the API and the inspector.
"""

from __future__ import annotations

from enum import StrEnum

from pivot.model.plain import plain


@plain
class Outcome(StrEnum):
    """What became of our part of the call."""

    OK = "ok"
    """The customer's document ran, or its flow was handed to callflow."""
    RECOVERED = "recovered"
    """Something failed, and the fallback URL's document ran instead."""
    BRANCHED = "branched"
    """`failed` was sent: callflow goes on with the pivot node's `_` child."""
    HUNG_UP = "hung_up"
    """We ended the call because nothing sensible was left to do."""
    GONE = "gone"
    """The caller or callflow was gone before we could act."""


@plain
class Code(StrEnum):
    """Why a call did not simply succeed: `room.reason`."""

    FETCH_DNS = "fetch.dns"
    FETCH_DENIED = "fetch.denied"
    FETCH_CONNECT_TIMEOUT = "fetch.connect_timeout"
    FETCH_REFUSED = "fetch.refused"
    FETCH_TLS = "fetch.tls"
    FETCH_READ_TIMEOUT = "fetch.read_timeout"
    FETCH_TOTAL_TIMEOUT = "fetch.total_timeout"
    FETCH_CLOSED = "fetch.closed"
    FETCH_PROTOCOL = "fetch.protocol"
    FETCH_BUSY = "fetch.busy"
    FETCH_BREAKER = "fetch.breaker"
    FETCH_TOO_LARGE = "fetch.too_large"
    FETCH_REDIRECTS = "fetch.redirects"
    FETCH_BAD_URL = "fetch.bad_url"
    HTTP_STATUS = "http.status"
    ANSWER_EMPTY = "answer.empty"
    ANSWER_TYPE = "answer.type"
    ANSWER_ENCODING = "answer.encoding"
    ANSWER_JSON = "answer.json"
    ANSWER_JSON_LIMIT = "answer.json_limit"
    ANSWER_SCHEMA = "answer.schema"
    ANSWER_XML = "answer.xml"
    ANSWER_XML_FORBIDDEN = "answer.xml_forbidden"
    ANSWER_XML_LIMIT = "answer.xml_limit"
    TWIML_ROOT = "twiml.root"
    TWIML_VERB = "twiml.verb"
    TWIML_ATTRIBUTE = "twiml.attribute"
    TWIML_NESTING = "twiml.nesting"
    TWIML_VALUE = "twiml.value"
    CALL_GONE = "call.gone"
    CALL_DEADLINE = "call.deadline"
    CALL_USURPED = "call.usurped"
    CALL_LOOP = "call.loop"
    CALL_COMMAND = "call.command"
    SWITCH_SILENT = "switch.silent"
    BUS_RETURNED = "bus.returned"
    BUS_LOST = "bus.lost"
    WORKER_CRASH = "worker.crash"
    WORKER_DRAIN = "worker.drain"
    WORKER_OVERLOADED = "worker.overloaded"

    @property
    def twilio_number(self) -> str:
        """The nearest number of Twilio's error catalogue; empty when there is none."""
        return _TWILIO_NUMBERS.get(self, "")


_TWILIO_NUMBERS = {
    Code.FETCH_DNS: "11210",
    Code.FETCH_DENIED: "11200",
    Code.FETCH_CONNECT_TIMEOUT: "11205",
    Code.FETCH_REFUSED: "11205",
    Code.FETCH_TLS: "11220",
    Code.FETCH_READ_TIMEOUT: "11205",
    Code.FETCH_TOTAL_TIMEOUT: "11205",
    Code.FETCH_CLOSED: "11206",
    Code.FETCH_PROTOCOL: "11206",
    Code.FETCH_BUSY: "11200",
    Code.FETCH_BREAKER: "11200",
    Code.FETCH_TOO_LARGE: "11750",
    Code.FETCH_REDIRECTS: "11215",
    Code.FETCH_BAD_URL: "11100",
    Code.HTTP_STATUS: "11200",
    Code.ANSWER_EMPTY: "11770",
    Code.ANSWER_TYPE: "12300",
    Code.ANSWER_ENCODING: "12100",
    Code.ANSWER_JSON: "12300",
    Code.ANSWER_JSON_LIMIT: "11750",
    Code.ANSWER_SCHEMA: "12300",
    Code.ANSWER_XML: "12100",
    Code.ANSWER_XML_FORBIDDEN: "12100",
    Code.ANSWER_XML_LIMIT: "11750",
    Code.TWIML_ROOT: "12102",
    Code.TWIML_VERB: "12200",
    Code.TWIML_ATTRIBUTE: "12200",
    Code.TWIML_NESTING: "12200",
    Code.TWIML_VALUE: "12200",
    Code.CALL_LOOP: "14106",
}
