"""The inspector's pages: the list of calls and one call's story, made on the server.

They are served in mode `open` only, for the demo and one's own machine: a browser that follows a link
shows no token. No scripts, nothing from elsewhere, and no text of strangers becomes markup or a link.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aiohttp import web

from pivot.debug.names import is_account_id
from pivot.debug.store import Store
from pivot.errors import StoreError
from pivot.model.json import Json
from pivot.web.api import Api, Question
from pivot.web.auth.credentials import find_credentials
from pivot.web.auth.ports import Authenticator
from pivot.web.errors import ApiError, not_found, store_unreachable
from pivot.web.paths import parse_query, split_target
from pivot.web.settings import WebSettings
from pivot.web.templates_env import make_environment, style_sheet

POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


class Pages:
    """Everything below `/inspect/`."""

    def __init__(
        self,
        store: Store,
        settings: WebSettings,
        authenticator: Authenticator,
        clock: Callable[[], float],
        home_account: str | None,
    ) -> None:
        self._api = Api(store, settings, clock)
        self._authenticator = authenticator
        self._home = home_account
        self._templates = make_environment()
        self._style = style_sheet()

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request for a page, in HTML; refusals too."""
        segments, raw_query = split_target(request.raw_path)
        pairs = parse_query(raw_query)
        try:
            await self._authenticator.authorize(
                find_credentials(request.headers, dict(pairs)), self._home or ""
            )
            return await self._page(segments, pairs)
        except ApiError as error:
            refusal = error
        except StoreError:
            refusal = store_unreachable()
        return web.Response(status=refusal.status, text=f"{refusal.status} {refusal.message}\n")

    async def _page(self, segments: tuple[str, ...], pairs: tuple[tuple[str, str], ...]) -> web.Response:
        match segments:
            case ("",) if self._home is not None:
                raise web.HTTPFound(f"/inspect/{self._home}")
            case ("inspect", "style.css"):
                return web.Response(text=self._style, content_type="text/css")
            case ("inspect", account) if is_account_id(account):
                return await self._calls(Question(account, pairs))
            case ("inspect", account, "calls", call_id) if is_account_id(account) and call_id:
                found = await self._api.call(Question(account, pairs), text=call_id)
                return self._html("call.html", account=account, call=found.data)
        raise not_found()

    async def _calls(self, question: Question) -> web.Response:
        shown: dict[str, object] = {
            "account": question.account_id,
            "search": question.query.get("q", ""),
            "rows": [],
            "following": None,
            "trouble": "",
        }
        try:
            found = await self._api.calls(question)
            shown |= {"rows": found.data, "following": found.beside.get("next_start_key")}
        except ApiError as error:
            shown["trouble"] = _first_message(error.data) or error.message
        return self._html("calls.html", **shown)

    def _html(self, template: str, **shown: object) -> web.Response:
        text = self._templates.get_template(template).render(**shown)
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
        return web.Response(text=text, content_type="text/html", headers=headers)


def _first_message(data: Json) -> str:
    """The sentence inside a validation error, for people."""
    if isinstance(data, Mapping):
        message = data.get("message")
        if isinstance(message, str):
            return message
        return next((text for value in data.values() if (text := _first_message(value))), "")
    return ""
