"""Text messages: what the messaging application is told, and that it understands it."""

from __future__ import annotations

import orjson
import pytest

from pivot.errors import WireError
from pivot.model.call import Call, Party
from pivot.model.commands import SendMessage
from pivot.wire.envelope import Sender
from pivot.wire.messages import decode_command, encode_command
from pivot.wire.names import Exchange

SENDER = Sender(node="pivot@apps", server_id="own-queue")
PARTY = Party("1001", "sip.example.com")
CALL = Call(
    "4fd2-11aa@10.20.0.7",
    "a1b2",
    "control",
    "controller",
    from_=PARTY,
    to=PARTY,
    request=PARTY,
    authorizing_type="device",
    authorizing_id="d1",
)
COMMAND = SendMessage("m1", "0a1b", "+15552223333", "+15550001111", "Grüße, 5 €")


def test_a_message_goes_where_kazoos_messaging_application_listens() -> None:
    """Exchange, three words of key, and the members of kapi_im's outbound; nobody there is an error."""
    message = encode_command(CALL, COMMAND, SENDER, "unused")

    assert (message.exchange, message.routing_key, message.mandatory) == (
        Exchange.IM,
        "sms.outbound.0a1b",
        True,
    )
    assert orjson.loads(message.payload) == {
        "Message-ID": "0a1b",
        "Body": "Grüße, 5 €",
        "From": "+15552223333",
        "To": "+15550001111",
        "Route-Type": "offnet",
        "Custom-Vars": {"Account-ID": "a1b2", "Authorizing-Type": "device", "Authorizing-ID": "d1"},
        "Account-ID": "a1b2",
        "Call-ID": CALL.call_id,
        "Node": "pivot@apps",
        "Msg-ID": "m1",
        "Event-Name": "outbound",
        "Event-Category": "sms",
        "App-Version": "4.0.0",
        "App-Name": "pivot",
    }


def test_who_reads_it_gets_what_was_meant() -> None:
    """For who plays the application."""
    sent = decode_command(encode_command(CALL, COMMAND, SENDER, "unused").payload)

    assert sent is not None
    assert (sent.call_id, sent.command) == (CALL.call_id, COMMAND)


def test_a_message_without_its_parts_is_refused() -> None:
    """As kapi_im refuses it."""
    payload = orjson.loads(encode_command(CALL, COMMAND, SENDER, "unused").payload)
    del payload["Body"]

    with pytest.raises(WireError, match="Body"):
        decode_command(orjson.dumps(payload))
