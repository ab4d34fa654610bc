"""The forms an answer can take: pretty, padded, compressed, as CSV; and what browsers are told."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from pivot.model.json import Json
from pivot.web.csv import to_csv
from tests.web.memory_store import MemoryStore
from tests.web.support import ALICE_TOKEN, NOW, CrossbarClient, answered, asked, fill

T = NOW - 600


async def test_pretty_print_by_header_or_query(alice: CrossbarClient) -> None:
    """For people with curl."""
    assert '\n  "data": []' in (await alice.get(pretty_print="true")).text
    assert '\n  "data": []' in (await alice.get(headers={"X-Pretty-Print": "true"})).text
    assert "\n" not in (await alice.get()).text


async def test_padding_calls_a_plain_function_and_nothing_else(alice: CrossbarClient) -> None:
    """A callback that is a script would run on somebody's page."""
    padded = await alice.get(jsonp="my.callback")

    assert padded.text.startswith("my.callback({")
    assert padded.text.endswith("});")
    assert padded.headers["Content-Type"] == "application/javascript"
    assert padded.headers["X-Content-Type-Options"] == "nosniff"
    for name in ("alert(1)//", "a b", "<script>", "", "a" * 100, "\u00e4"):
        refused = await alice.get(jsonp=name)
        assert refused.status == 400
        assert refused.headers["Content-Type"] == "application/json"


async def test_long_answers_are_compressed_for_who_asks(
    http: TestClient[Any, Any], store: MemoryStore
) -> None:
    """As Crossbar does; short ones are not worth it."""
    await fill(store, *(asked(f"c{number}", T) for number in range(50)))
    client = CrossbarClient(http, ALICE_TOKEN)

    gzipped = await client.get(headers={"Accept-Encoding": "gzip, deflate"})
    plain = await client.get(headers={"Accept-Encoding": "identity"})

    assert gzipped.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert len(gzipped.data) == len(plain.data) == 50


@pytest.mark.parametrize("query", [{"accept": "csv"}, {}])
async def test_csv_has_a_column_for_each_nested_member(
    alice: CrossbarClient, store: MemoryStore, query: dict[str, Any]
) -> None:
    """By query or by header; the file has a name."""
    await fill(store, asked("c1", T), answered("c1", T + 1))

    reply = await alice.get("debug/c1", headers={"Accept": "text/csv" if not query else "*/*"}, **query)

    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert reply.headers["Content-Disposition"].startswith('attachment; filename="')
    rows = list(csv.DictReader(io.StringIO(reply.text)))
    assert [row["resp_status_code"] for row in rows] == ["200", ""]
    assert [row["req_headers_content-type"] for row in rows] == ["", "application/x-www-form-urlencoded"]


async def test_an_empty_list_is_an_empty_file(alice: CrossbarClient) -> None:
    """Not even a header row, as in Crossbar."""
    reply = await alice.get(accept="csv", file_name='..\\..\\evil"\r\nX: y.csv')

    assert reply.text == ""
    assert reply.headers["Content-Disposition"] == 'attachment; filename="_.._evil___X__y.csv"'


def test_cells_are_never_formulas() -> None:
    """Callers choose their names; a spreadsheet must not run them. Numbers stay numbers."""
    entries: Json = [
        {"a": "=1+1", "b": "@x", "c": "-cmd", "d": "+15550001111", "e": -5, "f": None, "g": [1, "x"]}
    ]

    assert to_csv(entries) == 'a,b,c,d,e,f,g\r\n\'=1+1,\'@x,\'-cmd,+15550001111,-5,,"[1,""x""]"\r\n'


@pytest.mark.parametrize("sign", [*"=+-@", *"\uff1d\uff0b\uff0d\uff20"])
@pytest.mark.parametrize(
    "before", ["", " ", "\t", "\r", "\ufeff", "a,", "a;", "a; ", "a|", "a\t", "a\n", 'a"', "a "]
)
def test_no_separator_makes_a_formula(before: str, sign: str) -> None:
    """Which one a spreadsheet uses is its user's setting, so all of them are tried."""
    text = to_csv([{"a": before + sign + "cmd|' /C calc'!A0"}])

    for cell in re.split(r"[,;|\t\r\n\"]|(?<=\w) ", text):
        assert not cell.lstrip("\ufeff ").startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20"))
    assert "".join(text.split("'")).count("cmd") == 1


def test_what_is_no_formula_stays() -> None:
    """Signs within words, between blanks, and numbers."""
    assert to_csv([{"a": "a=b&c=d - e", "b": "+15550001111", "c": "sip:+1555@host"}]) == (
        "a,b,c\r\na=b&c=d - e,+15550001111,sip:+1555@host\r\n"
    )


async def test_browsers_are_told_what_they_may_do(http: TestClient[Any, Any]) -> None:
    """A page may ask with a token; the question before the question needs none."""
    client = CrossbarClient(http, None)
    origin = {"Origin": "https://monster.example"}

    preflight = await client.get(method="OPTIONS", headers={**origin, "Access-Control-Request-Method": "GET"})
    plain = await client.get(method="OPTIONS")
    refused = await client.get()
    allowed = await CrossbarClient(http, ALICE_TOKEN).get(headers=origin)
    silent = await CrossbarClient(http, ALICE_TOKEN).get()

    assert preflight.status == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert preflight.headers["Access-Control-Allow-Methods"] == "GET, OPTIONS"
    assert "x-auth-token" in preflight.headers["Access-Control-Allow-Headers"]
    assert preflight.headers["Access-Control-Max-Age"] == "86400"
    assert plain.status == 405
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    assert "x-request-id" in allowed.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Origin" not in silent.headers


async def test_answers_are_kept_by_nobody_and_say_little(alice: CrossbarClient) -> None:
    """They hold what callers said; caches and other sites have no business with them."""
    headers = (await alice.get(headers={"X-Request-ID": "bad\u00e4"})).headers

    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Server"] == "pivot"
    assert headers["Expires"].startswith("Fri, 01 Jan 1999")
    assert len(headers["X-Request-ID"]) == 32


async def test_the_etag_changes_with_the_data_only(alice: CrossbarClient, store: MemoryStore) -> None:
    """Same calls, same revision."""
    await fill(store, asked("c1", T))
    first, second = await alice.get(), await alice.get()
    await fill(store, asked("c2", T))
    third = await alice.get()

    assert first.headers["ETag"] == second.headers["ETag"] == f'"{first.body["revision"]}"'
    assert third.headers["ETag"] != first.headers["ETag"]
