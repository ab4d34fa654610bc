"""The simulated switch: one command after the other, keys, silence, and what a bystander notices."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from pivot.model.codes import Code
from pivot.model.events import (
    ChannelAnswered,
    ChannelDestroyed,
    ChannelFound,
    CommandFailed,
    DigitPressed,
    Event,
    Executed,
    FileSent,
    RecordingStarted,
    RecordingStopped,
)
from pivot.model.switch import (
    AnswerCall,
    AskChannel,
    AskIdle,
    Beep,
    EchoLeg,
    Hangup,
    PlayMedia,
    RecordLeg,
    Respond,
    SendDigits,
    SendFile,
    SpeakText,
    StopMedia,
    SwitchCommand,
)
from pivot.sim.caller import follow_script
from pivot.sim.clock import run_virtually
from pivot.sim.leg import Observed
from pivot.sim.switch import SimulatedSwitch

A = "a-leg"
Row = tuple[float, Event]


def happens(
    commands: Sequence[tuple[float, SwitchCommand]],
    script: Sequence[dict[str, Any]] = (),
    until_s: float = 60.0,
) -> tuple[list[Row], list[tuple[float, str]]]:
    """Give commands at their times to a ringing leg; what the switch reports, and what is noticed."""
    events: list[Row] = []
    noticed: list[Observed] = []

    async def live() -> None:
        loop = asyncio.get_running_loop()
        switch = SimulatedSwitch(
            loop,
            emit=lambda call_id, event: events.append((round(loop.time(), 3), event)),
            observe=noticed.append,
            sound_of=lambda url: "FILE NOT FOUND" if "missing" in url else None,
        )
        switch.ring(A)
        follow_script(script, switch, A, loop)
        for at_s, command in commands:  # in order of their times; timers of one instant have no order
            await asyncio.sleep(at_s - loop.time())
            switch.perform(A, command)
        await asyncio.sleep(until_s)

    run_virtually(live())
    return events, [(round(each.at_s, 3), each.op) for each in noticed]


def test_commands_run_one_after_the_other() -> None:
    """Each begins when the one before is complete; media end in the noop behind them."""
    events, noticed = happens(
        [
            (0.0, AnswerCall("m1")),
            (0.0, SpeakText("m2", "n2", "hello")),
            (0.0, PlayMedia("m3", "n3", "http://m/a.wav")),
            (0.0, SendDigits("m4", "n4", "w1W")),
            (0.0, Beep("m5")),
        ]
    )

    assert events == [
        (0.0, ChannelAnswered(A)),
        (0.0, Executed(A, "answer")),
        (2.0, Executed(A, "tts")),
        (2.0, Executed(A, "noop", "n2")),
        (5.0, Executed(A, "play", "FILE PLAYED")),
        (5.0, Executed(A, "noop", "n3")),
        (6.7, Executed(A, "send_dtmf")),
        (6.7, Executed(A, "noop", "n4")),
        (7.2, Executed(A, "tones")),
    ]
    assert noticed == [(0.0, "answer"), (0.0, "say"), (2.0, "play"), (5.0, "send_dtmf"), (6.7, "beep")]


def test_stopping_media_forgets_what_waits() -> None:
    """The noops behind what was stopped never come; the stop's own does."""
    events, noticed = happens(
        [
            (0.0, SpeakText("m1", "n1", "one")),
            (0.0, SpeakText("m2", "n2", "two")),
            (1.0, StopMedia("m3")),
            (1.0, SpeakText("m4", "n4", "three")),
        ]
    )

    assert events == [
        (1.0, Executed(A, "tts")),
        (1.0, Executed(A, "noop", "m3")),
        (3.0, Executed(A, "tts")),
        (3.0, Executed(A, "noop", "n4")),
    ]
    assert noticed == [(0.0, "say"), (1.0, "stop_media"), (1.0, "say")]


def test_who_asks_whether_all_is_done_hears_it_when_it_is() -> None:
    """It waits behind what plays and stops nothing."""
    events, _ = happens([(0.0, SpeakText("m1", "n1", "one")), (1.0, AskIdle("m2")), (3.0, AskIdle("m3"))])

    assert events == [
        (2.0, Executed(A, "tts")),
        (2.0, Executed(A, "noop", "n1")),
        (2.0, Executed(A, "noop", "m2")),
        (3.0, Executed(A, "noop", "m3")),
    ]


def test_a_terminator_stops_what_plays_and_the_noop_comes_early() -> None:
    """Other keys are only reported."""
    events, _ = happens(
        [(0.0, PlayMedia("m1", "n1", "http://m/a.wav", ("#",)))], [{"t": 0.5, "do": "dtmf", "digits": "1#"}]
    )

    assert events == [
        (0.5, DigitPressed(A, "1")),
        (0.6, DigitPressed(A, "#")),
        (0.6, Executed(A, "play", "FILE PLAYED")),
        (0.6, Executed(A, "noop", "n1")),
    ]


def test_a_file_that_is_missing_is_complained_about() -> None:
    """The noop behind it comes at once."""
    events, _ = happens([(0.0, PlayMedia("m1", "n1", "http://m/missing.wav"))])

    assert events == [(0.0, Executed(A, "play", "FILE NOT FOUND")), (0.0, Executed(A, "noop", "n1"))]


def recording(*, max_s: float = 60.0, silence_s: float = 5.0) -> RecordLeg:
    return RecordLeg("m1", "r.mp3", ("#",), max_s, silence_s)


def stopped(length_s: float, key: str | None = None, *, silence: bool = False) -> RecordingStopped:
    return RecordingStopped(A, "/tmp/r.mp3", length_s, key, silence, node="fs@sim")


def test_a_recording_ends_by_key_silence_limit_or_hang_up() -> None:
    """Silence counts from the start, or from the end of the last sound."""
    talk = {"t": 1.0, "do": "talk", "dur": 3.0}
    key = {"t": 2.0, "do": "dtmf", "digits": "#"}
    gone = {"t": 2.5, "do": "hangup"}
    started = (0.0, RecordingStarted(A, "/tmp/r.mp3"))
    over = Executed(A, "record")

    def run(command: RecordLeg, *script: dict[str, Any]) -> list[Row]:
        return happens([(0.0, command)], script)[0]

    assert run(recording()) == [started, (5.0, stopped(5.0, silence=True)), (5.0, over)]
    assert run(recording(), talk) == [started, (9.0, stopped(9.0, silence=True)), (9.0, over)]
    assert run(recording(max_s=4.0), talk) == [started, (4.0, stopped(4.0)), (4.0, over)]
    assert run(recording(silence_s=0.0, max_s=20.0)) == [started, (20.0, stopped(20.0)), (20.0, over)]
    assert run(recording(), talk, key) == [
        started,
        (2.0, DigitPressed(A, "#")),
        (2.0, stopped(2.0, "#")),
        (2.0, over),
    ]
    *_, ended, destroyed = run(recording(), talk, gone)
    assert ended == (2.5, stopped(2.5))
    assert isinstance(destroyed[1], ChannelDestroyed)


def test_our_hang_up_and_the_callers_end_everything() -> None:
    """Nothing is reported of a leg after its end, and it takes no commands."""
    events, noticed = happens([(0.0, EchoLeg("m1")), (1.0, Hangup("m2")), (2.0, SpeakText("m3", "n3", "x"))])

    assert noticed == [(0.0, "echo"), (1.0, "hangup")]
    destroyed = ChannelDestroyed(
        A,
        "NORMAL_CLEARING",
        cdr={
            "Call-ID": A,
            "Hangup-Cause": "NORMAL_CLEARING",
            "Duration-Seconds": 1,
            "Billing-Seconds": 0,
            "Ringing-Seconds": 1,
        },
    )
    refused = CommandFailed("SpeakText", Code.CALL_COMMAND, "DOWN", "m3")
    assert events == [(1.0, destroyed), (2.0, refused)]
    assert happens([(0.0, SpeakText("m1", "n1", "x"))], [{"t": 1.0, "do": "hangup"}])[1] == [
        (0.0, "say"),
        (1.0, "caller_gone"),
    ]


def test_declining_ends_an_unanswered_leg_with_its_response() -> None:
    """The cause tells the caller's side what happened."""
    events, noticed = happens([(0.0, Respond("m1", "n1", 486, "busy"))])

    assert noticed == [(0.0, "reject")]
    assert events[0][1] == Executed(A, "respond")
    assert isinstance(events[1][1], ChannelDestroyed)
    assert (events[1][1].hangup_cause, events[1][1].hangup_code) == ("USER_BUSY", "sip:486")


def test_questions_are_answered_while_there_is_a_channel() -> None:
    """A channel that is gone answers nothing; a file can be sent all the same."""
    events, _ = happens(
        [
            (0.0, AskChannel("m1")),
            (1.0, Hangup("m2")),
            (2.0, AskChannel("m3")),
            (3.0, SendFile("m4", "/tmp/r.mp3", "http://s/r")),
        ]
    )

    assert [event for _, event in events if not isinstance(event, ChannelDestroyed)] == [
        ChannelFound(A),
        FileSent("m4", ok=True),
    ]
