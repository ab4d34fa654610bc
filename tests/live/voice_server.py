"""A customer's web server under the test's control."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web


class VoiceServer:
    """Answers `/json`, `/long`, `/hostile`, `/broken`, `/say`, `/pause`, `/dial` and `/status/500`;
    `/conference/x`, `/enqueue/x` and `/agent/x` lead into the room or queue x; the last two ask `/after`
    then, which says something.

    `/slow` and `/slow_say` are answered after `released` is set.
    """

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[web.BaseRequest] = []
        self.released = asyncio.Event()
        self._arrived = asyncio.Condition()

    async def was_asked(self, times: int) -> None:
        """Returns when so many requests have arrived."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.asked) >= times)

    async def told(self, path: str) -> dict[str, str]:
        """The form of the first request for this path, as soon as it is there."""

        def found() -> list[web.BaseRequest]:
            return [request for request in self.asked if request.path == path]

        async with self._arrived:
            await self._arrived.wait_for(found)
        request = found()[0]
        return {name: str(value) for name, value in (await request.post()).items()}

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        async with self._arrived:
            self.asked.append(request)
            self._arrived.notify_all()
        match request.path.split("/"):
            case ["", "json"]:
                return web.json_response({"module": "hangup"})
            case ["", "broken"]:
                return web.json_response({"module": "tts", "data": {}})
            case ["", "say"]:
                return web.Response(text="<Response><Say>hi</Say></Response>", content_type="text/xml")
            case ["", "long"]:
                return web.json_response({"module": "hangup", "x": ["a"] * 20_000})
            case ["", "hostile"]:
                return web.json_response(
                    {"module": "collect_dtmf", "data": {"terminators": list(range(20_000))}}
                )
            case ["", "slow"]:
                await self.released.wait()
                return web.json_response({"module": "hangup"})
            case ["", "pause"]:
                return web.Response(text=_PAUSE, content_type="text/xml")
            case ["", "dial"]:
                return web.Response(text=_DIAL, content_type="text/xml")
            case ["", "conference", room]:
                dial = f'<Dial><Conference waitUrl="">{room}</Conference></Dial>'
                return web.Response(text=f"<Response>{dial}</Response>", content_type="text/xml")
            case ["", "enqueue", queue]:
                verb = f'<Enqueue waitUrl="" action="{self.url}/after/enqueue">{queue}</Enqueue>'
                return web.Response(text=f"<Response>{verb}</Response>", content_type="text/xml")
            case ["", "agent", queue]:
                dial = f'<Dial action="{self.url}/after/agent"><Queue>{queue}</Queue></Dial>'
                return web.Response(text=f"<Response>{dial}</Response>", content_type="text/xml")
            case ["", "after", _]:
                return web.Response(text="<Response><Say>bye</Say></Response>", content_type="text/xml")
            case ["", "slow_say"]:
                await self.released.wait()
                return web.Response(text="<Response><Say>hi</Say></Response>", content_type="text/xml")
            case ["", "status", number]:
                return web.Response(status=int(number), text="no")
        return web.Response(status=404)


_DIAL = '<Response><Dial timeout="1"><User>user-1</User></Dial></Response>'
_PAUSE = '<Response><Pause length="60"/></Response>'


@asynccontextmanager
async def voice_server() -> AsyncIterator[VoiceServer]:
    handler = VoiceServer()
    runner = web.ServerRunner(web.Server(handler), shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        handler.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield handler
    finally:
        await runner.cleanup()
