"""Signatures that other people's validators accept."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from aiohttp import web
from twilio.request_validator import RequestValidator

from pivot.errors import ConfigError
from pivot.fetch.signing import read_keys, twilio_signature, webhook_headers
from pivot.model.call import BodyFormat, Method
from tests.fetch.helpers import answered, ask, fetcher_for_tests, serving

ROOT = Path(__file__).parents[2]
VECTORS = json.loads((ROOT / "tests/vectors/twiml/signatures.json").read_text())["signature_vectors"]
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
STRANGER = "whsec_" + "A" * 32
TOKEN = "0123456789abcdef0123456789abcdef"


def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("signed_voice_app", ROOT / "examples/signed_voice_app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_twilio_signatures_are_twilios(vector: dict[str, Any]) -> None:
    """Customers' existing validation code accepts pivot unchanged."""
    parameters = tuple(vector.get("params", {}).items())
    assert twilio_signature(vector["token"], vector["url"], parameters) == vector["signature"]


def test_standard_webhooks_signatures_are_as_specified() -> None:
    """The specification's own example: secret, id, time and payload with their signature."""
    keys = read_keys({"*": (SECRET,)})["*"]
    headers = webhook_headers(keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}')
    assert headers == [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ]


def test_a_key_that_is_none_stops_the_start() -> None:
    """Better no start than requests that nobody can verify."""
    with pytest.raises(ConfigError, match="signing_keys for a1"):
        read_keys({"a1": ("not base64!",)})


@pytest.mark.parametrize(
    ("secret", "status"), [(SECRET, 200), (OTHER_SECRET, 200), ("whsec_" + "A" * 32, 403)]
)
async def test_the_example_application_lets_pivot_in(secret: str, status: int) -> None:
    """While keys are rotated both are good; a stranger's is not."""
    runner = web.AppRunner(example().application(secret))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/voice"
        async with fetcher_for_tests(signing_keys={"*": (SECRET, OTHER_SECRET)}) as fetcher:
            posted = answered(await fetcher.fetch(ask(url, method=Method.POST, body=b"a=1")))
            got = answered(await fetcher.fetch(ask(f"{url}?a=1")))
    finally:
        await runner.cleanup()

    assert [posted.status, got.status] == [status, status]


@pytest.mark.parametrize("method", [Method.GET, Method.POST])
@pytest.mark.parametrize("body_format", [BodyFormat.FORM, BodyFormat.JSON])
async def test_twilios_validator_accepts_what_arrives(method: Method, body_format: BodyFormat) -> None:
    """From the server's side, with the parameters it decodes itself."""
    parameters = (
        ("To", "+1555"),
        ("CallerName", "José & Co"),
        ("Digits", "12#"),
        ("CallerName", "José & Co"),
    )
    verdicts: list[bool] = []

    async def voice(request: web.BaseRequest) -> web.Response:
        body = (await request.read()).decode()
        url = f"http://{request.headers['Host']}{request.raw_path}"
        is_form = request.method == "POST" and not body.startswith("{")
        form: Any = dict(parse_qsl(body)) if is_form else body or {}
        verdicts.append(RequestValidator(TOKEN).validate(url, form, request.headers["X-Twilio-Signature"]))
        return web.Response(text="ok")

    body = urlencode(parameters).encode() if body_format is BodyFormat.FORM else b'{"Digits": "12#"}'
    async with serving(voice) as origin, fetcher_for_tests(twilio_tokens={"a1": TOKEN}) as fetcher:
        request = ask(
            f"{origin}/v?tenant=7" if method is Method.POST else f"{origin}/v?{urlencode(parameters)}",
            method=method,
            body=body if method is Method.POST else b"",
            parameters=parameters,
            body_format=body_format,
            account_id="a1",
        )
        answered(await fetcher.fetch(request))

    assert verdicts == [True]


async def test_only_accounts_with_keys_sign() -> None:
    """Keys belong to accounts; `*` is for all others."""
    signed: list[bool] = []

    async def voice(request: web.BaseRequest) -> web.Response:
        signed.append("webhook-signature" in request.headers)
        return web.Response(text="ok")

    async with serving(voice) as origin, fetcher_for_tests(signing_keys={"a1": (SECRET,)}) as fetcher:
        for account_id in ("a1", "a2", None):
            answered(await fetcher.fetch(ask(origin, account_id=account_id)))

    assert signed == [True, False, False]


async def test_a_call_is_one_trace() -> None:
    """Every request of a call has its own span in the call's trace."""
    seen: list[str] = []

    async def voice(request: web.BaseRequest) -> web.Response:
        seen.append(request.headers["traceparent"])
        return web.Response(text="ok")

    async with serving(voice) as origin, fetcher_for_tests(traceparent=True) as fetcher:
        for call_id in ("c1", "c1", "c2"):
            answered(await fetcher.fetch(ask(origin, call_id=call_id)))

    traces = [header.split("-")[1] for header in seen]
    spans = [header.split("-")[2] for header in seen]
    assert (traces[0] == traces[1], traces[1] == traces[2], len(set(spans))) == (True, False, 3)
