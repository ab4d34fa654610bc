"""What a TwiML document asks for: one frozen record per verb and per noun, every default filled in.

Times are seconds. URLs stand as written, trimmed: they are resolved when they are used, against the URL
that the document came from. For those, None means that the attribute was absent and the verb has no
default, and the empty text means the document's own URL (for `wait_url`: silence). Keys are single
characters of `0123456789*#`; a tuple of keys without members means no key.

Source: TwiML for voice as documented by Twilio, and kzt_twiml*.erl for what only Kazoo knows.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

from pivot.model.call import Method
from pivot.model.hot import hot_dataclass
from pivot.model.plain import plain
from pivot.model.speech import SpeechWish

ALL_KEYS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#")
MAX_TIMES = 1000
"""How often a prompt with `loop="0"` is repeated at most."""


@plain
@hot_dataclass(frozen=True, slots=True)
class Position:
    """Where an element begins in its document, both 1-based, in characters; 0: no document."""

    line: int = 0
    column: int = 0


NOWHERE = Position()


@plain
@hot_dataclass(frozen=True, slots=True)
class Callback:
    """A URL that is told, beside the call, what happens."""

    url: str
    method: Method = Method.POST
    events: tuple[str, ...] = ()
    """Which events are told, in the words of the attribute; empty where the noun has no choice of events."""


@plain
@hot_dataclass(frozen=True, slots=True)
class NameValue:
    """One `Parameter`, `Header`, `Variable` or extra attribute."""

    name: str
    value: str


@plain
@hot_dataclass(frozen=True, slots=True)
class SwitchVoice:
    """How the switch speaks when no plug-in does: what its `tts` command takes."""

    voice: str = "male"
    """`male` or `female`; any other word makes the switch drop the whole command."""
    language: str = "en-us"
    engine: str = "flite"


# ---- prompts


@plain
@hot_dataclass(frozen=True, slots=True)
class SayVerb:
    """Speak."""

    parts: tuple[str, ...]
    """The text without markup, cut at sentences so that the switch takes each part; never empty."""
    ssml: str | None = None
    """The same text with its SSML elements, for engines that understand them; None when it has none."""
    voice: str | None = None
    """As written, `Polly.Joanna` or `alice`; None: absent or unknown."""
    language: str | None = None
    """As written, `en-US`; None: absent or unknown."""
    wish: SpeechWish | None = None
    """What the speech plug-in is asked for; None: the switch speaks."""
    switch_voice: SwitchVoice = SwitchVoice()
    times: int = 1
    """1 to 1000; `loop="0"` is 1000."""
    terminators: tuple[str, ...] | None = None
    """Keys that stop it; None: not written, the profile decides."""
    at: Position = NOWHERE

    @property
    def text(self) -> str:
        """The whole text, parts joined by a blank."""
        return " ".join(self.parts)


@plain
@hot_dataclass(frozen=True, slots=True)
class PlayVerb:
    """Play a file, or send keys: exactly one of `url` and `digits` is not empty."""

    url: str = ""
    """A URL, absolute or relative, or a Kazoo media id (no scheme and no slash)."""
    digits: str = ""
    """`0-9A-D#*`, `w` half a second, `W` one second."""
    times: int = 1
    """1 to 1000; `loop="0"` is 1000."""
    terminators: tuple[str, ...] | None = None
    """Keys that stop it; None: not written, the profile decides."""
    at: Position = NOWHERE


@plain
@hot_dataclass(frozen=True, slots=True)
class PauseVerb:
    """Wait; does not answer the call."""

    length_s: float = 1.0
    at: Position = NOWHERE


Prompt: TypeAlias = SayVerb | PlayVerb | PauseVerb


# ---- asking the caller


@plain
@hot_dataclass(frozen=True, slots=True)
class SpeechInput:
    """How a Gather listens for words; only speech plug-ins read it."""

    timeout_s: float | None = None
    """Silence that ends the utterance; None: automatic, or the Gather's own timeout."""
    max_s: float = 60.0
    language: str = "en-US"
    hints: tuple[str, ...] = ()
    model: str = "default"
    profanity_filter: bool = True
    partial: Callback | None = None


@plain
@hot_dataclass(frozen=True, slots=True)
class GatherVerb:
    """Collect keys or words while the prompts play."""

    prompts: tuple[Prompt, ...] = ()
    action: str = ""
    method: Method = Method.POST
    dtmf: bool = True
    speech: SpeechInput | None = None
    """None: words are not listened for."""
    timeout_s: float = 5.0
    """From the end of the last prompt, again from each key."""
    num_digits: int | None = None
    finish_on_key: str | None = "#"
    """None: no key ends the input."""
    action_on_empty_result: bool = False
    barge_in: bool = True
    """False: input does not count before the last prompt has ended."""
    at: Position = NOWHERE


@plain
@hot_dataclass(frozen=True, slots=True)
class RecordVerb:
    """Record the caller."""

    action: str = ""
    method: Method = Method.POST
    timeout_s: float = 5.0
    """Silence that ends the recording; 0: silence does not."""
    finish_on_keys: tuple[str, ...] = ALL_KEYS
    max_length_s: float = 3600.0
    play_beep: bool = True
    trim: bool = True
    status: Callback | None = None
    """Events `in-progress`, `completed`, `absent`."""
    transcribe: bool = False
    transcribe_callback: str | None = None
    upload_url: str | None = None
    """Kazoo's `recordingUrl`: where the file goes."""
    at: Position = NOWHERE


# ---- dialling


@plain
@hot_dataclass(frozen=True, slots=True)
class Leg:
    """What may be wanted of one dialled leg."""

    url: str | None = None
    """A document for the party who answers, before it is joined with the caller."""
    method: Method = Method.POST
    status: Callback | None = None
    """Events `initiated`, `ringing`, `answered`, `completed`."""


@plain
@hot_dataclass(frozen=True, slots=True)
class NumberNoun:
    """Number inside Dial: a telephone number."""

    number: str
    """Digits with an optional `+` in front; not yet E.164."""
    send_digits: str = ""
    leg: Leg = Leg()
    at: Position = NOWHERE


@plain
@hot_dataclass(frozen=True, slots=True)
class SipNoun:
    """Sip inside Dial and Refer: a SIP address."""

    uri: str
    """`sip:user@host;parameters`, without headers."""
    written: str
    """With its headers, as in the document."""
    transport: str | None = None
    """`udp`, `tcp` or `tls`."""
    headers: tuple[NameValue, ...] = ()
    username: str | None = None
    password: str | None = None
    leg: Leg = Leg()
    at: Position = NOWHERE


@plain
@hot_dataclass(frozen=True, slots=True)
class ClientNoun:
    """A name that is looked up among the account's users and devices."""

    identity: str
    parameters: tuple[NameValue, ...] = ()
    leg: Leg = Leg()
    at: Position = NOWHERE


@plain
@hot_dataclass(frozen=True, slots=True)
class UserNoun:
    """Every device of a Kazoo user."""

    user_id: str
    leg: Leg = Leg()
    at: Position = NOWHERE


@plain
@hot_dataclass(frozen=True, slots=True)
class DeviceNoun:
    """Device inside Dial: one device of a Kazoo account, by id. Kazoo only."""

    device_id: str
    leg: Leg = Leg()
    at: Position = NOWHERE


@plain
@hot_dataclass(frozen=True, slots=True)
class ConferenceNoun:
    """A room of the account."""

    name: str
    muted: bool = False
    beep_on_enter: bool = True
    beep_on_exit: bool = True
    start_on_enter: bool = True
    end_on_exit: bool = False
    label: str | None = None
    wait_url: str | None = None
    """None: default music; empty: silence."""
    wait_method: Method = Method.POST
    max_participants: int = 250
    record: bool = False
    trim: bool = False
    recording_status: Callback | None = None
    coach: str | None = None
    """The CallSid that alone hears this caller."""
    status: Callback | None = None
    """Events `start`, `end`, `join`, `leave`, `mute`, `hold`, `modify`, `speaker`, `announcement`; none
    are told that the document does not name."""
    extras: tuple[NameValue, ...] = ()
    """Attributes that only Kazoo knows, by their written names, for the conference's profile."""
    at: Position = NOWHERE


@plain
@hot_dataclass(frozen=True, slots=True)
class QueueNoun:
    """The caller who has waited longest."""

    name: str
    leg: Leg = Leg()
    """Its document is for the waiting caller before both are joined."""
    at: Position = NOWHERE


RingNoun: TypeAlias = NumberNoun | SipNoun | ClientNoun | UserNoun | DeviceNoun
DialNoun: TypeAlias = RingNoun | ConferenceNoun | QueueNoun


@plain
class RecordCall(StrEnum):
    """When a dialled call is recorded."""

    NO = "do-not-record"
    FROM_ANSWER = "record-from-answer"
    FROM_RINGING = "record-from-ringing"


@plain
@hot_dataclass(frozen=True, slots=True)
class DialVerb:
    """Connect the caller: one Conference, one Queue, or up to ten nouns that ring; none: it fails."""

    nouns: tuple[DialNoun, ...] = ()
    has_text: bool = False
    """It begins with text of its own: a number, or what stands before its nouns, be it blanks."""
    action: str | None = None
    method: Method = Method.POST
    timeout_s: float | None = None
    """None: not written, the profile decides (30 s, or Kazoo's 20 s for several nouns)."""
    hangup_on: str | None = None
    """The key that ends the other leg."""
    time_limit_s: float = 14400.0
    caller_id: str | None = None
    record: RecordCall = RecordCall.NO
    record_dual: bool = False
    """Each side on a channel of its own."""
    recording_track: str = "both"
    trim: bool = False
    recording_status: Callback | None = None
    answer_on_bridge: bool = False
    ring_tone: str | None = None
    """A country, two lower-case letters."""
    sequential: bool = False
    refer_url: str | None = None
    refer_method: Method = Method.POST
    call_reason: str | None = None
    continue_on_fail: bool = True
    at: Position = NOWHERE


# ---- queues


@plain
@hot_dataclass(frozen=True, slots=True)
class EnqueueVerb:
    """Wait in a queue of the account."""

    name: str
    """Empty: the written one cannot be used, and the result is `error` at once."""
    action: str | None = None
    method: Method = Method.POST
    wait_url: str | None = None
    """None: default music; empty: silence."""
    wait_method: Method = Method.POST
    max_size: int = 1000
    at: Position = NOWHERE


@plain
@hot_dataclass(frozen=True, slots=True)
class LeaveVerb:
    """Stop waiting; means nothing outside a wait document."""

    at: Position = NOWHERE


# ---- the course of the document


@plain
@hot_dataclass(frozen=True, slots=True)
class RedirectVerb:
    """Go on with another document; does not answer the call."""

    url: str = ""
    method: Method = Method.POST
    variables: tuple[NameValue, ...] = ()
    """Kazoo's `Variable` children: set before the request."""
    at: Position = NOWHERE


@plain
class RejectReason(StrEnum):
    """Why Reject declines: SIP 486 for BUSY, otherwise the profile's code."""

    REJECTED = "rejected"
    BUSY = "busy"


@plain
@hot_dataclass(frozen=True, slots=True)
class RejectVerb:
    """Decline an unanswered call; an answered one is hung up."""

    reason: RejectReason = RejectReason.REJECTED
    prompt: str | None = None
    """Kazoo's: media played before, a URL or a media id."""
    at: Position = NOWHERE


@plain
@hot_dataclass(frozen=True, slots=True)
class HangupVerb:
    """End the call; answers it first unless `answer` is false."""

    answer: bool = True
    at: Position = NOWHERE


@plain
@hot_dataclass(frozen=True, slots=True)
class SetVerb:
    """Kazoo's: variables that ride on every later request of the call; never standard parameters."""

    variables: tuple[NameValue, ...] = ()
    at: Position = NOWHERE


@plain
@hot_dataclass(frozen=True, slots=True)
class ReferVerb:
    """Ask the caller's phone to call somebody else."""

    target: SipNoun | None
    """None: the written one cannot be used, and the transfer fails at once."""
    action: str | None = None
    method: Method = Method.POST
    at: Position = NOWHERE


@plain
@hot_dataclass(frozen=True, slots=True)
class EchoVerb:
    """Send the caller's voice back until the call ends."""

    at: Position = NOWHERE


@plain
@hot_dataclass(frozen=True, slots=True)
class SmsVerb:
    """Sms: a text message."""

    body: str
    to: str | None = None
    """None: the caller."""
    from_: str | None = None
    """None: the number that was called."""
    action: str | None = None
    method: Method = Method.POST
    status_url: str | None = None
    at: Position = NOWHERE


@plain
@hot_dataclass(frozen=True, slots=True)
class PayVerb:
    """Card data are not collected: report it, and tell the action `Result=internal-error`."""

    action: str | None = None
    method: Method = Method.POST
    at: Position = NOWHERE


# ---- audio for others


@plain
@hot_dataclass(frozen=True, slots=True)
class StreamNoun:
    """The call's audio over a WebSocket."""

    url: str
    name: str | None = None
    track: str = "inbound_track"
    parameters: tuple[NameValue, ...] = ()
    status: Callback | None = None
    at: Position = NOWHERE


@plain
@hot_dataclass(frozen=True, slots=True)
class RecordingNoun:
    """Recording inside Start: both sides of the call are recorded while other verbs run."""

    name: str | None = None
    dual: bool = True
    track: str = "both"
    trim: bool = False
    status: Callback | None = None
    """Events `in-progress`, `completed`, `absent`."""
    at: Position = NOWHERE


@plain
@hot_dataclass(frozen=True, slots=True)
class SiprecNoun:
    """Siprec inside Start: read and reported, not run."""

    name: str | None = None
    connector: str | None = None
    track: str = "inbound_track"
    parameters: tuple[NameValue, ...] = ()
    status: Callback | None = None
    at: Position = NOWHERE


@plain
@hot_dataclass(frozen=True, slots=True)
class TranscriptionNoun:
    """Transcription inside Start: what is said, written down by a gateway."""

    name: str | None = None
    track: str = "both_tracks"
    language: str = "en-US"
    options: tuple[NameValue, ...] = ()
    """Every other attribute by its written name; only speech plug-ins read them."""
    status: Callback | None = None
    at: Position = NOWHERE


@plain
@hot_dataclass(frozen=True, slots=True)
class RelayNoun:
    """A conversation that a gateway holds: ConversationRelay."""

    url: str
    options: tuple[NameValue, ...] = ()
    """Every other attribute by its written name."""
    parameters: tuple[NameValue, ...] = ()
    at: Position = NOWHERE


StartNoun: TypeAlias = StreamNoun | RecordingNoun | SiprecNoun | TranscriptionNoun
ConnectNoun: TypeAlias = StreamNoun | RelayNoun


@plain
@hot_dataclass(frozen=True, slots=True)
class ConnectVerb:
    """Give the call's audio away until the other side ends it."""

    noun: ConnectNoun | None = None
    """None: nothing that can be connected; go on at once."""
    action: str | None = None
    method: Method = Method.POST
    at: Position = NOWHERE


@plain
@hot_dataclass(frozen=True, slots=True)
class StartVerb:
    """Begin beside the call."""

    noun: StartNoun
    at: Position = NOWHERE


@plain
class SideTask(StrEnum):
    """What a Start begins and a Stop ends."""

    STREAM = "Stream"
    RECORDING = "Recording"
    SIPREC = "Siprec"
    TRANSCRIPTION = "Transcription"


@plain
@hot_dataclass(frozen=True, slots=True)
class StopVerb:
    """End what a Start began."""

    kind: SideTask
    name: str | None = None
    """None: the latest of its kind."""
    at: Position = NOWHERE


Instruction: TypeAlias = (
    SayVerb
    | PlayVerb
    | PauseVerb
    | GatherVerb
    | RecordVerb
    | DialVerb
    | EnqueueVerb
    | LeaveVerb
    | RedirectVerb
    | RejectVerb
    | HangupVerb
    | SetVerb
    | ReferVerb
    | EchoVerb
    | SmsVerb
    | PayVerb
    | ConnectVerb
    | StartVerb
    | StopVerb
)
