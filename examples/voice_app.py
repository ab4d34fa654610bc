"""A voice application to start from: a greeting, a menu, and a page that is broken on purpose.

    python examples/voice_app.py            # then point a pivot node's voice_url at http://this-host:8080/menu

It needs aiohttp and nothing of pivot's. pivot asks by GET or POST; `parameters` reads both.
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web


async def parameters(request: web.Request) -> Mapping[str, str]:
    """What pivot tells about the call: From, To, Digits and so on."""
    form = await request.post() if request.method == "POST" else {}
    return {**request.query, **{name: str(value) for name, value in form.items()}}


def twiml(verbs: str) -> web.Response:
    return web.Response(text=f"<Response>{verbs}</Response>", content_type="text/xml")


async def flow(request: web.Request) -> web.Response:
    """Kazoo style: answer with a callflow; callflow runs it as if it were configured there."""
    caller = (await parameters(request)).get("Caller-ID-Name", "somebody")
    return web.json_response(
        {
            "module": "tts",
            "data": {"text": f"Hello {caller}. We are closed today."},
            "children": {"_": {"module": "voicemail", "data": {"id": "0123456789abcdef0123456789abcdef"}}},
        }
    )


def here(request: web.Request, path: str) -> str:
    """An absolute URL of ours; relative ones mean different things to Kazoo and to Twilio."""
    return f"{request.url.origin()}{path}"


async def menu(request: web.Request) -> web.Response:
    """TwiML style: ask for a key and say where the answer goes."""
    return twiml(
        f'<Gather numDigits="1" action="{here(request, "/chosen")}" timeout="5">'
        "<Say>For opening hours, press 1. For a joke, press 2.</Say>"
        "</Gather>"
        "<Say>We heard nothing. Goodbye.</Say>"
    )


async def chosen(request: web.Request) -> web.Response:
    """The caller pressed something."""
    texts = {"1": "We are open from nine to five.", "2": "There is no joke today."}
    key = (await parameters(request)).get("Digits", "")
    if key in texts:
        return twiml(f"<Say>{texts[key]}</Say><Hangup/>")
    return twiml(f"<Say>That is not on the menu.</Say><Redirect>{here(request, '/menu')}</Redirect>")


async def broken(request: web.Request) -> web.Response:
    """What a support engineer gets called about."""
    return web.json_response({"module": "tts", "data": {"txt": "a misspelt member"}})


def make_app() -> web.Application:
    app = web.Application()
    for path, handler in {"/flow": flow, "/menu": menu, "/chosen": chosen, "/broken": broken}.items():
        app.router.add_route("*", path, handler)
    return app


if __name__ == "__main__":
    web.run_app(make_app(), port=8080)
