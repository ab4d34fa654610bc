"""Dial: who is shown calling, and what the account's database is asked for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pivot.model.commands import StartTimer
from pivot.model.dialling import (
    BridgeTo,
    CallApart,
    CallerId,
    DialCarrier,
    Endpoint,
    EndpointKind,
    EndpointsFound,
    EndpointsOf,
    Identity,
    LookUpEndpoints,
    Wanted,
)
from pivot.model.events import TimerFired
from pivot.model.notes import Noticed
from tests.calls import call, pivot_request
from tests.execute.histories import History
from tests.rules import RULES

NUMBER = "<Dial>+15550009999</Dial>"
CHOSEN = "<Dial callerId='{}'>+15550009999</Dial>"
PHONE = Endpoint("", "", EndpointKind.DEVICE, "user_1", "pbx.test")
ACCOUNTS = Identity(
    inside=CallerId("2001", "Kate Miller"),
    outside=CallerId("+15550001000", "Acme"),
    emergency=CallerId("+15550000911"),
    presence_id="2001@pbx.test",
)
CALLER = CallerId("1001", "Bob")
DEVICE = {"authorizing_id": "device-1", "authorizing_type": "device"}


def dialled(document: str, profile: str = "kazoo", **caller: Any) -> History:
    """A Dial by a device of the account, up to the first thing that must be known."""
    request = pivot_request(call=call(**(DEVICE | caller)))
    return History(document, replace(RULES, profile=profile), request)


def known(history: History, **answer: Any) -> History:
    """The account's database answers."""
    history.happens(EndpointsFound(history.last(LookUpEndpoints).lookup_id, **answer))
    return history


def asked(history: History) -> list[LookUpEndpoints]:
    return [item for item in history.done if isinstance(item, LookUpEndpoints)]


def warned(history: History) -> list[int | None]:
    return [item.twilio_code for item in history.done if isinstance(item, Noticed)]


def test_in_profile_kazoo_the_account_says_who_calls() -> None:
    """A desk phone's own name is of no use to carriers; `Emergency-Caller-ID` and presence go along."""
    history = dialled(NUMBER)
    (lookup,) = asked(history)
    assert lookup == LookUpEndpoints(lookup.lookup_id, (), identity=True)

    carrier = known(history, identity=ACCOUNTS).last(DialCarrier)

    assert (carrier.caller_id, carrier.emergency, carrier.presence_id) == (
        CallerId("+15550001000", "Acme"),
        CallerId("+15550000911", "Bob"),
        "2001@pbx.test",
    )


def test_in_profile_twilio_the_caller_is_shown_as_the_call_says() -> None:
    """By Twilio's documentation; nothing has to be asked."""
    history = dialled(NUMBER, "twilio")

    carrier = history.last(DialCarrier)

    assert asked(history) == []
    assert (carrier.caller_id, carrier.emergency, carrier.presence_id) == (CALLER, CallerId(), "")


@pytest.mark.parametrize(
    "caller",
    [
        {"inception": "+15550001111@carrier"},
        {"custom_channel_vars": {"Retain-CID": "true"}},
        {"authorizing_id": None, "authorizing_type": None},
        {"account_id": None},
    ],
    ids=str,
)
def test_nothing_is_asked_about_callers_from_outside(caller: dict[str, Any]) -> None:
    """They are shown as they came, and wait for no database."""
    history = dialled(NUMBER, **caller)

    assert asked(history) == []
    assert history.last(DialCarrier).caller_id == CALLER


def test_nothing_is_asked_when_nobody_is_to_be_rung() -> None:
    """The result is there at once."""
    history = dialled("<Dial callerId='+15557770000'/><Say>bye</Say>")

    assert asked(history) == []


def test_a_forwarded_call_is_the_forwarding_phones() -> None:
    """It came from outside, but the phone dials."""
    history = dialled(NUMBER, inception="+1555@carrier", custom_channel_vars={"Call-Forward": "true"})

    assert known(history, identity=ACCOUNTS).last(DialCarrier).caller_id == ACCOUNTS.outside


@pytest.mark.parametrize("answer", [{}, {"identity": Identity()}], ids=["no answer", "nothing set"])
def test_what_nobody_knows_is_as_the_call_says(answer: dict[str, Any]) -> None:
    """A database that is away changes what is shown, not whether it rings."""
    history = known(dialled(NUMBER), **answer)

    assert history.last(DialCarrier).caller_id == CALLER


def test_a_look_up_that_takes_too_long_is_not_waited_for() -> None:
    """The caller hears ringing after five seconds at the latest."""
    history = dialled(NUMBER)
    timer = history.last(StartTimer)
    assert timer.delay_s == 5.0

    history.happens(TimerFired(timer.name), after_s=5.0)

    assert history.last(DialCarrier).caller_id == CALLER


def test_phones_are_shown_the_extension_and_numbers_the_account() -> None:
    """Rung by one bridge, each as it would be alone."""
    history = dialled("<Dial><Number>+15550009999</Number><User>u1</User><Sip>sip:a@b.test</Sip></Dial>")
    assert asked(history)[0].wanted == (Wanted(EndpointsOf.USER, "u1"),)

    bridge = known(history, found=((PHONE,),), identity=ACCOUNTS).last(BridgeTo)

    assert bridge.caller_id == ACCOUNTS.inside
    assert [each.details for each in bridge.endpoints] == [
        {"Outbound-Caller-ID-Number": "+15550001000", "Outbound-Caller-ID-Name": "Acme"}, {}, {},
    ]  # fmt: skip


def test_a_party_rung_apart_is_shown_the_same() -> None:
    """Whether it hears a document first makes no difference."""
    history = dialled("<Dial><Number url='/w'>+15550009999</Number></Dial>")

    apart = known(history, identity=ACCOUNTS).last(CallApart)

    assert apart.endpoint.details["Outbound-Caller-ID-Number"] == "+15550001000"


def test_what_callflow_did_to_the_caller_id_is_kept() -> None:
    """Its modules dynamic_cid, prepend_cid and set_cid leave their wishes in the call."""
    prefixed = {"prepend_cid_name": "Sales ", "prepend_cid_number": "9"}
    rewritten = {"rewrite_cid_number": "42", "rewrite_cid_name": "Desk"}
    seen = [
        known(dialled(NUMBER, key_value_store=store), identity=ACCOUNTS).last(DialCarrier).caller_id
        for store in (prefixed, rewritten, {"dynamic_cid": "+15550005555"}, {"dynamic_cid": ["odd"]})
    ]

    assert seen == [
        CallerId("9+15550001000", "Sales Acme"),
        CallerId("42", "Desk"),
        CallerId("+15550005555", "Acme"),
        CallerId("+15550001000", "Acme"),
    ]


def test_in_profile_kazoo_a_caller_id_is_not_checked() -> None:
    """As from Kazoo: the carriers' service has rules of its own. It wins over the account's."""
    history = known(dialled(CHOSEN.format("+15557770000")), identity=ACCOUNTS)

    carrier = history.last(DialCarrier)

    assert asked(history)[0].number == ""
    assert (carrier.caller_id, carrier.emergency.number) == (
        CallerId("+15557770000", "+15557770000"),
        "+15550000911",
    )


@pytest.mark.parametrize(
    ("owned", "shown", "warnings"),
    [
        (True, CallerId("+15557770000", "+15557770000"), []),
        (None, CallerId("+15557770000", "+15557770000"), []),
        (False, CALLER, [13214]),
    ],
    ids=["own", "unknown", "somebody else's"],
)
def test_in_profile_twilio_a_caller_id_must_be_the_accounts(
    owned: bool | None, shown: CallerId, warnings: list[int]
) -> None:
    """Nobody may call in others' names; while the database is away nobody is suspected."""
    history = dialled(CHOSEN.format("+1 555 777 0000"), "twilio")
    (lookup,) = asked(history)
    assert lookup == LookUpEndpoints(lookup.lookup_id, (), number="+15557770000")

    known(history, owned=owned)

    seen = history.last(DialCarrier).caller_id
    assert (CallerId(seen.number.replace(" ", ""), seen.name.replace(" ", "")), warned(history)) == (
        shown,
        warnings,
    )


@pytest.mark.parametrize(
    "chosen", ["+15550001111", "4155552222", "sip:kate@example.com", "client:joey", "2001"]
)
def test_the_callers_own_and_the_called_number_need_no_check(chosen: str) -> None:
    """Nor does what is no number; so most calls wait for nothing."""
    history = dialled(
        CHOSEN.format(chosen),
        "twilio",
        caller_id_number="+15550001111",
        to=replace(call().to, user="+14155552222"),
    )

    assert asked(history) == []
    assert history.last(DialCarrier).caller_id.number == chosen


@pytest.mark.parametrize(
    ("chosen", "name"),
    [("+14155559999", "+14155559999"), ("+15550001111", "Bob")],
    ids=["foreign", "own"],
)
def test_a_foreign_number_is_not_shown_with_the_callers_name(chosen: str, name: str) -> None:
    """Without a name the switch's side fills in the account's: `"Jo Ext" <+14155559999>` was shown."""
    history = known(dialled(CHOSEN.format(chosen), caller_id_number="+15550001111"), identity=ACCOUNTS)

    assert history.last(DialCarrier).caller_id == CallerId(chosen, name)
