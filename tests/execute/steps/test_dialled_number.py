"""Which numbers are dialled, and where each is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.sax.saxutils import escape

import pytest

from pivot.model.dialling import BridgeTo, DialCarrier, EndpointKind
from pivot.model.documents import DocumentWarning
from pivot.translate.rules import TranslateRules
from pivot.translate.twiml import read
from tests.execute.histories import History
from tests.rules import RULES
from tests.vectors import vectors

CASES = vectors("twiml/numbers.json")["cases"]
FORMS = ["<Dial>{}</Dial>", "<Dial><Number>{}</Number></Dial>"]


def warnings(document: str) -> tuple[DocumentWarning, ...]:
    return read(f"<Response>{document}</Response>".encode(), None, TranslateRules()).warnings


def dialled(document: str, profile: str) -> tuple[str, str | None]:
    """The way that a number takes, and what is dialled."""
    history = History(document, replace(RULES, profile=profile))
    sent = [item for item in history.done if isinstance(item, DialCarrier | BridgeTo)]
    match sent:
        case [DialCarrier(number=number)]:
            return "carriers", number
        case [BridgeTo(endpoints=(endpoint,))]:
            assert endpoint.kind is EndpointKind.NUMBER
            return "dialplan", endpoint.address
    assert not sent
    return "invalid", None


@pytest.mark.parametrize("profile", ["kazoo", "twilio"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: ascii(case["text"]))
def test_a_number_goes_where_it_can_be_reached(case: dict[str, Any], form: str, profile: str) -> None:
    """Kazoo asks the carriers' service for every number; extensions are the account's."""
    document = form.format(escape(case["text"]))

    assert dialled(document, profile) == (case["way"], case["number"])
    assert [each.twilio_code for each in warnings(document)] == ([13223] if case["way"] == "invalid" else [])


def test_nothing_stands_between_a_caller_and_help() -> None:
    """Neither a document to be heard first, nor keys, nor callbacks that would need another leg."""
    document = "<Dial><Number url='/w' sendDigits='1' statusCallback='/s'>112</Number></Dial>"

    assert dialled(document, "kazoo") == ("carriers", "112")
    assert [each.message.split()[1].partition("=")[0] for each in warnings(document)] == ["url", "sendDigits"]


def test_several_parties_ring_by_one_bridge_whatever_their_numbers() -> None:
    """As from Kazoo, which routes each as the account would."""
    history = History("<Dial><Number>112</Number><Number>+15550009999</Number></Dial>")

    assert [each.address for each in history.last(BridgeTo).endpoints] == ["112", "+15550009999"]


NO_CALLER = [
    "none",
    "Acme Sales",
    "+",
    "*67",
    "anonymous",
    "Acme <+15550001111>",
    "sip:",
    "a@b c",
    "@",
    "\u200b",
    "{a}",
]
CALLERS = {
    "+1 555 000 1111": "+15550001111",
    "tel:+15550001111": "+15550001111",
    "+1\u2011555\u2011000\u20111111": "+15550001111",
    "\uff11\uff10\uff10\uff11": "1001",
    "sip:kate@example.com": "sip:kate@example.com",
    "kate@example.com": "kate@example.com",
    "client:alice": "client:alice",
}


@pytest.mark.parametrize("profile", ["kazoo", "twilio"])
@pytest.mark.parametrize("written", NO_CALLER)
def test_a_caller_id_that_is_nobody_is_left_out(written: str, profile: str) -> None:
    """Carriers refuse such calls, or show the text to the party."""
    document = f'<Dial callerId="{escape(written)}">+15550009999</Dial>'

    history = History(document, replace(RULES, profile=profile))

    assert history.last(DialCarrier).caller_id.number == "1001"
    assert [each.twilio_code for each in warnings(document)] == [13214]


@pytest.mark.parametrize(("written", "shown"), list(CALLERS.items()))
def test_a_number_or_an_address_is_shown_as_the_caller(written: str, shown: str) -> None:
    """Written as people write numbers."""
    document = f"<Dial callerId='{written}'>+15550009999</Dial>"

    assert History(document).last(DialCarrier).caller_id.number == shown
    assert warnings(document) == ()
