"""Connect: give the call's audio to somebody else until they end it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pivot.model.codes import Code
from pivot.model.instructions import ConnectNoun, ConnectVerb, RelayNoun
from pivot.translate.twiml import stream
from pivot.translate.twiml.attributes import Attributes
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parameters import read_parameters
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading

_RELAY: Final = (
    "language ttsLanguage transcriptionLanguage ttsProvider voice transcriptionProvider speechModel "
    "profanityFilter dtmfDetection welcomeGreeting partialPrompts welcomeGreetingInterruptible "
    "interruptible preemptible hints intelligenceService reportInputDuringAgentSpeech "
    "elevenlabsTextNormalization interruptSensitivity debug backgroundNoiseReduction speechTimeout "
    "deepgramSmartFormat ignoreBackchannel events partialPromptOnHangup eagerEotThreshold asrSmartFormat "
    "ttsTextNormalization ttsLanguageTextNormalization elevenlabsLanguageTextNormalization "
    "includeInPrompt customerName applicationReconnect echoPromptFiltering turnDetection"
)


def read(element: Element, reading: Reading) -> Iterator[ConnectVerb]:
    """One ConnectVerb, always; without a usable noun the document goes on."""
    with Attributes(element, reading) as given:
        action = given.url("action")
        method = given.method("method", Twilio.NOT_IN_SCHEMA)
    yield ConnectVerb(next(_nouns(element, reading), None), action, method, element.at)


def _nouns(element: Element, reading: Reading) -> Iterator[ConnectNoun]:
    if not element.children:
        reading.unusable(element, Code.TWIML_NESTING, "has nothing to connect to", Twilio.NOT_IN_SCHEMA)
    for child in element.children:
        match child.name:
            case "Stream":
                yield from stream.read(child, reading, both_ways=True)
            case "ConversationRelay":
                yield from _relay(child, reading)
            case _:
                reading.misplaced(child, element, Twilio.NOT_IN_SCHEMA)


def _relay(element: Element, reading: Reading) -> Iterator[RelayNoun]:
    with Attributes(element, reading) as given:
        url = given.written("url") or ""
        options = given.rest(*_RELAY.split())
    parameters = read_parameters(element, reading, ("Language",))
    if stream.is_socket(url):
        yield RelayNoun(url, options, parameters, element.at)
    else:
        reading.unusable(element, Code.TWIML_VALUE, stream.NO_SOCKET, Twilio.STREAM_URL)
