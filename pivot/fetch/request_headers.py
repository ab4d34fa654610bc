"""What goes out with a request: who we are, what the operator configured for this origin, signatures."""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from multidict import CIMultiDict

from pivot import __version__
from pivot.errors import ConfigError
from pivot.fetch import signing, urls
from pivot.fetch.body import ACCEPTED_ENCODINGS
from pivot.fetch.redirects import Hop
from pivot.fetch.settings import FetchSettings
from pivot.model.call import Method

T = TypeVar("T")

ACCEPT = "text/xml, application/xml, application/json, */*;q=0.1"
"""XML first: servers that offer both and follow our order have TwiML there, and any object as JSON."""
_COMMON = (
    ("User-Agent", f"pivot/{__version__}"),
    ("Accept", ACCEPT),
    ("Accept-Encoding", ACCEPTED_ENCODINGS),
)


class RequestHeaders:
    """Adds to a hop what pivot says on its own account."""

    def __init__(self, settings: FetchSettings) -> None:
        """Raises ConfigError for an origin, a header or a key that cannot be read."""
        self._origin_headers = {
            _origin("origin_headers", origin): tuple(_header(origin, line) for line in lines)
            for origin, lines in settings.origin_headers.items()
        }
        self._credentials = {
            _origin("credentials", origin): _authorization(text)
            for origin, text in settings.credentials.items()
        }
        self._keys = signing.read_keys(settings.signing_keys)
        self._tokens = dict(settings.twilio_tokens)
        self._traceparent = settings.traceparent

    def headers(
        self, hop: Hop, *, ask_id: str, attempt: int, account_id: str | None, call_id: str, timestamp_s: int
    ) -> CIMultiDict[str]:
        """All headers of one request but Host and lengths; what the hop brings wins.

        Args:
            ask_id: the same for all attempts of a fetch; the server tells repetitions by it.
            timestamp_s: Unix time, for signatures.
        """
        headers = CIMultiDict(_COMMON)
        headers["X-Pivot-Request-Id"] = f"{ask_id}-{attempt}"
        headers["X-Pivot-Attempt"] = str(attempt)
        if self._traceparent:
            headers["traceparent"] = _traceparent(call_id or ask_id)
        self._add_for_origin(headers, hop)
        if hop.trusted:
            self._sign(headers, hop, ask_id, account_id, timestamp_s)
        headers.update(hop.headers)
        return headers

    def prepared(self, hop: Hop, account_id: str | None) -> Hop:
        """The hop with the hash of its body in the query, where X-Twilio-Signature wants that."""
        if hop.is_form or hop.method is Method.GET or self._of_account(self._tokens, account_id) is None:
            return hop
        separator = "&" if "?" in hop.target.path else "?"
        path = hop.target.path + separator + signing.body_hash_parameter(hop.body)
        return replace(hop, target=replace(hop.target, path=path))

    def _add_for_origin(self, headers: CIMultiDict[str], hop: Hop) -> None:
        for name, value in self._origin_headers.get(hop.target.origin, ()):
            headers[name] = value
        credentials = self._credentials.get(hop.target.origin)
        if credentials is not None:
            headers["Authorization"] = credentials
        if hop.authorization == "basic" and hop.target.user is not None:
            headers["Authorization"] = basic(hop.target.user, hop.target.password)

    def _sign(
        self, headers: CIMultiDict[str], hop: Hop, ask_id: str, account_id: str | None, timestamp_s: int
    ) -> None:
        if keys := self._of_account(self._keys, account_id):
            headers.update(signing.webhook_headers(keys, f"msg_{ask_id}", timestamp_s, hop.body))
        if (token := self._of_account(self._tokens, account_id)) is not None:
            parameters = hop.parameters if hop.is_form and hop.method is Method.POST else ()
            headers["X-Twilio-Signature"] = signing.twilio_signature(token, hop.target.signed, parameters)

    @staticmethod
    def _of_account(by_account: Mapping[str, T], account_id: str | None) -> T | None:
        return by_account.get(account_id or "*", by_account.get("*"))


def basic(user: str, password: str) -> str:
    """The value of `Authorization` for user and password, as RFC 7617 writes it in UTF-8."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode("ascii")


def _origin(key: str, text: str) -> str:
    try:
        return urls.parse(text).origin
    except urls.BadUrl as error:
        raise ConfigError(f"fetch.{key} has {text!r}: {error}; write https://app.example") from error


def _header(origin: str, line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not (colon and name.replace("-", "").isalnum() and line.isascii() and line.isprintable()):
        raise ConfigError(f"fetch.origin_headers for {origin} has a line that is not `Name: value`")
    return name, value.strip()


def _authorization(text: str) -> str:
    if text.startswith("Bearer "):
        return text
    user, _, password = text.partition(":")
    return basic(user, password)


def _traceparent(seed: str) -> str:
    """One trace for all fetches of a call, a new span for each request. Source: W3C Trace Context."""
    trace_id = hashlib.sha256(seed.encode()).hexdigest()[:32]
    return f"00-{trace_id}-{secrets.token_hex(8)}-01"
