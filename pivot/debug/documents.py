"""Debug documents, field for field as Kazoo's own pivot stores them, from what was seen of a call.

A document is its public fields in Kazoo's order, then the private ones, then the one member `pivot` with
all that Kazoo does not know, then `_id`. Everything here is pure.

Source: pivot_call.erl, maybe_debug_req, maybe_debug_resp, debug_error, debug_json_error, store_debug;
kz_doc.erl, update_pvt_parameters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pivot.debug.document_text import decode, encode, public_hash, storable
from pivot.debug.document_text import text as clean_text
from pivot.debug.names import GREGORIAN_UNIX_S, encoded, month_database, month_of
from pivot.debug.redact import Redactor
from pivot.debug.store import DebugDocument
from pivot.model.call import PivotRequest
from pivot.model.documents import DocumentWarning
from pivot.model.events import Fetched, FetchFailed
from pivot.model.fetch import Answer, Attempt, FetchRequest, Times
from pivot.model.json import Json, JsonObject
from pivot.model.notes import AnswerAccepted, AnswerRefused


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes which call's documents, and by which rules."""

    request: PivotRequest
    account_id: str
    started_s: float
    """Unix time at which the call's request came."""
    node: str
    redactor: Redactor = field(default_factory=Redactor)
    max_body_bytes: int = 1_000_000

    def asked(self, fetch: FetchRequest, at_s: float, kind: str = "request") -> DebugDocument:
        """The request document of a fetch, or of the CDR's."""
        body = self._body(fetch.body)
        public: dict[str, Json] = {
            "uri": self.redactor.url(fetch.shown_url or fetch.url),
            "method": fetch.method.value,
            "req_headers": self._headers(fetch.headers),
            "req_body": self.redactor.body(body.text),
            "iteration": fetch.iteration,
        }
        call = self.request.call
        ours = {"fetch_id": fetch.fetch_id, "from": call.from_.uri, "to": call.to.uri} | body.marks(
            "req_body"
        )
        return self._document(kind, public, ours, fetch.iteration, at_s)

    def answered(
        self,
        came: Fetched | FetchFailed,
        iteration: int,
        at_s: float,
        *,
        verdict: AnswerAccepted | AnswerRefused | None = None,
        judged_at_s: float | None = None,
        kind: str = "response",
    ) -> DebugDocument:
        """The response document; after a failure one with a code and no status, which Kazoo leaves out."""
        public: dict[str, Json] = {}
        ours: dict[str, Json] = {"fetch_id": came.fetch_id}
        if isinstance(came, Fetched):
            body = self._body(came.answer.body)
            public = {
                "resp_status_code": str(came.answer.status),
                "resp_headers": self._answer_headers(came.answer),
                "resp_body": self.redactor.text(body.text),
            }
            ours["url"] = self.redactor.url(came.answer.url)
            ours |= body.marks("resp_body")
            ours |= self._attempts(came.answer.attempts, came.answer.warnings)
        else:
            ours |= {"code": came.failure.code.value, "message": came.failure.message}
            ours |= self._attempts(came.failure.attempts, came.failure.warnings)
        ours |= self._verdict(verdict, ours)
        if judged_at_s is not None:
            ours["translate_ms"] = _ms(judged_at_s - at_s)
        return self._document(kind, public | {"iteration": iteration}, ours, iteration, at_s)

    def refused(
        self, note: AnswerRefused, body: bytes, at_s: float, suffix: str = ""
    ) -> Iterable[DebugDocument]:
        """The error documents that Kazoo means to store: what was wrong, and the whole body.

        `suffix` tells apart refusals of the same iteration.
        """
        shown = self._body(body)
        text = self.redactor.text(shown.text)
        ours: dict[str, Json] = {"fetch_id": note.fetch_id}
        ours |= shown.marks("resp_body") | self._verdict(note, {})
        if "json_errors" in note.details:
            public = {"resp_body": text, "json_errors": self._details(note, "json_errors")}
            yield self._document(
                f"json_error{suffix}", public | {"iteration": note.iteration}, ours, note.iteration, at_s
            )
        if "schema_errors" in note.details:
            public = {"schema_errors": self._details(note, "schema_errors"), "resp_body": text}
            yield self._document(
                f"schema_error{suffix}", public | {"iteration": note.iteration}, ours, note.iteration, at_s
            )

    def _details(self, note: AnswerRefused, name: str) -> Json:
        return self.redactor.tree(storable(note.details[name]))

    def timeline(self, row: JsonObject, entries: list[Json], left_out: int, at_s: float) -> DebugDocument:
        """Our own document of a whole call; no view of Kazoo's counts its `pvt_type`."""
        ours: dict[str, Json] = {"row": self._row(row, at_s), "entries": entries, "left_out": left_out}
        return self._document("timeline", {}, ours, 0, at_s, pvt_type="pivot_timeline")

    def _row(self, row: JsonObject, at_s: float) -> JsonObject:
        call = self.request.call
        return {
            "started_ms": self._started_ms,
            "total_ms": _ms(at_s),
            "from": call.from_.uri,
            "to": call.to.uri,
            **{name: value for name, value in row.items() if value is not None},
        }

    @property
    def _started_ms(self) -> int:
        return round(self.started_s * 1000)

    def _document(
        self,
        kind: str,
        public: JsonObject,
        ours: JsonObject,
        iteration: int,
        at_s: float,
        pvt_type: str = "pivot_debug",
    ) -> DebugDocument:
        when_s = self.started_s + at_s
        month = month_of(when_s)
        gregorian_s = int(when_s) + GREGORIAN_UNIX_S
        shown, written = _written({**public, "call_id": self.request.call.call_id})
        pivot, written_ours = _written(
            {
                "kind": kind,
                "msg_id": self.request.msg_id,
                "started_ms": self._started_ms,
                "at_ms": _ms(at_s),
                **ours,
            }
        )
        body: dict[str, Json] = {
            **shown,
            "pvt_account_id": self.account_id,
            "pvt_account_db": encoded(month_database(self.account_id, month)),
            "pvt_created": gregorian_s,
            "pvt_modified": gregorian_s,
            "pvt_type": pvt_type,
            "pvt_node": self.node,
            "pvt_document_hash": public_hash(written),
            "pivot": pivot,
            "_id": self._id(kind, iteration),
        }
        size_bytes = len(written) + len(written_ours) + _PRIVATE_BYTES
        return DebugDocument(self.account_id, month, body, size_bytes)

    def _id(self, kind: str, iteration: int) -> str:
        """32 hex digits that every attempt to write this very document arrives at."""
        parts = (self.request.msg_id, self.request.call.call_id, str(iteration), kind)
        name = "\0".join(clean_text(part) for part in parts)
        return hashlib.blake2b(name.encode(), digest_size=16).hexdigest()

    def _body(self, body: bytes) -> _Body:
        kept, lossy = decode(body[: self.max_body_bytes])
        return _Body(kept, lossy, len(body) if len(body) > self.max_body_bytes else None)

    def _headers(self, headers: Iterable[tuple[str, str]]) -> dict[str, Json]:
        """Names and values in lower case, a name's values joined.

        Differs: only ASCII letters change, so UTF-8 survives; Kazoo writes a name twice instead of joining.
        """
        joined: dict[str, Json] = {}
        for name, value in headers:
            key = _lower(name)
            shown = _lower(self.redactor.header(name, _header_text(value)))
            joined[key] = f"{joined[key]}, {shown}" if key in joined else shown
        return joined

    def _answer_headers(self, answer: Answer) -> dict[str, Json]:
        """A chunked answer's headers as Kazoo's HTTP client shows them: with a length instead."""
        headers = self._headers(answer.headers)
        if headers.pop("transfer-encoding", None) is not None:
            headers.setdefault("content-length", str(len(answer.body)))
        return headers

    def _attempts(self, attempts: tuple[Attempt, ...], warnings: tuple[str, ...]) -> dict[str, Json]:
        shown: dict[str, Json] = {"attempts": [self._attempt(attempt) for attempt in attempts]}
        if attempts:
            shown |= {"address": attempts[-1].address, "times_ms": _times_ms(attempts[-1].times)}
        if warnings:
            shown["warnings"] = [{"message": self.redactor.text(warning)} for warning in warnings]
        return shown

    def _attempt(self, attempt: Attempt) -> JsonObject:
        shown: dict[str, Json] = {
            "url": self.redactor.url(attempt.url),
            "status": attempt.status,
            "code": attempt.code.value if attempt.code else None,
            "address": attempt.address,
            "request_id": attempt.request_id,
            "breaker": attempt.breaker,
            "times_ms": _times_ms(attempt.times),
        }
        return {name: value for name, value in shown.items() if value is not None}

    def _verdict(self, verdict: AnswerAccepted | AnswerRefused | None, known: JsonObject) -> dict[str, Json]:
        """What the worker made of the answer."""
        if isinstance(verdict, AnswerAccepted):
            warnings = [_warning(warning) for warning in verdict.warnings]
            shown: dict[str, Json] = {"answer": verdict.kind}
            return shown | ({"warnings": [*_list(known.get("warnings")), *warnings]} if warnings else {})
        if isinstance(verdict, AnswerRefused):
            place: dict[str, Json] = {"line": verdict.line, "column": verdict.column}
            shown = {
                "code": verdict.code.value,
                "message": self.redactor.text(verdict.message),
                **{name: value for name, value in place.items() if value is not None},
            }
            return shown
        return {}


_PRIVATE_BYTES = 450
"""About how long the private fields are."""


def _written(members: JsonObject) -> tuple[JsonObject, bytes]:
    """The members as they can be stored, and their JSON text; nearly always the members themselves."""
    try:
        return members, encode(members)
    except ValueError:
        shown = storable(members)
        assert isinstance(shown, Mapping)
        return shown, encode(shown)


@dataclass(frozen=True, slots=True)
class _Body:
    text: str
    lossy: bool
    cut_from_bytes: int | None

    def marks(self, name: str) -> dict[str, Json]:
        """What `pivot` says of a body that is not stored as it came."""
        marks: dict[str, Json] = {}
        if self.cut_from_bytes is not None:
            marks["truncated"] = {name: self.cut_from_bytes}
        if self.lossy:
            marks["lossy"] = [name]
        return marks


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _times_ms(times: Times) -> JsonObject:
    parts = {
        "queue": times.queue_s,
        "dns": times.dns_s,
        "connect": times.connect_s,
        "tls": times.tls_s,
        "first_byte": times.first_byte_s,
        "body": times.body_s,
        "total": times.total_s,
    }
    return {name: _ms(seconds) for name, seconds in parts.items() if seconds is not None}


def _warning(warning: DocumentWarning) -> JsonObject:
    shown: dict[str, Json] = {
        "code": warning.code.value,
        "message": warning.message,
        "line": warning.line,
        "column": warning.column,
        "twilio_code": warning.twilio_code,
    }
    return {name: value for name, value in shown.items() if value is not None}


def _list(value: Json) -> list[Json]:
    return list(value) if isinstance(value, list) else []


def _lower(text: str) -> str:
    return text.lower() if text.isascii() else "".join(c.lower() if c.isascii() else c for c in text)


def _header_text(value: str) -> str:
    """Headers arrive decoded as Latin-1; when their bytes are UTF-8, that is what was meant."""
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value
