"""Say: the switch speaks, or what a plug-in has made of the text is played."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pivot.execute.rules import Rules
from pivot.model.commands import CancelTimer, Command, Fetch, StartTimer
from pivot.model.dialling import CallApart, LegControlled, LegReady
from pivot.model.events import (
    ChannelDestroyed,
    CommandFailed,
    DigitPressed,
    Event,
    Executed,
    Fetched,
    TimerFired,
)
from pivot.model.notes import Note, Noticed
from pivot.model.queues import EnterQueue, QueueChange, QueueNews
from pivot.model.rooms import EnterRoom, RoomChange, RoomNews
from pivot.model.speech import (
    DropSpeech,
    PrepareSpeech,
    SpeechWish,
    Synthesise,
    Synthesised,
    SynthesisFailed,
)
from pivot.model.switch import AnswerCall, Hangup, PlayMedia, SpeakText, StopMedia
from tests.calls import CALL_ID, twiml
from tests.execute.histories import History
from tests.rules import RULES_WITH_PLUGIN

URL = "http://pivot.example:8090/speech/0f.wav"
SAY = "<Say voice='Polly.Joanna' language='en-US'>Hello</Say>"
TWILIO = replace(RULES_WITH_PLUGIN, profile="twilio")


def kinds(items: list[Command | Note]) -> list[str]:
    return [type(item).__name__ for item in items]


def begin(document: str, rules: Rules = RULES_WITH_PLUGIN) -> tuple[History, str]:
    """The call up to its first wish, and the wish's id."""
    history = History(document, rules)
    return history, history.last(Synthesise).speech_id


def test_a_voice_of_the_plugin_is_synthesised_and_its_sound_played() -> None:
    """The caller hears the voice that the document names."""
    history, speech_id = begin(SAY)

    assert kinds(history.done[-3:]) == ["AnswerCall", "Synthesise", "StartTimer"]
    assert history.last(Synthesise).wish == SpeechWish("Hello", "Polly.Joanna", "en-US")
    assert history.last(StartTimer) == StartTimer(f"speech {speech_id}", 3.0)
    stopped, play = history.happens(Synthesised(speech_id, URL))
    assert stopped == CancelTimer(f"speech {speech_id}")
    assert isinstance(play, PlayMedia)
    assert (play.media, play.leg) == (URL, None)
    assert kinds(history.happens(Executed(CALL_ID, "noop", play.noop_id))) == [
        "CancelTimer",
        "Hangup",
        "StartTimer",
    ]


@pytest.mark.parametrize("loop", [1, 3])
def test_a_loop_plays_one_sound_again(loop: int) -> None:
    """A plug-in may cost money: it is asked once, however often the text is heard."""
    history, speech_id = begin(f"<Say voice='kate' loop='{loop}'>Hello</Say>")
    history.happens(Synthesised(speech_id, URL))
    for _ in range(loop):
        history.happens(Executed(CALL_ID, "noop", history.last(PlayMedia).noop_id))

    assert [item.media for item in history.done if isinstance(item, PlayMedia)] == [URL] * loop
    assert kinds(history.done).count("Synthesise") == 1
    assert isinstance(history.last(Hangup), Hangup)


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (lambda speech_id: SynthesisFailed(speech_id, "no such voice"), "no such voice"),
        (lambda speech_id: TimerFired(f"speech {speech_id}"), "in time"),
    ],
    ids=["failed", "late"],
)
def test_without_a_sound_the_switch_speaks_and_a_warning_says_why(failure: object, why: str) -> None:
    """No dead air and no hang-up because a plug-in is down."""
    history, speech_id = begin("<Say voice='Polly.Joanna' language='en-GB' loop='2'>Hello</Say>")

    items = history.happens(failure(speech_id))  # type: ignore[operator]

    (warning,) = [item for item in items if isinstance(item, Noticed)]
    assert why in warning.message
    speak = items[-1]
    assert isinstance(speak, SpeakText)
    assert (speak.text, speak.voice, speak.language) == ("Hello", "female", "en-GB")
    history.happens(Executed(CALL_ID, "noop", speak.noop_id))
    assert kinds(history.done).count("SpeakText") == 2


def test_a_sound_that_comes_too_late_is_not_played() -> None:
    """The switch speaks already."""
    history, speech_id = begin(SAY)

    late = history.happens(TimerFired(f"speech {speech_id}"))

    assert late[0] == DropSpeech(speech_id)
    assert history.happens(Synthesised(speech_id, URL)) == []


@pytest.mark.parametrize(
    "complaint",
    [
        lambda play: Executed(CALL_ID, "play", "FILE NOT FOUND"),
        lambda play: Executed(CALL_ID, "play", "PLAYBACK ERROR"),
        lambda play: CommandFailed("PlayMedia", "call.command", "no", play.msg_id),
    ],
    ids=["not found", "no sound", "refused"],
)
def test_a_sound_that_the_switch_cannot_play_is_spoken(complaint: object) -> None:
    """A wrong `base_url` must be heard by nobody but the operator."""
    history, speech_id = begin("<Say voice='kate' loop='3'>Hello</Say>")
    history.happens(Synthesised(speech_id, URL))
    history.happens(Executed(CALL_ID, "noop", history.last(PlayMedia).noop_id))
    play = history.last(PlayMedia)

    items = history.happens(complaint(play))  # type: ignore[operator]

    assert kinds(items) == ["Noticed", "SpeakText"]
    assert history.happens(Executed(CALL_ID, "noop", play.noop_id)) == []  # of the sound that was not heard
    for _ in range(2):
        history.happens(Executed(CALL_ID, "noop", history.last(SpeakText).noop_id))
    assert kinds(history.done).count("SpeakText") == 2  # once was heard before
    assert isinstance(history.last(Hangup), Hangup)


@pytest.mark.parametrize(
    ("rules", "document", "stops"),
    [
        (RULES_WITH_PLUGIN, SAY, True),
        (TWILIO, SAY, False),
        (TWILIO, SAY.replace("<Say", "<Say terminators='12'"), True),
        (RULES_WITH_PLUGIN, SAY.replace("<Say", "<Say terminators=''"), False),
    ],
)
def test_a_key_that_would_stop_the_say_stops_the_waiting_for_it(
    rules: Rules, document: str, stops: bool
) -> None:
    """Who knows what comes need not wait for it, where keys stop a Say at all."""
    history, speech_id = begin(document + "<Pause/>", rules)

    items = history.happens(DigitPressed(CALL_ID, "1"))

    expected = [CancelTimer(f"speech {speech_id}"), DropSpeech(speech_id)] if stops else []
    assert items[:2] == expected
    assert any(isinstance(item, StartTimer) for item in items) is stops


def test_a_hang_up_during_synthesis_drops_it() -> None:
    """Nothing is played to nobody."""
    history, speech_id = begin(SAY)

    items = history.happens(ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"))

    assert CancelTimer(f"speech {speech_id}") in items
    assert DropSpeech(speech_id) in items
    assert history.sent_to_the_dead() == []
    assert history.over


def test_the_first_key_of_a_gather_ends_the_waiting_for_its_prompt() -> None:
    """Barge-in does not wait for speech; there is no sound to stop yet."""
    history, speech_id = begin(f"<Gather numDigits='2' action='/g'>{SAY}</Gather>", TWILIO)

    items = history.happens(DigitPressed(CALL_ID, "4"))

    assert items[:2] == [CancelTimer(f"speech {speech_id}"), DropSpeech(speech_id)]
    assert kinds(items[2:]) == ["StartTimer"]
    assert history.happens(Synthesised(speech_id, URL)) == []
    asked = [item for item in history.happens(DigitPressed(CALL_ID, "2")) if isinstance(item, Fetch)]
    assert ("Digits", "42") in asked[0].request.parameters


def test_the_first_key_of_a_gather_stops_its_synthesised_prompt() -> None:
    """As it stops any other."""
    history, speech_id = begin(f"<Gather numDigits='1' action='/g'>{SAY}</Gather>", TWILIO)
    history.happens(Synthesised(speech_id, URL))

    assert kinds(history.happens(DigitPressed(CALL_ID, "4")))[0] == StopMedia.__name__


def test_a_gather_listens_from_the_end_of_its_synthesised_prompts() -> None:
    """The caller's time to press a key begins when there is nothing more to hear."""
    history, speech_id = begin(f"<Gather timeout='7'>{SAY}</Gather>", TWILIO)
    assert [item.delay_s for item in history.done if isinstance(item, StartTimer)][-1] == 3.0
    history.happens(Synthesised(speech_id, URL))

    items = history.happens(Executed(CALL_ID, "noop", history.last(PlayMedia).noop_id))

    assert [item.delay_s for item in items if isinstance(item, StartTimer)] == [7.0]


@pytest.mark.parametrize("document", [f"<Pause/>{SAY}", f"<Pause/><Gather>{SAY}</Gather>"])
def test_what_is_said_next_is_begun_before_its_turn(document: str) -> None:
    """No silence between two prompts."""
    history = History(document, RULES_WITH_PLUGIN)

    assert history.done[-1] == PrepareSpeech(SpeechWish("Hello", "Polly.Joanna", "en-US"))


def test_what_is_not_reached_is_not_begun() -> None:
    """After a Hangup nothing is said."""
    history = History(f"<Hangup/>{SAY}", RULES_WITH_PLUGIN)

    assert "PrepareSpeech" not in kinds(history.done)


def test_a_whisper_is_synthesised_on_the_party_s_leg() -> None:
    """The party who answers hears the voice, not the caller."""
    history = History("<Dial><Number url='/w'>+15550009999</Number></Dial>", RULES_WITH_PLUGIN)
    ring = history.last(CallApart)
    leg = ring.endpoint.call_id
    history.happens(LegControlled(ring.msg_id, leg, "queue"))
    history.happens(LegReady(ring.msg_id, leg))
    history.happens(Fetched(history.last(Fetch).request.fetch_id, twiml(SAY)))

    history.happens(Synthesised(history.last(Synthesise).speech_id, URL))

    assert history.last(PlayMedia).leg == leg


def test_a_wait_document_is_synthesised() -> None:
    """Who waits for a conference hears the voice, too."""
    history = History("<Dial><Conference waitUrl='/w'>R</Conference></Dial>", TWILIO)
    room = history.last(EnterRoom).room
    history.happens(RoomNews(room, RoomChange.ENTERED, CALL_ID))
    history.happens(Fetched(history.last(Fetch).request.fetch_id, twiml(SAY)))

    history.happens(Synthesised(history.last(Synthesise).speech_id, URL))

    assert history.last(PlayMedia).media == URL


def test_a_queues_wait_document_is_synthesised() -> None:
    """And who takes the caller from the queue does not wait for it."""
    history = History("<Enqueue waitUrl='/w'>Q</Enqueue>", TWILIO)
    queue = history.last(EnterQueue).queue
    history.happens(QueueNews(queue, QueueChange.ENTERED))
    history.happens(QueueNews(queue, QueueChange.PLACE, position=1))
    history.happens(Fetched(history.last(Fetch).request.fetch_id, twiml(SAY)))
    speech_id = history.last(Synthesise).speech_id

    items = history.happens(QueueNews(queue, QueueChange.TAKEN, other="agent"))

    assert CancelTimer(f"speech {speech_id}") in items
    assert DropSpeech(speech_id) in items
    assert history.happens(Synthesised(speech_id, URL)) == []


def test_without_a_plugin_nothing_is_asked_of_one() -> None:
    """The nearest of the switch's voices speaks at once."""
    history = History(SAY)

    assert kinds(history.done[-2:]) == [AnswerCall.__name__, SpeakText.__name__]


@pytest.mark.parametrize("event", [Synthesised("another's", URL), SynthesisFailed("another's", "no")])
def test_news_of_another_sound_changes_nothing(event: Event) -> None:
    """Late events are normal on the bus."""
    history, _ = begin(SAY)

    assert history.happens(event) == []
