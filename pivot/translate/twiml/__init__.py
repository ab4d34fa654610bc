"""TwiML: a document for voice calls becomes instructions, whole, before any of it runs."""

from __future__ import annotations

from collections.abc import Iterator

from pivot.errors import DocumentError
from pivot.model.codes import Code
from pivot.model.documents import DocumentWarning, TwimlDocument
from pivot.model.instructions import HangupVerb, Instruction, PlayVerb, SayVerb
from pivot.model.speech import SpeechWish
from pivot.translate.rules import TranslateRules
from pivot.translate.twiml.charset import decode
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parser import Element, parse
from pivot.translate.twiml.places import Place, refusal
from pivot.translate.twiml.reading import Abandoned, Reading
from pivot.translate.twiml.ssml import cut
from pivot.translate.twiml.verbs import VERBS

_ELSEWHERE = {
    "Message": "answers text messages, not calls",
    "Receive": "answers faxes, not calls",
}
"""Verbs of TwiML that is not for calls."""

__all__ = ["Place", "read", "read_audio", "read_text"]


def read(body: bytes, charset: str | None, rules: TranslateRules, place: Place = Place.CALL) -> TwimlDocument:
    """What a document asks for; `charset` is what its content type names.

    Raises:
        DocumentError: `twiml.root`, or what `parser.parse` raises: nothing of the document can be run.
    """
    reading = Reading(rules, place)
    root = parse(body, charset, rules, reading.warnings)
    if root.name != "Response":
        raise DocumentError(
            Code.TWIML_ROOT,
            f"the document's root is {root.name[:80]}, want Response",
            line=root.at.line,
            column=root.at.column,
        )
    instructions = tuple(_instructions(root, reading))
    return TwimlDocument(instructions, reading.in_order())


def read_text(body: bytes, charset: str | None, rules: TranslateRules) -> TwimlDocument:
    """A plain text is spoken.

    Raises:
        DocumentError: `answer.empty`, `answer.encoding` or `answer.xml_limit`.
    """
    decoded = decode(body, charset)
    text = " ".join(decoded.text.split())[: rules.max_say_characters].rstrip()
    if not text:
        raise DocumentError(Code.ANSWER_EMPTY, "the answer is an empty text; answer with a <Response>")
    speaker = rules.speech.default_voice
    wish = SpeechWish(text, speaker, rules.voice.language) if speaker else None
    say = SayVerb(cut(text, rules.max_tts_bytes), wish=wish, switch_voice=rules.voice)
    warnings = (DocumentWarning(Code.ANSWER_ENCODING, message) for message in decoded.passed_over)
    return TwimlDocument((say,), tuple(warnings))


def read_audio(url: str) -> TwimlDocument:
    """A sound is played once, from where it came."""
    return TwimlDocument((PlayVerb(url),))


def _instructions(root: Element, reading: Reading) -> Iterator[Instruction]:
    for element in root.children:
        try:
            yield from _verb(element, root, reading)
        except Abandoned:
            yield HangupVerb(answer=False, at=element.at)
            return


def _verb(element: Element, root: Element, reading: Reading) -> Iterator[Instruction]:
    verb = VERBS.get(element.name)
    refused = refusal(element.name, reading.place)
    if verb is None:
        what = _ELSEWHERE.get(element.name, "is no verb")
        reading.unusable(element, Code.TWIML_VERB, f"{what}; skipped", Twilio.NOT_IN_SCHEMA)
    elif refused is not None:
        reading.misplaced(element, root, refused)
    else:
        yield from verb(element, reading)
