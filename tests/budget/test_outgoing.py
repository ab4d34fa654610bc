"""What leaves because of one document: messages of bounded size, and no more at once than a call can use."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from pivot.debug.recorder import Recorder
from pivot.debug.settings import DebugSettings
from pivot.debug.store import DebugDocument
from pivot.model.call import PivotRequest
from pivot.session.ports import Delivery, Observer
from pivot.session.worker import Worker
from pivot.session.world import World
from pivot.sim.broker import MemoryBroker
from pivot.sim.clock import run_virtually
from pivot.sim.fakes import FakeFetcher, FakeOwnership, FakePhones
from pivot.sim.kazoo import SimulatedKazoo
from pivot.sim.link import Handler
from pivot.sim.memory_bus import MemoryBus
from pivot.wire.envelope import Message
from tests.calls import VOICE_URL, twiml
from tests.rules import RULES

FRAME_BYTES = 131_072
"""Of RabbitMQ; properties, headers and a message of a call fit into one."""
_LISTENS_S = 30.0

PARAMETER = '<Parameter name="a" value="bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"/>'
LONG = "a" * 20_000
DOCUMENTS = {
    "900 Says": "<Say>hello</Say>" * 900,
    "a Say of 60 kB": f"<Say>{'word ' * 12_000}</Say>",
    "a Say of wide characters": f"<Say>{chr(0x1F600) * 15_000}</Say>",
    "SSML": f"<Say><p>{'<s>a</s>' * 900}</p></Say>",
    "900 Plays, each ten thousand times": '<Play loop="10000">http://a.test/a.mp3</Play>' * 900,
    "a Play with a long URL": f"<Play>http://a.test/{LONG}</Play>",
    "450 prompts in a Gather": f"<Gather>{'<Say>a</Say><Play>/a.mp3</Play>' * 450}</Gather>",
    "900 Dials": "<Dial>+14155550100</Dial>" * 900,
    "900 numbers": f"<Dial>{'<Number>+14155550100</Number>' * 900}</Dial>",
    "900 addresses": f"<Dial>{'<Sip>sip:a@a.test?X-a=b</Sip>' * 900}</Dial>",
    "900 headers": f"<Dial><Sip>sip:a@a.test?{'&amp;'.join(f'X-a{n}=b' for n in range(900))}</Sip></Dial>",
    "900 users": f"<Dial>{'<User>0123456789abcdef0123456789abcdef</User>' * 900}</Dial>",
    "900 parameters": f"<Dial><Client>a{PARAMETER * 900}</Client></Dial>",
    "900 conferences": "<Dial><Conference>a</Conference></Dial>" * 900,
    "a conference with a long name": f"<Dial><Conference>{LONG}</Conference></Dial>",
    "900 Records": "<Record/>" * 900,
    "900 recordings beside the call": "<Start><Recording/></Start>" * 450 + "<Pause length='9'/>",
    "900 streams": '<Start><Stream url="wss://a.test/"/></Start>' * 450 + "<Pause length='9'/>",
    "a long stream": f'<Connect><Stream url="wss://a.test/{LONG}"/></Connect><Pause/>',
    "parameters of a stream": '<Connect><Stream url="wss://a.test/">'
    + f'<Parameter name="{"n" * 200}" value="{"v" * 200}"/>' * 100
    + "</Stream></Connect>",
    "900 Sets": '<Set><Variable key="a" value="b"/></Set>' * 450 + "<Redirect>/next</Redirect>",
    "long variables": f'<Set><Variable key="a" value="{LONG}"/></Set><Redirect>/next</Redirect>',
    "900 messages": '<Sms to="+14155550100" from="+14155550100">a</Sms>' * 900,
    "900 Stops": "<Stop/>" * 900,
    "900 unknown verbs": "<Foo a='1'/>" * 900,
    "long keys": f"<Play digits=\"{'1' * 200}\" loop='10000'/>" * 200,
    "900 Enqueues": "<Enqueue>a</Enqueue>" * 900,
    "nothing but pauses": "<Pause length='1'/>" * 900,
}


class Counting(MemoryBroker):
    """Pivot's own connection to another broker: remembers what it publishes, and when."""

    def __init__(self, broker: MemoryBroker) -> None:
        super().__init__()
        self.sizes: list[int] = []
        self.at: Counter[float] = Counter()
        self._broker = broker

    async def publish(self, message: Message) -> bool:
        self.sizes.append(len(message.payload) + sum(map(len, message.headers.values())))
        self.at[asyncio.get_running_loop().time()] += 1
        return await self._broker.publish(message)

    async def listen(self, exchange: str, binding_key: str, handler: Handler) -> None:
        await self._broker.listen(exchange, binding_key, handler)

    def forget(self, exchange: str, binding_key: str, handler: Handler) -> None:
        self._broker.forget(exchange, binding_key, handler)


async def called(inner: str) -> tuple[Counting, list[DebugDocument]]:
    """A caller listens for a while and hangs up."""
    broker, documents = MemoryBroker(), list[DebugDocument]()
    counting = Counting(broker)
    kazoo = SimulatedKazoo(broker)
    await kazoo.start()
    bus = MemoryBus(counting, "pivot@test")
    recorder = Recorder(DebugSettings(store="sqlite", redact=()), "pivot@test", documents.append)

    def watch(request: PivotRequest, delivery: Delivery) -> tuple[Observer, ...]:
        return (recorder.watch(replace(request, debug=True), 1_000_000.0),)

    fetcher = FakeFetcher(lambda request: twiml(inner))
    world = World(bus, fetcher, FakeOwnership(), asyncio.get_running_loop().time, phones=FakePhones())
    await bus.consume(Worker(world, lambda: RULES, watch).take)
    call = await kazoo.place_call(VOICE_URL, script=[{"t": _LISTENS_S, "do": "hangup"}])
    await call.over
    await asyncio.sleep(_LISTENS_S + 20)
    await kazoo.stop()
    return counting, documents


@pytest.mark.parametrize("name", DOCUMENTS)
def test_one_document_leads_to_bounded_messages(name: str) -> None:
    """No message is larger than a frame, no moment has more of them than a call can use."""
    published, documents = run_virtually(called(DOCUMENTS[name]))

    assert published.sizes
    assert max(published.sizes) <= FRAME_BYTES / 8
    assert max(published.at.values()) <= 30
    assert documents
    assert max(document.size_bytes for document in documents) <= 700_000
