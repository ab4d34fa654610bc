"""The calls of the table in `tests/vectors/headlines.json`: each code, each outcome, each verb at work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pivot.model.codes import Code, Outcome
from pivot.model.commands import Acknowledge, BindCall, End, Fetch, SayProcessing
from pivot.model.events import ChannelDestroyed, CommandFailed, Drained, Fetched, Requested, Usurped
from pivot.model.notes import AnswerAccepted, AnswerRefused, CallFailed, Moment, Noticed
from pivot.model.switch import Hangup
from tests.debug.calls import answer, asked
from tests.debug.told_calls import BASE, Reply, Told

_SAY = "<Say>Hello</Say>"


def twiml(inner: str) -> Reply:
    return Reply(f"<Response>{inner}</Response>")


def told(first: Reply, script: tuple[Mapping[str, Any], ...] = (), **more: Any) -> Told:
    paths = {f"/{name}": reply for name, reply in more.pop("paths", {}).items()}
    return Told({"/voice": first, **paths}, script, **more)


def _fails(code: Code, message: str = "", after_s: float = 0.04) -> Told:
    return told(Reply(fails=code, message=message, after_s=after_s))


def _keys(at_s: float, digits: str) -> Mapping[str, Any]:
    return {"t": at_s, "do": "dtmf", "digits": digits}


def _leg(at_s: float, event: str) -> Mapping[str, Any]:
    return {"t": at_s, "do": "leg", "leg": 0, "event": event}


def _hangup(at_s: float) -> Mapping[str, Any]:
    return {"t": at_s, "do": "hangup"}


GATHER = twiml(f"<Gather numDigits='4' action='{BASE}/pin'><Say>Your PIN, please</Say></Gather>")
MENU = twiml(f"{_SAY}<Redirect>{BASE}/menu</Redirect>")
DIAL = twiml(f"<Dial action='{BASE}/after'>+4930123456</Dial>")
LONG = twiml(f"{_SAY}<Pause length='30'/>")
NOT_FOUND = Reply("no such page", 404)
KAZOO = {"Request_Format": "kazoo"}

CALLS: dict[str, Told] = {
    # the customer's server
    "dns": _fails(Code.FETCH_DNS, "the name of http://app.example.com could not be resolved"),
    "denied": _fails(Code.FETCH_DENIED, "this URL may not be called from here"),
    "connect_timeout": _fails(Code.FETCH_CONNECT_TIMEOUT, after_s=3.0),
    "refused": _fails(Code.FETCH_REFUSED),
    "tls": _fails(Code.FETCH_TLS, "no secure connection to https://app.example.com: certificate has expired"),
    "read_timeout": _fails(Code.FETCH_READ_TIMEOUT, after_s=5.0),
    "total_timeout": _fails(Code.FETCH_TOTAL_TIMEOUT, after_s=8.0),
    "closed": _fails(Code.FETCH_CLOSED, after_s=0.2),
    "protocol": _fails(
        Code.FETCH_PROTOCOL, "http://app.example.com answered with something that is not HTTP"
    ),
    "busy": _fails(Code.FETCH_BUSY, after_s=1.0),
    "breaker": _fails(Code.FETCH_BREAKER, after_s=0.0),
    "too_large": _fails(
        Code.FETCH_TOO_LARGE, "the body has more than the 262144 bytes that are accepted of its type"
    ),
    "redirects": told(
        Reply(
            fails=Code.FETCH_REDIRECTS,
            message="the URL was redirected more than 5 times",
            hops=("/a", "/b", "/c", "/d", "/e"),
        )
    ),
    "bad_url": _fails(Code.FETCH_BAD_URL, "the URL has no host"),
    "status_first": told(NOT_FOUND),
    "status_hops": told(Reply("x", 503, hops=("/a", "/b"))),
    "empty": told(Reply("")),
    "type": told(Reply("hello", content_type="text/plain")),
    "encoding": told(Reply("<?xml version='1.0' encoding='utf-99'?><Response/>")),
    "json": told(Reply('{"module": "play",', content_type="application/json"), options=KAZOO),
    "json_limit": told(Reply("[" * 200 + "]" * 200, content_type="application/json"), options=KAZOO),
    "schema": told(Reply('{"module": 7}', content_type="application/json"), options=KAZOO),
    "xml": told(Reply("<Response>\n  <Say>Hi</Response>")),
    "xml_forbidden": told(Reply("<!DOCTYPE a [<!ENTITY b 'c'>]><Response>&b;</Response>")),
    "xml_limit": told(Reply("<Response>" + "<a>" * 100 + "</a>" * 100 + "</Response>")),
    "root": told(Reply("<Antwort/>")),
    "verb": told(twiml(f"<Say>a</Say><Nonsense/>{_SAY}")),
    "attribute": told(twiml("<Say loop='many'>Hello</Say>")),
    "nesting": told(twiml("<Say>Hello<Dial>+4930123456</Dial></Say>")),
    "value": told(twiml(f"<Play></Play>{_SAY}")),
    # a call that was already running
    "pin": told(MENU, (_keys(3.0, "1234"),), paths={"menu": GATHER, "pin": NOT_FOUND}),
    "pin_hidden": told(
        MENU, (_keys(3.0, "1234"),), paths={"menu": GATHER, "pin": NOT_FOUND}, redact=("Digits",)
    ),
    "pin_slow": told(
        MENU,
        (_keys(3.0, "1234"),),
        paths={"menu": GATHER, "pin": Reply(fails=Code.FETCH_READ_TIMEOUT, after_s=5.0)},
    ),
    "dial_busy": told(DIAL, (_leg(0.5, "busy"),), paths={"after": Reply("x", 500)}),
    "dial_unanswered": told(DIAL, paths={"after": twiml("<Hangup/>")}),
    "dial_talk": told(DIAL, (_leg(2.0, "answer"), _leg(9.0, "hangup")), paths={"after": NOT_FOUND}),
    "record": told(
        twiml(f"<Record action='{BASE}/after' maxLength='5'/>"),
        ({"t": 0.5, "do": "talk", "dur": 3.0},),
        paths={"after": NOT_FOUND},
    ),
    "play": told(
        twiml(f"<Play>{BASE}/a.wav</Play><Redirect>{BASE}/next</Redirect>"), paths={"next": NOT_FOUND}
    ),
    "pause": told(twiml(f"<Pause length='4'/><Redirect>{BASE}/next</Redirect>"), paths={"next": NOT_FOUND}),
    "enqueue": told(twiml(f"<Enqueue action='{BASE}/after'>support</Enqueue>"), (_hangup(6.0),)),
    "conference": told(twiml("<Dial><Conference>room</Conference></Dial>"), (_hangup(6.0),)),
    "reject": told(twiml("<Reject reason='busy'/>")),
    "hangup_verb": told(twiml(f"{_SAY}<Hangup/>")),
    "echo": told(twiml("<Echo/>"), (_hangup(4.0),)),
    "pay": told(twiml(f"<Pay/>{_SAY}")),
    "connect": told(twiml(f"<Connect><Stream url='wss://app.example.com/s'/></Connect>{_SAY}")),
    "start": told(twiml(f"<Start><Stream url='wss://app.example.com/s'/></Start>{_SAY}")),
    "refer": told(twiml(f"<Refer><Sip>sip:bob@example.com</Sip></Refer>{_SAY}")),
    "sms": told(twiml(f"<Sms to='+4930123456'>Hi</Sms>{_SAY}")),
    "say_skipped": told(Reply("<Response>\n  <say>Hello</say>\n  <Pause length='3'/>\n</Response>")),
    "loop": told(twiml(f"<Redirect>{BASE}/voice</Redirect>")),
    "apology": told(MENU, paths={"menu": NOT_FOUND}, rules={"apology": "We are sorry."}),
    # ends
    "flow": told(
        Reply('{"module":"play","data":{"id":"a/b"}}', content_type="application/json"), options=KAZOO
    ),
    "flow_later": told(
        MENU, paths={"menu": Reply('{"module":"play","data":{"id":"a/b"}}', content_type="application/json")}
    ),
    "ok": told(twiml(_SAY)),
    "ok_empty": told(Reply("<Response/>")),
    "caller_left": told(LONG, (_hangup(8.0),)),
    "slow_answer": told(Reply("<Response/>", after_s=4.0)),
    "deadline": told(Reply("<Response/>", after_s=20.0)),
    "recovered": told(NOT_FOUND, paths={"fb": twiml(_SAY)}, url=f"{BASE}/voice#fb={BASE}/fb"),
    "fallback_fails": told(NOT_FOUND, paths={"fb": Reply("x", 500)}, url=f"{BASE}/voice#fb={BASE}/fb"),
}

_RUNNING: list[tuple[Moment, float]] = [
    (Requested(9.5), 0.0),
    (Fetch(asked()), 0.001),
    (Fetched("f1", answer(b"<Response><Pause/></Response>")), 0.035),
    (AnswerAccepted("f1", 1, "twiml"), 0.036),
    (BindCall("c1@host"), 0.036),
    (SayProcessing(), 0.036),
    (Acknowledge(), 0.037),
]


def _ends(
    outcome: Outcome, code: Code, message: str, *before: Moment, at_s: float = 3.0
) -> list[tuple[Moment, float]]:
    return [*_RUNNING, *((moment, at_s) for moment in before), (End(outcome, code, message), at_s)]


def _refused(code: Code, message: str) -> list[tuple[Moment, float]]:
    return [
        (Requested(9.5), 0.0),
        (Fetch(asked()), 0.001),
        (Fetched("f1", answer(b"?")), 0.035),
        (AnswerRefused("f1", 1, code, message, {}, 3, 5), 0.036),
        (End(Outcome.BRANCHED, code, message), 0.036),
    ]


MOMENTS: dict[str, list[tuple[Moment, float]]] = {
    "strict_type": _refused(Code.ANSWER_TYPE, "image/png is neither JSON nor TwiML"),
    "strict_encoding": _refused(Code.ANSWER_ENCODING, "byte 7 is no UTF-8"),
    "strict_json_limit": _refused(Code.ANSWER_JSON_LIMIT, "more than 64 levels"),
    "strict_verb": _refused(Code.TWIML_VERB, "Nonsense is no verb"),
    "strict_attribute": _refused(Code.TWIML_ATTRIBUTE, "Say has no attribute color"),
    "strict_nesting": _refused(Code.TWIML_NESTING, "Dial cannot stand in Say"),
    "strict_value": _refused(Code.TWIML_VALUE, "Redirect has no URL"),
    # what no customer can bring about, told moment by moment
    "gone_unheard": _ends(Outcome.GONE, Code.CALL_GONE, "the channel is gone, unheard"),
    "gone_early": [
        (Requested(9.5), 0.0),
        (Fetch(asked()), 0.001),
        (ChannelDestroyed("c1@host"), 2.0),
        (End(Outcome.GONE, Code.CALL_GONE, "the caller hung up while we asked"), 2.0),
    ],
    "too_old": [
        (Requested(0.0), 0.0),
        (End(Outcome.GONE, Code.CALL_DEADLINE, "the request is older than callflow waits"), 0.0),
    ],
    "usurped": _ends(Outcome.GONE, Code.CALL_USURPED, "another process took control", Usurped("x")),
    "command": _ends(
        Outcome.HUNG_UP,
        Code.CALL_COMMAND,
        "PlayMedia: the switch refused it",
        CommandFailed("PlayMedia", "call.command", "the switch refused it"),
        CallFailed(Code.CALL_COMMAND, "PlayMedia: the switch refused it"),
        Hangup("m"),
    ),
    "returned": _ends(Outcome.GONE, Code.BUS_RETURNED, "PlayMedia: the call's control queue is gone"),
    "lost": _ends(Outcome.GONE, Code.BUS_LOST, "the request went to another worker"),
    "crash": _ends(
        Outcome.HUNG_UP, Code.WORKER_CRASH, "KeyError", CallFailed(Code.WORKER_CRASH, "KeyError"), Hangup("m")
    ),
    "drain": _ends(
        Outcome.HUNG_UP,
        Code.WORKER_DRAIN,
        "the worker stops",
        Drained(),
        CallFailed(Code.WORKER_DRAIN, "the worker stops"),
        Hangup("m"),
    ),
    "drain_back": [
        (Requested(9.5), 0.0),
        (Fetch(asked()), 0.001),
        (Drained(), 0.5),
        (End(Outcome.GONE, Code.WORKER_DRAIN, "handed back to the queue"), 0.5),
    ],
    "overloaded": [
        (Requested(9.5), 0.0),
        (End(Outcome.BRANCHED, Code.WORKER_OVERLOADED, "2000 calls are under way"), 0.0),
    ],
    "switch_silent": [
        *_RUNNING,
        (Noticed(Code.SWITCH_SILENT, "the switch reports no conference event"), 1.0),
        (ChannelDestroyed("c1@host"), 3.0),
        (End(Outcome.OK), 3.0),
    ],
}
