"""One simulated channel: a command queue as the switch's, and a party who hears, speaks and presses keys.

Commands of a leg run one after the other, each beginning when the one before is complete. A `StopMedia`
breaks what runs and forgets what waits, and then is itself all there is to do.
Source: ecallmgr_call_control.erl; for orders and times `sim/behaviour.py`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pivot.model.dialling import HoldMusic, JoinLeg
from pivot.model.events import (
    ChannelAnswered,
    ChannelDestroyed,
    DigitPressed,
    Event,
    Executed,
    RecordingStarted,
    RecordingStopped,
)
from pivot.model.json import Json
from pivot.model.switch import (
    AnswerCall,
    AskIdle,
    Beep,
    EchoLeg,
    PlayMedia,
    RecordLeg,
    Respond,
    SendDigits,
    SpeakText,
    StopMedia,
    SwitchCommand,
)
from pivot.sim.applications import (
    BROADCAST_SENT,
    FILE_PLAYED,
    TALKS,
    UNBREAKABLE,
    Noop,
    Queued,
    application_of,
    ends_with_channel,
    refusals,
    word_at_flush,
    word_at_hang_up,
    word_of_tone,
)
from pivot.sim.behaviour import Ending
from pivot.sim.keys import KeyPad
from pivot.sim.publisher import Clock, EventPublisher, Handle

SAY_S = 2.0
PLAY_S = 3.0
_CAUSES = {486: "USER_BUSY", 603: "CALL_REJECTED"}


def silence_of(media: str) -> float | None:
    """How long a stream of silence lasts, in seconds; None: something is heard."""
    scheme, _, length = media.partition("silence_stream://")
    return int(length) / 1000 if not scheme and length.isdigit() else None


@dataclass(frozen=True, slots=True)
class Observed:
    """Something that a bystander would notice, in the words of the conformance cases."""

    at_s: float
    op: str
    details: Mapping[str, str | tuple[str, ...] | None] = field(default_factory=dict)


SoundOf: TypeAlias = Callable[[str], str | None]
"""What a media URL is: None for a sound, else the switch's complaint."""


def every_url_is_a_sound(url: str) -> str | None:
    return None


@dataclass(slots=True)
class _Running:
    command: Queued
    began_s: float
    timers: list[Handle] = field(default_factory=list)


class Leg:
    """One channel.

    Args:
        call_id: its Call-ID.
        clock: what its durations are measured by.
        publisher: is given every event that the switch reports about it.
        observe: is given what a bystander would notice.
        sound_of: tells which media make a sound.
        name: how observations name it; None for the caller's, which they do not name.
        originated: it was made by `originate_req`.
        begin_talk: begins a command of `TALKS` when its turn in the queue has come.
    """

    def __init__(
        self,
        call_id: str,
        clock: Clock,
        publisher: EventPublisher,
        observe: Callable[[Observed], None],
        sound_of: SoundOf = every_url_is_a_sound,
        name: str | None = None,
        originated: bool = False,
        begin_talk: Callable[[SwitchCommand], None] = lambda command: None,
    ) -> None:
        self.call_id = call_id
        self.name = name
        self.alive = True
        self.answered_at_s: float | None = None
        self.behaviour = publisher.behaviour
        self._originated = originated
        self._clock = clock
        self._publisher = publisher
        self._observe = observe
        self._sound_of = sound_of
        self._begin_talk = begin_talk
        self._began_s = clock.time()
        self._talks_until_s = self._began_s
        self._waiting: deque[SwitchCommand] = deque()
        self._running: _Running | None = None
        self._keys = KeyPad(clock, self.behaviour.key_s)
        self._hidden_keys: list[str] = []

    # What the program tells the switch

    def queue(self, command: SwitchCommand) -> None:
        """To be done when everything before it is complete.

        A leg made by `originate_req` is sent sounds and keys with Insert-At `flush`: instead of what it has
        not completed.
        """
        if self._originated and self._running and isinstance(command, PlayMedia | SpeakText | SendDigits):
            self._waiting.clear()
            self._drop()
        self._waiting.append(command)
        self._advance()

    def stop_media(self, command: StopMedia) -> None:
        """Break what runs, forget what waits."""
        self._waiting.clear()
        running = self.runs
        if isinstance(running, UNBREAKABLE):
            self._waiting.append(AskIdle(command.msg_id))
            return
        self._interrupt()
        if self._completes:
            self._run_noop(command.msg_id)
        elif running is not None:
            self._drop()
            self._running = _Running(Noop(command.msg_id), self._clock.time())

    def destroy(
        self, cause: str = "NORMAL_CLEARING", code: str | None = None, *, untold: list[Event] | None = None
    ) -> None:
        """The channel ends, and with it what runs on it.

        Args:
            untold: takes the channel's end, for whoever tells it later; None: it is told.
        """
        if not self.alive:
            return
        self.alive = False
        ending = self._publisher.ending()
        if lost := self._keys.lost():
            self.observe("keys_lost", digits=lost)
        self._end_commands(ending)
        gone = ChannelDestroyed(self.call_id, cause, code, cdr=self._record(cause))
        if untold is None:
            self.emit(gone, ending.destroyed_s)
        else:
            untold.append(gone)

    def finish(self, kinds: tuple[type, ...], end: Executed) -> None:
        """An application that `begin_talk` began has ended."""
        if isinstance(self.runs, kinds):
            self._running = None
        if self._completes:
            self.emit(end)
        self._advance()

    def release(self) -> None:
        """What `begin_talk` began is over, and the switch tells nothing of it."""
        if isinstance(self.runs, TALKS):
            self._running = None
        self._advance()

    @property
    def runs(self) -> Queued | None:
        """What the leg does."""
        return self._running.command if self._running is not None else None

    # What the party does

    def press(self, digit: str) -> None:
        """One key."""
        if not self.alive:
            return
        running = self.runs
        if self.behaviour.hold_hides_keys and isinstance(running, HoldMusic):
            self._hidden_keys.append(digit)
            return
        self.emit(DigitPressed(self.call_id, digit))
        match running:
            case PlayMedia(terminators=keys) | SpeakText(terminators=keys) if digit in keys:
                self._interrupt(complete=True)
            case RecordLeg(terminators=keys) if digit in keys:
                self._end_recording("key", digit)

    def talk(self, seconds: float) -> None:
        """Sound for so long, from now."""
        self._talks_until_s = self._clock.time() + seconds
        if self._running is not None and isinstance(self._running.command, RecordLeg):
            self._wait_for_silence(self._running, self._running.command)

    def pick_up(self) -> None:
        """The leg is answered, by its party or by the program."""
        if self.answered_at_s is None:
            self.answered_at_s = self._clock.time()
            self.emit(ChannelAnswered(self.call_id))

    def break_for_talk(self) -> None:
        """Another leg is joined to this one: its media end."""
        if isinstance(self.runs, PlayMedia):
            self._interrupt(complete=True, word=self.behaviour.joined_play)

    # What is told

    def emit(self, event: Event, after_s: float = 0.0) -> None:
        self._publisher.tell(self.call_id, event, after_s)

    def observe(self, op: str, **details: str | tuple[str, ...] | None) -> None:
        named = details if self.name is None else details | {"leg": self.name}
        self._observe(Observed(self._clock.time(), op, named))

    @property
    def _completes(self) -> bool:
        """Whether the end of an application is told here."""
        return self.behaviour.originated_complete or not self._originated

    def _executed(
        self, application: str, response: str | None, *, hung_up: bool = False, after_s: float = 0.0
    ) -> None:
        if not self._completes:
            return
        state = None if hung_up and not self.behaviour.tells_answer_state else hung_up
        self.emit(Executed(self.call_id, application, response, state), after_s)

    # The queue

    def _advance(self) -> None:
        while self.alive and self._running is None and self._waiting:
            command = self._waiting.popleft()
            self._running = _Running(command, self._clock.time())
            self._begin(self._running, command)

    def _begin(self, running: _Running, command: SwitchCommand) -> None:
        none = self.behaviour.no_response
        match command:
            case AnswerCall():
                self.observe("answer")
                self._react(running, self._answer)
            case SpeakText():
                self.observe("say", text=command.text, voice=command.voice, language=command.language)
                self._later(running, SAY_S, self._complete, "tts", none, command.noop_id)
            case PlayMedia():
                self._play(running, command)
            case SendDigits():
                self._send_keys(running, command)
            case Beep():
                self.observe("beep")
                self._later(running, command.on_s, self._complete, "tones", word_of_tone(self.behaviour))
            case RecordLeg():
                self._begin_recording(running, command)
            case AskIdle():
                self._react(running, self._complete, "noop", command.msg_id)
            case EchoLeg():
                self.observe("echo")
            case Respond():
                self._decline(command)
            case _ if isinstance(command, TALKS):
                self._begin_talk(command)
            case _ if self.behaviour.tells_settings:
                self._complete(application_of(command))
            case _:
                self._running = None

    def _later(self, running: _Running, seconds: float, what: Callable[..., None], *args: object) -> None:
        running.timers.append(self._clock.call_later(seconds, what, *args))

    def _react(self, running: _Running, what: Callable[..., None], *args: object) -> None:
        """As soon as the switch can."""
        if self.behaviour.reaction_s > 0.0:
            self._later(running, self.behaviour.reaction_s, what, *args)
        else:
            what(*args)

    def _complete(self, application: str, response: str | None = None, noop_id: str | None = None) -> None:
        if not self._completes:  # and the control process waits for ever
            return
        if self._running is not None:
            self._cancel(self._running)
            self._running = None
        self._executed(application, response)
        if noop_id is not None:
            self._run_noop(noop_id)
        self._advance()

    def _run_noop(self, noop_id: str) -> None:
        """One command more, whose end is its Msg-ID."""
        if self.behaviour.reaction_s <= 0.0:
            self._executed("noop", noop_id)
            return
        self._running = _Running(Noop(noop_id), self._clock.time())
        self._later(self._running, self.behaviour.reaction_s, self._complete, "noop", noop_id)

    def _interrupt(self, *, complete: bool = False, word: str | None = None) -> None:
        """Break what runs.

        Args:
            complete: a key did it, so the noop behind it is reached.
            word: with which it ends; None: as at a flush.
        """
        command = self.runs
        if command is None:
            return
        word = word or word_at_flush(command, self.behaviour)
        noop_id = getattr(command, "noop_id", None) if complete else None
        match command:
            case PlayMedia() | SpeakText():
                self.observe("stop_media")
                self._complete(application_of(command), word, noop_id)
            case RecordLeg():
                self._end_recording("break", None)
            case Noop() | AskIdle() | JoinLeg():
                self._drop()
            case _:
                self._complete(application_of(command), word)
                self._tell_hidden_keys()

    def _drop(self) -> None:
        """What runs has no end that is told."""
        if self._running is not None:
            self._cancel(self._running)
            self._running = None

    def _tell_hidden_keys(self) -> None:
        keys, self._hidden_keys = self._hidden_keys, []
        for digit in keys:
            self.emit(DigitPressed(self.call_id, digit))

    def _cancel(self, running: _Running) -> None:
        for timer in running.timers:
            timer.cancel()
        running.timers.clear()

    def _end_commands(self, ending: Ending) -> None:
        """The channel is gone: what ran ends, what waits is refused."""
        running, self._running = self._running, None
        waiting: list[Queued] = list(self._waiting)
        self._waiting.clear()
        if running is not None:
            self._cancel(running)
            command = running.command
            if isinstance(command, RecordLeg):
                self._report_recording(running, "hangup", after_s=ending.recorded_s)
            ends = ends_with_channel(command) and self._completes
            if ends and ending.completed_s is not None:
                word = word_at_hang_up(command, self.behaviour)
                self._executed(application_of(command), word, hung_up=True, after_s=ending.completed_s)
            self._refuse([command], ending, of_noop_only=ends)
        self._refuse(waiting, ending)

    def _refuse(self, commands: list[Queued], ending: Ending, *, of_noop_only: bool = False) -> None:
        if ending.refused_s is None:
            return
        for command in commands:
            for refusal in refusals(command, of_noop_only=of_noop_only):
                self.emit(refusal, ending.refused_s)

    # What takes more than a line

    def _answer(self) -> None:
        self.pick_up()
        self._complete("answer", self.behaviour.no_response)

    def _play(self, running: _Running, command: PlayMedia) -> None:
        complaint, silence_s = self._sound_of(command.media), silence_of(command.media)
        if silence_s is None:
            self.observe("play", url=command.media)
        seconds = (PLAY_S if silence_s is None else silence_s) if complaint is None else 0.0
        if self.behaviour.originated_broadcast and self._originated:
            self._executed("play", BROADCAST_SENT)
            self._running = _Running(Noop(command.noop_id), self._clock.time())
            self._later(self._running, seconds, self._complete, "noop", command.noop_id)
            return
        self._later(running, seconds, self._complete, "play", complaint or FILE_PLAYED, command.noop_id)

    def _send_keys(self, running: _Running, command: SendDigits) -> None:
        self.observe("send_dtmf", digits=command.digits)
        seconds = self._keys.send(command.digits, command.duration_s)
        if self.behaviour.keys_outlast_command:
            seconds = self.behaviour.reaction_s
        word = self.behaviour.no_response
        self._later(running, seconds, self._complete, "send_dtmf", word, command.noop_id)

    def _decline(self, command: Respond) -> None:
        self.observe("reject", reason=command.reason)
        self._running = None
        self._executed("respond", self.behaviour.no_response)
        self.destroy(_CAUSES.get(command.sip_code, "CALL_REJECTED"), f"sip:{command.sip_code}")

    def _begin_recording(self, running: _Running, command: RecordLeg) -> None:
        self.observe("record_start", name=command.name)
        self.emit(RecordingStarted(self.call_id, _path(command.name)), self.behaviour.reaction_s)
        limit_s = command.max_s + self._publisher.up_to(self.behaviour.record_over_s)
        self._later(running, limit_s, self._end_recording, "max", None)
        self._wait_for_silence(running, command)

    def _wait_for_silence(self, running: _Running, command: RecordLeg) -> None:
        if command.silence_s <= 0:
            return
        for timer in running.timers[1:]:
            timer.cancel()
        del running.timers[1:]
        rest_s = max(0.0, self._talks_until_s - self._clock.time())
        self._later(running, rest_s + command.silence_s, self._end_recording, "silence", None)

    def _end_recording(self, reason: str, key: str | None) -> None:
        running, self._running = self._running, None
        if running is None:
            return
        self._cancel(running)
        after_s = self.behaviour.reaction_s if self.behaviour.stop_follows_completion else 0.0
        if after_s > 0.0:
            self._executed("record", self.behaviour.no_response)
            self._report_recording(running, reason, key, after_s=after_s)
        else:
            self._report_recording(running, reason, key)
            self._executed("record", self.behaviour.no_response)
        self._advance()

    def _report_recording(
        self, running: _Running, reason: str, key: str | None = None, *, after_s: float = 0.0
    ) -> None:
        assert isinstance(running.command, RecordLeg)
        name = running.command.name
        self.observe("record_stop", reason=reason, name=name)
        length_s = round(self._clock.time() - running.began_s, 3)
        stopped = RecordingStopped(
            self.call_id, _path(name), length_s, key, reason == "silence", node="fs@sim"
        )
        self.emit(stopped, after_s)

    def _record(self, cause: str) -> dict[str, Json]:
        now_s = self._clock.time()
        answered_s = self.answered_at_s
        told = self.behaviour.tells_dispositions and answered_s is not None
        return {
            **({"Disposition": "ANSWER"} if told else {}),
            "Call-ID": self.call_id,
            "Hangup-Cause": cause,
            "Duration-Seconds": round(now_s - self._began_s),
            "Billing-Seconds": round(now_s - answered_s) if answered_s is not None else 0,
            "Ringing-Seconds": round((answered_s if answered_s is not None else now_s) - self._began_s),
        }


def _path(name: str) -> str:
    return f"/tmp/{name}"
