"""What a document asks for and a worker with these settings does not do."""

from __future__ import annotations

from collections.abc import Iterator

from pivot.execute.rules import Rules
from pivot.execute.streams import NO_GATEWAY
from pivot.model.codes import Code
from pivot.model.documents import DocumentWarning, TwimlDocument
from pivot.model.instructions import (
    ConnectVerb,
    Instruction,
    Position,
    ReferVerb,
    SiprecNoun,
    SmsVerb,
    StartVerb,
    StreamNoun,
    TranscriptionNoun,
)


def left_out(document: TwimlDocument, rules: Rules) -> Iterator[DocumentWarning]:
    """A warning `twiml.verb` for each verb that will be passed over, as the call itself will tell."""
    for instruction in document.instructions:
        reason = _reason(instruction, rules)
        if reason:
            at: Position = instruction.at
            yield DocumentWarning(Code.TWIML_VERB, reason, at.line or None, at.column or None)


def _reason(instruction: Instruction, rules: Rules) -> str:
    """Empty: it is done."""
    match instruction:
        case SmsVerb() if not rules.sends_messages:
            return 'Sms: nothing is sent, and the action gets SmsStatus=invalid; set [twiml] sms = "kazoo"'
        case ReferVerb() if not rules.refer_dials:
            return 'Refer: the bus has no REFER, so the transfer fails; set [twiml] refer = "dial"'
        case ConnectVerb(noun=noun) if noun is not None and not rules.stream_gateway:
            return f"Connect: {NO_GATEWAY}"
        case StartVerb(noun=StreamNoun() | TranscriptionNoun()) if not rules.stream_gateway:
            return f"Start: {NO_GATEWAY}"
        case StartVerb(noun=SiprecNoun()):
            return "Start Siprec: the bus has no SIPREC client; skipped"
    return ""
