"""Requests that go past a call's control process: does a channel exist, and put that file to this URL.

Both are answered on our own queue, with the Msg-ID of the request.
Source: kapi_call.erl, kapi_switch.erl; ecallmgr_fs_channel.erl; ecallmgr_fs_recordings.erl for `send_http`.
"""

from __future__ import annotations

from pivot.errors import WireError
from pivot.model.call import Call
from pivot.model.events import ChannelFound, FileSent
from pivot.model.switch import AskChannel, SendFile
from pivot.wire.envelope import ECALLMGR, KAPPS_CALL_COMMAND, PIVOT, Message, Sender, seal
from pivot.wire.expansion import one_argument
from pivot.wire.message_kinds import CHANNEL_STATUS_REQ, CHANNEL_STATUS_RESP, SWITCH_COMMAND, SWITCH_REPLY
from pivot.wire.names import Category, EventName, Exchange, Field
from pivot.wire.payload import Payload, decode
from pivot.wire.routing import channel_status_request, media_server_command

_ACTIVE = "active"
_SUCCESS = "success"


def encode_ask_channel(call: Call, command: AskChannel, sender: Sender) -> Message:
    """Every node of every zone gets it, and only the one that has the channel shall answer."""
    leg = command.leg or call.call_id
    payload = seal(
        CHANNEL_STATUS_REQ,
        {Field.CALL_ID: leg, Field.ACTIVE_ONLY: True},
        kind=(Category.CALL_EVENT, EventName.CHANNEL_STATUS_REQ),
        app=KAPPS_CALL_COMMAND,
        node=sender.node,
        msg_id=command.msg_id,
        server_id=sender.server_id,
    )
    return Message(Exchange.CALLEVT, channel_status_request(leg), payload, command.msg_id)


def encode_send_file(call: Call, command: SendFile, sender: Sender) -> Message:
    """For the media server that holds the file.

    Raises:
        WireError: nobody knows which one that is.
    """
    node = command.node or call.switch_nodename
    if not node:
        raise WireError("nothing tells which media server holds the file: the event named no Node")
    payload = seal(
        SWITCH_COMMAND,
        {
            Field.COMMAND: "send_http",
            Field.ARGS: {"File-Name": command.path, "Url": one_argument(command.url), "Http-Method": "put"},
            Field.FREESWITCH_NODE: node,
        },
        kind=(Category.SWITCH_EVENT, EventName.COMMAND),
        app=PIVOT,
        node=sender.node,
        msg_id=command.msg_id,
        server_id=sender.server_id,
    )
    return Message(Exchange.SWITCH, media_server_command(node), payload, command.msg_id)


def decode_request(payload: Payload) -> tuple[AskChannel | SendFile, str] | None:
    """For who plays the switch: one of the requests above, and the queue that waits for the answer.

    Raises:
        WireError: the switch would refuse it.
    """
    match payload.get(Field.EVENT_CATEGORY), payload.get(Field.EVENT_NAME):
        case Category.CALL_EVENT, EventName.CHANNEL_STATUS_REQ:
            CHANNEL_STATUS_REQ.check(payload)
            asked = AskChannel(payload[Field.MSG_ID], payload[Field.CALL_ID])
            return asked, payload.get(Field.SERVER_ID, "")
        case Category.SWITCH_EVENT, EventName.COMMAND:
            SWITCH_COMMAND.check(payload)
            args = payload.get(Field.ARGS, {})
            path, url = args.get("File-Name", ""), args.get("Url", "")
            command = SendFile(payload[Field.MSG_ID], path, url, payload[Field.FREESWITCH_NODE])
            return command, payload.get(Field.SERVER_ID, "")
    return None


def encode_reply(event: ChannelFound | FileSent, server_id: str, msg_id: str, *, node: str) -> Message:
    """The answer to `server_id`, as the switch's side publishes it."""
    if isinstance(event, ChannelFound):
        api, kind = CHANNEL_STATUS_RESP, (Category.CALL_EVENT, EventName.CHANNEL_STATUS_RESP)
        body: Payload = {Field.CALL_ID: event.call_id, Field.STATUS: _ACTIVE}
    else:
        api, kind = SWITCH_REPLY, (Category.SWITCH_EVENT, EventName.REPLY)
        body = {Field.RESULT: _SUCCESS if event.ok else "error", Field.ERROR: event.message}
    payload = seal(api, body, kind=kind, app=ECALLMGR, node=node, msg_id=msg_id)
    return Message(Exchange.TARGETED, server_id, payload, msg_id)


def decode_reply(body: bytes) -> ChannelFound | FileSent | None:
    """What an answer on our own queue says; None for what says nothing, as that a node knows no channel.

    Raises:
        WireError: unreadable.
    """
    payload = decode(body)
    match payload.get(Field.EVENT_CATEGORY), payload.get(Field.EVENT_NAME):
        case Category.CALL_EVENT, EventName.CHANNEL_STATUS_RESP:
            CHANNEL_STATUS_RESP.check(payload)
            active = payload[Field.STATUS] == _ACTIVE
            return ChannelFound(payload[Field.CALL_ID]) if active else None
        case Category.SWITCH_EVENT, EventName.REPLY:
            SWITCH_REPLY.check(payload)
            ok = payload[Field.RESULT] == _SUCCESS
            return FileSent(payload[Field.MSG_ID], ok, str(payload.get(Field.ERROR, ""))[:200])
    return None
