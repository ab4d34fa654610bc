"""Record the calls of a real cluster as `tools/replay_calls.py` reads them.

    rabbitmqctl trace_on -p /          # RabbitMQ copies each message to amq.rabbitmq.trace
    python tools/record_calls.py --amqp amqp://USER:PASSWORD@BROKER:5672/ --seconds 60 --into recorded/
    rabbitmqctl trace_off -p /

Writes one file for each call that was handed to pivot in that time. Tracing costs the broker one more message
for each: do it on a quiet cluster, and switch it off. The files hold what the calls held, numbers and texts
included. The documents that the customer's server gave are not on the bus: add them to the file as `document`
and `further_documents`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiormq
from aiormq.abc import DeliveredMessage

TRACE = "amq.rabbitmq.trace"
_EXCHANGES = frozenset({"callevt", "callctl", "callmgr", "targeted", "resources", "conference", "switch"})


async def record(amqp_url: str, seconds: float) -> list[dict[str, Any]]:
    """Every message of Kazoo's exchanges within so many seconds; the broker must trace."""
    rows: list[dict[str, Any]] = []
    began_s = time.monotonic()

    async def traced(message: DeliveredMessage) -> None:
        headers = message.header.properties.headers or {}
        exchange = _text(headers.get("exchange_name"))
        if exchange in _EXCHANGES:
            payload = _payload(message.body)
            keys = [_text(key) for key in headers.get("routing_keys") or ()]  # type: ignore[union-attr]
            at_s = round(time.monotonic() - began_s, 3)
            rows.append({"t_s": at_s, "exchange": exchange, "routing_keys": keys, "payload": payload})

    connection = await aiormq.connect(amqp_url)
    try:
        channel = await connection.channel()
        queue = (await channel.queue_declare("", exclusive=True)).queue or ""
        await channel.queue_bind(queue, TRACE, "publish.#")
        await channel.basic_consume(queue, traced, no_ack=True)
        await asyncio.sleep(seconds)
    finally:
        await connection.close()
    return rows


def calls_of(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The calls that were handed to pivot, each with the messages that are about it or its legs."""
    asked = [row["payload"] for row in rows if row["payload"].get("Event-Name") == "pivot_req"]
    return [_call(number, str(each["Call"]["Call-ID"]), rows) for number, each in enumerate(asked, 1)]


def _call(number: int, call_id: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    known = {call_id}
    for row in rows:  # a leg is known by the leg that it was made for
        if known & set(_ids(row["payload"])):
            known |= {value for value in _ids(row["payload"]) if value}
    own = [row for row in rows if known & set(_ids(row["payload"])) or _msg_id(row) in _asked(rows, known)]
    began_s = own[0]["t_s"]
    return {
        "name": f"call-{number}",
        "source": "recorded with tools/record_calls.py",
        "call_id": call_id,
        "legs": sorted(known - {call_id}),
        "messages": [row | {"t_s": round(row["t_s"] - began_s, 3)} for row in own],
    }


def _ids(payload: dict[str, Any]) -> list[str]:
    told = [payload, payload.get("Call") or {}, *(payload.get("Endpoints") or ())]
    names = ("Call-ID", "Outbound-Call-ID", "Existing-Call-ID")
    return [str(each[name]) for each in told for name in names if each.get(name)]


def _msg_id(row: dict[str, Any]) -> str:
    return str(row["payload"].get("Msg-ID"))


def _asked(rows: Sequence[dict[str, Any]], known: set[str]) -> set[str]:
    """Msg-IDs by which answers without a Call-ID are recognised."""
    return {_msg_id(row) for row in rows if known & set(_ids(row["payload"]))} - {"None"}


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes | bytearray) else str(value)


def _payload(body: bytes) -> dict[str, Any]:
    try:
        payload = json.loads(body)
    except ValueError:
        return {}
    return payload if isinstance(payload, dict) else {}


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0, or 1 when no call was handed to pivot."""
    parser = argparse.ArgumentParser(description="Record calls that are handed to pivot.")
    parser.add_argument("--amqp", required=True, help="URL of the cluster's broker")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--into", type=Path, default=Path("recorded"), help="folder for the files")
    chosen = parser.parse_args(arguments)
    calls = calls_of(asyncio.run(record(chosen.amqp, chosen.seconds)))
    chosen.into.mkdir(parents=True, exist_ok=True)
    for call in calls:
        path = chosen.into / f"{call['name']}.json"
        path.write_text(json.dumps(call, indent=1))
        print(f"{path}: {len(call['messages'])} messages")
    if not calls:
        print("no pivot_req was seen; is tracing on (rabbitmqctl trace_on -p VHOST)?", file=sys.stderr)
    return 0 if calls else 1


if __name__ == "__main__":
    sys.exit(main())
