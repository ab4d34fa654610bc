"""What gets no data, and how it is told so: in Crossbar's words, in Crossbar's order."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from multidict import CIMultiDict

from pivot.web.auth.ports import Authenticator
from pivot.web.errors import unknown_account
from tests.web.memory_store import MemoryStore
from tests.web.support import (
    ALICE,
    ALICE_TOKEN,
    BOB,
    BOB_TOKEN,
    EVERYBODY_TOKEN,
    NOW,
    SETTINGS,
    CrossbarClient,
    answered,
    asked,
    fill,
    serving,
)

T = NOW - 600


@pytest.mark.parametrize(
    ("path", "status", "message", "data"),
    [
        (f"/v2/accounts/{ALICE}/pivot", 404, "not_found", {"message": "not found"}),
        (f"/v2/accounts/{ALICE}/pivot/foo", 404, "not_found", {"message": "not found"}),
        (f"/v2/accounts/{ALICE}/pivot/debug/a/b", 404, "not_found", {"message": "not found"}),
        (f"/v2/accounts/{ALICE}/pivot//debug", 404, "not_found", {"message": "not found"}),
        ("/v2/accounts", 404, "not_found", {"message": "not found"}),
        ("/", 404, "not_found", {"message": "not found"}),
        ("//evil.example/..%2f", 404, "not_found", {"message": "not found"}),
        ("/v2/accounts/x/pivot/debug", 404, "bad identifier", {"message": "invalid account_id 'x'"}),
        (
            f"/v2/accounts/{'%2F' * 32}/pivot/debug",
            404,
            "bad identifier",
            {"message": f"invalid account_id '{'/' * 32}'"},
        ),
        ("/v1/accounts", 410, "gone", {"message": "this version of the API is gone, use /v2"}),
    ],
)
async def test_a_path_that_leads_nowhere(
    http: TestClient[Any, Any], path: str, status: int, message: str, data: dict[str, Any]
) -> None:
    """Also without any credentials: a wrong address is told before they are looked at."""
    reply = await CrossbarClient(http, None).raw(path)

    assert reply.status == status
    assert (reply.body["message"], reply.data, reply.body["error"]) == (message, data, str(status))
    assert reply.body["status"] == "error"
    assert "version" not in reply.body


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "PROPFIND"])
async def test_only_get_is_answered(http: TestClient[Any, Any], method: str) -> None:
    """The API reads and never writes."""
    reply = await CrossbarClient(http, ALICE_TOKEN).get(method=method)

    assert (reply.status, reply.headers["Allow"]) == (405, "GET, OPTIONS")
    if method != "HEAD":
        assert (reply.body["message"], reply.data) == ("invalid_method", {"message": "method not allowed"})


async def test_a_tunnelled_method_is_refused_too(alice: CrossbarClient) -> None:
    """`verb=` stands for another method in Crossbar."""
    assert (await alice.get(verb="delete")).status == 405
    assert (await alice.get(verb="get")).status == 200


@pytest.mark.parametrize(
    ("query", "message", "cause"),
    [
        (
            {"created_from": "63900000000", "created_to": "63890000000"},
            "created_to 63890000000 is prior to created_from 63900000000",
            63_900_000_000,
        ),
        (
            {"created_from": "63890000000", "created_to": "63900000000"},
            "created_to 63900000000 is more than 2682000 seconds from created_from 63890000000",
            63_900_000_000,
        ),
    ],
)
async def test_a_time_range_that_cannot_be(
    alice: CrossbarClient, query: dict[str, Any], message: str, cause: int
) -> None:
    """Both of Crossbar's complaints, letter by letter, from list and read alike."""
    for path in ("debug", "debug/c1"):
        reply = await alice.get(path, **query)

        assert reply.status == 400
        assert reply.body["message"] == "validation error"
        assert reply.data == {"created_from": {"date_range": {"message": message, "cause": cause}}}


@pytest.mark.parametrize("value", ["x", "-5", "0", "", "1e3", "\u0663", "9" * 400])
async def test_times_that_are_none_are_left_out(alice: CrossbarClient, value: str) -> None:
    """Crossbar takes its defaults then."""
    assert (await alice.get(created_from=value, created_to=value)).status == 200


@pytest.mark.parametrize("path", ["debug", "debug/c1", "calls", "calls/c1", "stream"])
async def test_one_account_never_sees_anothers(
    http: TestClient[Any, Any], store: MemoryStore, path: str
) -> None:
    """Alice's token opens Alice's calls alone, whatever it is tried on; the operator's opens both."""
    await fill(store, asked("c1", T), answered("c1", T), asked("c1", T, BOB, uri="http://bob.example/"))

    refused = await CrossbarClient(http, ALICE_TOKEN, BOB).get(path)
    anonymous = await CrossbarClient(http, None, BOB).get(path)
    unknown = await CrossbarClient(http, "guessed", BOB).get(path)

    assert (refused.status, refused.body["message"], refused.data) == (
        403,
        "forbidden",
        {"message": "forbidden"},
    )
    assert (anonymous.status, anonymous.body["message"]) == (401, "invalid_credentials")
    assert (unknown.status, unknown.data) == (401, {"message": "invalid credentials"})
    assert store.asked == []


async def test_the_same_call_id_in_two_accounts_is_two_calls(
    http: TestClient[Any, Any], store: MemoryStore
) -> None:
    """Telephones of two customers may well choose the same id."""
    await fill(store, asked("c1", T, uri="http://alice.example/"))
    await fill(store, asked("c1", T, BOB, uri="http://bob.example/"))

    for token in (EVERYBODY_TOKEN, BOB_TOKEN):
        (listed,) = (await CrossbarClient(http, token, BOB).get()).data
        (read,) = (await CrossbarClient(http, token, BOB).get("debug/c1")).data
        (run,) = (await CrossbarClient(http, token, BOB).get("calls/c1")).data["runs"]
        assert listed["uri"] == read["uri"] == "http://bob.example/"
        assert [exchange["asked"]["uri"] for exchange in run["exchanges"]] == ["http://bob.example/"]


async def test_a_store_that_is_away_is_a_503(alice: CrossbarClient, store: MemoryStore) -> None:
    """And nothing of the store's own words gets out."""
    store.down = True

    for path in ("debug", "debug/c1", "calls", "calls/c1", "stream"):
        reply = await alice.get(path)
        assert (reply.status, reply.body["message"], reply.data) == (
            503,
            "datastore_unreachable",
            {"message": "datastore unreachable"},
        )


async def test_a_store_that_hangs_is_a_503_in_time() -> None:
    """No client waits for ever."""

    class Hanging(MemoryStore):
        async def months(self, account_id: str) -> tuple[str, ...]:
            await asyncio.Event().wait()
            return ()

    async with serving(Hanging(), replace(SETTINGS, request_timeout_s=0.01)) as client:
        reply = await CrossbarClient(client, ALICE_TOKEN).get()

    assert (reply.status, reply.body["message"]) == (503, "datastore_timeout")


async def test_a_fault_of_ours_is_a_500_without_details(capsys: pytest.CaptureFixture[str]) -> None:
    """The log has the traceback, the client has a sentence, and neither has the token."""

    class Broken(MemoryStore):
        async def months(self, account_id: str) -> tuple[str, ...]:
            raise RuntimeError("internal detail")

    async with serving(Broken()) as client:
        reply = await CrossbarClient(client, ALICE_TOKEN).get(auth_token=ALICE_TOKEN)

    assert (reply.status, reply.body["message"]) == (500, "unexpected_error")
    assert "internal detail" not in reply.text
    logged = "".join(capsys.readouterr())
    assert "internal detail" in logged
    assert ALICE_TOKEN not in logged


async def test_everything_at_once_has_a_limit(store: MemoryStore) -> None:
    """`paginate=false` on a busy account must not fill the memory."""
    await fill(store, *(asked(f"c{number}", T) for number in range(6)))

    async with serving(store, replace(SETTINGS, max_rows=5)) as client:
        reply = await CrossbarClient(client, ALICE_TOKEN).get(paginate="false")

    assert (reply.status, reply.body["message"]) == (416, "range not satisfiable")


async def test_a_client_that_asks_too_often_waits(store: MemoryStore) -> None:
    """Each client and account has a bucket of its own; the envelope tells how full it is."""
    async with serving(store, replace(SETTINGS, rate_burst=3, rate_per_s=0.0)) as client:
        alice = CrossbarClient(client, ALICE_TOKEN)
        left = [(await alice.get()).body["tokens"] for _ in range(3)]
        refused = await alice.get()
        elsewhere = await alice.get(headers={"X-Forwarded-For": "203.0.113.9"})
        bob = await CrossbarClient(client, BOB_TOKEN, BOB).get()

    assert left == [{"consumed": 1, "remaining": number} for number in (2, 1, 0)]
    assert (refused.status, refused.body["message"], refused.data) == (
        429,
        "too_many_requests",
        {"message": "too many requests"},
    )
    assert refused.body["tokens"] == {"consumed": 0, "remaining": 0}
    assert (elsewhere.status, bob.status) == (200, 200)


async def test_guessing_tokens_is_limited_as_well(store: MemoryStore) -> None:
    """A refused guess costs like any other request."""
    async with serving(store, replace(SETTINGS, rate_burst=2, rate_per_s=0.0)) as client:
        guesser = CrossbarClient(client, "guess")
        assert [(await guesser.get()).status for _ in range(4)] == [401, 401, 429, 429]


async def test_guessing_accounts_is_limited_over_all_of_them() -> None:
    """Each guess is a question to Crossbar; who changes the account each time gets no further."""
    judged: list[str] = []

    class Strict:
        async def authorize(self, credentials: object, account_id: str) -> None:
            judged.append(account_id)
            raise unknown_account(account_id)

        async def close(self) -> None:
            return None

    settings = replace(SETTINGS, rate_burst=3, rate_per_s=0.0)
    async with serving(MemoryStore(), settings, authenticator=Strict()) as client:
        statuses = [
            (await CrossbarClient(client, "guess", f"{number:032}").get()).status for number in range(6)
        ]

    assert statuses == [404, 404, 404, 429, 429, 429]
    assert len(judged) == 3


async def test_a_client_cannot_choose_its_own_address(store: MemoryStore) -> None:
    """A proxy adds its own line behind what the client sent: the last one counts."""
    async with serving(store, replace(SETTINGS, rate_burst=2, rate_per_s=0.0)) as client:
        statuses = []
        for number in range(4):
            headers = CIMultiDict({"X-Auth-Token": ALICE_TOKEN, "X-Forwarded-For": f"198.51.100.{number}"})
            headers.add("X-Forwarded-For", "203.0.113.9")
            async with client.get(f"/v2/accounts/{ALICE}/pivot/debug", headers=headers) as reply:
                statuses.append(reply.status)

    assert statuses == [200, 200, 429, 429]


async def test_a_judge_is_asked_only_about_accounts_that_can_be(store: MemoryStore) -> None:
    """No part of a path reaches Crossbar unless it looks like an account id."""
    judged: list[str] = []

    class Witness:
        async def authorize(self, credentials: object, account_id: str) -> None:
            judged.append(account_id)

        async def close(self) -> None:
            return None

    witness: Authenticator = Witness()
    async with serving(store, authenticator=witness) as client:
        for account_id in ("..%2f..%2fauth", "%00" * 32, ALICE.upper(), ALICE):
            await CrossbarClient(client, None).raw(f"/v2/accounts/{account_id}/pivot/debug")

    assert judged == [ALICE]
