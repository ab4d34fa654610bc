"""Crossbar authenticators: a real server on loopback stands for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from pivot.web.auth.credentials import Credentials, Kind
from pivot.web.auth.crossbar import CrossbarAuthenticator
from pivot.web.errors import ApiError
from tests.web.support import ALICE, BOB

TOKEN = Credentials(Kind.TOKEN, "jwt-of-alice")


@dataclass
class Crossbar:
    """Lets one token read one account."""

    status: int | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    hangs: bool = False

    async def handle(self, request: web.Request) -> web.Response:
        shown = ("X-Auth-Token", "Authorization", "X-Auth-Account-ID")
        self.asked.append(
            {"path": request.path}
            | {name: request.headers[name] for name in shown if name in request.headers}
        )
        if self.hangs:
            await asyncio.Event().wait()
        if self.status is not None:
            return web.Response(status=self.status)
        if request.headers.get("X-Auth-Token") != TOKEN.text:
            return web.Response(status=401)
        return web.Response(status=200 if request.path.endswith(ALICE) else 403)


@asynccontextmanager
async def judging(
    crossbar: Crossbar, clock: Callable[[], float] = lambda: 0.0
) -> AsyncIterator[CrossbarAuthenticator]:
    app = web.Application()
    app.router.add_get("/v2/accounts/{id}", crossbar.handle)
    async with TestServer(app, shutdown_timeout=0.1) as server:
        authenticator = CrossbarAuthenticator(
            str(server.make_url("/")), timeout_s=0.3, cache_s=5.0, clock=clock
        )
        try:
            yield authenticator
        finally:
            await authenticator.close()


async def refusal(
    authenticator: CrossbarAuthenticator, credentials: Credentials, account_id: str
) -> tuple[int, str]:
    with pytest.raises(ApiError) as caught:
        await authenticator.authorize(credentials, account_id)
    return caught.value.status, caught.value.message


async def test_crossbars_verdict_is_ours() -> None:
    """Own account yes, other account no, no token no."""
    crossbar = Crossbar()
    async with judging(crossbar) as authenticator:
        await authenticator.authorize(TOKEN, ALICE)
        assert await refusal(authenticator, TOKEN, BOB) == (403, "forbidden")
        assert await refusal(authenticator, Credentials(Kind.NONE), ALICE) == (401, "invalid_credentials")
        assert await refusal(authenticator, Credentials(Kind.TOKEN, "old"), ALICE) == (
            401,
            "invalid credentials",
        )

    assert crossbar.asked[0] == {"path": f"/v2/accounts/{ALICE}", "X-Auth-Token": "jwt-of-alice"}
    assert "X-Auth-Token" not in crossbar.asked[2]


@pytest.mark.parametrize(
    ("credentials", "header"),
    [
        (Credentials(Kind.BEARER, "abc"), {"Authorization": "Bearer abc"}),
        (Credentials(Kind.BASIC, "YTpi", BOB), {"Authorization": "Basic YTpi", "X-Auth-Account-ID": BOB}),
    ],
)
async def test_credentials_are_passed_on_as_they_came(
    credentials: Credentials, header: dict[str, str]
) -> None:
    """Whatever Crossbar understands is for Crossbar to understand."""
    crossbar = Crossbar(status=200)
    async with judging(crossbar) as authenticator:
        await authenticator.authorize(credentials, ALICE)

    assert crossbar.asked == [{"path": f"/v2/accounts/{ALICE}"} | header]


async def test_a_verdict_is_kept_for_seconds_only() -> None:
    """A page of requests costs one question, and a revoked token is refused soon."""
    crossbar, now = Crossbar(), 0.0
    async with judging(crossbar, lambda: now) as authenticator:
        for _ in range(5):
            await authenticator.authorize(TOKEN, ALICE)
        assert len(crossbar.asked) == 1
        now, crossbar.status = 5.0, 401
        assert await refusal(authenticator, TOKEN, ALICE) == (401, "invalid credentials")
        assert await refusal(authenticator, TOKEN, ALICE) == (401, "invalid credentials")

    assert len(crossbar.asked) == 2


async def test_a_verdict_is_for_one_token_and_one_account() -> None:
    """What is kept must never help somebody else."""
    crossbar = Crossbar()
    async with judging(crossbar) as authenticator:
        await authenticator.authorize(TOKEN, ALICE)
        assert (await refusal(authenticator, TOKEN, BOB))[0] == 403
        assert (await refusal(authenticator, Credentials(Kind.BEARER, TOKEN.text), ALICE))[0] == 401
        assert (await refusal(authenticator, Credentials(Kind.TOKEN, TOKEN.text[:-1]), ALICE))[0] == 401


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        (404, (404, "bad_identifier")),
        (429, (429, "too_many_requests")),
        (500, (503, "auth_unreachable")),
        (302, (503, "auth_unreachable")),
    ],
)
async def test_other_answers_of_crossbar(status: int, wanted: tuple[int, str]) -> None:
    """Trouble of Crossbar's is no verdict, and is asked about again."""
    crossbar = Crossbar(status=status)
    async with judging(crossbar) as authenticator:
        assert await refusal(authenticator, TOKEN, ALICE) == wanted
        crossbar.status = 200
        if status != 404:
            await authenticator.authorize(TOKEN, ALICE)


async def test_a_crossbar_that_hangs_or_is_down_is_a_503(capsys: pytest.CaptureFixture[str]) -> None:
    """In time, and without the token in the log."""
    async with judging(Crossbar(hangs=True)) as authenticator:
        assert await refusal(authenticator, TOKEN, ALICE) == (503, "auth_unreachable")
    down = CrossbarAuthenticator(f"http://127.0.0.1:{unused_port()}", timeout_s=1.0, cache_s=5.0)
    assert await refusal(down, TOKEN, ALICE) == (503, "auth_unreachable")
    await down.close()

    logged = "".join(capsys.readouterr())
    assert "web.crossbar_unreachable" in logged
    assert TOKEN.text not in logged
