"""Each sound is made once, within limits, and whatever a plug-in does is either a URL or an error."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path

import pytest

from pivot.errors import SpeechError
from pivot.model.speech import SpeechWish
from pivot.speech.cache import SoundCache
from pivot.speech.concurrency import MOST_WAITING, ConcurrencyLimit
from pivot.speech.plugin import Audio, AudioAt
from pivot.speech.settings import SpeechSettings
from pivot.speech.synthesiser import MOST_SILENT, REST_S, Synthesiser
from tests.speech.engines import Silent, silence

SETTINGS = SpeechSettings(engine="silent", base_url="http://pivot.example:8090/")
HELLO = SpeechWish("Hello", "kate")


def synthesiser(
    folder: Path, engine: Silent, settings: SpeechSettings = SETTINGS, identity: str = "v1"
) -> Synthesiser:
    cache = SoundCache(folder, settings.cache_bytes, settings.cache_age_s)
    return Synthesiser(engine, identity, cache, settings)


async def test_a_text_is_synthesised_once(tmp_path: Path) -> None:
    """The second caller hears what was made for the first; so does the next worker's."""
    engine = Silent()
    room = synthesiser(tmp_path, engine)

    first, again = await room.synthesise("a1", HELLO), await room.synthesise("a2", HELLO)
    later = await synthesiser(tmp_path, engine).synthesise("a1", HELLO)

    assert first == again == later
    assert first.startswith("http://pivot.example:8090/speech/")
    assert engine.asked == [HELLO]
    assert (room.counts.made, room.counts.found) == (1, 1)
    path = room.cache.path(first.rpartition("/")[2])
    assert path is not None
    assert path.read_bytes() == silence()


async def test_callers_who_wait_for_the_same_text_wait_for_one_synthesis(tmp_path: Path) -> None:
    """A greeting's first hundred callers cost one request to the plug-in."""
    engine = Silent()
    room = synthesiser(tmp_path, engine)

    urls = await asyncio.gather(*(room.synthesise(f"a{number}", HELLO) for number in range(100)))

    assert (len(set(urls)), engine.asked) == (1, [HELLO])


@pytest.mark.parametrize(
    "other",
    [
        replace(HELLO, text="Bye"),
        replace(HELLO, voice="joe"),
        replace(HELLO, language="de-DE"),
        replace(HELLO, ssml="<speak>Hello</speak>"),
    ],
)
async def test_another_wish_is_another_sound(tmp_path: Path, other: SpeechWish) -> None:
    """Nobody hears another language, voice or text than the document's."""
    room = synthesiser(tmp_path, Silent())

    assert await room.synthesise("a1", HELLO) != await room.synthesise("a1", other)


async def test_other_options_make_other_sounds(tmp_path: Path) -> None:
    """An operator who changes the plug-in's speed hears it at once."""
    engine = Silent()

    for identity in ("v1", "v2"):
        await synthesiser(tmp_path, engine, identity=identity).synthesise("a1", HELLO)

    assert engine.asked == [HELLO, HELLO]


async def test_a_caller_who_hangs_up_leaves_the_sound_to_the_next(tmp_path: Path) -> None:
    """The synthesis goes on, and is not begun again."""
    engine = Silent()
    engine.open.clear()
    room = synthesiser(tmp_path, engine)
    waiting = asyncio.create_task(room.synthesise("a1", HELLO))
    await engine.is_asked()
    waiting.cancel()
    await asyncio.wait([waiting])

    engine.open.set()

    assert (await room.synthesise("a1", HELLO)).startswith("http://")
    assert engine.asked == [HELLO]


async def test_what_is_announced_is_there_when_it_is_wanted(tmp_path: Path) -> None:
    """The next Say's sound is made while the one before it plays."""
    engine = Silent()
    room = synthesiser(tmp_path, engine)
    room.prepare("a1", HELLO)
    await engine.is_asked()

    await room.synthesise("a1", HELLO)

    assert engine.asked == [HELLO]


async def test_one_account_cannot_fill_the_plugin(tmp_path: Path) -> None:
    """It has its share of places; the others' texts go past those that wait."""
    engine = Silent()
    engine.open.clear()
    room = synthesiser(tmp_path, engine, replace(SETTINGS, at_once=3, per_account=2))
    texts = [SpeechWish(f"text {number}", "kate") for number in range(10)]
    flood = [asyncio.create_task(room.synthesise("greedy", wish)) for wish in texts]
    await engine.is_asked(2)
    other = asyncio.create_task(room.synthesise("modest", HELLO))
    await engine.is_asked()

    assert engine.asked[-1] == HELLO
    engine.open.set()
    await asyncio.gather(other, *flood)
    assert engine.most == 3
    assert len(engine.asked) == 11


async def test_an_account_with_too_many_waiting_texts_is_refused_at_once(tmp_path: Path) -> None:
    """Its callers hear the switch without waiting, and memory is bounded."""
    engine = Silent()
    engine.open.clear()
    room = synthesiser(tmp_path, engine)
    texts = [SpeechWish(f"text {number}", "kate") for number in range(MOST_WAITING + 3)]
    flood = [asyncio.create_task(room.synthesise("greedy", wish)) for wish in texts]

    async with asyncio.timeout(30):
        done, _ = await asyncio.wait(flood, return_when=asyncio.FIRST_COMPLETED)

    (refused,) = done
    with pytest.raises(SpeechError, match="too many texts of this account"):
        refused.result()
    engine.open.set()
    await asyncio.wait(flood)
    assert room.counts.failed == 1
    assert room.running == 0


async def test_a_plugin_that_hangs_is_given_up(tmp_path: Path) -> None:
    """Its place is free again, and the next try asks anew."""
    engine = Silent()
    engine.open.clear()
    room = synthesiser(tmp_path, engine, replace(SETTINGS, timeout_s=0.5, at_once=1, per_account=1))

    with pytest.raises(SpeechError, match=r"longer than 0\.5 s"):
        await room.synthesise("a1", HELLO)

    engine.open.set()
    assert (await room.synthesise("a1", HELLO)).startswith("http://")
    assert engine.asked == [HELLO, HELLO]


async def test_a_plugin_that_has_fallen_silent_is_left_alone_for_a_while(tmp_path: Path) -> None:
    """Not every caller waits in vain; what is kept is heard all the same, and it is tried again.

    One customer's endless texts take it from nobody else.
    """
    engine, now = Silent(), [100.0]
    settings = replace(SETTINGS, timeout_s=0.2)
    cache = SoundCache(tmp_path, settings.cache_bytes, settings.cache_age_s)
    await synthesiser(tmp_path, engine).synthesise("a1", HELLO)
    room = Synthesiser(engine, "v1", cache, settings, lambda: now[0])
    engine.open.clear()

    async def why(text: str) -> str:
        with pytest.raises(SpeechError) as caught:
            await room.synthesise("a1", SpeechWish(text, "kate"))
        return str(caught.value)

    for number in range(MOST_SILENT):
        assert "longer than" in await why(f"text {number}")
    assert "left alone" in await why("one more")
    engine.open.set()
    await room.synthesise("a2", SpeechWish("of others", "kate"))
    assert "left alone" in await why("still")
    engine.open.clear()
    assert (await room.synthesise("a1", HELLO)).startswith("http://")
    now[0] += REST_S
    assert "longer than" in await why("tried again")
    assert "left alone" in await why("and again")
    assert len(engine.asked) == 1 + MOST_SILENT + 1 + 1


async def test_a_plugin_that_refuses_is_not_silent(tmp_path: Path) -> None:
    """One customer's strange texts keep nobody else from it."""
    room = synthesiser(tmp_path, Silent(makes=RuntimeError("what is that?")))

    for number in range(3 * MOST_SILENT):
        with pytest.raises(SpeechError, match="what is that"):
            await room.synthesise("a1", SpeechWish(f"text {number}", "kate"))


async def test_who_gets_no_place_in_time_is_refused() -> None:
    """The plug-in is at work for others; that is no fault of its."""
    places = ConcurrencyLimit(1, 1)
    async with places.one("a1", 60.0):
        for account_id in ("a1", "a2"):
            with pytest.raises(SpeechError, match=r"no place to synthesise got free within 0\.01 s"):
                async with places.one(account_id, 0.01):
                    pass
    async with places.one("a2", 0.01):
        pass


@pytest.mark.parametrize(
    ("makes", "message"),
    [
        (RuntimeError("the cloud is down"), "RuntimeError: the cloud is down"),
        (Audio(b"", "audio/wav"), "made 0 bytes"),
        (Audio(bytes(2_000), "audio/wav"), "made 2000 bytes, want 1 to 1000"),
        (Audio(b"x", "text/html"), "made text/html, want one of audio/wav"),
        (AudioAt("file:///etc/passwd"), "no plain http URL"),
        (AudioAt("http://a.example/x y"), "no plain http URL"),
        (AudioAt("http:///x"), "no plain http URL"),
        (AudioAt("http://a.example/${system(id)}.wav"), "no plain http URL"),
        (AudioAt("http://a.example/x.wav)}"), "no plain http URL"),
        (AudioAt("http://a.example/" + "x" * 3_000), "no plain http URL"),
    ],
)
async def test_what_a_plugin_makes_is_looked_at(
    tmp_path: Path, makes: Audio | AudioAt | Exception, message: str
) -> None:
    """A broken plug-in costs the sound, and nothing of it is kept."""
    room = synthesiser(tmp_path, Silent(makes=makes), replace(SETTINGS, max_sound_bytes=1_000))

    with pytest.raises(SpeechError, match=message):
        await room.synthesise("a1", HELLO)

    assert room.cache.bytes == 0
    assert room.counts.failed == 1


@pytest.mark.parametrize(("max_age_s", "times"), [(0.0, 2), (60.0, 1)])
async def test_a_sound_elsewhere_is_used_again_as_long_as_the_plugin_says(
    tmp_path: Path, max_age_s: float, times: int
) -> None:
    """Links of a cloud's store expire."""
    engine = Silent(makes=AudioAt("https://cdn.example/a.mp3", max_age_s))
    room = synthesiser(tmp_path, engine)

    urls = {await room.synthesise("a1", HELLO) for _ in range(2)}

    assert (urls, len(engine.asked)) == ({"https://cdn.example/a.mp3"}, times)


async def test_closing_gives_up_what_is_being_made(tmp_path: Path) -> None:
    """A worker that stops waits for no plug-in."""
    engine = Silent()
    engine.open.clear()
    room = synthesiser(tmp_path, engine)
    waiting: Awaitable[str] = asyncio.ensure_future(room.synthesise("a1", HELLO))
    await engine.is_asked()

    await room.close()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert room.running == 0
