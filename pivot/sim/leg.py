"""One simulated channel: a command queue as the switch's, and a party who hears, speaks and presses keys.

Commands of a leg run one after the other, each beginning when the one before is complete. A `StopMedia`
breaks what runs and forgets what waits, and then is itself all there is to do.
Source: ecallmgr_call_control.erl.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

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

SAY_S = 2.0
PLAY_S = 3.0
_DIGIT_S = {"w": 0.5, "W": 1.0}
_CAUSES = {486: "USER_BUSY", 603: "CALL_REJECTED"}


class Handle(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    """Time that may be real or virtual; an asyncio loop is one."""

    def time(self) -> float: ...

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any) -> Handle: ...


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
    command: SwitchCommand
    began_s: float
    timers: list[Handle] = field(default_factory=list)


class Leg:
    """One channel.

    Args:
        call_id: its Call-ID.
        clock: what its durations are measured by.
        emit: is given every event that the switch reports about it.
        observe: is given what a bystander would notice.
        sound_of: tells which media make a sound.
        name: how observations name it; None for the caller's, which they do not name.
    """

    def __init__(
        self,
        call_id: str,
        clock: Clock,
        emit: Callable[[str, Event], None],
        observe: Callable[[Observed], None],
        sound_of: SoundOf = every_url_is_a_sound,
        name: str | None = None,
    ) -> None:
        self.call_id = call_id
        self.name = name
        self.alive = True
        self.answered_at_s: float | None = None
        self._clock = clock
        self._emit = emit
        self._observe = observe
        self._sound_of = sound_of
        self._began_s = clock.time()
        self._talks_until_s = self._began_s
        self._waiting: deque[SwitchCommand] = deque()
        self._running: _Running | None = None

    # What the program tells the switch

    def queue(self, command: SwitchCommand) -> None:
        """To be done when everything before it is complete."""
        self._waiting.append(command)
        self._advance()

    def stop_media(self, command: StopMedia) -> None:
        """Break what runs, forget what waits."""
        self._waiting.clear()
        self._interrupt()
        self.emit(Executed(self.call_id, "noop", command.msg_id))

    def destroy(self, cause: str = "NORMAL_CLEARING", code: str | None = None) -> None:
        """The channel ends, and with it what runs on it."""
        if not self.alive:
            return
        self.alive = False
        self._waiting.clear()
        running, self._running = self._running, None
        if running is not None:
            self._cancel(running)
            if isinstance(running.command, RecordLeg):
                self._report_recording(running, "hangup")
        self.emit(ChannelDestroyed(self.call_id, cause, code, cdr=self._record(cause)))

    # What the party does

    def press(self, digit: str) -> None:
        """One key."""
        if not self.alive:
            return
        self.emit(DigitPressed(self.call_id, digit))
        running = self._running
        match running.command if running else None:
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

    # The queue

    def emit(self, event: Event) -> None:
        self._emit(self.call_id, event)

    def observe(self, op: str, **details: str | tuple[str, ...] | None) -> None:
        named = details if self.name is None else details | {"leg": self.name}
        self._observe(Observed(self._clock.time(), op, named))

    def _advance(self) -> None:
        while self.alive and self._running is None and self._waiting:
            command = self._waiting.popleft()
            self._running = _Running(command, self._clock.time())
            self._begin(self._running, command)

    def _begin(self, running: _Running, command: SwitchCommand) -> None:
        match command:
            case AnswerCall():
                self.observe("answer")
                self.pick_up()
                self._complete("answer")
            case SpeakText():
                self.observe("say", text=command.text, voice=command.voice, language=command.language)
                self._after(running, SAY_S, self._complete, "tts", None, command.noop_id)
            case PlayMedia():
                self._play(running, command)
            case SendDigits():
                self.observe("send_dtmf", digits=command.digits)
                seconds = sum(_DIGIT_S.get(digit, command.duration_s) for digit in command.digits)
                self._after(running, seconds, self._complete, "send_dtmf", None, command.noop_id)
            case Beep():
                self.observe("beep")
                self._after(running, command.on_s, self._complete, "tones")
            case RecordLeg():
                self.observe("record_start", name=command.name)
                self.emit(RecordingStarted(self.call_id, _path(command.name)))
                self._after(running, command.max_s, self._end_recording, "max", None)
                self._wait_for_silence(running, command)
            case AskIdle():
                self._complete("noop", command.msg_id)
            case EchoLeg():
                self.observe("echo")
            case Respond():
                self._decline(command)
            case _:
                self._complete(type(command).__name__)

    def _after(self, running: _Running, seconds: float, what: Callable[..., None], *args: object) -> None:
        running.timers.append(self._clock.call_later(seconds, what, *args))

    def _complete(self, application: str, response: str | None = None, noop_id: str | None = None) -> None:
        running, self._running = self._running, None
        if running is not None:
            self._cancel(running)
        self.emit(Executed(self.call_id, application, response))
        if noop_id is not None:
            self.emit(Executed(self.call_id, "noop", noop_id))
        self._advance()

    def _interrupt(self, *, complete: bool = False) -> None:
        """Break what runs; `complete`: a key did it, so the noop behind it is reached."""
        match self._running.command if self._running else None:
            case PlayMedia(noop_id=noop_id):
                self.observe("stop_media")
                self._complete("play", "FILE PLAYED", noop_id if complete else None)
            case SpeakText(noop_id=noop_id):
                self.observe("stop_media")
                self._complete("tts", None, noop_id if complete else None)
            case RecordLeg():
                self._end_recording("break", None)
            case None:
                pass
            case command:
                self._complete(type(command).__name__)

    def _cancel(self, running: _Running) -> None:
        for timer in running.timers:
            timer.cancel()
        running.timers.clear()

    # What takes more than a line

    def _play(self, running: _Running, command: PlayMedia) -> None:
        self.observe("play", url=command.media)
        complaint = self._sound_of(command.media)
        seconds = PLAY_S if complaint is None else 0.0
        self._after(running, seconds, self._complete, "play", complaint or "FILE PLAYED", command.noop_id)

    def _decline(self, command: Respond) -> None:
        self.observe("reject", reason=command.reason)
        self._running = None
        self.emit(Executed(self.call_id, "respond"))
        self.destroy(_CAUSES.get(command.sip_code, "CALL_REJECTED"), f"sip:{command.sip_code}")

    def _wait_for_silence(self, running: _Running, command: RecordLeg) -> None:
        if command.silence_s <= 0:
            return
        for timer in running.timers[1:]:
            timer.cancel()
        del running.timers[1:]
        rest_s = max(0.0, self._talks_until_s - self._clock.time())
        self._after(running, rest_s + command.silence_s, self._end_recording, "silence", None)

    def _end_recording(self, reason: str, key: str | None) -> None:
        running, self._running = self._running, None
        if running is None:
            return
        self._cancel(running)
        self._report_recording(running, reason, key)
        self.emit(Executed(self.call_id, "record"))
        self._advance()

    def _report_recording(self, running: _Running, reason: str, key: str | None = None) -> None:
        assert isinstance(running.command, RecordLeg)
        name = running.command.name
        self.observe("record_stop", reason=reason, name=name)
        length_s = round(self._clock.time() - running.began_s, 3)
        self.emit(
            RecordingStopped(self.call_id, _path(name), length_s, key, reason == "silence", node="fs@sim")
        )

    def _record(self, cause: str) -> dict[str, Json]:
        now_s = self._clock.time()
        answered_s = self.answered_at_s
        return {
            "Call-ID": self.call_id,
            "Hangup-Cause": cause,
            "Duration-Seconds": round(now_s - self._began_s),
            "Billing-Seconds": round(now_s - answered_s) if answered_s is not None else 0,
            "Ringing-Seconds": round((answered_s if answered_s is not None else now_s) - self._began_s),
        }


def _path(name: str) -> str:
    return f"/tmp/{name}"
