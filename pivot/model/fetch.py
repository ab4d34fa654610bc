"""One question to a customer's server, and what came of it."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum

from pivot.errors import MAX_MESSAGE
from pivot.model.call import BodyFormat, Method
from pivot.model.codes import Code
from pivot.model.hot import hot_dataclass
from pivot.model.plain import plain


@plain
class Purpose(StrEnum):
    """What an answer is for."""

    DOCUMENT = "document"
    CALLBACK = "callback"
    """Told beside the call; the answer's body means nothing."""
    CDR = "cdr"
    """The call's end, told to `cdr_url`."""


@plain
@hot_dataclass(frozen=True, slots=True)
class FetchRequest:
    """One question to a customer's server, ready to be sent.

    A fetch may take several attempts and redirects; they all happen within `deadline_s`.
    """

    fetch_id: str
    """Names this fetch in its events; unique within the call."""
    url: str
    """Absolute, parameters of a GET included, fragment (our overrides) included."""
    method: Method
    headers: tuple[tuple[str, str], ...] = ()
    """What pivot itself sets; the fetch room adds User-Agent and its like."""
    body: bytes = b""
    parameters: tuple[tuple[str, str], ...] = ()
    """The form parameters that are in `body` or `url`, flat and in order; for signatures."""
    body_format: BodyFormat = BodyFormat.FORM
    timeout_s: float | None = None
    """Limit of each attempt, None for the setting; counted from its start to its last byte."""
    deadline_s: float = 9.0
    """Everything, retries and redirects included, ends this many seconds after the start."""
    account_id: str | None = None
    call_id: str = ""
    iteration: int = 1
    purpose: Purpose = Purpose.DOCUMENT
    shown_url: str = ""
    """The URL as a debug document shows it."""


@plain
@hot_dataclass(frozen=True, slots=True)
class Times:
    """How long each part of an attempt took, in seconds; None: it did not happen or was not seen."""

    queue_s: float | None = None
    """Waiting for a place among this host's or account's fetches."""
    dns_s: float | None = None
    connect_s: float | None = None
    tls_s: float | None = None
    first_byte_s: float | None = None
    """From the request's last byte to the answer's first."""
    body_s: float | None = None
    total_s: float = 0.0


@plain
@hot_dataclass(frozen=True, slots=True)
class Attempt:
    """One request on the wire, or the reason why there was none."""

    url: str
    """Password and fragment removed."""
    times: Times = field(default_factory=Times)
    status: int | None = None
    code: Code | None = None
    address: str | None = None
    """The address connected to; None unless it is public."""
    request_id: str | None = None
    breaker: str | None = None
    """`open`: not asked, since this origin keeps failing; `probing`: asked to see whether it is back."""


@plain
@hot_dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered: any status, body already decoded from its transfer and content codings."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """As received, in order; names as sent by the server, values decoded as Latin-1."""
    body: bytes
    url: str
    """Where the answer finally came from: the base of relative URLs. No fragment."""
    attempts: tuple[Attempt, ...] = ()
    warnings: tuple[str, ...] = ()

    def header(self, name: str) -> str | None:
        """The first header of this name, in any spelling."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@plain
@hot_dataclass(frozen=True, slots=True)
class FetchFailure:
    """Why there is no answer.

    `message` may be shown to the customer: it never holds addresses or times of what was denied.
    """

    code: Code
    message: str
    attempts: tuple[Attempt, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", self.message[:MAX_MESSAGE])
