"""Who may answer over https, and whom we show our own certificate."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from pivot.model.codes import Code
from pivot.model.fetch import Answer, FetchFailure
from tests.certificates import Authority
from tests.fetch.support import ask, codes, reply, server
from tests.tcp_server import tcp_server


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def test_a_certificate_of_a_known_authority_is_accepted(authority: Authority) -> None:
    """`[fetch] ca_file` adds to those of the system."""
    async with server(reply(), tls=authority.issue("127.0.0.1").server()) as there:
        result = await ask(there.url, ca_file=str(authority.file))

    assert isinstance(result, Answer)
    assert result.attempts[0].times.tls_s is not None


@pytest.mark.parametrize(
    ("host", "expired", "known", "reason"),
    [
        ("127.0.0.1", False, False, "unable to get local issuer certificate"),
        ("other.test", False, True, "IP address mismatch, certificate is not valid for '127.0.0.1'."),
        ("127.0.0.1", True, True, "certificate has expired"),
    ],
)
async def test_other_certificates_are_not(
    authority: Authority, host: str, expired: bool, known: bool, reason: str
) -> None:
    """The customer reads what is wrong with theirs; no request was sent."""
    async with server(reply(), tls=authority.issue(host, expired=expired).server()) as there:
        result = await ask(there.url, ca_file=str(authority.file) if known else "")

    assert isinstance(result, FetchFailure)
    assert (result.code, codes(result)) == (Code.FETCH_TLS, [Code.FETCH_TLS])
    assert (
        result.message == f"no secure connection to {there.url}: its certificate is not accepted ({reason})"
    )
    assert there.seen == []


async def test_a_common_name_is_no_name(authority: Authority) -> None:
    """A certificate needs a subject alternative name, as every browser wants it."""
    tls = authority.issue("localhost", common_name_only=True).server()
    async with server(reply(), tls=tls) as there:
        url = there.url.replace("127.0.0.1", "localhost")
        result = await ask(url, ca_file=str(authority.file))

    assert isinstance(result, FetchFailure)
    assert (result.code, there.seen) == (Code.FETCH_TLS, [])


async def test_an_operator_may_accept_anything(authority: Authority) -> None:
    """As Kazoo's own app does."""
    async with server(reply(), tls=authority.issue("other.test", expired=True).server()) as there:
        assert isinstance(await ask(there.url, verify_tls=False), Answer)


async def test_our_certificate_is_shown_to_servers_that_ask(authority: Authority) -> None:
    """Mutual TLS; without it such a server turns us away."""
    ours = authority.issue("pivot")
    settings = {"ca_file": str(authority.file)}
    tls = authority.issue("127.0.0.1").server(ask_client=authority.file)
    async with server(reply(), tls=tls) as there:
        stranger = await ask(there.url, **settings)
        friend = await ask(
            there.url, **settings, client_cert_file=str(ours.certificate), client_key_file=str(ours.key)
        )

    assert isinstance(stranger, FetchFailure)
    assert stranger.code in (Code.FETCH_TLS, Code.FETCH_CLOSED)
    assert isinstance(friend, Answer)


async def test_an_old_protocol_is_refused(authority: Authority) -> None:
    """TLS 1.2 at least."""
    tls = authority.issue("127.0.0.1").server()
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        tls.minimum_version = tls.maximum_version = ssl.TLSVersion.TLSv1_1
    async with server(reply(), tls=tls) as there:
        result = await ask(there.url, ca_file=str(authority.file))

    assert isinstance(result, FetchFailure)
    assert result.code in (Code.FETCH_TLS, Code.FETCH_CLOSED)


async def test_plain_text_where_tls_is_due() -> None:
    """An http server behind an https URL."""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n")
        await reader.read()

    async with tcp_server(greet) as port:
        result = await ask(f"https://127.0.0.1:{port}/")

    assert isinstance(result, FetchFailure)
    assert (result.code, result.message.endswith("the handshake failed")) == (Code.FETCH_TLS, True)


async def test_a_handshake_that_never_ends_is_a_connection_that_never_came() -> None:
    """A trickled or silent handshake takes the connect timeout, not the read timeout."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with tcp_server(silent) as port, asyncio.timeout(2):
        result = await ask(f"https://127.0.0.1:{port}/#ct=200&rc=0")

    assert isinstance(result, FetchFailure)
    assert result.code is Code.FETCH_CONNECT_TIMEOUT
