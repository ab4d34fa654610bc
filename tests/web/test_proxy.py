"""The proxy rules of docs/proxy.md, in the real proxies."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from yarl import URL

from pivot.web.app import make_web_app, serve_web
from pivot.web.time_range import unix
from tests.web.memory_store import MemoryStore
from tests.web.support import ALICE, ALICE_TOKEN, NOW, SETTINGS, asked, fill

pytestmark = pytest.mark.live

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "proxy.md"
CALL_ID = "a b+c/d%2Fe@host"


def rules(kind: str, pivot_port: int, crossbar_port: int, port: int) -> str:
    """The documented text with this test's ports."""
    found = re.search(rf"```{kind}\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert found is not None
    text = found[1].replace("127.0.0.1:8090", f"127.0.0.1:{pivot_port}")
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{crossbar_port}")
    return text.replace("listen 8080", f"listen 127.0.0.1:{port}").replace(
        "bind :8080", f"bind 127.0.0.1:{port}"
    )


def arguments(kind: str, text: str, folder: Path) -> list[str]:
    """How to run a proxy in the foreground with these rules, writing only below `folder`."""
    config = folder / f"{kind}.conf"
    if kind == "haproxy":
        config.write_text(text)
        return ["-db", "-f", str(config)]
    temporary = "".join(
        f"{name}_temp_path {folder / name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = text.replace("/var/log/nginx/api.log", str(folder / "api.log"))
    main = f"daemon off; master_process off; pid {folder / 'pid'}; error_log stderr;"
    config.write_text(f"{main}\nevents {{}}\nhttp {{ {temporary}\n{text} }}")
    return ["-c", str(config), "-e", "stderr"]


@asynccontextmanager
async def running(command: list[str], port: int) -> AsyncIterator[None]:
    """The proxy, once it listens."""
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(10):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    assert process.returncode is None, await process.stderr.read() if process.stderr else ""
                    await asyncio.sleep(0.05)  # another program: it cannot tell us
                else:
                    writer.close()
                    break
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


@pytest.mark.parametrize("kind", ["nginx", "haproxy"])
async def test_the_documented_rules_send_pivots_paths_here(
    kind: str, find_proxy: Callable[[str], str], tmp_path: Path
) -> None:
    """Call ids arrive unharmed, the client's address is known, streams flow, the rest is Crossbar's."""
    program = find_proxy(kind)
    store = MemoryStore()
    await fill(store, asked(CALL_ID, NOW - 5))
    settings = replace(SETTINGS, port=0)
    app = make_web_app(store, settings, node="pivot@test", clock=lambda: float(unix(NOW)))
    crossbar = web.Application()
    crossbar.router.add_get("/{rest:.*}", _crossbar)

    port = unused_port()
    async with serve_web(app, settings) as (_, pivot_port), TestServer(crossbar) as behind:
        text = rules(kind, pivot_port, behind.port or 0, port)
        async with (
            running([program, *arguments(kind, text, tmp_path)], port),
            aiohttp.ClientSession() as client,
        ):

            async def get(path: str) -> tuple[int, str]:
                url = URL(f"http://127.0.0.1:{port}{path}", encoded=True)
                async with client.get(url, headers={"X-Auth-Token": ALICE_TOKEN}) as reply:
                    return reply.status, await reply.text()

            base = f"/v2/accounts/{ALICE}/pivot"
            for written in ("a%20b%2Bc%2Fd%252Fe%40host", "a%20b+c%2fd%252Fe@host"):
                status, body = await get(f"{base}/debug/{written}")
                assert status == 200
                assert "http://example.com/cf" in body
            assert (await get(f"{base}/debug?auth_token={ALICE_TOKEN}"))[0] == 200
            assert await get(f"/v2/accounts/{ALICE}") == (200, "crossbar")
            assert await get(f"/v2/accounts/{ALICE}/pivotal") == (200, "crossbar")
            url = f"http://127.0.0.1:{port}{base}/stream"
            async with (
                asyncio.timeout(5),
                client.get(url, headers={"X-Auth-Token": ALICE_TOKEN}) as reply,
            ):
                assert await reply.content.readline() == b"retry: 2000\n"
    if kind == "nginx":
        logged = (tmp_path / "api.log").read_text()
        assert f"{base}/debug" in logged
        assert ALICE_TOKEN not in logged


async def _crossbar(request: web.Request) -> web.Response:
    return web.Response(text="crossbar")
