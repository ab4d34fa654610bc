"""Watches calls and turns what it sees into debug documents.

Documents of a call that asked for debug go out as things happen, its timeline at the end. A response waits
for the worker's verdict on it, which follows at once. Error documents go out for every call.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import structlog

from pivot.debug.documents import Author
from pivot.debug.headline import made_sentence
from pivot.debug.names import is_account_id
from pivot.debug.redact import Redactor
from pivot.debug.rows import host_of
from pivot.debug.settings import DebugSettings
from pivot.debug.store import DebugDocument
from pivot.debug.story import story
from pivot.debug.timeline import MAX_CHARACTERS, MAX_ENTRIES, characters, entry
from pivot.model.call import PivotRequest
from pivot.model.codes import Outcome
from pivot.model.commands import End, Fetch
from pivot.model.events import ChannelDestroyed, Fetched, FetchFailed
from pivot.model.fetch import FetchRequest
from pivot.model.json import Json, JsonObject
from pivot.model.notes import AnswerAccepted, AnswerRefused, Moment

log = structlog.get_logger()

Put: TypeAlias = Callable[[DebugDocument], None]
"""Takes a document; returns at once and never raises."""

_MAX_NAMED = 1000
"""Accounts whose skipping was logged; beyond that nobody reads the lines anyway."""


class Watch(Protocol):
    """Sees one call's moments; the session's observer."""

    def saw(self, moment: Moment, at_s: float) -> None:
        """Take note of one event, command or note; `at_s` is the worker's monotonic time in seconds."""


class Recorder:
    """Gives every call somebody who watches it."""

    def __init__(self, settings: DebugSettings, node: str, put: Put) -> None:
        self._settings = settings
        self._node = node
        self._put = put
        self._redactor = Redactor(settings.redact)
        self._skipped = set[str | None]()

    def watch(self, request: PivotRequest, started_at: float) -> Watch:
        """An observer of this call, whose request came at Unix time `started_at`."""
        if self._settings.store == "off":
            return _Blind()
        account_id = request.call.account_id
        if account_id is None or not is_account_id(account_id):
            self._skip(account_id)
            return _Blind()
        author = Author(
            request, account_id, started_at, self._node, self._redactor, self._settings.max_body_bytes
        )
        if request.debug:
            return _Guarded(_Scribe(author, self._put), request)
        if self._settings.failures:
            return _Guarded(_Hindsight(author, self._put), request)
        return _Guarded(_ErrorsOnly(author, self._put), request)

    def _skip(self, account_id: str | None) -> None:
        if account_id in self._skipped or len(self._skipped) >= _MAX_NAMED:
            return
        self._skipped.add(account_id)
        log.warning("debug.account_skipped", account_id=account_id, reason="not an account id")


class _Blind:
    def saw(self, moment: Moment, at_s: float) -> None:
        """Nothing can be stored for this call."""


class _Guarded:
    """Keeps what goes wrong here away from the call; tells it once."""

    __slots__ = ("_broken", "_request", "_watch")

    def __init__(self, watch: Watch, request: PivotRequest) -> None:
        self._watch = watch
        self._request = request
        self._broken = False

    def saw(self, moment: Moment, at_s: float) -> None:
        try:
            self._watch.saw(moment, at_s)
        except Exception as error:
            if not self._broken:
                self._broken = True
                place = traceback.format_tb(error.__traceback__, limit=-3)  # whole frames may be megabytes
                log.error(
                    "debug.recording_failed",
                    call_id=self._request.call.call_id,
                    error=f"{type(error).__name__}: {error}"[:500],
                    place="".join(place),
                )


class _Twins:
    """Tells documents of the same kind and iteration apart, so that none is lost."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        self._seen: dict[tuple[str, int], int] = {}

    def suffix(self, kind: str, iteration: int) -> str:
        times = self._seen[kind, iteration] = self._seen.get((kind, iteration), 0) + 1
        return "" if times == 1 else f"_{times}"


class _ErrorsOnly:
    """For calls that did not ask for debug: remembers the last answer in case it is refused."""

    __slots__ = ("_answer", "_author", "_put", "_twins")

    def __init__(self, author: Author, put: Put) -> None:
        self._author = author
        self._put = put
        self._answer: Fetched | None = None
        self._twins = _Twins()

    def saw(self, moment: Moment, at_s: float) -> None:
        if isinstance(moment, Fetched):
            self._answer = moment
        elif isinstance(moment, AnswerRefused) and moment.details:
            body = self._answer.answer.body if self._answer else b""
            suffix = self._twins.suffix("refusal", moment.iteration)
            for document in self._author.refused(moment, body, at_s, suffix):
                self._put(document)
        elif isinstance(moment, AnswerAccepted):
            self._answer = None


class _Hindsight:
    """Stores a call only once it has failed: remembers everything until then."""

    __slots__ = ("_author", "_moments", "_put")

    def __init__(self, author: Author, put: Put) -> None:
        self._author = author
        self._put = put
        self._moments: list[tuple[Moment, float]] = []

    def saw(self, moment: Moment, at_s: float) -> None:
        self._moments.append((moment, at_s))
        if not isinstance(moment, End):
            return
        watch: Watch = (
            _ErrorsOnly(self._author, self._put)
            if moment.outcome == Outcome.OK
            else _Scribe(self._author, self._put)
        )
        for seen, seen_at_s in self._moments:
            watch.saw(seen, seen_at_s)
        self._moments.clear()


@dataclass(slots=True)
class _Exchange:
    """One fetch: what was asked, and what came, until its document is written."""

    iteration: int
    url: str
    is_cdr: bool
    came: Fetched | FetchFailed | None = None
    came_at_s: float = 0.0
    written: bool = False


_HEAVY = frozenset({"req_headers", "req_body", "resp_headers", "resp_body"})


class _Scribe:
    """Stores a whole call as it goes."""

    def __init__(self, author: Author, put: Put) -> None:
        self._author = author
        self._store = put
        self._stored: list[JsonObject] = []
        self._exchanges: dict[str, _Exchange] = {}
        self._twins = _Twins()
        self._hung_up = False
        self._ended = False
        self._entries: list[Json] = []
        self._characters = 0
        self._left_out = 0
        self._status: str | None = None

    def saw(self, moment: Moment, at_s: float) -> None:
        self._note_down(moment, at_s)
        match moment:
            case Fetch(request):
                self._asked(request, at_s)
            case Fetched() | FetchFailed():
                self._answered(moment, at_s)
            case AnswerAccepted() | AnswerRefused():
                self._judged(moment, at_s)
            case ChannelDestroyed(call_id) if call_id == self._author.request.call.call_id:
                self._hung_up = True
            case End():
                self._over(moment, at_s)
            case _:
                pass

    def _put(self, document: DebugDocument) -> None:
        """Store it, and keep what of it the call's sentence is made from: no body and no header."""
        self._stored.append({k: v for k, v in document.body.items() if k not in _HEAVY})
        self._store(document)

    def _note_down(self, moment: Moment, at_s: float) -> None:
        full = len(self._entries) >= MAX_ENTRIES or self._characters >= MAX_CHARACTERS
        if full and not isinstance(moment, End):
            self._left_out += 1
            return
        told = entry(moment, at_s, self._author.redactor)
        self._characters += characters(told)
        self._entries.append(told)

    def _asked(self, asked: FetchRequest, at_s: float) -> None:
        self._write_answers()
        exchange = _Exchange(asked.iteration, asked.shown_url or asked.url, is_cdr=self._hung_up)
        self._exchanges[asked.fetch_id] = exchange
        kind = self._kind("cdr_request" if exchange.is_cdr else "request", asked.iteration)
        self._put(self._author.asked(asked, at_s, kind))

    def _answered(self, came: Fetched | FetchFailed, at_s: float) -> None:
        exchange = self._exchanges.get(came.fetch_id)
        if exchange is None:
            return
        exchange.came, exchange.came_at_s = came, at_s
        if isinstance(came, Fetched) and not exchange.is_cdr:
            self._status = str(came.answer.status)
        if isinstance(came, FetchFailed) or exchange.is_cdr or self._ended:
            self._write_answer(exchange)

    def _judged(self, verdict: AnswerAccepted | AnswerRefused, at_s: float) -> None:
        exchange = self._exchanges.get(verdict.fetch_id)
        came = exchange.came if exchange else None
        if exchange is not None:
            self._write_answer(exchange, verdict, at_s)
        if isinstance(verdict, AnswerRefused):
            body = came.answer.body if isinstance(came, Fetched) else b""
            suffix = self._twins.suffix("refusal", verdict.iteration)
            for document in self._author.refused(verdict, body, at_s, suffix):
                self._put(document)

    def _over(self, end: End, at_s: float) -> None:
        self._write_answers()
        self._ended = True
        asked = [exchange for exchange in self._exchanges.values() if not exchange.is_cdr]
        first = self._author.redactor.url(asked[0].url) if asked else ""
        row: dict[str, Json] = {
            "uri": first,
            "host": host_of(first),
            "outcome": end.outcome.value,
            "code": end.code.value if end.code else None,
            "message": self._author.redactor.text(end.message),
            "status_code": self._status,
            "iterations": max((exchange.iteration for exchange in asked), default=0),
        }
        try:
            row["sentence"] = self._sentence(row, at_s)
        except Exception as error:  # the timeline is worth more than its headline
            log.error("debug.sentence_failed", error=f"{type(error).__name__}: {error}"[:500])
        self._store(self._author.timeline(row, self._entries, self._left_out, at_s))
        self._entries, self._stored = [], []

    def _sentence(self, row: JsonObject, at_s: float) -> str:
        """From the very documents that were stored, as a reader of the store would make it."""
        timeline = self._author.timeline(row, self._entries, self._left_out, at_s)
        told = story(self._author.request.call.call_id, [*self._stored, timeline.body])
        return made_sentence(told.runs[-1])

    def _write_answers(self) -> None:
        """Responses that nobody judged, such as one that came after the hang-up."""
        for exchange in self._exchanges.values():
            if exchange.came is not None and not exchange.written:
                self._write_answer(exchange)

    def _write_answer(
        self,
        exchange: _Exchange,
        verdict: AnswerAccepted | AnswerRefused | None = None,
        judged_at_s: float | None = None,
    ) -> None:
        if exchange.came is None or exchange.written:
            return
        document = self._author.answered(
            exchange.came,
            exchange.iteration,
            exchange.came_at_s,
            verdict=verdict,
            judged_at_s=judged_at_s,
            kind=self._kind("cdr_response" if exchange.is_cdr else "response", exchange.iteration),
        )
        exchange.written, exchange.came = True, None
        self._put(document)

    def _kind(self, kind: str, iteration: int) -> str:
        return kind + self._twins.suffix(kind, iteration)
