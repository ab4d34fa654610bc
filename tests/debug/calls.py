"""Calls for the tests of this room: requests, exchanges and what the recorder makes of them."""

from __future__ import annotations

from dataclasses import replace

from pivot.debug.recorder import Recorder
from pivot.debug.settings import DebugSettings
from pivot.debug.store import DebugDocument
from pivot.model.call import Call, Method, Party, PivotRequest
from pivot.model.codes import Code, Outcome
from pivot.model.commands import End, Fetch, HandOverFlow, SayProcessing
from pivot.model.events import Fetched, FetchFailed, Requested
from pivot.model.fetch import Answer, Attempt, FetchFailure, FetchRequest, Times
from pivot.model.notes import AnswerAccepted, Moment

ACCOUNT = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
NODE = "kazoo_apps@apps1.example.com"
NOON = 1_732_780_800.0  # 2024-11-28T08:00:00Z, gregorian 63900000000
OCTETS = b'{"module":"play","data":{"id":"a/b"}}\n'


def request(
    call_id: str = "c1@host",
    *,
    account_id: str | None = ACCOUNT,
    debug: bool = True,
    msg_id: str = "m1",
    cdr_uri: str | None = None,
) -> PivotRequest:
    party = Party("1001", "example.com")
    call = Call(call_id, account_id, "control", "controller", party, replace(party, user="5000"), party)
    return PivotRequest(
        msg_id, call, "http://example.com/cf", method=Method.POST, debug=debug, cdr_uri=cdr_uri
    )


def asked(url: str = "http://example.com/cf", iteration: int = 1, fetch_id: str = "f1") -> FetchRequest:
    return FetchRequest(
        fetch_id,
        url,
        Method.POST,
        (("Content-Type", "application/x-www-form-urlencoded"),),
        b"Digits=1&From=1001",
        iteration=iteration,
        shown_url=url,
    )


def answer(body: bytes = OCTETS, status: int = 200) -> Answer:
    headers = (("Content-Type", "application/json"), ("Content-Length", str(len(body))))
    times = Times(dns_s=0.001, connect_s=0.002, first_byte_s=0.03, body_s=0.0005, total_s=0.0335)
    attempt = Attempt("http://example.com/cf", times, status=status, address="203.0.113.9")
    return Answer(status, headers, body, "http://example.com/cf", (attempt,))


def failure(code: Code = Code.FETCH_REFUSED) -> FetchFailure:
    return FetchFailure(code, "the server refused", (Attempt("http://example.com/cf", code=code),))


def good_call() -> list[tuple[Moment, float]]:
    """One fetch, one flow handed over."""
    return [
        (Requested(9.5), 0.0),
        (Fetch(asked()), 0.001),
        (Fetched("f1", answer()), 0.035),
        (AnswerAccepted("f1", 1, "kazoo"), 0.0352),
        (SayProcessing(), 0.0353),
        (HandOverFlow(OCTETS.decode()), 0.0354),
        (End(Outcome.OK), 0.036),
    ]


def failed_call() -> list[tuple[Moment, float]]:
    """One fetch that gave no answer."""
    return [
        (Requested(9.5), 0.0),
        (Fetch(asked()), 0.001),
        (FetchFailed("f1", failure()), 0.5),
        (End(Outcome.BRANCHED, Code.FETCH_REFUSED, "the server refused"), 0.501),
    ]


def recorded(
    asking: PivotRequest,
    moments: list[tuple[Moment, float]],
    settings: DebugSettings | None = None,
    started_s: float = NOON,
) -> list[DebugDocument]:
    """The documents that a recorder writes of these moments, in order."""
    documents: list[DebugDocument] = []
    watch = Recorder(settings or DebugSettings(), NODE, documents.append).watch(asking, started_s)
    for moment, at_s in moments:
        watch.saw(moment, at_s)
    return documents
