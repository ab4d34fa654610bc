"""Calls, requests and answers that tests begin with."""

from __future__ import annotations

from typing import Any

from pivot.model.call import BodyFormat, Call, Method, Party, PivotRequest, RequestFormat
from pivot.model.fetch import Answer

CALL_ID = "call-1@host"
ACCOUNT_ID = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
VOICE_URL = "http://127.0.0.1:8000/voice"


def call(**changes: Any) -> Call:
    values: dict[str, Any] = {
        "call_id": CALL_ID,
        "account_id": ACCOUNT_ID,
        "control_queue": "control-queue",
        "controller_queue": "controller-queue",
        "from_": Party("1001", "pbx.example.com"),
        "to": Party("5000", "pbx.example.com"),
        "request": Party("5000", "pbx.example.com"),
        "caller_id_name": "Bob",
        "caller_id_number": "1001",
    }
    return Call(**(values | changes))


def pivot_request(**changes: Any) -> PivotRequest:
    values: dict[str, Any] = {
        "msg_id": "msg-1",
        "call": call(),
        "voice_uri": VOICE_URL,
        "method": Method.GET,
        "format": RequestFormat.KAZOO,
        "body_format": BodyFormat.FORM,
    }
    return PivotRequest(**(values | changes))


def answer(body: str | bytes, content_type: str | None = "application/json", status: int = 200) -> Answer:
    headers = () if content_type is None else (("Content-Type", content_type),)
    raw = body.encode() if isinstance(body, str) else body
    return Answer(status, headers, raw, VOICE_URL)


def twiml(inner: str) -> Answer:
    """A document of these verbs."""
    return answer(f"<Response>{inner}</Response>", "text/xml")
