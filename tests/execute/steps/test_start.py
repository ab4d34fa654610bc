"""Start: what goes on beside the call, and for how long."""

from __future__ import annotations

from dataclasses import replace

from pivot.model.codes import Code
from pivot.model.commands import BindCall, CancelTimer, End, Fetch, Notify, StartTimer, UnbindCall
from pivot.model.dialling import (
    CallToHear,
    DialCarrier,
    LegFailed,
    LegPrepared,
    LegReady,
    RingPrepared,
    StartRecording,
    StopRecording,
)
from pivot.model.events import (
    ChannelDestroyed,
    CommandFailed,
    Fetched,
    FileSent,
    RecordingStarted,
    RecordingStopped,
    TimerFired,
    Usurped,
)
from pivot.model.notes import Noticed, Unsupported
from pivot.model.switch import AnswerCall, Hangup, SendFile
from tests.calls import CALL_ID, answer, twiml
from tests.execute.histories import History, notices
from tests.rules import RULES

STATUS = "recordingStatusCallback='/s' recordingStatusCallbackEvent='in-progress completed absent'"
WITH_GATEWAY = replace(RULES, stream_gateway="sip:streams@gateway.test", profile="twilio")
STREAM = (
    "<Start><Stream url='wss://ai.test/s' name='s1' track='both_tracks' statusCallback='/st'>"
    "<Parameter name='plan &amp; more' value='gold, 50%'/></Stream></Start><Pause length='60'/>"
)
RECORDING = f"<Start><Recording name='r1' {STATUS}/></Start><Pause/><Redirect>/next</Redirect>"


def told(history: History) -> list[str]:
    """What the recording's callback was told, in order."""
    return [dict(item.request.parameters)["RecordingStatus"] for item in notices(history)]


def next_document(history: History, inner: str) -> None:
    """The first document ends in another one."""
    history.happens(TimerFired(history.last(StartTimer).name))
    history.happens(Fetched(history.last(Fetch).request.fetch_id, twiml(inner)))


def stop_of(history: History) -> RecordingStopped:
    """The switch tells that the newest recording has ended."""
    return RecordingStopped(CALL_ID, f"/tmp/{history.last(StartRecording).name}", 9.0, node="fs@media1")


def test_a_recording_begins_and_the_document_goes_on() -> None:
    """Nobody waits for the switch: answer, recording and the next verb leave together."""
    history = History(RECORDING)

    answered, recording, _silence, pause = history.done[-4:]

    assert isinstance(answered, AnswerCall)
    assert isinstance(recording, StartRecording)
    assert recording == StartRecording(
        recording.msg_id,
        f"{recording.recording_id}.mp3",
        recording.recording_id,
        86_400.0,
        stereo=True,
        label="r1",
    )
    assert isinstance(pause, StartTimer)


def test_a_recording_outlives_documents_and_its_file_outlives_the_call() -> None:
    """It belongs to the call: the second document runs, the caller goes, and then the file is sent."""
    history = History(RECORDING)
    recording = history.last(StartRecording)
    history.happens(RecordingStarted(CALL_ID, f"/tmp/{recording.name}"))

    next_document(history, "<Pause length='60'/>")
    ended = history.happens(ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"))
    stopped = history.happens(stop_of(history))
    sent = history.happens(FileSent(history.last(SendFile).msg_id, ok=True))

    assert not any(isinstance(item, StopRecording | SendFile) for item in ended)
    assert [type(item) for item in stopped] == [SendFile]
    assert history.last(SendFile).url == f"http://127.0.0.1:8000/voice/{recording.recording_id}.mp3"
    assert [type(item) for item in sent] == [Notify, End]
    assert told(history) == ["in-progress", "completed"]
    assert history.machine.state.side == []


def test_a_switch_that_does_not_record_costs_the_recording_alone() -> None:
    """The document goes on, the application learns that there will be no file, and the end waits for none."""
    history = History(RECORDING)
    recording = history.last(StartRecording)

    refused = history.happens(CommandFailed("StartRecording", Code.CALL_COMMAND, "no", recording.msg_id))
    over = history.happens(ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"))

    assert refused[0] == Noticed(Code.CALL_COMMAND, "the switch does not record: no", is_error=True)
    assert told(history) == ["absent"]
    assert isinstance(over[-1], End)


def test_a_dial_keeps_the_audio_where_the_recording_hears_it() -> None:
    """Else the switch would let both parties talk past it, and the file would be silent."""
    dial = "<Dial>+15550009999</Dial>"

    assert not History(dial).last(DialCarrier).process_media
    assert History(f"<Start><Recording/></Start>{dial}").last(DialCarrier).process_media


def test_a_call_that_becomes_a_flow_is_recorded_no_further() -> None:
    """Nobody would fetch the file once the call is callflow's."""
    history = History(RECORDING)
    history.happens(TimerFired(history.last(StartTimer).name))
    flow = answer('{"module": "hangup", "data": {}}', "application/json")

    items = history.happens(Fetched(history.last(Fetch).request.fetch_id, flow))

    assert [type(item).__name__ for item in items] == [
        "AnswerAccepted",
        "StopRecording",
        "HandOverFlow",
        "End",
    ]


def test_when_we_hang_up_the_switch_ends_the_recording() -> None:
    """The document is over: the hang-up is enough, and the file is still sent."""
    history = History("<Start><Recording/></Start>")

    assert isinstance(history.done[-2], Hangup)
    assert not any(isinstance(item, StopRecording) for item in history.done)
    assert any(isinstance(item, SendFile) for item in history.happens(stop_of(history)))


def test_a_call_has_only_so_much_going_on_beside_it() -> None:
    """A document of a thousand Starts must not have one channel recorded a thousand times."""
    history = History("<Start><Recording/></Start>" * 25 + "<Pause/>")

    begun = [item for item in history.done if isinstance(item, StartRecording)]
    refused = [item for item in history.done if isinstance(item, Noticed)]
    assert (len(begun), len(refused)) == (20, 5)
    assert "already" in refused[0].message
    assert isinstance(history.done[-1], StartTimer)


def test_siprec_is_told_of_and_passed_over() -> None:
    """There is no client for it on the bus; the call goes on."""
    history = History("<Start><Siprec name='s'/></Start><Pause/>")

    assert history.last(Unsupported).verb == "Start Siprec"
    assert isinstance(history.done[-1], StartTimer)
    assert history.machine.state.side == []


# ---- through a gateway


def streaming(document: str = STREAM) -> History:
    """A call whose stream's gateway has been prepared, rung, and has answered."""
    history = History(document, WITH_GATEWAY)
    asked = history.last(CallToHear)
    history.happens(LegPrepared(asked.msg_id, asked.endpoint.call_id, "leg-control", "originate-queue"))
    history.happens(LegReady(asked.msg_id, asked.endpoint.call_id))
    return history


def streams(history: History) -> list[str]:
    """What the stream's callback was told, in order."""
    return [dict(item.request.parameters)["StreamEvent"] for item in notices(history)]


def test_a_gateway_is_prepared_and_then_rung_before_the_next_verb() -> None:
    """Nobody is rung before he can be hung up, and the gateway misses nothing of what follows."""
    history = History(STREAM, WITH_GATEWAY)
    answered, bound, asked, timer = history.done[-4:]
    assert isinstance(asked, CallToHear)
    leg = asked.endpoint.call_id

    items = history.happens(LegPrepared(asked.msg_id, leg, "leg-control", "originate-queue"))

    assert isinstance(answered, AnswerCall)
    assert bound == BindCall(leg)
    assert (asked.heard, asked.timeout_s, asked.endpoint.address) == (
        CALL_ID,
        10.0,
        "sip:streams@gateway.test",
    )
    assert timer == StartTimer(f"start {asked.msg_id}", 1.0)
    assert items[:2] == [
        RingPrepared(asked.msg_id, leg, "originate-queue"),
        CancelTimer(f"start {asked.msg_id}"),
    ]
    assert isinstance(items[-1], StartTimer)
    assert items[-1].name.startswith("pause ")
    assert history.machine.call_for(items[0]).control_queue == "leg-control"  # type: ignore[arg-type]


def test_the_gateway_learns_from_its_headers_what_is_wanted() -> None:
    """Each value is percent-encoded, as nobody between us and it escapes commas or brackets."""
    history = History(STREAM, WITH_GATEWAY)

    headers = {item.name: item.value for item in history.last(CallToHear).endpoint.headers}

    sid = headers.pop("X-Stream-Sid")
    assert sid.startswith("MZ")
    assert len(sid) == 34
    assert headers == {
        "X-Stream-Kind": "stream",
        "X-Stream-Call-Sid": "CA" + headers["X-Stream-Call-Sid"][2:],
        "X-Stream-Account-Sid": "ACa1b2c3d4e5f60718293a4b5c6d7e8f90",
        "X-Stream-Bidirectional": "false",
        "X-Stream-Url": "wss://ai.test/s",
        "X-Stream-Parameters": "plan%20%26%20more=gold%2C%2050%25",
        "X-Stream-Name": "s1",
        "X-Stream-Track": "both_tracks",
    }


def test_a_transcription_tells_the_gateway_where_words_go() -> None:
    """What is said reaches the application from the gateway itself; the bus does not carry it."""
    history = History(
        "<Start><Transcription name='t' languageCode='fr-FR' partialResults='true'"
        " statusCallbackUrl='/t?a=1'/></Start>",
        WITH_GATEWAY,
    )

    headers = {item.name: item.value for item in history.last(CallToHear).endpoint.headers}

    assert headers["X-Stream-Kind"] == "transcription"
    assert headers["X-Stream-Sid"].startswith("GT")
    assert headers["X-Stream-Language"] == "fr-FR"
    assert headers["X-Stream-Options"] == "partialResults=true"
    assert headers["X-Stream-Callback"] == "http://127.0.0.1:8000/t%3Fa%3D1"
    assert headers["X-Stream-Callback-Method"] == "POST"
    assert "X-Stream-Url" not in headers


def test_a_stream_is_told_of_from_its_start_to_its_end() -> None:
    """Whoever ends it; here the application closes its WebSocket."""
    history = streaming()
    leg = history.last(CallToHear).endpoint.call_id
    first = dict(notices(history)[0].request.parameters)

    ended = history.happens(ChannelDestroyed(leg, "NORMAL_CLEARING"))

    assert (first["StreamName"], first["StreamSid"][:2]) == ("s1", "MZ")
    assert streams(history) == ["stream-started", "stream-stopped"]
    assert [type(item) for item in ended] == [UnbindCall, Notify]
    assert history.machine.state.side == []


def test_a_stop_hangs_the_gateway_up() -> None:
    """Through the control queue of its own leg."""
    history = streaming(STREAM.replace("<Pause length='60'/>", "<Pause/><Stop><Stream name='s1'/></Stop>"))
    leg = history.last(CallToHear).endpoint.call_id

    items = history.happens(TimerFired(history.last(StartTimer).name))

    hangup = items[0]
    assert isinstance(hangup, Hangup)
    assert hangup.leg == leg
    assert history.machine.call_for(hangup).control_queue == "leg-control"
    assert streams(history) == ["stream-started", "stream-stopped"]


def test_with_the_caller_the_stream_ends() -> None:
    """The gateway must not stay when nobody is there whom it could hear."""
    history = streaming()
    leg = history.last(CallToHear).endpoint.call_id

    items = history.happens(ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"))

    assert [item.leg for item in items if isinstance(item, Hangup)] == [leg]
    assert streams(history) == ["stream-started", "stream-stopped"]
    assert isinstance(items[-1], End)


def test_when_the_call_is_taken_over_the_stream_ends() -> None:
    """Whoever takes it over knows nothing of the gateway."""
    history = streaming()
    leg = history.last(CallToHear).endpoint.call_id

    items = history.happens(Usurped("other", CALL_ID))

    assert [item.leg for item in items if isinstance(item, Hangup)] == [leg]
    assert isinstance(items[-1], End)


def test_a_stream_that_is_ended_before_its_gateway_is_rung_never_rings() -> None:
    """The word is not given; the switch forgets the leg by itself."""
    history = History(STREAM, WITH_GATEWAY)
    asked = history.last(CallToHear)
    history.happens(TimerFired(f"start {asked.msg_id}"), after_s=1.0)

    gone = history.happens(ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"))
    late = history.happens(LegPrepared(asked.msg_id, asked.endpoint.call_id, "leg-control", "queue"))

    assert not any(isinstance(item, Hangup) for item in gone)
    assert late == []
    assert streams(history) == []


def test_a_gateway_that_is_not_reached_is_an_error_and_the_document_goes_on() -> None:
    """Refused by the gateway, by the switch, or gone while it rang: told once."""
    for way in ("refused", "destroyed", "command"):
        history = History(STREAM, WITH_GATEWAY)
        asked = history.last(CallToHear)
        leg = asked.endpoint.call_id
        if way == "command":
            history.happens(CommandFailed("CallToHear", Code.CALL_COMMAND, "no", asked.msg_id))
        else:
            history.happens(LegPrepared(asked.msg_id, leg, "leg-control", "queue"))
        if way == "destroyed":
            history.happens(ChannelDestroyed(leg, "USER_BUSY"))
        history.happens(LegFailed(asked.msg_id, "USER_BUSY"))

        assert streams(history) == ["stream-error"]
        errors = [item.twilio_code for item in history.done if isinstance(item, Noticed) and item.is_error]
        assert errors == [31920]
        assert history.last(StartTimer).name.startswith("pause ")
        assert not any(isinstance(item, Hangup) for item in history.done)


def test_single_tracks_are_warned_about() -> None:
    """The switch mixes both sides; an application that counts on one must be able to see why it hears two."""
    history = History(STREAM.replace("both_tracks", "inbound_track"), WITH_GATEWAY)

    assert [item.is_error for item in history.done if isinstance(item, Noticed)] == [False]


def test_without_a_gateway_streams_are_passed_over() -> None:
    """The call is not even answered for them."""
    for noun in ("<Stream url='wss://ai.test/s'/>", "<Transcription/>"):
        history = History(f"<Start>{noun}</Start><Redirect/>", replace(WITH_GATEWAY, stream_gateway=""))

        assert history.last(Unsupported).message.endswith("[twiml] stream_gateway")
        assert not any(isinstance(item, AnswerCall | CallToHear) for item in history.done)
        assert isinstance(history.done[-1], Fetch)
