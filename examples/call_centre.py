"""A small call centre to start from: callers wait in a queue, agents take them, everybody is looked after.

    python examples/call_centre.py          # callers: voice_url http://this-host:8080/support
                                            # agents:  voice_url http://this-host:8080/agent

It needs aiohttp and nothing of pivot's. URLs are absolute, so it works in both of pivot's profiles.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from aiohttp import web

QUEUE = "support"


async def parameters(request: web.Request) -> Mapping[str, str]:
    """What pivot tells about the call: QueuePosition, QueueResult, Digits and so on."""
    form = await request.post() if request.method == "POST" else {}
    return {**request.query, **{name: str(value) for name, value in form.items()}}


def twiml(verbs: str) -> web.Response:
    return web.Response(text=f"<Response>{verbs}</Response>", content_type="text/xml")


def say(text: str) -> str:
    return f"<Say>{escape(text)}</Say>"


def here(request: web.Request, path: str) -> str:
    return f"{request.url.origin()}{path}"


# ---- for callers


async def support(request: web.Request) -> web.Response:
    """Into the queue; `after` decides what comes next, however the waiting ends."""
    return twiml(
        say("Welcome. All of us are talking.")
        + f'<Enqueue waitUrl="{here(request, "/wait")}" action="{here(request, "/after")}">{QUEUE}</Enqueue>'
    )


async def wait(request: web.Request) -> web.Response:
    """Asked for again whenever it ends, each time with the caller's place as it is then."""
    place = (await parameters(request)).get("QueuePosition", "1")
    told = "You are next." if place == "1" else f"You are number {place}."
    return twiml(
        f'<Gather numDigits="1" timeout="8" action="{here(request, "/wait/key")}">'
        + say(f"{told} To be called back instead, press 1.")
        + "</Gather>"
    )


async def wait_key(request: web.Request) -> web.Response:
    """A key while waiting; what this document leads to becomes the wait loop."""
    if (await parameters(request)).get("Digits") == "1":
        return twiml("<Leave/>")
    return twiml(f"<Redirect>{here(request, '/wait')}</Redirect>")


async def after(request: web.Request) -> web.Response:
    """The caller left the queue: who talked is asked how it was, who gave up is promised a call."""
    match (await parameters(request)).get("QueueResult"):
        case "bridged":
            return twiml(
                f'<Gather numDigits="1" timeout="8" action="{here(request, "/rated")}">'
                + say("How did we do? Press a number from 1 to 5.")
                + "</Gather>"
                + say("Goodbye.")
            )
        case "leave":
            return twiml(say("We will call you back. Goodbye."))
    return twiml(say("There is no room left in our queue. Please call later."))


async def rated(request: web.Request) -> web.Response:
    return twiml(say("Thank you. Goodbye."))


# ---- for agents


async def agent(request: web.Request) -> web.Response:
    """The next caller, or the first who comes within a minute; the star key ends a talk."""
    return twiml(
        f'<Dial action="{here(request, "/agent/next")}" timeout="60" hangupOnStar="true">'
        f'<Queue url="{here(request, "/about")}">{QUEUE}</Queue></Dial>'
    )


async def about(request: web.Request) -> web.Response:
    """What the caller hears before both are joined."""
    return twiml(say("You are being connected. Thank you for waiting."))


async def agent_next(request: web.Request) -> web.Response:
    """One talk is over, or nobody came."""
    if (await parameters(request)).get("DialCallStatus") == "completed":
        return twiml(say("Next caller.") + f"<Redirect>{here(request, '/agent')}</Redirect>")
    return twiml(say("Nobody is waiting."))


def make_app() -> web.Application:
    app = web.Application()
    pages = {
        "/support": support,
        "/wait": wait,
        "/wait/key": wait_key,
        "/after": after,
        "/rated": rated,
        "/agent": agent,
        "/about": about,
        "/agent/next": agent_next,
    }
    for path, handler in pages.items():
        app.router.add_route("*", path, handler)
    return app


if __name__ == "__main__":
    web.run_app(make_app(), port=8080)
