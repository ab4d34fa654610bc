"""Sip inside Dial and Refer: a SIP address, its headers, its credentials."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from pivot.model.codes import Code
from pivot.model.instructions import NameValue, SipNoun
from pivot.model.switch_text import HEADER, QUOTED, VARIABLE
from pivot.translate.twiml.attributes import Attributes
from pivot.translate.twiml.leg import no_machine_detection, read_leg
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading

# Narrower than RFC 3261: commas, quotes, braces and brackets mean something in a switch's dial string.
_ADDRESS: Final = re.compile(
    r"sips?:[A-Za-z0-9_.!~*&=+;/%-]+@([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?"
    r"(?P<parameters>(;[A-Za-z0-9_.!~*+%-]+(=[A-Za-z0-9_.!~*+%:-]+)?)*)",
    re.IGNORECASE,
)
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_TRANSPORT: Final = re.compile(r";transport=([^;]*)", re.IGNORECASE)
_HEADER_NAME: Final = re.compile(
    r"X-[A-Za-z0-9-]{1,100}|User-to-User|Remote-Party-ID|P-Preferred-Identity|P-Called-Party-ID",
    re.IGNORECASE,
)
_LONGEST_URI: Final = 255
_LONGEST_HEADERS: Final = 1024


@dataclass(frozen=True, slots=True)
class Address:
    """A SIP URI taken apart."""

    uri: str
    """Without its headers."""
    transport: str | None
    headers: tuple[NameValue, ...]


def read(element: Element, reading: Reading) -> Iterator[SipNoun]:
    """One SipNoun, or nothing when there is no usable address."""
    with Attributes(element, reading) as given:
        given.not_done("region")
        no_machine_detection(given)
        username, password = _credential(given, "username"), _credential(given, "password")
        leg = read_leg(given, Twilio.SIP_METHOD)
    target = _target(element, reading)
    if target is not element:
        with Attributes(target, reading) as given:
            given.written("priority"), given.written("weight")
            username = _credential(given, "username") or username
            password = _credential(given, "password") or password
    address = read_address(target, reading)
    if address is not None:
        headers = fitting(address.headers + tuple(_header_elements(element)), element, reading)
        yield SipNoun(
            address.uri, target.text, address.transport, headers, username, password, leg, element.at
        )


def read_address(element: Element, reading: Reading) -> Address | None:
    """The address that is an element's text; None, and a warning, when it is none."""
    uri, _, query = element.text.partition("?")
    if not _SCHEME.match(uri):
        uri = f"sip:{uri}"  # Twilio's own examples leave it out
    match = _ADDRESS.fullmatch(uri)
    if match is None or len(uri) > _LONGEST_URI:
        message = f"{element.text[:80]!r} is no SIP address like sip:kate@example.com; skipped"
        reading.unusable(element, Code.TWIML_VALUE, message, Twilio.SIP_URI)
        return None
    transport = _TRANSPORT.search(match["parameters"] or "")
    name = transport[1].lower() if transport else None
    if name not in (None, "udp", "tcp", "tls"):
        reading.warn(
            Code.TWIML_VALUE, element.at, f"transport {name!r} is not known; ignored", Twilio.SIP_URI
        )
        name = None
    pairs = (part.partition("=") for part in query.split("&") if part)
    return Address(uri, name, tuple(NameValue(unquote(key), unquote(value)) for key, _, value in pairs))


def _target(element: Element, reading: Reading) -> Element:
    """The element that holds the address: the `Uri` of the best priority, else the Sip itself."""
    uris = []
    for child in element.children:
        if child.name == "Uri":
            uris.append(child)
        elif child.name != "Headers":
            reading.misplaced(child, element, Twilio.NOT_IN_SCHEMA)
    if len(uris) > 1:
        message = "Sip has several Uri; the one of the best priority is called"
        reading.warn(Code.TWIML_NESTING, element.at, message, Twilio.TOO_MANY_NOUNS)
    return min(uris, key=_priority, default=element)


def _priority(uri: Element) -> int:
    written = uri.attributes.get("priority", "").strip()
    return int(written) if re.fullmatch(r"[0-9]{1,9}", written) else 0


def _header_elements(element: Element) -> Iterator[NameValue]:
    for group in element.children:
        if group.name == "Headers":
            for header in group.children:
                yield NameValue(header.attributes.get("name", "").strip(), header.attributes.get("value", ""))


def _credential(given: Attributes, name: str) -> str | None:
    value = given.text(name)
    refused = None if value is None else QUOTED.refuses(value)
    if refused is None:
        return value
    given.bad(name, f"holds {refused}, which cannot be sent; left out", None)
    return None


def fitting(headers: tuple[NameValue, ...], element: Element, reading: Reading) -> tuple[NameValue, ...]:
    """Those that may be sent: names of the list, values that stay values, all together not too long."""
    kept: list[NameValue] = []
    room = _LONGEST_HEADERS
    for header in headers:
        room -= len(header.name) + len(header.value) + 2
        why, number = _objection(header, room)
        if why is None:
            kept.append(header)
        else:
            message = f"SIP header {header.name[:40]!r} {why}; left out"
            reading.warn(Code.TWIML_VALUE, element.at, message, number)
    return tuple(kept)


def _objection(header: NameValue, room: int) -> tuple[str | None, Twilio]:
    """Why a header is not sent, with Twilio's number; None: it is. `room` is left behind it."""
    if not _HEADER_NAME.fullmatch(header.name):
        return "is none that may be sent", Twilio.SIP_HEADER_NAME
    if (why := header_refused(header)) is not None:
        return why, Twilio.SIP_HEADER_NAME
    if room < 0:
        return f"goes beyond the {_LONGEST_HEADERS} characters of all headers", Twilio.SIP_HEADER_LENGTH
    return None, Twilio.SIP_HEADER_NAME


def header_refused(header: NameValue) -> str | None:
    """Why a header cannot travel with a party that is rung, to be read behind its name; None when it can."""
    if (refused := VARIABLE.refuses(header.name)) is not None:
        return f"has a name that cannot be sent: it holds {refused}"
    refused = HEADER.refuses(header.value)
    if refused is None:
        return None
    return f"has a value that cannot be sent: the switch would take {refused} for more than text"
