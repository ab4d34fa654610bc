"""While callflow waits, exactly one thing is said, and in the order that survives a crash."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pivot.execute.machine import CallMachine
from pivot.execute.profile import failure_rules
from pivot.execute.rules import Rules
from pivot.execute.state import CallState
from pivot.model.call import PivotRequest
from pivot.model.codes import Code, Outcome
from pivot.model.commands import (
    Acknowledge,
    BindCall,
    Command,
    End,
    Fetch,
    HandOverFlow,
    RecordOwnership,
    SayFailed,
    SayProcessing,
    StartTimer,
)
from pivot.model.events import (
    ChannelDestroyed,
    CommandFailed,
    Drained,
    Event,
    Fetched,
    FetchFailed,
    Requested,
    TimerFired,
    Usurped,
)
from pivot.model.fetch import Answer, FetchFailure
from pivot.model.notes import AnswerAccepted, AnswerRefused, Note
from pivot.model.switch import Hangup
from tests.calls import CALL_ID, VOICE_URL, answer, pivot_request
from tests.rules import RULES

TTS = '{"module":"tts","data":{"text":"hi"}}'
TTS_FLOW = (
    '{"module":"tts","data":{"text":"hi","terminators":["1","2","3","4","5","6","7","8","9","*","0","#"],'
    '"voice":"female"}}'
)


class Asked:
    """A machine that has just asked the customer's server."""

    def __init__(self, request: PivotRequest | None = None, rules: Rules = RULES) -> None:
        self.machine = CallMachine(CallState(request or pivot_request(), seed="s"), rules)
        self.first = self.machine.receive(Requested(10.0), 0.0)

    @property
    def fetch_id(self) -> str:
        question = self.machine.state.question
        assert question is not None
        return question.fetch_id

    def gets(self, event: Event, at_s: float = 0.1) -> list[Command | Note]:
        return self.machine.receive(event, at_s)

    def is_answered(self, reply: Answer, at_s: float = 0.1) -> list[Command | Note]:
        return self.gets(Fetched(self.fetch_id, reply), at_s)

    def is_failed(self, code: Code = Code.FETCH_REFUSED, at_s: float = 0.1) -> list[Command | Note]:
        return self.gets(FetchFailed(self.fetch_id, FetchFailure(code, "no")), at_s)


def test_a_request_asks_the_server_and_nothing_else() -> None:
    """The fast path costs two timers and one fetch, no binding."""
    asked = Asked()

    slow, deadline, fetch = asked.first

    assert slow == StartTimer("slow", 0.25)
    assert deadline == StartTimer("deadline", 8.8)
    assert isinstance(fetch, Fetch)
    assert fetch.request.url.startswith(VOICE_URL + "?")
    assert fetch.request.iteration == 1
    assert fetch.request.deadline_s == pytest.approx(8.7)


def test_a_valid_flow_is_handed_over_and_acknowledged_last() -> None:
    """A worker that dies after `processing` must be redone: callflow has stopped waiting."""
    asked = Asked()
    fetch_id = asked.fetch_id

    assert asked.is_answered(answer(TTS)) == [
        AnswerAccepted(fetch_id, 1, "kazoo"),
        SayProcessing(),
        HandOverFlow(TTS_FLOW),
        Acknowledge(),
        End(Outcome.OK),
    ]


def test_a_failed_fetch_is_acknowledged_before_failed_is_said() -> None:
    """Nobody may say `processing` after a `failed`."""
    assert Asked().is_failed() == [
        Acknowledge(),
        SayFailed(),
        End(Outcome.BRANCHED, Code.FETCH_REFUSED, "no"),
    ]


def test_an_error_status_branches_with_its_number() -> None:
    """The support engineer sees which status it was."""
    note, *rest = Asked().is_answered(answer("oops", "text/html", 503))

    assert isinstance(note, AnswerRefused)
    assert note.code == Code.HTTP_STATUS
    assert "503" in note.message
    assert rest == [Acknowledge(), SayFailed(), End(Outcome.BRANCHED, Code.HTTP_STATUS, note.message)]


def test_a_slow_fetch_binds_the_call() -> None:
    """From now on a hang-up ends the fetch."""
    asked = Asked()

    assert asked.gets(TimerFired("slow"), 0.25) == [BindCall(CALL_ID), RecordOwnership()]
    assert asked.gets(ChannelDestroyed(CALL_ID), 1.0) == [
        Acknowledge(),
        End(Outcome.GONE, Code.CALL_GONE, "the caller hung up while we asked"),
    ]


def test_the_deadline_says_failed_while_callflow_still_listens() -> None:
    """An answer after ten seconds would hijack the call."""
    asked = Asked()

    assert asked.gets(TimerFired("deadline"), 8.8) == [
        Acknowledge(),
        SayFailed(),
        End(Outcome.BRANCHED, Code.CALL_DEADLINE, "no usable answer came in time"),
    ]


@pytest.mark.parametrize(("patience_s", "says_failed"), [(0.0, False), (-5.0, False), (0.9, True)])
def test_a_late_request_asks_nobody(patience_s: float, says_failed: bool) -> None:
    """Too late for callflow: silence. Too late for the server only: `failed` at once."""
    machine = CallMachine(CallState(pivot_request(), seed="s"), RULES)

    commands = machine.receive(Requested(patience_s), 0.0)

    assert commands[0] == Acknowledge()
    assert (SayFailed() in commands) is says_failed
    assert not any(isinstance(command, Fetch) for command in commands)


def test_another_processs_control_ends_the_question() -> None:
    """The same Fetch-ID is our own call's and means nothing."""
    request = pivot_request()
    asked = Asked(replace(request, call=replace(request.call, fetch_id="own")))

    assert asked.gets(Usurped("own")) == []
    assert asked.gets(Usurped("other")) == [
        Acknowledge(),
        End(Outcome.GONE, Code.CALL_USURPED, "another process took control of the call"),
    ]


def test_a_stopping_worker_gives_the_request_back() -> None:
    """Unacknowledged, it goes to another worker."""
    assert Asked().gets(Drained()) == [End(Outcome.GONE, Code.WORKER_DRAIN, "handed back to the queue")]


def test_the_last_worker_lets_callflow_go_on() -> None:
    """Nobody else would be given the request."""
    assert Asked().gets(Drained(can_give_back=False)) == [
        Acknowledge(),
        SayFailed(),
        End(Outcome.BRANCHED, Code.WORKER_DRAIN, "the last worker stops"),
    ]


def test_the_fallback_is_asked_once_and_told_why() -> None:
    """Its document counts as recovered; the code stays the first failure's."""
    asked = Asked(pivot_request(voice_uri=VOICE_URL + "#fb=http%3A%2F%2F127.0.0.1%2Fspare"))

    (fetch,) = asked.is_failed(at_s=2.0)
    assert isinstance(fetch, Fetch)
    assert fetch.request.url.startswith("http://127.0.0.1/spare?")
    assert "ErrorCode=11205" in fetch.request.url
    assert fetch.request.iteration == 2
    assert fetch.request.deadline_s == pytest.approx(6.7)

    assert asked.is_answered(answer(TTS), 3.0)[-1] == End(Outcome.RECOVERED, Code.FETCH_REFUSED, "no")


def test_a_failing_fallback_tells_the_first_failure() -> None:
    """There is no fallback of a fallback."""
    asked = Asked(pivot_request(voice_uri=VOICE_URL + "#fb=http%3A%2F%2F127.0.0.1%2Fspare"))
    asked.is_failed(Code.FETCH_DNS, 1.0)

    assert asked.is_failed(Code.FETCH_TLS, 2.0) == [
        Acknowledge(),
        SayFailed(),
        End(Outcome.BRANCHED, Code.FETCH_DNS, "no"),
    ]


def test_no_fallback_is_asked_without_time_for_it() -> None:
    """`failed` must leave in time, whatever could still be tried."""
    asked = Asked(pivot_request(voice_uri=VOICE_URL + "#fb=http%3A%2F%2F127.0.0.1%2Fspare"))

    assert asked.is_failed(at_s=8.6)[1] == SayFailed()


def test_callflows_queue_gone_means_nobody_waits() -> None:
    """`processing` was returned: the flow behind it was not sent, and nobody should redo it."""
    asked = Asked()
    asked.is_answered(answer(TTS))

    assert asked.gets(CommandFailed("SayProcessing", Code.BUS_RETURNED, "returned")) == [
        Acknowledge(),
        End(Outcome.GONE, Code.BUS_RETURNED, "nobody waits for this call: returned"),
    ]


def test_a_lost_connection_leaves_the_request_to_the_next_worker() -> None:
    """Without acknowledgement the broker delivers it again."""
    asked = Asked()
    asked.is_answered(answer(TTS))

    assert asked.gets(CommandFailed("HandOverFlow", Code.BUS_LOST, "lost")) == [
        End(Outcome.GONE, Code.BUS_LOST, "lost")
    ]


KAZOO = replace(RULES, failures=failure_rules("kazoo"), translate=replace(RULES.translate, failures="kazoo"))


@pytest.mark.parametrize(
    ("reply", "code", "said"),
    [
        (answer(""), Code.ANSWER_EMPTY, []),
        (answer('{"module":"tts"'), Code.ANSWER_JSON, [SayFailed()]),
        (answer('{"data":{}}'), Code.ANSWER_SCHEMA, []),
        (answer("<Response><Say>", "text/xml"), Code.ANSWER_XML, [SayFailed()]),
    ],
)
def test_kazoos_failures_hang_up_where_its_app_does(reply: Answer, code: Code, said: list[Command]) -> None:
    """With the documented failures the same answers branch."""
    _, *commands = Asked(rules=KAZOO).is_answered(reply)
    hangup = next(command for command in commands if isinstance(command, Hangup))
    end = commands[-1]

    assert isinstance(end, End)
    assert (end.outcome, end.code) == (Outcome.HUNG_UP, code)
    first = [SayProcessing()] if code == Code.ANSWER_SCHEMA else []
    assert commands == [*first, Acknowledge(), *said, hangup, end]

    _, *documented = Asked().is_answered(reply)
    assert documented[:2] == [Acknowledge(), SayFailed()]


def test_the_counter_of_callflow_goes_on() -> None:
    """A call that pivots again keeps counting when its key-value store says so."""
    request = pivot_request()
    call = replace(request.call, key_value_store={"pivot_counter": 3})
    (*_, fetch) = Asked(replace(request, call=call)).first

    assert isinstance(fetch, Fetch)
    assert fetch.request.iteration == 4
