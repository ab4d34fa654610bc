"""Audio of the call that a gateway carries to somebody's WebSocket, or turns into words.

The gateway is a SIP party like any other. What it must know stands in `X-Stream-` headers of its INVITE,
each value percent-encoded: between us and the switch a header is a channel variable among others, parted by
commas and brackets that nobody escapes. `docs/gateway.md` describes the headers for whoever builds one.

Source: ecallmgr_fs_xml.erl, sip_headers_fold, for what the switch's side does to headers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote

from pivot.execute.dialling.caller_id import as_called
from pivot.execute.dialling.party import DialledParty
from pivot.execute.dialling.targets import parties_of
from pivot.execute.document_request import Texts
from pivot.execute.ids import account_sid, call_sid, sid
from pivot.execute.step_context import Commands, StepContext
from pivot.model.call import Method
from pivot.model.instructions import (
    Callback,
    NameValue,
    RelayNoun,
    SipNoun,
    StreamNoun,
    TranscriptionNoun,
)
from pivot.model.plain import plain

RINGS_S = 10.0
"""A gateway is a machine: it answers at once, or something is wrong with it."""
NOT_REACHED = 31920
"""Twilio's number for a WebSocket that could not be opened."""
NO_GATEWAY = "no gateway is set up for it: [twiml] stream_gateway"

GatewayNoun: TypeAlias = StreamNoun | RelayNoun | TranscriptionNoun
_PREFIXES: dict[type, str] = {StreamNoun: "MZ", RelayNoun: "VX", TranscriptionNoun: "GT"}


@plain
@dataclass(slots=True)
class Stream:
    """One of them, from the moment its gateway is rung."""

    noun: GatewayNoun
    sid: str
    status: Callback | None
    """`url` is absolute."""
    started_at_s: float | None = None
    """When the gateway answered."""

    @classmethod
    def of(cls, noun: GatewayNoun, context: StepContext) -> Stream:
        """The stream of a noun, with a new id of the noun's prefix."""
        status = None if isinstance(noun, RelayNoun) else context.resolved(noun.status)
        return cls(noun, sid(context.profile, _PREFIXES[type(noun)], context.draw_id()), status)

    @property
    def word(self) -> str:
        """What kind of noun it is, as the document calls it."""
        return "ConversationRelay" if isinstance(self.noun, RelayNoun) else _bare(self.noun)

    @property
    def name(self) -> str:
        return "" if isinstance(self.noun, RelayNoun) else self.noun.name or ""

    def party(self, context: StepContext, *, both_ways: bool) -> DialledParty:
        """The gateway, as somebody to be rung."""
        headers = tuple(
            NameValue(f"X-Stream-{name}", value) for name, value in self._told(context, both_ways)
        )
        gateway = context.rules.stream_gateway
        (party,) = parties_of(SipNoun(gateway, gateway, headers=headers), (), as_called(context), context)
        return party

    # Who is told

    def started(self, context: StepContext) -> Commands:
        """Note the time and tell the callback that the gateway has answered."""
        self.started_at_s = context.at_s
        yield from self._tell("started", context)

    def ended(self, context: StepContext) -> Commands:
        """Somebody ended it; one that never began was no stream."""
        if self.started_at_s is not None:
            yield from self._tell("stopped", context)

    def failed(self, why: str, context: StepContext) -> Commands:
        """Warn, and tell the callback why the gateway was not reached."""
        yield context.fault(f"the gateway of {self.word} was not reached: {why}", NOT_REACHED)
        yield from self._tell("error", context, why)

    def _tell(self, event: str, context: StepContext, why: str = "") -> Commands:
        if self.status is None:
            return
        told: Texts
        if isinstance(self.noun, TranscriptionNoun):
            told = (
                ("TranscriptionSid", self.sid),
                ("TranscriptionEvent", f"transcription-{event}"),
                *((("TranscriptionError", why),) if why else ()),
                ("LanguageCode", self.noun.language),
                ("Track", self.noun.track),
            )
        else:
            told = (
                ("StreamSid", self.sid),
                ("StreamName", self.name or self.sid),
                ("StreamEvent", f"stream-{event}"),
                *((("StreamError", why),) if why else ()),
            )
        yield from context.notify(self.status.url, self.status.method, told)

    # What the gateway must know

    def _told(self, context: StepContext, both_ways: bool) -> Iterator[tuple[str, str]]:
        noun, call = self.noun, context.state.request.call
        yield "Kind", {"Stream": "stream", "Transcription": "transcription"}.get(self.word, "relay")
        yield "Sid", self.sid
        yield "Call-Sid", quote(call_sid(context.profile, call.call_id), safe="")
        yield "Account-Sid", quote(account_sid(context.profile, call.account_id or ""), safe="")
        yield "Bidirectional", "true" if both_ways else "false"
        if not isinstance(noun, TranscriptionNoun):
            yield "Url", _url(noun.url)
            yield from _given("Parameters", noun.parameters)
        if not isinstance(noun, StreamNoun):
            yield from _given("Options", noun.options)
        if not isinstance(noun, RelayNoun):
            yield "Name", quote(self.name or self.sid, safe="")
            yield "Track", noun.track
        if isinstance(noun, TranscriptionNoun):
            yield "Language", quote(noun.language, safe="")
            if self.status is not None:
                yield "Callback", _url(self.status.url)
                yield "Callback-Method", (self.status.method or Method.POST).value.upper()


def _url(url: str) -> str:
    """Legible, without what means something to the switch."""
    return quote(url, safe=":/").replace(":_:", ":_%3A")


def _given(name: str, pairs: tuple[NameValue, ...]) -> Iterator[tuple[str, str]]:
    """Names and values in the manner of a form, with `%20` for a blank."""
    if pairs:
        yield name, "&".join(f"{quote(item.name, safe='')}={quote(item.value, safe='')}" for item in pairs)


def _bare(noun: GatewayNoun) -> str:
    return type(noun).__name__.removesuffix("Noun")
