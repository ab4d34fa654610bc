"""Sms: which number sends, what is handed over, and what is told of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pivot.model.call import Party
from pivot.model.codes import Code
from pivot.model.commands import CancelTimer, Fetch, Notify, SendMessage, StartTimer
from pivot.model.dialling import EndpointsFound, LookUpEndpoints
from pivot.model.events import ChannelDestroyed, CommandFailed, Event, TimerFired
from pivot.model.notes import Noticed, Unsupported
from pivot.model.switch import AnswerCall, SpeakText
from tests.calls import CALL_ID, call, pivot_request
from tests.execute.histories import History, notices
from tests.rules import RULES

ON = replace(RULES, sends_messages=True, profile="twilio")
CALLED, CALLER = "+15552223333", "+15550001111"
FROM_NETWORK = pivot_request(
    call=call(from_=Party(CALLER, "carrier.test"), request=Party(CALLED, "pbx.test"), inception="offnet")
)
SMS = "<Sms action='/s' statusCallback='/t'>hi</Sms>"


def told(history: History) -> dict[str, str]:
    """What the newest request tells of the message."""
    found = dict(history.last(Fetch).request.parameters)
    return {name: found[name] for name in found if name.startswith("Sms")}


def callbacks(history: History) -> list[str]:
    return [dict(item.request.parameters)["SmsStatus"] for item in notices(history)]


def sent(history: History) -> list[SendMessage]:
    return [item for item in history.done if isinstance(item, SendMessage)]


def test_the_number_called_writes_to_the_caller() -> None:
    """And the step waits for the broker alone: a timer of no time fires when it has the message."""
    history = History("<Sms>hi</Sms><Say>A</Say>", ON, FROM_NETWORK)
    message, timer = history.done[-2:]

    items = history.happens(TimerFired(f"sms {history.last(SendMessage).msg_id}"))

    assert isinstance(message, SendMessage)
    assert message == SendMessage(message.msg_id, message.message_id, CALLED, CALLER, "hi")
    assert timer == StartTimer(f"sms {message.msg_id}", 0.0)
    assert [type(item) for item in items] == [AnswerCall, SpeakText]


def test_action_and_callback_are_told() -> None:
    """The id is the message's own."""
    history = History(SMS, ON, FROM_NETWORK)

    history.happens(TimerFired(history.last(StartTimer).name))

    assert told(history)["SmsStatus"] == "sending"
    assert told(history)["SmsSid"].startswith("SM")
    assert dict(history.last(Notify).request.parameters)["SmsSid"] == told(history)["SmsSid"]
    assert callbacks(history) == ["sent"]


def test_a_message_that_nobody_takes_fails_and_the_call_goes_on() -> None:
    """No messaging application runs in this cluster."""
    history = History(SMS, ON, FROM_NETWORK)
    message = history.last(SendMessage)

    items = history.happens(CommandFailed("SendMessage", Code.BUS_RETURNED, "no queue", message.msg_id))

    assert items[0] == CancelTimer(f"sms {message.msg_id}")
    assert told(history)["SmsStatus"] == "invalid"
    assert callbacks(history) == ["failed"]
    assert [item.is_error for item in items if isinstance(item, Noticed)] == [True]


@pytest.mark.parametrize("owned", [True, False, None])
def test_another_sender_must_be_the_accounts(owned: bool | None) -> None:
    """Nobody writes in a stranger's name; where no database is asked that cannot be known, so neither."""
    history = History("<Sms from='5554443333' action='/s'>hi</Sms>", ON, FROM_NETWORK)
    lookup = history.last(LookUpEndpoints)
    assert (lookup.number, sent(history)) == ("+15554443333", [])

    history.happens(EndpointsFound(lookup.lookup_id, owned=owned))

    if owned:
        assert [message.from_ for message in sent(history)] == ["+15554443333"]
    else:
        assert sent(history) == []
        assert told(history) == {"SmsStatus": "invalid"}
        assert history.last(Noticed).twilio_code == 14102


def test_a_database_that_is_silent_is_not_waited_for() -> None:
    """Five seconds, then as if the number were a stranger's."""
    history = History("<Sms from='5554443333' action='/s'>hi</Sms>", ON, FROM_NETWORK)
    lookup = history.last(LookUpEndpoints)

    history.happens(TimerFired(history.last(StartTimer).name), after_s=5.0)
    late = history.happens(EndpointsFound(lookup.lookup_id, owned=True))

    assert told(history) == {"SmsStatus": "invalid"}
    assert late == []


@pytest.mark.parametrize(
    ("document", "request_", "number"),
    [
        ("<Sms to='2005' action='/s'>hi</Sms>", FROM_NETWORK, 14101),
        ("<Sms action='/s'>hi</Sms>", pivot_request(), 14101),
        ("<Sms from='77' action='/s'>hi</Sms>", FROM_NETWORK, 14102),
        ("<Sms to='+15554443333' action='/s'>hi</Sms>", pivot_request(), 14102),
    ],
    ids=["an extension", "a caller without number", "no sender's number", "an extension was called"],
)
def test_without_two_numbers_nothing_is_sent(document: str, request_: object, number: int) -> None:
    """Twilio's number says which of them is at fault."""
    history = History(document, ON, request_)  # type: ignore[arg-type]

    assert sent(history) == []
    assert history.last(Noticed).twilio_code == number
    assert told(history) == {"SmsStatus": "invalid"}


def test_where_it_is_off_nothing_is_sent() -> None:
    """The default: the action learns it, and whoever looks sees why."""
    off = replace(ON, sends_messages=False)
    history = History(SMS, off, FROM_NETWORK)

    assert history.last(Unsupported).message.endswith("[twiml] sms")
    assert told(history) == {"SmsStatus": "invalid"}
    assert callbacks(history) == ["failed"]
    assert sent(history) == []
    assert isinstance(History("<Sms>hi</Sms><Say>A</Say>", off).done[-1], SpeakText)


@pytest.mark.parametrize("document", [SMS, SMS.replace("<Sms", "<Sms from='5554443333'")])
def test_a_caller_who_hangs_up_changes_nothing_of_what_is_told(document: str) -> None:
    """What was handed over is on its way; what was not never will be."""
    history = History(document, ON, FROM_NETWORK)
    handed_over = bool(sent(history))
    gone: Event = ChannelDestroyed(CALL_ID, "NORMAL_CLEARING")

    history.happens(gone)

    assert told(history)["SmsStatus"] == ("sending" if handed_over else "invalid")
    assert callbacks(history) == ["sent" if handed_over else "failed"]
    assert len(sent(history)) == int(handed_over)
    assert not history.timers
