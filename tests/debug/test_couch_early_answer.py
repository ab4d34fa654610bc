"""A CouchDB that refuses at the head of a request and closes with the body unread, over a real socket."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from dataclasses import replace

import pytest

from pivot.debug.couch import Couch
from pivot.debug.couch_store import CouchStore
from tests.debug.calls import good_call, recorded, request

MISSING = b'{"error":"not_found","reason":"Database does not exist."}'
LIMIT = 3_000_000


class EarlyServer:
    """Stores documents by id; answers 404 or 413 at the head and resets the connection."""

    def __init__(self, *, there: bool) -> None:
        self.there = there
        self.broken = 0
        self.stored: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path, _ = head.split("\r\n")[0].split(" ")
        sizes = [line for line in head.lower().split("\r\n") if line.startswith("content-length:")]
        size = int(sizes[0].split(":")[1]) if sizes else 0
        bulk = path.endswith("/_bulk_docs")
        if bulk and (not self.there or size > LIMIT):
            self.broken += 1
            held = writer.get_extra_info("socket")
            held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            return
        body = await reader.readexactly(size)
        status, answer = self._answer(method, path, body)
        length = f"content-length: {len(answer)}\r\nconnection: close\r\n\r\n"
        writer.write(f"HTTP/1.1 {status} X\r\n{length}".encode() + answer)
        await writer.drain()
        writer.close()

    def _answer(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        if path.startswith("/accounts/"):
            return 200, b'{"_id":"a"}'
        if path.endswith("/_bulk_docs"):
            ids = [str(document["_id"]) for document in json.loads(body)["docs"]]
            self.stored += ids
            return 201, json.dumps([{"id": id, "ok": True} for id in ids]).encode()
        if method == "PUT":
            self.there = True
            return 201, b'{"ok":true}'
        return (200, b'{"_rev":"1-x"}') if self.there else (404, MISSING)


@pytest.mark.parametrize("there", [False, True], ids=["missing", "too large"])
async def test_an_answer_lost_by_a_reset_costs_no_document(there: bool) -> None:
    """A missing month is made, a batch that is too large is halved; each document is stored once."""
    fake = EarlyServer(there=there)
    documents = [
        replace(item, body={**item.body, "blanks": " " * 1_500_000})
        for item in recorded(request(), good_call())
    ]
    async with await asyncio.start_server(fake.serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        store = CouchStore(Couch(f"http://127.0.0.1:{port}", timeout_s=5.0))
        report = await store.write(documents)

    assert (report.stored, report.later, report.refused) == (3, (), ())
    assert fake.broken >= 1
    assert sorted(fake.stored) == sorted(item.id for item in documents)
