"""What a TwiML application is told: in Twilio's profile, and where Kazoo's is mended."""

from __future__ import annotations

from typing import Any

import pytest

from pivot.execute.ids import account_sid, e164, sid
from pivot.execute.parameters import (
    ChildLeg,
    RequestSource,
    error_parameters,
    is_standard_name,
    parameters_of,
    remember,
)
from pivot.execute.request import build_request
from pivot.model.call import Party
from tests.execute.calls import KAZOO, TWILIO, source

STANDARD = {
    "CallSid": sid(TWILIO, "CA", "call-1@host"),
    "AccountSid": "AC0123456789abcdef0123456789abcdef",
    "From": "+15550001111",
    "To": "+15552223333",
    "CallStatus": "ringing",
    "ApiVersion": "2010-04-01",
    "Direction": "inbound",
    "CallerName": "Bob",
    "Caller": "+15550001111",
    "Called": "+15552223333",
    "CallerNumber": "+15550001111",
    "FromRealm": "carrier.test",
    "ToRealm": "pbx.test",
    "KazooCallId": "call-1@host",
}


def sent(source: RequestSource) -> dict[str, Any]:
    return dict(parameters_of(source))


def names(source: RequestSource) -> list[str]:
    return [name for name, _ in parameters_of(source)]


def test_twilios_standard_set() -> None:
    """An application written for Twilio finds every parameter it may rely on, from the first request on."""
    assert sent(source(TWILIO)) == STANDARD


def test_a_twilio_request_is_a_form_with_its_charset() -> None:
    """POST: names and values encoded, an empty value sent as `Name=`."""
    request = build_request(source(TWILIO, extra=(("Digits", ""),), user_variables=(("a&b", "c d"),)), "f1")

    assert request.headers == (("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),)
    assert request.body.decode().startswith(f"CallSid={STANDARD['CallSid']}&AccountSid=AC0123456789abcdef")
    assert request.body.decode().endswith("&KazooCallId=call-1%40host&Digits=&a%26b=c+d")
    assert request.parameters[-2:] == (("Digits", ""), ("a&b", "c d"))


def test_a_sip_caller_has_sip_parameters() -> None:
    """Who has no number is named by a SIP URI, and the headers of the INVITE come along."""
    wire = {
        "From": "kate@pbx.test",
        "Request": "sales@pbx.test:5060",
        "Custom-SIP-Headers": {
            "X-Team": "blue",
            "Diversion": "<sip:4155550104@carrier.test>;reason=busy",
            "N": 1,
        },
    }
    told = sent(source(TWILIO, wire))

    assert {name: told[name] for name in told.keys() - STANDARD.keys() | {"From", "Caller"}} == {
        "From": "sip:kate@pbx.test",
        "Caller": "sip:kate@pbx.test",
        "ForwardedFrom": "+14155550104",
        "SipCallId": "call-1@host",
        "SipDomain": "pbx.test",
        "SipHeader_X-Team": "blue",
        "SipHeader_Diversion": "<sip:4155550104@carrier.test>;reason=busy",
    }


def test_a_request_about_a_dialled_leg_names_that_leg() -> None:
    """Whisper and status callbacks: the child's ids, and the caller's call as its parent."""
    leg = ChildLeg("leg-b", Party("+15552223333", "pbx.test"), Party("+15559990000", "carrier.test"))
    told = sent(source(TWILIO, leg=leg, call_status="in-progress"))

    assert {name: told[name] for name in told if told[name] != STANDARD.get(name)} == {
        "CallSid": sid(TWILIO, "CA", "leg-b"),
        "From": "+15552223333",
        "To": "+15559990000",
        "CallStatus": "in-progress",
        "Direction": "outbound-dial",
        "ParentCallSid": STANDARD["CallSid"],
        "Caller": "+15552223333",
        "Called": "+15559990000",
        "FromRealm": "pbx.test",
        "ToRealm": "carrier.test",
        "KazooCallId": "leg-b",
    }


def test_a_call_that_the_account_placed_says_so() -> None:
    """Twilio's word for it is outbound-api."""
    assert sent(source(TWILIO, {"Call-Direction": "outbound"}))["Direction"] == "outbound-api"


def test_a_variable_never_replaces_a_standard_parameter() -> None:
    """A document cannot make its own server believe in another call."""
    variables = (
        ("CallSid", "x"),
        ("Digits", "9"),
        ("plan", "gold"),
        ("KazooCallId", "x"),
        ("SipHeader_A", "x"),
    )
    asked = source(TWILIO, user_variables=variables)

    assert sent(asked) == STANDARD | {"plan": "gold"}


def test_in_kazoos_profile_the_standard_set_wins_as_well() -> None:
    """There a variable of the same name only moves the parameter to the front."""
    told = parameters_of(source(KAZOO, user_variables=(("plan", "gold"), ("CallSid", "x"))))

    assert told[:2] == (("plan", "gold"), ("CallSid", "call-1@host"))


@pytest.mark.parametrize(("format", "name"), [("twiml", "CallStatus"), ("kazoo", "Call-Status")])
def test_call_status_is_sent_always_or_since_the_first_dial(format: str, name: str) -> None:
    """The real state in Twilio's profile; in Kazoo's, what its own code would know."""
    assert name not in names(source(KAZOO, format=format))
    assert sent(source(KAZOO, format=format, dialled=True, call_status="completed"))[name] == "completed"
    assert sent(source(TWILIO, format=format))[name] == "ringing"


def test_ids_are_raw_or_prefixed() -> None:
    """`sid_format`, for calls, accounts and everything else."""
    assert sent(source(KAZOO))["CallSid"] == "call-1@host"
    assert sent(source(TWILIO))["CallSid"] == STANDARD["CallSid"] != "call-1@host"
    assert account_sid(KAZOO, "a1") == "a1"
    assert account_sid(TWILIO, "a1") == "AC8a8bb7cd343aa2ad99b7d762030857a2"
    assert sid(TWILIO, "RE", "a1") == "RE8a8bb7cd343aa2ad99b7d762030857a2"


def test_kazoos_own_format_is_the_same_in_both_profiles_but_for_the_status() -> None:
    """`req_format` kazoo belongs to Kazoo's applications, whatever the profile."""
    kazoo, twilio = sent(source(KAZOO, format="kazoo")), sent(source(TWILIO, format="kazoo"))

    assert twilio == kazoo | {"Call-Status": "ringing", "CallStatus": "ringing"}


def test_results_of_verbs_stick_in_kazoos_profile_only() -> None:
    """`sticky_params`: a recording is told once, or with every later request."""
    own = (("RecordingUrl", "http://r"), ("RecordingDuration", "4"), ("Digits", "#"), ("DialBridged", "true"))

    assert remember(TWILIO, (), own) == ()
    kept = remember(KAZOO, (), own)
    assert kept == (("RecordingUrl", "http://r"), ("RecordingDuration", "4"), ("Digits", "#"))
    told = parameters_of(source(KAZOO, earlier=kept, first=False))
    assert told[:4] == (
        ("RecordingDuration", "4"),
        ("RecordingUrl", "http://r"),
        ("Digits", "#"),
        ("CallerNumber", "+15550001111"),
    )


def test_a_gathers_digits_are_not_hidden_by_an_earlier_key() -> None:
    """In Kazoo the key that ended a Record is sent instead of what the caller typed later."""
    after_record = (("RecordingUrl", "http://r"), ("Digits", "#"))
    gathered = (("Digits", "9"),)
    stored = {"Key-Value-Store": {"dtmf_collections": {"default": "1"}}}

    assert sent(source(KAZOO, stored, earlier=after_record, extra=gathered, first=False))["Digits"] == "9"
    assert remember(KAZOO, after_record, gathered) == (("RecordingUrl", "http://r"),)


def test_digits_collected_by_callflow_are_sent_once() -> None:
    """The first request carries them; afterwards only what our own verbs collect."""
    stored = {"Key-Value-Store": {"digits_collected": "12"}}

    assert sent(source(KAZOO, stored))["Digits"] == "12"
    assert "Digits" not in names(source(KAZOO, stored, first=False))


def test_variables_that_the_call_brought_along_come_first() -> None:
    """As Kazoo keeps them in the key-value store; a newer value takes the place of the older one."""
    stored = {"Key-Value-Store": {"user_vars": {"plan": "gold", "n": 1}}}
    told = parameters_of(source(KAZOO, stored, user_variables=(("lang", "fr"), ("plan", "iron"))))

    assert told[:4] == (("plan", "iron"), ("n", 1), ("lang", "fr"), ("CallerNumber", "+15550001111"))


def test_parameters_that_kazoo_never_had_come_last() -> None:
    """Old applications see what they know in its old place."""
    asked = source(KAZOO, extra=(("QueueResult", "leave"), ("Digits", "5"), ("SpeechResult", "yes")))

    assert names(asked)[0] == "Digits"
    assert parameters_of(asked)[-2:] == (("QueueResult", "leave"), ("SpeechResult", "yes"))


def test_the_owner_of_the_device_is_told_in_kazoos_format() -> None:
    """From the account's database, else from the Call; several owners are a list."""
    told = source(KAZOO, {"Owner-ID": "u0"}, format="kazoo")
    several = source(KAZOO, {"Owner-ID": "u0"}, format="kazoo", owner_ids=("u1", "u2"))

    assert sent(told)["User-ID"] == "u0"
    assert build_request(several, "f1").body.startswith(b"User-ID[]=u1&User-ID[]=u2&To-Realm=pbx.test&")


def test_the_fallback_is_told_what_failed_without_secrets() -> None:
    """The URL loses its password and its fragment; the code is a number that Twilio documents."""
    extra = error_parameters("https://u:p@app.test/voice?a=b@c#fb=x", "11200")

    assert extra == (("ErrorCode", "11200"), ("ErrorUrl", "https://app.test/voice?a=b@c"))


def test_later_fetches_may_take_longer_in_twilios_profile() -> None:
    """Fifteen seconds, unless the request itself names a limit; callflow no longer waits then."""
    assert build_request(source(TWILIO), "f1").timeout_s is None
    assert build_request(source(TWILIO, first=False), "f1").timeout_s == 15.0
    assert build_request(source(KAZOO, first=False), "f1").timeout_s is None


@pytest.mark.parametrize(
    ("number", "normal"),
    [
        ("+4930123456", "+4930123456"),
        ("4155550100", "+14155550100"),
        ("14155550100", "+14155550100"),
        ("011441632960000", "+441632960000"),
        ("00441632960000", "+441632960000"),
        ("441632960000", "+441632960000"),
        ("1001", None),
        ("*72", None),
        ("kate", None),
        ("+1555\n", None),
    ],
)
def test_a_number_is_normalised_or_is_none(number: str, normal: str | None) -> None:
    """Applications compare numbers, so each has one spelling."""
    assert e164(number) == normal


@pytest.mark.parametrize("name", ["CallSid", "Digits", "RecordingUrl", "SipHeader_X", "DialSipCallId"])
def test_standard_names_are_known(name: str) -> None:
    """Set warns when a document tries to take one."""
    assert is_standard_name(name)
    assert not is_standard_name(f"my{name}")
