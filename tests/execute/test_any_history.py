"""Whatever happens in whatever order: nothing fails, no timer is forgotten, nobody talks to the dead."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pivot.model.events import ChannelDestroyed
from pivot.model.plain import from_json, to_json
from tests.calls import CALL_ID
from tests.execute.histories import KINDS, History
from tests.rules import RULES_WITH_PLUGIN as RULES

ALL_ON = replace(RULES, stream_gateway="sip:streams@gateway.test", refer_dials=True, sends_messages=True)
TWILIO = replace(ALL_ON, profile="twilio")

EVENTS = st.lists(st.tuples(st.integers(0, len(KINDS) - 1), st.integers(0, 40)), max_size=30)
AFTERWARDS = "<Say>after</Say><Gather numDigits='1'/>"
NUMBER = "<Number>+15550009999</Number>"
DOCUMENTS = {
    "number": f"<Dial action='/d'>{NUMBER}</Dial>",
    "number then others": f"<Dial hangupOnStar='true' timeLimit='60'>{NUMBER}</Dial>{AFTERWARDS}",
    "record": f"<Dial record='record-from-ringing-dual' action='/d'>{NUMBER}</Dial>",
    "answer on bridge": f"<Dial answerOnBridge='true' ringTone='fr'>{NUMBER}</Dial>{AFTERWARDS}",
    "together": f"<Dial action='/d'>{NUMBER}<Sip statusCallback='/s'>sip:kate@example.com</Sip></Dial>",
    "one by one": f"<Dial sequential='true' action='/d'>{NUMBER}<Sip>sip:kate@example.com</Sip></Dial>",
    "whisper": "<Dial action='/d'><Number url='/w' sendDigits='1w2' statusCallback='/s'"
    " statusCallbackEvent='initiated ringing answered completed'>+15550009999</Number></Dial>",
    "whispers": "<Dial><Number url='/w'>+15550009999</Number><Sip url='/w'>sip:k@example.com</Sip></Dial>",
    "phones": "<Dial action='/d'><User>u1</User><Client>joey</Client><Device>d1</Device></Dial>",
    "caller id": f"<Dial callerId='+15557770000'>{NUMBER}<User>u1</User></Dial>",
    "conference": "<Dial action='/d' hangupOnStar='true'><Conference record='record-from-start'"
    " endConferenceOnExit='true' statusCallback='/c' statusCallbackEvent='start end join leave'>R"
    "</Conference></Dial>",
    "coach": "<Dial timeLimit='9'><Conference coach='other' participantLabel='me' muted='true'"
    " record='record-from-start'>R</Conference></Dial><Play digits='1' loop='2'/>",
    "enqueue": "<Enqueue action='/q' waitUrl='/w'>support</Enqueue>",
    "enqueue with music": f"<Enqueue>support</Enqueue>{AFTERWARDS}",
    "dial queue": f"<Dial action='/d' timeLimit='60'><Queue url='/w'>support</Queue></Dial>{AFTERWARDS}",
    "reject": "<Reject prompt='/a.mp3'/>",
    "echo": "<Echo/><Say>never</Say>",
    "wait document": f"<Dial hangupOnStar='true'><Conference waitUrl='/w'>R</Conference></Dial>{AFTERWARDS}",
    "record beside": "<Start><Recording name='r' recordingStatusCallback='/s' recordingStatusCallbackEvent="
    "'in-progress completed absent'/></Start><Start><Recording/></Start><Pause/><Stop><Recording name='r'/>"
    "</Stop><Redirect>/next</Redirect>",
    "streams beside": "<Start><Stream name='s' url='wss://a.test/s' statusCallback='/s'/></Start><Pause/>"
    "<Start><Transcription statusCallbackUrl='/t'/></Start><Stop><Stream name='s'/></Stop><Redirect/>",
    "refer": "<Refer action='/rf'><Sip>sip:alice@example.com</Sip></Refer>",
    "refer or next": "<Refer><Sip>sip:alice@example.com</Sip></Refer><Say>next</Say>",
    "sms": "<Sms to='5550001111' from='5554443333' action='/s' statusCallback='/t'>hi</Sms>",
    "connect": "<Connect action='/c'><Stream url='wss://a.test/s' statusCallback='/s'/></Connect>",
    "relay": "<Connect><ConversationRelay url='wss://a.test/r'/></Connect><Say>after</Say>",
    "speech": "<Say voice='kate' loop='2'>a</Say><Say voice='kate'>b</Say><Play>/c.wav</Play>",
    "speech in gather": "<Gather timeout='3'><Say voice='kate'>a</Say><Say voice='kate'>b</Say></Gather>",
    "gather and record": "<Gather timeout='3'><Say>press</Say></Gather><Record action='/r'/><Pause/>",
}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
@given(EVENTS)
@settings(max_examples=60)
def test_no_history_breaks_a_rule(document: str, events: list[tuple[int, int]]) -> None:
    """For every verb: no exception, nothing goes on forgotten, nothing to a dead channel."""
    history = History(document, TWILIO if "waitUrl" in document or "callerId" in document else ALL_ON)
    for choice, which in events:
        history.imagine(choice, which)

        assert history.forgotten() == set()
        state = to_json(history.machine.state)
        assert to_json(from_json(state)) == state
    assert history.sent_to_the_dead() == []


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
@given(EVENTS)
@settings(max_examples=30)
def test_a_call_that_is_killed_anywhere_ends(document: str, events: list[tuple[int, int]]) -> None:
    """The caller hangs up in the middle of every verb: the session ends when the last things are told."""
    history = History(document, TWILIO if "waitUrl" in document or "callerId" in document else ALL_ON)
    for choice, which in events:
        history.imagine(choice, which)
    if not history.over:
        history.happens(ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"))
    for _ in range(60):
        if history.over:
            break
        history.settle()

    assert history.over
    assert history.forgotten() == set()
    assert history.sent_to_the_dead() == []
