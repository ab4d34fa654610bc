"""Commands about other parties: what leaves, that who reads it gets it back, and what is answered."""

from __future__ import annotations

import orjson
import pytest

from pivot.errors import WireError
from pivot.model.call import Call, Party
from pivot.model.dialling import (
    BridgeTo,
    CallApart,
    CallerId,
    CallToHear,
    CarrierDone,
    DialCarrier,
    DiallingCommand,
    Endpoint,
    EndpointKind,
    HoldMusic,
    JoinLeg,
    LegControlled,
    LegCreated,
    LegFailed,
    LegPrepared,
    LegReady,
    LegRinging,
    LegsBridged,
    LegsParted,
    PartLegs,
    RingBack,
    RingPrepared,
    StartRecording,
    StopRecording,
)
from pivot.model.instructions import NameValue
from pivot.model.rooms import ConferenceBegun
from pivot.wire.dialling_replies import Reply, encode_dialling_reply
from pivot.wire.envelope import Sender
from pivot.wire.events import decode_event, encode_channel_event
from pivot.wire.messages import decode_command, encode_command
from pivot.wire.names import Exchange
from pivot.wire.replies import decode_reply

SENDER = Sender(node="pivot@apps", server_id="own-queue")
CALL_ID = "4fd2-11aa@10.20.0.7"
SIP = Endpoint(
    "sip:kate@example.com",
    "b1",
    EndpointKind.ROUTE,
    "sip:kate@example.com",
    transport="tcp",
    username="u",
    password="p",
    headers=(NameValue("X-Id", "42"),),
    timeout_s=20.0,
    variables={"Owner": "x"},
)
NUMBER = Endpoint("+15550009999", "b2", EndpointKind.NUMBER, "+15550009999")
DEVICE = Endpoint("joey", "b3", EndpointKind.DEVICE, "user_abc", "pbx.example.com")
SHOWN = CallerId("+15550100", "Acme")
COMMANDS: tuple[DiallingCommand, ...] = (
    DialCarrier(
        "m1",
        "+15550123",
        30.0,
        SHOWN,
        force_outbound=False,
        process_media=True,
        ringback="%(1)",
        emergency=CallerId("+15550911", "Acme 3rd floor"),
        presence_id="2001@sip.example.com",
    ),
    BridgeTo("m2", (SIP, NUMBER, DEVICE), 20.0, SHOWN, "%(1)", ignore_early_media=False, process_media=True),
    CallApart("m3", NUMBER, 30.0, SHOWN),
    CallToHear("m3", SIP, CALL_ID, 10.0),
    JoinLeg("m4", "b2"),
    PartLegs("m4"),
    RingBack("m5", "tone_stream://%(1)"),
    RingBack("m6", "tone_stream://%(1)", answered=True),
    HoldMusic("m7", "https://m.example.com/hold.mp3"),
    StartRecording("m8", "r1.mp3", "r1", 3600.0, stereo=True, leg=CALL_ID),
    StopRecording("m9", "r1.mp3", leg=CALL_ID),
)


def call(control: str | None = "control-queue") -> Call:
    party = Party("1001", "sip.example.com")
    return Call(CALL_ID, "a1b2", control, "controller", from_=party, to=party, request=party)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_who_reads_a_command_gets_what_was_meant(command: DiallingCommand) -> None:
    """The simulated switch and the real one are told the same."""
    message = encode_command(call(), command, SENDER, "unused")

    sent = decode_command(message.payload)

    assert sent is not None
    assert (sent.call_id, sent.command, sent.msg_id) == (CALL_ID, command, command.msg_id)
    assert sent.server_id == "own-queue"


def test_a_number_goes_to_the_carriers_service_as_kazoo_sends_it() -> None:
    """Same exchange, key and members; nobody there to take it does not end the call."""
    message = encode_command(call(), DialCarrier("m1", "+15550123", 30.0, SHOWN), SENDER, "unused")

    assert (message.exchange, message.routing_key) == (Exchange.RESOURCES, "offnet.resource.req.audio")
    assert not message.mandatory
    assert orjson.loads(message.payload) == {
        "Timeout": 31,
        "Outbound-Caller-ID-Number": "+15550100",
        "Outbound-Caller-ID-Name": "Acme",
        "Media": "bypass",
        "Force-Outbound": True,
        "Control-Queue": "control-queue",
        "Call-ID": CALL_ID,
        "Account-Realm": "sip.example.com",
        "Account-ID": "a1b2",
        "To-DID": "+15550123",
        "Resource-Type": "audio",
        "Application-Name": "bridge",
        "Server-ID": "own-queue",
        "Node": "pivot@apps",
        "Msg-ID": "m1",
        "Event-Name": "offnet_req",
        "Event-Category": "resource",
        "App-Version": "4.0.0",
        "App-Name": "translator",
    }


def test_every_party_of_a_bridge_has_a_call_id_of_our_choice() -> None:
    """So its events can be bound before it rings."""
    message = encode_command(call(), BridgeTo("m1", (SIP, NUMBER, DEVICE), 20.0), SENDER, "unused")

    payload = orjson.loads(message.payload)
    assert (message.exchange, message.routing_key) == (Exchange.CALLCTL, "control-queue")
    assert payload["Dial-Endpoint-Method"] == "simultaneous"
    assert [each["Outbound-Call-ID"] for each in payload["Endpoints"]] == ["b1", "b2", "b3"]
    assert payload["Endpoints"][0] == {
        "Invite-Format": "route",
        "Route": "sip:kate@example.com",
        "SIP-Transport": "tcp",
        "Auth-User": "u",
        "Auth-Password": "p",
        "Endpoint-Timeout": "20",
        "Custom-SIP-Headers": {"X-Id": "42"},
        "Account-ID": "a1b2",
        "Outbound-Call-ID": "b1",
        "Custom-Channel-Vars": {"Owner": "x", "Pivot-Label": "sip:kate@example.com"},
    }
    assert payload["Endpoints"][1]["Route"] == payload["Endpoints"][1]["To-DID"] == "+15550009999"
    assert payload["Endpoints"][2]["To-Username"] == "user_abc"


def test_no_text_of_a_document_becomes_another_variable_of_the_leg() -> None:
    """The switch's side puts headers into its dial string as they are; the label travels encoded."""
    headers = (NameValue("X-A", "1,api_on_answer=x"), NameValue("X-B", "2"))
    label = "sip:a@b?X-A=1,api_on_answer=${x}'\\"
    party = Endpoint(label, "b1", EndpointKind.ROUTE, "sip:a@b", headers=headers)

    message = encode_command(call(), BridgeTo("m1", (party,), 20.0), SENDER, "unused")

    (endpoint,) = orjson.loads(message.payload)["Endpoints"]
    assert endpoint["Custom-SIP-Headers"] == {"X-B": "2"}
    assert endpoint["Custom-Channel-Vars"] == {
        "Pivot-Label": "sip:a@b?X-A=1%2Capi_on_answer=%24%7Bx%7D%27%5C"
    }
    sent = decode_command(message.payload)
    assert sent is not None
    assert isinstance(sent.command, BridgeTo)
    assert sent.command.endpoints[0].label == label


def test_no_text_of_the_accounts_database_does_either() -> None:
    """Users and devices are written by customers; a device that has no address left is not rung."""
    trick = "x]loopback/app=system:reboot"
    failover = Endpoint("", "", EndpointKind.NUMBER, "app=system:reboot")
    party = Endpoint(
        "joey",
        "b1",
        EndpointKind.DEVICE,
        trick,
        "pbx.example.com",
        variables={"Owner-ID": "u1", "Auto-Answer": "1!execute_on_answer=reboot", "RTCP-MUX": True},
        details={
            "Hold-Media": "a!execute_on_answer=reboot",
            "To-User": trick,
            "To-DID": "5000",
            "Codecs": ["PCMU", "a'!x=y"],
            "Outbound-Callee-ID-Name": "Joe O'Brien!",
            "Endpoint-Delay": 5,
        },
        failover=failover,
    )

    message = encode_command(call(), BridgeTo("m1", (party,), 20.0), SENDER, "unused")

    (endpoint,) = orjson.loads(message.payload)["Endpoints"]
    assert endpoint == {
        "Invite-Format": "username",
        "To-Realm": "pbx.example.com",
        "To-DID": "5000",
        "Codecs": ["PCMU"],
        "Outbound-Callee-ID-Name": "Joe OBrien",
        "Endpoint-Delay": 5,
        "Account-ID": "a1b2",
        "Failover": {
            "Invite-Format": "loopback",
            "Account-ID": "a1b2",
            "Outbound-Call-ID": "b1",
            "Custom-Channel-Vars": {"Pivot-Label": "joey"},
        },
        "Outbound-Call-ID": "b1",
        "Custom-Channel-Vars": {"Owner-ID": "u1", "RTCP-MUX": True, "Pivot-Label": "joey"},
    }


@pytest.mark.parametrize("route", ["loopback/app=system:reboot", "sofia/gateway/x/1", "sip:a@b,error/x"])
def test_a_device_is_rung_by_sip_and_nothing_else(route: str) -> None:
    """The switch takes a route as it stands, and has endpoints that run its applications."""
    party = Endpoint("door", "b1", EndpointKind.ROUTE, route)

    message = encode_command(call(), CallApart("m1", party, 20.0), SENDER, "unused")

    assert "Route" not in orjson.loads(message.payload)["Endpoints"][0]


@pytest.mark.parametrize("number", ["1>sofia/x/1", "1',x='y", "${x}"])
def test_a_callers_number_that_is_none_is_not_shown(number: str) -> None:
    """The account's documents name it."""
    message = encode_command(call(), BridgeTo("m1", (SIP,), 20.0, CallerId(number, "Acme")), SENDER, "")

    payload = orjson.loads(message.payload)
    assert "Outbound-Caller-ID-Number" not in payload
    assert payload["Outbound-Caller-ID-Name"] == "Acme"


def test_joining_does_not_take_the_other_leg_from_its_control_process() -> None:
    """A usurpation would end the session of a caller who waits in a queue."""
    payload = orjson.loads(encode_command(call(), JoinLeg("m1", "b2"), SENDER, "unused").payload)

    assert payload["Application-Name"] == "connect_leg"
    assert (payload["Publish-Usurp"], payload["Park-After-Pickup"]) == (False, True)
    assert payload["Hangup-After-Pickup"] is False


def test_who_shall_hear_a_call_is_prepared_first_and_rung_at_our_word() -> None:
    """The switch's side waits for that word whatever the request says, and usurps nobody."""
    asked = encode_command(call(), CallToHear("m1", SIP, CALL_ID, 10.0), SENDER, "unused")
    word = encode_command(call(), RingPrepared("m1", "b1", "originate-queue"), SENDER, "unused")

    assert (asked.exchange, asked.routing_key) == (Exchange.CALLMGR, "originate.resource.req")
    payload = orjson.loads(asked.payload)
    assert payload["Application-Name"] == "eavesdrop"
    assert (payload["Eavesdrop-Call-ID"], payload["Eavesdrop-Mode"]) == (CALL_ID, "listen")
    assert (payload["Outbound-Call-ID"], payload["Existing-Call-ID"]) == ("b1", CALL_ID)
    assert payload["Endpoints"][0]["Custom-SIP-Headers"] == {"X-Id": "42"}
    assert (word.exchange, word.routing_key) == (Exchange.TARGETED, "originate-queue")
    assert orjson.loads(word.payload) == {
        "Call-ID": "b1",
        "Server-ID": "own-queue",
        "Node": "pivot@apps",
        "Msg-ID": "m1",
        "Event-Name": "originate_execute",
        "Event-Category": "dialplan",
        "App-Version": "4.0.0",
        "App-Name": "translator",
    }
    sent = decode_command(word.payload)
    assert sent is not None
    assert sent.command == RingPrepared("m1", "b1", "")


def test_without_control_queue_nothing_can_be_dialled() -> None:
    """The carriers' service, too, works through the call's control process."""
    with pytest.raises(WireError, match="Control-Queue"):
        encode_command(call(control=None), DialCarrier("m1", "1", 30.0), SENDER, "unused")


@pytest.mark.parametrize(
    "reply",
    [
        CarrierDone("m1", "USER_BUSY", "sip:486"),
        LegControlled("m1", "b1", "b-queue"),
        LegPrepared("m1", "b1", "b-queue", "originate-queue"),
        LegReady("m1", "b1"),
        LegFailed("m1", "NO_ANSWER"),
    ],
    ids=lambda reply: type(reply).__name__,
)
def test_answers_come_back_by_the_msg_id_of_the_request(reply: Reply) -> None:
    """The bus knows from it which call asked."""
    message = encode_dialling_reply(reply, "own-queue", node="n@h")

    assert (message.exchange, message.routing_key) == (Exchange.TARGETED, "own-queue")
    assert decode_reply(message.payload) == reply


def test_a_leg_that_fails_later_tells_its_cause() -> None:
    """An originate may also end in the channel's own end."""
    body = {
        "Event-Category": "resource",
        "Event-Name": "originate_resp",
        "Msg-ID": "m1",
        "Call-ID": "b1",
        "Hangup-Cause": "USER_BUSY",
    }

    assert decode_reply(orjson.dumps(body)) == LegFailed("m1", "USER_BUSY")


@pytest.mark.parametrize(
    ("name", "members", "event"),
    [
        ("CHANNEL_PROGRESS", {}, LegRinging(CALL_ID)),
        ("CHANNEL_PROGRESS_MEDIA", {}, LegRinging(CALL_ID)),
        ("CHANNEL_BRIDGE", {"Other-Leg-Call-ID": "b1"}, LegsBridged(CALL_ID, "b1")),
        ("CHANNEL_UNBRIDGE", {}, LegsParted(CALL_ID, hung_up=None)),
        ("LEG_CREATED", {"Other-Leg-Call-ID": "b1"}, LegCreated(CALL_ID, "b1")),
        ("CHANNEL_EXECUTE", {"Application-Name": "conference"}, ConferenceBegun(CALL_ID)),
        ("CHANNEL_EXECUTE", {"Application-Name": "play"}, None),
    ],
)
def test_what_happens_to_a_leg_is_reported(name: str, members: dict[str, str], event: object) -> None:
    """The names are the switch's own."""
    message = encode_channel_event(name, CALL_ID, members, node="n@h", msg_id="m1")

    assert decode_event(message.routing_key, message.payload) == event


PHONE = Endpoint(
    "joey",
    "b4",
    EndpointKind.DEVICE,
    "user_abc",
    "pbx.example.com",
    headers=(NameValue("X-KAZOO-AOR", "sip:user_abc@pbx.example.com"),),
    variables={"Authorizing-ID": "d1"},
    details={"Endpoint-ID": "d1", "To-User": "lobby", "Presence-ID": "2001@pbx.example.com"},
    failover=Endpoint("", "", EndpointKind.NUMBER, "+15550007777", variables={"Call-Forward": "true"}),
)
AS_A_PHONE = {
    "Presence-ID": "2001@pbx.example.com",
    "Endpoint-ID": "d1",
    "To-User": "lobby",
    "To-Username": "user_abc",
    "To-Realm": "pbx.example.com",
    "Account-ID": "a1b2",
    "Custom-SIP-Headers": {"X-KAZOO-AOR": "sip:user_abc@pbx.example.com"},
    "Custom-Channel-Vars": {"Authorizing-ID": "d1", "Pivot-Label": "joey"},
    "Outbound-Call-ID": "b4",
    "Failover": {
        "Invite-Format": "loopback",
        "Route": "+15550007777",
        "To-DID": "+15550007777",
        "Account-ID": "a1b2",
        "Custom-Channel-Vars": {"Call-Forward": "true", "Pivot-Label": "joey"},
        "Outbound-Call-ID": "b4",
    },
}


@pytest.mark.parametrize(
    ("control", "how"),
    [
        ("control-queue", {"Invite-Format": "username"}),
        ("pid://<0.5.0>/control-queue", {"Invite-Format": "endpoint", "Endpoint-URI": "d1@a1b2"}),
    ],
    ids=["4.3", "5.0"],
)
def test_a_device_is_rung_as_the_calls_switch_finds_it(control: str, how: dict[str, str]) -> None:
    """Kazoo 4.3 refuses the newer way, and 5.0 lets a device that is rung the older way vanish in silence."""
    message = encode_command(call(control), BridgeTo("m1", (PHONE,), 20.0), SENDER, "unused")

    assert orjson.loads(message.payload)["Endpoints"] == [AS_A_PHONE | how]


def test_who_has_no_id_is_rung_alike_everywhere() -> None:
    """Numbers and addresses are no devices."""
    message = encode_command(
        call("pid://<0.5.0>/q"), BridgeTo("m1", (SIP, NUMBER, DEVICE), 20.0), SENDER, "unused"
    )

    formats = [each["Invite-Format"] for each in orjson.loads(message.payload)["Endpoints"]]
    assert formats == ["route", "loopback", "username"]
