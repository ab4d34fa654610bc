"""Each verb and noun, fully written and badly written: the whole instruction, and every warning."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pivot.model.call import Method
from pivot.model.instructions import (
    MAX_TIMES,
    Callback,
    ClientNoun,
    ConferenceNoun,
    ConnectVerb,
    DeviceNoun,
    DialVerb,
    EchoVerb,
    EnqueueVerb,
    GatherVerb,
    HangupVerb,
    Instruction,
    LeaveVerb,
    Leg,
    NameValue,
    NumberNoun,
    PauseVerb,
    PayVerb,
    PlayVerb,
    Position,
    QueueNoun,
    RecordCall,
    RecordingNoun,
    RecordVerb,
    RedirectVerb,
    ReferVerb,
    RejectReason,
    RejectVerb,
    RelayNoun,
    SayVerb,
    SetVerb,
    SideTask,
    SipNoun,
    SiprecNoun,
    SmsVerb,
    SpeechInput,
    StartVerb,
    StopVerb,
    StreamNoun,
    SwitchVoice,
    TranscriptionNoun,
    UserNoun,
)
from pivot.translate.rules import TranslateRules
from pivot.translate.twiml import Place, read, read_audio, read_text

RULES = TranslateRules()
FIRST = Position(1, 11)


def instructions(inner: str, rules: TranslateRules = RULES, place: Place = Place.CALL) -> list[Instruction]:
    return list(read(f"<Response>{inner}</Response>".encode(), None, rules, place).instructions)


def warnings(inner: str, place: Place = Place.CALL) -> list[tuple[int | None, int | None]]:
    """Column and Twilio's number of every warning."""
    found = read(f"<Response>{inner}</Response>".encode(), None, RULES, place).warnings
    return [(warning.column, warning.twilio_code) for warning in found]


DEFAULTS: list[tuple[str, Instruction]] = [
    ("<Say>Hi</Say>", SayVerb(("Hi",))),
    ("<Play>a.wav</Play>", PlayVerb("a.wav")),
    ("<Pause/>", PauseVerb(1.0)),
    ("<Gather/>", GatherVerb()),
    ("<Record/>", RecordVerb()),
    ("<Dial>+1 (415) 555-0100</Dial>", DialVerb((NumberNoun("+14155550100", at=FIRST),), has_text=True)),
    ("<Enqueue>support</Enqueue>", EnqueueVerb("support")),
    ("<Leave/>", LeaveVerb()),
    ("<Redirect/>", RedirectVerb("")),
    ("<Reject/>", RejectVerb(RejectReason.REJECTED)),
    ("<Hangup/>", HangupVerb()),
    ("<Echo/>", EchoVerb()),
    ("<Sms>hi</Sms>", SmsVerb("hi")),
    ("<Set><Variable key='a' value='b'/></Set>", SetVerb((NameValue("a", "b"),))),
    ("<Pay/>", PayVerb()),
    ("<Stop><Stream/></Stop>", StopVerb(SideTask.STREAM)),
]


@pytest.mark.parametrize(("inner", "instruction"), DEFAULTS, ids=[item[0] for item in DEFAULTS])
def test_a_bare_verb_has_every_default(inner: str, instruction: Instruction) -> None:
    """The defaults are those of the documentation, and the place is the element's."""
    assert instructions(inner) == [replace(instruction, at=FIRST)]


LEG = "url='/w' method='GET' statusCallback='/s' statusCallbackMethod='GET' statusCallbackEvent='ringing'"
FULL_LEG = Leg("/w", Method.GET, Callback("/s", Method.GET, ("ringing",)))
TOLD = (
    "recordingStatusCallback='/rs' recordingStatusCallbackMethod='GET' recordingStatusCallbackEvent='absent'"
)
FULL_TOLD = Callback("/rs", Method.GET, ("absent",))

FULL: list[tuple[str, Instruction]] = [
    (
        "<Say voice='woman' language='en-GB' loop='3' engine='ispeech' terminators='12'>Hi</Say>",
        SayVerb(
            ("Hi",),
            voice="woman",
            language="en-GB",
            switch_voice=SwitchVoice("female", "en-GB", "ispeech"),
            times=3,
            terminators=("1", "2"),
        ),
    ),
    (
        "<Say voice='Polly.Hans-Neural' loop='0' terminators=''>Guten Tag</Say>",
        SayVerb(
            ("Guten Tag",),
            voice="Polly.Hans-Neural",
            switch_voice=SwitchVoice("male", "de-de"),
            times=MAX_TIMES,
            terminators=(),
        ),
    ),
    (
        "<Say>At <say-as interpret-as='date'>1/2</say-as>,<p>ask</p>the <sub alias='A &amp; B'>W</sub></Say>",
        SayVerb(
            ("At 1/2, ask the A & B",),
            ssml='At <say-as interpret-as="date">1/2</say-as>,<p>ask</p>the <sub alias="A &amp; B">W</sub>',
        ),
    ),
    (
        "<Play loop='2' terminators='#'> /a b.wav </Play>".replace("a b", "a"),
        PlayVerb("/a.wav", "", 2, ("#",)),
    ),
    ("<Play digits='ww12W#'>ignored</Play>", PlayVerb(digits="ww12W#")),
    ("<Play>tone_stream://%(250,0,800)</Play>", PlayVerb("tone_stream://%(250,0,800)")),
    ("<Play>local_stream://a1b2.mp3</Play>", PlayVerb("local_stream://a1b2.mp3")),
    ("<Pause length='10'/>", PauseVerb(10.0)),
    (
        "<Gather input='dtmf speech' action='/g' method='GET' timeout='3' numDigits='4' finishOnKey=''"
        " actionOnEmptyResult='true' bargeIn='false' speechTimeout='2' maxSpeechTime='9' language='de-DE'"
        " hints='a, b' speechModel='phone_call' profanityFilter='false' partialResultCallback='/p'"
        " partialResultCallbackMethod='GET'><Pause length='2'/></Gather>",
        GatherVerb(
            prompts=(PauseVerb(2.0, Position(1, 324)),),
            action="/g",
            method=Method.GET,
            dtmf=True,
            speech=SpeechInput(
                2.0, 9.0, "de-DE", ("a", "b"), "phone_call", False, Callback("/p", Method.GET)
            ),
            timeout_s=3.0,
            num_digits=4,
            finish_on_key=None,
            action_on_empty_result=True,
            barge_in=False,
        ),
    ),
    (
        f"<Record action='/r' method='GET' timeout='0' finishOnKey='#' maxLength='20' playBeep='false'"
        f" trim='do-not-trim' {TOLD} transcribe='true' transcribeCallback='/t' recordingUrl='http://h/u'/>",
        RecordVerb(
            action="/r",
            method=Method.GET,
            timeout_s=0.0,
            finish_on_keys=("#",),
            max_length_s=20.0,
            play_beep=False,
            trim=False,
            status=FULL_TOLD,
            transcribe=True,
            transcribe_callback="/t",
            upload_url="http://h/u",
        ),
    ),
    (
        f"<Dial action='/d' method='GET' timeout='10' hangupOnStar='true' timeLimit='60' callerId='+1 555'"
        f" record='record-from-ringing-dual' recordingTrack='inbound' trim='trim-silence' {TOLD}"
        f" answerOnBridge='true' ringTone='de' sequential='true' callReason='why'"
        " continueOnFail='false'>123</Dial>",
        DialVerb(
            nouns=(NumberNoun("123", at=FIRST),),
            has_text=True,
            action="/d",
            method=Method.GET,
            timeout_s=10.0,
            hangup_on="*",
            time_limit_s=60.0,
            caller_id="+1555",
            record=RecordCall.FROM_RINGING,
            record_dual=True,
            recording_track="inbound",
            trim=True,
            recording_status=FULL_TOLD,
            answer_on_bridge=True,
            ring_tone="de",
            sequential=True,
            call_reason="why",
            continue_on_fail=False,
        ),
    ),
    (
        "<Enqueue action='/q' method='GET' waitUrl='' waitUrlMethod='GET' maxQueueSize='5'>s</Enqueue>",
        EnqueueVerb("s", "/q", Method.GET, "", Method.GET, 5),
    ),
    (
        "<Redirect method='get'> /n <Variable key='a' value='1'/></Redirect>",
        RedirectVerb("/n", Method.GET, (NameValue("a", "1"),)),
    ),
    ("<Reject reason='busy' prompt='http://m/b.mp3'/>", RejectVerb(RejectReason.BUSY, "http://m/b.mp3")),
    (
        "<Refer action='/rf' method='GET'><Sip>sip:alice@example.com?X-A=b</Sip></Refer>",
        ReferVerb(
            SipNoun(
                "sip:alice@example.com",
                "sip:alice@example.com?X-A=b",
                headers=(NameValue("X-A", "b"),),
                at=Position(1, 44),
            ),
            "/rf",
            Method.GET,
        ),
    ),
    (
        "<Sms to='+1555' from='+1666' action='/s' method='GET' statusCallback='/t'>hi</Sms>",
        SmsVerb("hi", "+1555", "+1666", "/s", Method.GET, "/t"),
    ),
    ("<Pay action='/p' method='GET' chargeAmount='1'/>", PayVerb("/p", Method.GET)),
    ("<Stop><Recording name='r1'/></Stop>", StopVerb(SideTask.RECORDING, "r1")),
]


@pytest.mark.parametrize(("inner", "instruction"), FULL, ids=[item[0][:30] for item in FULL])
def test_a_fully_written_verb_is_read_whole(inner: str, instruction: Instruction) -> None:
    """Every attribute reaches the engine, typed."""
    assert instructions(inner) == [replace(instruction, at=FIRST)]


NOUN = Position(1, 17)
NOUNS = [
    (
        f"<Number sendDigits='ww1' {LEG}>415 555 0100</Number>",
        NumberNoun("4155550100", "ww1", FULL_LEG, NOUN),
    ),
    (
        f"<Sip username='u' password='p' {LEG}>sip:k@h.test:5070;transport=TCP?X-a=4%2B2&amp;X-b=c</Sip>",
        SipNoun(
            "sip:k@h.test:5070;transport=TCP",
            "sip:k@h.test:5070;transport=TCP?X-a=4%2B2&X-b=c",
            "tcp",
            (NameValue("X-a", "4+2"), NameValue("X-b", "c")),
            "u",
            "p",
            FULL_LEG,
            NOUN,
        ),
    ),
    (
        "<Sip><Headers><Header name='X-A' value='b'/></Headers><Uri username='u'>sip:a@b</Uri></Sip>",
        SipNoun("sip:a@b", "sip:a@b", None, (NameValue("X-A", "b"),), "u", at=NOUN),
    ),
    ("<Sip>kate@example.com</Sip>", SipNoun("sip:kate@example.com", "kate@example.com", at=NOUN)),
    (
        f"<Client {LEG}><Identity>joey</Identity><Parameter name='k' value='v'/></Client>",
        ClientNoun("joey", (NameValue("k", "v"),), FULL_LEG, NOUN),
    ),
    ("<Client>joey</Client>", ClientNoun("joey", at=NOUN)),
    ("<User>0123abc</User>", UserNoun("0123abc", at=NOUN)),
    ("<Device>0123abc</Device>", DeviceNoun("0123abc", at=NOUN)),
    ("<Queue url='/about' method='GET'>q</Queue>", QueueNoun("q", Leg("/about", Method.GET), NOUN)),
    ("<Conference> Room  1 </Conference>", ConferenceNoun("Room 1", at=NOUN)),
    (
        f"<Conference muted='true' beep='onExit' startConferenceOnEnter='false' endConferenceOnExit='true'"
        f" participantLabel='me' waitUrl='' waitMethod='GET' maxParticipants='2' record='record-from-start'"
        f" trim='trim-silence' {TOLD} coach='CA9' statusCallback='/c' statusCallbackEvent='join leave'"
        f" deaf='true' voice='woman'>r</Conference>",
        ConferenceNoun(
            name="r",
            muted=True,
            beep_on_enter=False,
            beep_on_exit=True,
            start_on_enter=False,
            end_on_exit=True,
            label="me",
            wait_url="",
            wait_method=Method.GET,
            max_participants=2,
            record=True,
            trim=True,
            recording_status=FULL_TOLD,
            coach="CA9",
            status=Callback("/c", events=("join", "leave")),
            extras=(NameValue("deaf", "true"), NameValue("voice", "female")),
            at=NOUN,
        ),
    ),
]


@pytest.mark.parametrize(("inner", "noun"), NOUNS, ids=[item[0][:30] for item in NOUNS])
def test_a_noun_of_dial_is_read_whole(inner: str, noun: NumberNoun) -> None:
    """Whom to call, and how, reaches the engine typed."""
    assert instructions(f"<Dial>{inner}</Dial>") == [DialVerb((noun,), at=FIRST)]


PARAMETER = "<Parameter name='k' value='v'/>"
PAIR = (NameValue("k", "v"),)
SIDE = [
    (
        f"<Stream name='s' url='wss://a.test/s' track='both_tracks' statusCallback='/t'>{PARAMETER}</Stream>",
        StreamNoun("wss://a.test/s", "s", "both_tracks", PAIR, Callback("/t")),
    ),
    (
        f"<Recording name='r' channels='mono' track='inbound' trim='trim-silence' {TOLD}/>",
        RecordingNoun("r", False, "inbound", True, FULL_TOLD),
    ),
    (
        f"<Siprec name='s' connectorName='c' track='outbound_track'>{PARAMETER}</Siprec>",
        SiprecNoun("s", "c", "outbound_track", PAIR),
    ),
    (
        "<Transcription name='t' track='inbound_track' languageCode='de-DE' hints='a'"
        " statusCallbackUrl='/t'/>",
        TranscriptionNoun("t", "inbound_track", "de-DE", (NameValue("hints", "a"),), Callback("/t")),
    ),
]


@pytest.mark.parametrize(("inner", "noun"), SIDE, ids=[item[0][:12] for item in SIDE])
def test_a_noun_of_start_is_read_whole(inner: str, noun: RecordingNoun) -> None:
    """What goes on beside the call, with its name for a later Stop."""
    assert instructions(f"<Start>{inner}</Start>") == [StartVerb(replace(noun, at=Position(1, 18)), FIRST)]


def test_a_call_is_connected_to_a_stream_or_a_relay_over_tls_only() -> None:
    """Without a usable noun the document goes on, through the action if there is one."""
    at = Position(1, 20)
    assert instructions("<Connect><Stream url='wss://a.test/s'/></Connect>") == [
        ConnectVerb(StreamNoun("wss://a.test/s", at=at), at=FIRST)
    ]
    assert instructions("<Connect><ConversationRelay url='wss://a/r' voice='x'/></Connect>") == [
        ConnectVerb(RelayNoun("wss://a/r", (NameValue("voice", "x"),), at=at), at=FIRST)
    ]
    assert instructions("<Connect action='/c'><Stream url='ws://a.test/s'/></Connect>") == [
        ConnectVerb(None, "/c", at=FIRST)
    ]
    assert instructions("<Connect><Room>r</Room></Connect>") == [ConnectVerb(at=FIRST)]


def test_long_text_is_cut_at_sentences() -> None:
    """The switch takes so many bytes at once; a sentence is cut only when it does not fit."""
    small = TranslateRules(max_tts_bytes=20)
    text = "One two. Three four. Five six seven eight nine. Donaudampfschifffahrt"
    (say,) = instructions(f"<Say>{text}</Say>", small)
    assert isinstance(say, SayVerb)
    assert say.parts == (
        "One two. Three four.",
        "Five six seven eight",
        "nine.",
        "Donaudampfschifffahr",
        "t",
    )
    assert say.text.replace(" ", "") == text.replace(" ", "")


def test_text_beyond_the_limit_is_not_spoken() -> None:
    """So much is spoken as Twilio speaks, and the developer is told."""
    (say,) = instructions(f"<Say>{'a' * 5000}</Say>")
    assert isinstance(say, SayVerb)
    assert say.text.replace(" ", "") == "a" * 4096
    assert warnings(f"<Say>{'a' * 5000}</Say>") == [(11, 13521)]


BAD = [
    ("<Say voice='NoSuch.Voice'>A</Say>", [(16, 13511)]),
    ("<Say voice='Polly.Joanna'>A</Say>", [(16, None)]),
    ("<Say>A<break/></Say>", [(11, None)]),
    ("<Say language='tlh'>A</Say>", [(16, 13512)]),
    ("<Say>A<Play>x</Play></Say>", [(17, 12200)]),
    ("<Gather><Say voice='x' loop='y'>A</Say></Gather>", [(24, 13321), (34, 13322)]),
    (
        "<Gather timeout='-1' finishOnKey='12' hints='" + "x" * 101 + "'/>",
        [(19, 13313), (32, 13310), (49, 13330)],
    ),
    ("<Play>ftp://a.test/x</Play>", [(11, 11100)]),
    ("<Play>http://[bad</Play>", [(11, 11100)]),
    ("<Play>say b: c d</Play>", [(11, 11100)]),
    ("<Play>https:// b.wav</Play>", [(11, 11100)]),
    ("<Play>${secret}</Play>", [(11, 11100)]),
    ("<Play>file:///etc/passwd</Play>", [(11, 11100)]),
    ("<Play>local_stream:///var/spool/other.wav</Play>", [(11, 11100)]),
    ("<Play>tone_stream://path=/dev/zero</Play>", [(11, 11100)]),
    ("<Redirect>javascript:x</Redirect>", [(11, 11100)]),
    ("<Record maxLength='99999'/>", [(19, 13615)]),
    ("<Record action='http://a b'/>", [(19, 11100)]),
    ("<Record recordingStatusCallbackEvent='completed gone'/>", [(19, 13621)]),
    ("<Dial callerId='{a}'>1</Dial>", [(17, 13214)]),
    ("<Dial callerId='1~api_hangup_hook=shutdown'>1</Dial>", [(17, 13214)]),
    (
        "<Dial ringTone='xx' sequential='1' hangupOnStar='yes'>1</Dial>",
        [(17, 13220), (31, 13218), (46, 13213)],
    ),
    ("<Dial><Number sendDigits='x'>1</Number></Dial>", [(25, 13222)]),
    ("<Dial><Conference participantLabel='a/b'>r</Conference></Dial>", [(29, 16023)]),
    ("<Dial><Conference participantLabel='a%2fb'>r</Conference></Dial>", [(29, 16023)]),
    (f"<Dial><Conference participantLabel='CA{'0' * 32}'>r</Conference></Dial>", [(29, 16023)]),
    ("<Dial><Sip>sip:a@b,sofia/x</Sip></Dial>", [(17, 13243)]),
    ("<Dial><Sip>sip:a@b?Via=x&amp;X-A=%0d%0aB:c</Sip></Dial>", [(17, 13252), (17, 13252)]),
    ("<Dial><Sip>sip:a@b?X-A=1,api_on_answer=x</Sip></Dial>", [(17, 13252)]),
    ("<Dial><Sip password='${x}'>sip:a@b</Sip></Dial>", [(22, None)]),
    ("<Dial><Client>a<Parameter name='n' value='1,b=c'/></Client></Dial>", [(17, 13252)]),
    ("<Dial><Client>a<Parameter name='n,b' value='1'/></Client></Dial>", [(17, 13252)]),
    ("<Dial><Sim>x</Sim></Dial>", [(17, 13258)]),
    ("<Dial><User>../x</User></Dial>", [(17, None)]),
    ("<Enqueue workflowSid='WW1'/>", [(11, 14220)]),
    ("<Start><Stream url='wss://a/s?x=1'/></Start>", [(18, 31920)]),
    ("<Stop><Foo/></Stop>", [(17, 14300)]),
    ("<Queue>x</Queue>", [(11, 12200)]),
]


@pytest.mark.parametrize(("inner", "found"), BAD, ids=[item[0][:40] for item in BAD])
def test_a_fault_is_told_at_its_place(inner: str, found: list[tuple[int, int | None]]) -> None:
    """Column of the attribute, or of the element, with Twilio's number where there is one."""
    assert warnings(inner) == found


ABANDONED = [
    "<Foo/>",
    "<Say voice='robot'>x</Say>",
    "<Say loop='-1'>x</Say>",
    "<Say/>",
    "<Play/>",
    "<Pause length='0'/>",
    "<Pause>x</Pause>",
    "<Gather numDigits='0'/>",
    "<Gather timeout='-1'/>",
    "<Record maxLength='0'/>",
    "<Record>x</Record>",
    "<Dial>hello</Dial>",
    "<Dial/>",
    "<Dial><Sip>no uri</Sip></Dial>",
    "<Dial><Conference maxParticipants='251'>r</Conference></Dial>",
    "<Dial timeout='0'>1</Dial>",
    "<Redirect method=''>x</Redirect>",
    "<Redirect method='DELETE'>x</Redirect>",
    "<Reject reason='later'/>",
    "<Hangup x='y'/>",
]
TAKEN = [
    "<Say loop='x'>x</Say>",
    "<Say foo='bar'>x</Say>",
    "<Pause length='abc'/>",
    "<Gather><Frob/></Gather>",
    "<Dial timeout='abc'>1</Dial>",
    "<Dial><Number/></Dial>",
    "<Redirect method='frob'>x</Redirect>",
]


def test_with_kazoos_failures_a_dial_rings_an_hour_at_most() -> None:
    """Its own limit; Twilio's is ten minutes, and more than that is a mistake there."""
    (kazoo,) = instructions("<Dial timeout='9999'>1</Dial>", TranslateRules(failures="kazoo"))
    (plain,) = instructions("<Dial timeout='9999'>1</Dial>")
    assert isinstance(kazoo, DialVerb)
    assert isinstance(plain, DialVerb)

    assert (kazoo.timeout_s, plain.timeout_s) == (3600.0, None)


def test_with_kazoos_failures_letters_among_keys_are_left_out() -> None:
    """As Kazoo does; else the whole set is the default one."""
    kazoo, plain = TranslateRules(failures="kazoo"), TranslateRules()

    for written, as_kazoo in (("ab", ()), ("1x#", ("1", "#"))):
        body = f"<Record finishOnKey='{written}'/>"
        assert instructions(body, kazoo) == [RecordVerb(finish_on_keys=as_kazoo, at=FIRST)]
        assert instructions(body, plain) == [RecordVerb(at=FIRST)]


@pytest.mark.parametrize("inner", ABANDONED)
def test_with_kazoos_failures_the_call_ends_where_kazoo_gives_up(inner: str) -> None:
    """Kazoo hangs up at once and drops the rest; by default the verb is repaired or skipped."""
    as_kazoo = TranslateRules(failures="kazoo")
    document = f"<Pause/>{inner}<Say>rest</Say>"
    assert instructions(document, as_kazoo) == [
        PauseVerb(1.0, FIRST),
        HangupVerb(answer=False, at=Position(1, 19)),
    ]
    assert instructions(document)[-1] == SayVerb(("rest",), at=Position(1, 19 + len(inner)))


@pytest.mark.parametrize("inner", TAKEN)
def test_with_kazoos_failures_what_kazoo_takes_is_taken(inner: str) -> None:
    """Kazoo reads over these, so documents may hold them."""
    assert instructions(inner, TranslateRules(failures="kazoo")) == instructions(inner) != []


@pytest.mark.parametrize(
    ("place", "inner", "found"),
    [
        (Place.QUEUE_WAIT, "<Dial>1</Dial>", [(11, 13238)]),
        (Place.QUEUE_WAIT, "<Gather/><Leave/><Hangup/>", []),
        (Place.CONFERENCE_WAIT, "<Gather/>", [(11, 13238)]),
        (Place.WHISPER, "<Dial>1</Dial>", [(11, 13201)]),
        (Place.WHISPER, "<Record/>", [(11, 12200)]),
        (Place.QUEUE_ANNOUNCE, "<Gather/>", [(11, 12200)]),
    ],
)
def test_verbs_that_make_no_sense_in_a_place_are_skipped(
    place: Place, inner: str, found: list[tuple[int, int]]
) -> None:
    """A waiting caller or a dialled party gets only verbs that leave them there."""
    assert warnings(inner, place) == found
    assert bool(instructions(inner, place=place)) is not bool(found)


def test_variables_may_not_replace_what_a_request_has() -> None:
    """An application must be able to trust CallSid."""
    inner = "<Set><Variable key='CallSid' value='x'/><Variable key='plan' value='gold'/><Variable/></Set>"
    assert instructions(inner) == [SetVerb((NameValue("plan", "gold"),), FIRST)]
    assert warnings(inner) == [(16, None), (86, 12200)]


def test_plain_text_is_spoken_and_sound_is_played() -> None:
    """Answers that are no document are understood as documented."""
    assert read_text(b" Sorry,\n we are closed ", None, RULES).instructions == (
        SayVerb(("Sorry, we are closed",)),
    )
    assert read_audio("https://a.test/v").instructions == (PlayVerb("https://a.test/v"),)


def test_a_document_of_faults_is_read_in_time() -> None:
    """A hundred warnings are told; an attacker gains nothing by more."""
    strange = " ".join(f"a{number}='1'" for number in range(60))
    assert len(warnings(f"<Say {strange}>x</Say>" * 120)) == 100
