"""Text messages: to the cluster's messaging application, which bills, checks and routes them.

Without a Route-ID the key has three words, which is what that application binds; it finds the route by the
sender's number. Nobody there: the broker returns the message.
Source: kapi_im.erl; cb_sms.erl, create_request; kz_im_onnet.erl for what is done with it. Kazoo 5.
"""

from __future__ import annotations

from pivot.model.call import Call
from pivot.model.commands import SendMessage
from pivot.wire.envelope import PIVOT, Message, Sender, seal
from pivot.wire.message_kinds import SMS_OUTBOUND
from pivot.wire.names import Category, EventName, Exchange, Field
from pivot.wire.payload import Payload
from pivot.wire.routing import outbound_message


def encode_message(call: Call, command: SendMessage, sender: Sender) -> Message:
    """The message for whoever sends texts."""
    variables = {
        Field.ACCOUNT_ID: call.account_id,
        Field.AUTHORIZING_TYPE: call.authorizing_type,
        Field.AUTHORIZING_ID: call.authorizing_id,
        Field.OWNER_ID: call.owner_id,
    }
    payload = seal(
        SMS_OUTBOUND,
        {
            Field.MESSAGE_ID: command.message_id,
            Field.BODY: command.body,
            Field.FROM: command.from_,
            Field.TO: command.to,
            Field.ROUTE_TYPE: "offnet",
            Field.ACCOUNT_ID: call.account_id or "",
            Field.CALL_ID: call.call_id,
            Field.CUSTOM_VARS: {name: value for name, value in variables.items() if value is not None},
        },
        kind=(Category.SMS, EventName.OUTBOUND),
        app=PIVOT,
        node=sender.node,
        msg_id=command.msg_id,
    )
    key = outbound_message(command.message_id)
    return Message(Exchange.IM, key, payload, command.msg_id, mandatory=True)


def decode_message(payload: Payload) -> SendMessage:
    """For who plays the messaging application.

    Raises:
        WireError: it would refuse the message.
    """
    SMS_OUTBOUND.check(payload)
    return SendMessage(
        payload[Field.MSG_ID],
        payload[Field.MESSAGE_ID],
        payload[Field.FROM],
        payload[Field.TO],
        payload[Field.BODY],
    )
