"""The customer's server of a case, over HTTP."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from urllib.parse import parse_qsl

from aiohttp import web

from tests.conformance.cases import Case, Item
from tests.conformance.servers import Servers, body_of, headers_of

_LONGER_THAN_ANYBODY_WAITS_S = 60.0


class Door:
    """Writes down every request that arrives, and answers as the case says.

    Args:
        case: what is answered.
        seen: where requests are written down.
        named: a URL of this server as the case names it.
        real: a text of the case with URLs that lead here.
        op: what a request of this method, URL and parameters is: `request` or `callback`.

    Attributes:
        signed: URL, form parameters and signature of every request, for whoever checks them.
    """

    def __init__(
        self,
        case: Case,
        seen: list[Item],
        named: Callable[[str], str],
        real: Callable[[str], str] = str,
        op: Callable[[Item], str] = lambda request: "request",
    ) -> None:
        self.signed: list[tuple[str, dict[str, str], str]] = []
        self.servers = Servers(case)
        self._seen = seen
        self._named = named
        self._real = real
        self._op = op

    async def answer(self, request: web.BaseRequest) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.signed.append((str(request.url), form, request.headers.get("X-Twilio-Signature", "")))
        url, told = _own_url(self._named(f"http://{request.host}{request.raw_path}"))
        row = self.servers.next_answer(url)
        wanted = row.get("wants_credentials")
        if wanted and request.headers.get("Authorization") != _basic(wanted):
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="voice"'})
        asked = {
            "op": "request",
            "method": request.method,
            "url": url.replace("//", f"//{wanted}@", 1) if wanted else url,
            "params": form or told,
            "cookie": dict(request.cookies),
        }
        self._seen.append({**asked, "op": self._op(asked)})
        if row.get("fail") == "timeout":
            await asyncio.sleep(_LONGER_THAN_ANYBODY_WAITS_S)
        return self._answer(row)

    def _answer(self, row: Item) -> web.Response:
        headers = {name: self._real(value) for name, value in headers_of(row)}
        body = body_of(row)
        if "body_bytes" not in row:
            body = self._real(body.decode()).encode()
        return web.Response(status=row.get("status", 200), headers=headers, body=body)


def _own_url(url: str) -> tuple[str, dict[str, str]]:
    """Without the parameters that a GET added, and those."""
    address, _, query = url.partition("?")
    own, separator, added = query.partition("CallSid=")
    told = dict(parse_qsl(separator + added, keep_blank_values=True))
    own = own.rstrip("&")
    return address + (f"?{own}" if own else ""), told


def _basic(credentials: str) -> str:
    return "Basic " + base64.b64encode(credentials.encode()).decode()
