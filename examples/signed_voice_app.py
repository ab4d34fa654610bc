"""A voice application that answers nobody but pivot: it checks each request's signature first.

Configure pivot with the same secret:

    [fetch.signing_keys]
    "*" = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]

Then run it: VOICE_SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw python examples/signed_voice_app.py

For pivot's `twilio_tokens`, Twilio's own `RequestValidator` checks X-Twilio-Signature unchanged:
`RequestValidator(token).validate(url, form, request.headers["X-Twilio-Signature"])`.
"""

from __future__ import annotations

import base64
import hmac
import os
import time
from collections.abc import Mapping

from aiohttp import web

TOLERANCE_S = 300
SECRET = web.AppKey("secret", str)
WELCOME = "<Response><Say>Nobody but your own switch can hear this.</Say><Hangup/></Response>"


def is_from_pivot(secret: str, headers: Mapping[str, str], body: bytes, now_s: float) -> bool:
    """Whether one of the request's signatures was made with our secret, not long ago."""
    webhook_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs(now_s - int(timestamp)) > TOLERANCE_S:
        return False  # an old request, recorded and sent again
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode("ascii")
    given = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(wanted.encode(), one.encode()) for one in given)


async def voice(request: web.Request) -> web.Response:
    body = await request.read()
    if not is_from_pivot(request.app[SECRET], request.headers, body, time.time()):
        return web.Response(status=403, text="signature missing or wrong")
    return web.Response(text=WELCOME, content_type="text/xml")


def application(secret: str) -> web.Application:
    app = web.Application()
    app[SECRET] = secret
    app.router.add_route("*", "/voice", voice)
    return app


if __name__ == "__main__":
    web.run_app(application(os.environ["VOICE_SECRET"]), host="127.0.0.1", port=8080)
