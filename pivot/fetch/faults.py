"""Every way a fetch can fail: its code, what the customer may read, and which retries it allows.

A code stands here once and nowhere else in this room. A message names the customer's own server at most;
it never tells addresses, and of a denied request nothing at all.
"""

from __future__ import annotations

import asyncio
import errno
import ssl

import aiohttp
from aiohttp import http_exceptions

from pivot.fetch.answer_head import HeaderFlood, NotHttp
from pivot.fetch.connection import UnaskedBytes
from pivot.fetch.trace import Phase, Trace
from pivot.model.codes import Code
from pivot.model.overrides import RetryOn


class Fault(Exception):
    """One attempt, or the whole fetch, gave no answer.

    Attributes:
        retry: the kind of failure that a retry policy may name; None: a retry would be no use.
    """

    def __init__(self, code: Code, message: str, retry: RetryOn | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.retry = retry


def forget_frames(error: BaseException | None) -> None:
    """Let go of the frames that an error went through.

    They hold the body that was being read, and error and frames hold each other: hundreds of refused bodies
    would otherwise stay in memory until the garbage collector comes by.
    """
    while error is not None:
        error.__traceback__ = None
        earlier = error.__cause__ or error.__context__
        error.__cause__ = error.__context__ = None
        error = earlier


class ResolveError(OSError):
    """A name has no address, or nobody could tell in time."""


class EgressDenied(OSError):
    """The guard objects to an address; the text is for our log only."""


def bad_url(why: str) -> Fault:
    """`fetch.bad_url`: the URL cannot be asked. Never retried."""
    return Fault(Code.FETCH_BAD_URL, why)


def denied() -> Fault:
    """`fetch.denied`: the egress rules refuse the address. The text does not tell which address."""
    return Fault(Code.FETCH_DENIED, "this URL may not be called from here; ask the operator of this service")


def breaker_open(origin: str) -> Fault:
    """`fetch.breaker`: the origin failed repeatedly, and no request was sent."""
    return Fault(Code.FETCH_BREAKER, f"{origin} failed repeatedly; it is left alone for a few seconds")


def too_large(what: str) -> Fault:
    """`fetch.too_large`: `what` names the part of the answer that is over its limit."""
    return Fault(Code.FETCH_TOO_LARGE, what)


def redirects(why: str) -> Fault:
    """`fetch.redirects`: too many redirects, or one that cannot be followed."""
    return Fault(Code.FETCH_REDIRECTS, why)


def protocol(why: str) -> Fault:
    """`fetch.protocol`: the answer is no HTTP that can be read for certain."""
    return Fault(Code.FETCH_PROTOCOL, why)


def closed(origin: str) -> Fault:
    """`fetch.closed`: the connection ended within the answer. Retried where reads may be."""
    return Fault(
        Code.FETCH_CLOSED, f"{origin} closed the connection before its answer was whole", RetryOn.READ
    )


def timed_out(phase: Phase, origin: str, *, whole: bool) -> Fault:
    """The timer rang: what it means depends on what was waited for.

    Args:
        whole: not this attempt's time was up, but that of the whole fetch.
    """
    if phase in (Phase.PLACE, Phase.MEMORY):
        return Fault(Code.FETCH_BUSY, "too many fetches are in flight; this one had to wait too long")
    if whole:
        return Fault(Code.FETCH_TOTAL_TIMEOUT, f"{origin} did not answer within the time for all attempts")
    if phase is Phase.NAME:
        return unresolved(origin)
    if phase is Phase.CONNECTION:
        return Fault(
            Code.FETCH_CONNECT_TIMEOUT, f"{origin} did not accept a connection in time", RetryOn.CONNECT
        )
    return Fault(Code.FETCH_READ_TIMEOUT, f"{origin} did not finish its answer in time", RetryOn.READ)


def unresolved(origin: str) -> Fault:
    """`fetch.dns`: the name has no address."""
    return Fault(Code.FETCH_DNS, f"the name of {origin} could not be resolved")


def from_error(error: Exception, trace: Trace, origin: str) -> Fault:
    """What an exception of aiohttp means; the order goes from the particular to the general."""
    if isinstance(error, Fault):
        return error
    if trace.denied:
        return denied()
    if isinstance(error, aiohttp.ClientConnectorDNSError | ResolveError):
        return unresolved(origin)
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return Fault(Code.FETCH_TLS, f"no secure connection to {origin}: {_tls_reason(error)}")
    if isinstance(error, aiohttp.ClientConnectorError):
        return _not_connected(error, trace, origin)
    if isinstance(error, HeaderFlood) or _is_long_head(error):
        return too_large(f"{origin} answered with more headers than are accepted")
    if isinstance(error, NotHttp):
        return protocol(f"{origin} {error}")
    if _is_unasked(error):
        return protocol(f"{origin} wrote something before it was asked")
    if isinstance(error, aiohttp.ClientResponseError | aiohttp.http.HttpProcessingError):
        return protocol(f"{origin} answered with something that is not HTTP")
    if isinstance(error, aiohttp.ClientPayloadError) and _is_malformed(error):
        return protocol(f"{origin} sent a body that breaks its own framing")
    if isinstance(error, aiohttp.ClientError | OSError):
        return closed(origin)
    raise error


def _not_connected(error: aiohttp.ClientConnectorError, trace: Trace, origin: str) -> Fault:
    number = error.os_error.errno
    if number == errno.ETIMEDOUT:
        return timed_out(Phase.CONNECTION, origin, whole=False)
    if trace.tls_at is not None or number in (errno.ECONNRESET, errno.EPIPE):
        return closed(origin)
    return Fault(Code.FETCH_REFUSED, f"{origin} refused the connection", RetryOn.CONNECT)


def _tls_reason(error: Exception) -> str:
    cause = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted ({cause.verify_message})"
    return "the handshake failed" if not isinstance(cause, asyncio.TimeoutError) else "too slow"


def _is_long_head(error: BaseException | None) -> bool:
    """aiohttp wraps what its parser raised, more than once; too many headers have no class of their own."""
    while error is not None:
        if isinstance(error, http_exceptions.LineTooLong) or "Too many headers" in str(error):
            return True
        error = error.__cause__
    return False


def _is_unasked(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, UnaskedBytes):
        error = error.__cause__
    return error is not None


def _is_malformed(error: Exception) -> bool:
    """Whether the bytes were wrong, and not merely too few."""
    cause = error.__cause__
    too_few = (http_exceptions.ContentLengthError, http_exceptions.TransferEncodingError)
    return cause is not None and not isinstance(cause, (*too_few, OSError))
