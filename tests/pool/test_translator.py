"""Long answers are read elsewhere, and whatever they do costs their own call alone."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from pivot.errors import DocumentError
from pivot.execute.rules import Rules
from pivot.model.codes import Code
from pivot.model.documents import Document, KazooFlow, Refusal, TwimlDocument
from pivot.model.fetch import Answer
from pivot.pool.settings import PoolSettings
from pivot.pool.translator import TranslationPool, open_pool
from pivot.schema import Schemas
from pivot.translate.answer import translate
from pivot.translate.rules import TranslateRules
from pivot.translate.twiml import Place

RULES = Rules(TranslateRules())
SETTINGS = PoolSettings(timeout_s=20.0)
SAYS = "<Response>" + "<Say>hello</Say>" * 500 + "</Response>"
CATASTROPHE = "^(a+)+$"
"""A pattern in the cluster's own schema, which some texts keep busy for years."""


@pytest.fixture
async def pool() -> AsyncIterator[TranslationPool]:
    async with open_pool(SETTINGS) as opened:
        yield opened


def answer(body: str, content_type: str = "text/xml", status: int = 200) -> Answer:
    return Answer(
        status, (("Content-Type", content_type), ("Set-Cookie", "a=b")), body.encode(), "http://a.test/"
    )


async def everybody_waits() -> None:
    """Every task has come to a point where only a process can bring it on."""
    for _ in range(20):
        await asyncio.sleep(0)


def slow_rules() -> Rules:
    tts: Any = {"type": "object", "properties": {"text": {"type": "string", "pattern": CATASTROPHE}}}
    documents = {**Schemas.bundled().documents, "callflows.tts": tts}
    schemas = replace(Schemas.bundled(), documents=MappingProxyType(documents))
    return replace(RULES, translate=replace(RULES.translate, schemas=schemas))


def slow_answer() -> Answer:
    return answer('{"module":"tts","data":{"text":"' + "a" * 9000 + '!"}}', "application/json")


async def test_a_short_answer_is_the_engines_own_to_read(pool: TranslationPool) -> None:
    """Nearly every document is short, and pays nothing."""
    assert await pool.translate("a", answer("<Response/>"), "call", RULES) is None
    assert await pool.translate("a", answer("<!--" + "-" * 8_000), "call", RULES) is None
    assert await pool.translate("a", answer("<!--" + " " * 8_200), "call", RULES) is not None
    assert await pool.translate("a", answer("<Response>" + "<Say/>" * 200), "call", RULES) is not None
    assert await pool.translate("a", answer(SAYS, status=404), "call", RULES) is None
    assert await pool.translate("a", answer(SAYS, "audio/wav"), "call", RULES) is None


@pytest.mark.parametrize("place", list(Place))
async def test_a_long_answer_says_the_same_wherever_it_is_read(pool: TranslationPool, place: Place) -> None:
    """Also where the document runs beside the call."""
    long = answer(SAYS + "<!-- -->")
    dial = answer("<Response><Dial>1</Dial>" + "<Say/>" * 700 + "</Response>")

    for each in (long, dial):
        assert await pool.translate("a", each, place.value, RULES) == translate(each, RULES.translate, place)


async def test_flows_and_refusals_too(pool: TranslationPool) -> None:
    """With their defaults filled in, and with every detail of a fault."""
    flow = answer('{"module":"tts","data":{"text":"a","x":"' + "a" * 9000 + '"}}', "application/json")
    bad = answer('{"module":"tts","data":{"text":7,"x":"' + "a" * 9000 + '"}}', "application/json")

    result = await pool.translate("a", flow, "call", RULES)
    assert result == translate(flow, RULES.translate)
    assert isinstance(result, KazooFlow)
    with pytest.raises(DocumentError) as caught:
        translate(bad, RULES.translate)
    assert await pool.translate("a", bad, "call", RULES) == Refusal.of(caught.value)


async def test_other_rules_are_other_rules(pool: TranslationPool) -> None:
    """Calls keep the rules that they began with; a process knows several."""
    for most in (10, 600, 20, 601, 30, 602, 10):
        rules = replace(RULES, translate=replace(RULES.translate, max_xml_nodes=most))
        result = await pool.translate("a", answer(SAYS), "call", rules)
        assert isinstance(result, TwimlDocument if most > 500 else Refusal)


@pytest.mark.slow
async def test_what_takes_too_long_costs_its_own_call_and_its_process() -> None:
    """An answer to another call is read meanwhile, by the process that no account can take."""
    async with open_pool(replace(SETTINGS, timeout_s=5.0)) as pool:
        assert await pool.translate("x", answer(SAYS), "call", RULES)
        slow = [
            asyncio.create_task(pool.translate("greedy", slow_answer(), "call", slow_rules()))
            for _ in range(2)
        ]
        await everybody_waits()
        assert isinstance(await pool.translate("modest", answer(SAYS), "call", RULES), TwimlDocument)
        assert not any(each.done() for each in slow)

        first = await slow[0]
        assert isinstance(first, Refusal)
        assert first.code is Code.ANSWER_JSON_LIMIT
        assert "5 s" in first.message
        slow[1].cancel()
        assert pool.counts.refused == 1


async def test_a_process_that_dies_costs_its_own_call() -> None:
    """The next answer gets a new process."""
    async with open_pool(replace(SETTINGS, processes=1)) as pool:
        assert isinstance(await pool.translate("a", answer(SAYS), "call", RULES), TwimlDocument)
        (pid,) = pool.pids
        dying = asyncio.create_task(pool.translate("a", slow_answer(), "call", slow_rules()))
        waiting = asyncio.create_task(pool.translate("b", answer(SAYS), "call", RULES))
        await everybody_waits()
        os.kill(pid, signal.SIGKILL)

        refused = await dying
        assert isinstance(refused, Refusal)
        assert refused.code is Code.ANSWER_JSON_LIMIT
        assert isinstance(await waiting, TwimlDocument)
        assert pool.pids != [pid]


async def test_a_call_that_is_over_waits_no_longer() -> None:
    """What it left is not read at all."""
    async with open_pool(replace(SETTINGS, processes=1)) as pool:
        busy = asyncio.create_task(pool.translate("a", answer(SAYS), "call", RULES))
        gone = asyncio.create_task(pool.translate("b", answer(SAYS), "call", RULES))
        await everybody_waits()
        gone.cancel()
        await everybody_waits()
        assert pool.waiting <= 1
        assert isinstance(await busy, TwimlDocument)
        assert pool.waiting == 0
        assert pool.counts.read == 1


async def test_an_account_may_not_fill_the_memory_with_what_waits() -> None:
    """Beyond its places its answers are refused; another account's are not."""
    async with open_pool(replace(SETTINGS, processes=1, max_waiting_bytes=160_000)) as pool:
        tasks = [asyncio.create_task(pool.translate("a", answer(SAYS), "call", RULES)) for _ in range(5)]
        other = asyncio.create_task(pool.translate("b", answer(SAYS), "call", RULES))
        results: list[Document | Refusal | None] = await asyncio.gather(*tasks)

        assert isinstance(await other, TwimlDocument)
        refused = [result for result in results if isinstance(result, Refusal)]
        assert len(refused) >= 3
        assert {each.code for each in refused} == {Code.ANSWER_XML_LIMIT}


async def test_without_processes_everything_is_read_in_place() -> None:
    """A setting for small machines."""
    async with open_pool(PoolSettings(processes=0)) as pool:
        assert await pool.translate("a", answer(SAYS), "call", RULES) is None


async def test_no_process_stays_behind() -> None:
    """Not even one that is busy."""
    async with open_pool(SETTINGS) as pool:
        assert await pool.translate("a", answer(SAYS), "call", RULES)
        task = asyncio.create_task(pool.translate("a", slow_answer(), "call", slow_rules()))
        await everybody_waits()
        pids = pool.pids
    task.cancel()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_nobody_waits_for_a_process_for_ever() -> None:
    """A caller who hears nothing meanwhile gets the fallback, or the call ends."""
    async with open_pool(replace(SETTINGS, processes=1, timeout_s=1.0, wait_s=0.01)) as pool:
        slow = asyncio.create_task(pool.translate("a", slow_answer(), "call", slow_rules()))
        await everybody_waits()
        result = await pool.translate("b", slow_answer(), "call", slow_rules())

        assert isinstance(result, Refusal)
        assert result.code is Code.ANSWER_JSON_LIMIT
        assert isinstance(await slow, Refusal)
