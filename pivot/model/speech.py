"""Speech that is made outside the switch: what a plug-in is asked for, and what comes of it."""

from __future__ import annotations

from typing import TypeAlias

from pivot.model.hot import hot_dataclass
from pivot.model.plain import plain


@plain
@hot_dataclass(frozen=True, slots=True)
class SpeechWish:
    """What is to be said, and how."""

    text: str
    """Without markup, white space collapsed; at most 4,096 characters, never empty."""
    voice: str
    """One of the plug-in's, as the document or the operator writes it."""
    language: str = ""
    """A language tag as written, `en-US`; empty: none was named, and the voice's own is meant."""
    ssml: str | None = None
    """The same text as `<speak>…</speak>` with SSML's elements; None when it has no markup."""


@hot_dataclass(frozen=True, slots=True)
class Repertoire:
    """The voices of the plug-in in use; without voices the switch speaks everything."""

    voices: tuple[str, ...] = ()
    """Names as documents write them, in any case; a `*` at the end stands for any rest."""
    default_voice: str = ""
    """Speaks each Say that names none of them; empty: the switch speaks those."""

    def voice_for(self, name: str | None) -> str:
        """Who speaks a Say that names this voice, or none; empty: the switch."""
        return name if name and self.has(name) else self.default_voice

    def has(self, name: str) -> bool:
        """Whether the plug-in has a voice of this name."""
        folded = name.casefold()
        return any(_fits(folded, voice.casefold()) for voice in self.voices)


def _fits(name: str, voice: str) -> bool:
    return name.startswith(voice[:-1]) if voice.endswith("*") else name == voice


@plain
@hot_dataclass(frozen=True, slots=True)
class Synthesise:
    """Make a sound of it; `Synthesised` or `SynthesisFailed` with this id follows, unless it is dropped."""

    speech_id: str
    wish: SpeechWish


@plain
@hot_dataclass(frozen=True, slots=True)
class DropSpeech:
    """Nobody waits for this sound any more."""

    speech_id: str


@plain
@hot_dataclass(frozen=True, slots=True)
class PrepareSpeech:
    """This will probably be said next: begin with it; no event follows."""

    wish: SpeechWish


@plain
@hot_dataclass(frozen=True, slots=True)
class Synthesised:
    """The sound lies at `url`, where the switch can fetch it as often as it likes."""

    speech_id: str
    url: str


@plain
@hot_dataclass(frozen=True, slots=True)
class SynthesisFailed:
    """There is no such sound, and none is made any more."""

    speech_id: str
    message: str


SpeechCommand: TypeAlias = Synthesise | DropSpeech | PrepareSpeech
SpeechEvent: TypeAlias = Synthesised | SynthesisFailed
