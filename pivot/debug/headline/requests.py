"""Which request it was, to whom, on the way over which hops, and what was wrong with its answer."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from pivot.debug.headline.moments import counted, cut, host_of, items, kind, number, place_of, seconds, text
from pivot.debug.story import Exchange, Run
from pivot.model.json import JsonObject

_MAX_MESSAGE = 300
_MAX_HOPS = 4
_FALLBACK = "fallback"
_BAD_BODIES = {
    "answer.type": "neither Kazoo JSON nor TwiML",
    "answer.encoding": "bytes that are not the text they claim to be",
    "answer.json": "broken JSON",
    "answer.json_limit": "JSON beyond a limit",
    "answer.schema": "JSON that is no valid callflow",
    "answer.xml": "broken XML",
    "answer.xml_forbidden": "XML that pivot never reads",
    "answer.xml_limit": "XML beyond a limit",
    "twiml.root": "XML that is no TwiML",
    "twiml.verb": "TwiML that cannot run",
    "twiml.attribute": "TwiML that cannot run",
    "twiml.nesting": "TwiML that cannot run",
    "twiml.value": "TwiML that cannot run",
}


def documents_asked(run: Run) -> list[Exchange]:
    """The requests that were to bring a document, in order."""
    return [exchange for exchange in run.exchanges if not exchange.is_cdr]


def failed_exchange(run: Run) -> Exchange | None:
    """The request that the run's code is about; None: it is about none, or that is not stored."""
    found = [each for each in documents_asked(run) if run.code and each.code == run.code]
    own = [each for each in found if asked_after(run, each) != _FALLBACK]
    candidates = own or found
    return candidates[-1] if candidates else None


def fallback_exchange(run: Run) -> Exchange | None:
    """The newest request that was sent to a fallback URL."""
    asked = documents_asked(run)
    return next((each for each in reversed(asked) if asked_after(run, each) == _FALLBACK), None)


def fetch_moment(run: Run, exchange: Exchange) -> JsonObject:
    """The moment at which it was sent; empty when the timeline does not tell."""
    fetch_id = text(exchange.notes or {}, "fetch_id")
    if not fetch_id:
        return {}
    same = (each for each in run.moments if kind(each) == "Fetch" and text(each, "fetch_id") == fetch_id)
    return next(same, {})


def asked_after(run: Run, exchange: Exchange) -> str:
    """The verb whose action it is; `fallback`; nothing when neither, or not stored."""
    return text(fetch_moment(run, exchange), "after")


def named(run: Run, exchange: Exchange) -> str:
    """`Request 3, POST app.example.com/pin after a Gather`."""
    words = f"Request {exchange.iteration}"
    asked = exchange.asked
    if asked is None:
        return f"{words}, whose URL is not stored"
    method = f"{cut(asked.method.upper(), 10)} " if asked.method else ""
    words = f"{words}, {method}{place_of(asked.uri)}"
    verb = asked_after(run, exchange)
    if verb == _FALLBACK:
        return f"{words} as the fallback"
    return f"{words} after {article(verb)} {cut(verb, 20)}" if verb else words


def article(noun: str) -> str:
    return "an" if noun[:1].lower() in "aeiou" and noun else "a"


def hops(exchange: Exchange) -> list[str]:
    """Where redirects led, after the URL that was asked."""
    following = pairwise(_attempts(exchange))
    return [place_of(text(after, "url")) for before, after in following if _is_redirect(before)]


def outcome_words(run: Run, exchange: Exchange) -> str:
    """What became of it, as a predicate: `was answered 404`."""
    words = _fault(run, exchange) if exchange.code else _answered(exchange)
    led = hops(exchange)
    if not led:
        return words + _tries(exchange)
    shown = led if len(led) <= _MAX_HOPS else [*led[:2], "…", led[-1]]
    times = "once" if len(led) == 1 else f"{len(led)} times"
    return f"was redirected {times}, to {' → '.join(shown)}, and {words}"


def placed(exchange: Exchange) -> str:
    """` at line 3, column 5`, as far as it is known."""
    if exchange.line is None:
        return ""
    return f" at line {exchange.line}" + (f", column {exchange.column}" if exchange.column else "")


def _answered(exchange: Exchange) -> str:
    answered = exchange.answered
    if answered is None:
        return "was sent; no answer is stored"
    if exchange.errors is not None:
        return "was answered with JSON that is no valid callflow"
    if answered.status is None:
        return "was answered, but its status is not stored"
    return f"was answered {cut(answered.status, 20)}"


def _fault(run: Run, exchange: Exchange) -> str:
    code, message = exchange.code or "", cut(exchange.message or "", _MAX_MESSAGE).rstrip(".")
    status = exchange.answered.status if exchange.answered and exchange.answered.status else ""
    if code in _BAD_BODIES:
        why = f": {message}" if message else ""
        at = "" if f"line {exchange.line}" in message else placed(exchange)
        return f"was answered {cut(status, 20)} with {_BAD_BODIES[code]}{why}{at}".replace("  ", " ")
    match code:
        case "http.status":
            return (
                f"was answered {cut(status, 20)}" if status else f"was not answered with success: {message}"
            )
        case "answer.empty":
            return f"was answered {cut(status, 20)} without a body".replace("  ", " ")
    return _no_answer(run, exchange, code, message)


def _no_answer(run: Run, exchange: Exchange, code: str, message: str) -> str:
    spent_s = spent(run, exchange)
    within = "in time" if spent_s is None else f"within {seconds(spent_s)}"
    after = "" if spent_s is None else f" after {seconds(spent_s)}"
    host = _last_host(exchange)
    words = {
        "fetch.dns": f"was not sent: the name {host} has no address",
        "fetch.denied": "was not sent: pivot may not call that address",
        "fetch.connect_timeout": f"got no connection to {host} {within}",
        "fetch.refused": f"was refused: nothing listens at {host}",
        "fetch.tls": f"got no encrypted connection: {message}",
        "fetch.read_timeout": f"was not answered {within}",
        "fetch.total_timeout": f"was not answered {within}, all attempts together",
        "fetch.closed": f"was broken off by {host}{after}",
        "fetch.protocol": f"was not answered in HTTP: {message}",
        "fetch.busy": f"was not sent: too many requests were under way{after and f' for {after[7:]}'}",
        "fetch.breaker": f"was not sent: {host} had failed repeatedly just before",
        "fetch.too_large": f"was answered with too much: {message}",
        "fetch.redirects": f"was given up: {message}",
        "fetch.bad_url": f"was not sent: {message}",
    }
    return words.get(code, f"failed with {cut(code, 40)}{message and f': {message}'}")


def spent(run: Run, exchange: Exchange) -> float | None:
    """Seconds from the request to its end; None: not stored."""
    fetch_id, began = text(exchange.notes or {}, "fetch_id"), number(fetch_moment(run, exchange), "at_ms")
    for moment in run.moments:
        if kind(moment) in ("Fetched", "FetchFailed") and text(moment, "fetch_id") == fetch_id:
            ended = number(moment, "at_ms")
            if began is not None and ended is not None and ended >= began:
                return (ended - began) / 1000
    times = (exchange.notes or {}).get("times_ms")
    total = number(times, "total") if isinstance(times, Mapping) else None
    return None if total is None else total / 1000


def _tries(exchange: Exchange) -> str:
    tries = sum(1 for attempt in _attempts(exchange) if not _is_redirect(attempt))
    return f" ({counted(tries, 'attempt')})" if tries > 1 else ""


def _last_host(exchange: Exchange) -> str:
    attempts = _attempts(exchange)
    url = text(attempts[-1], "url") if attempts else exchange.asked.uri if exchange.asked else ""
    return host_of(url) or "the server"


def _attempts(exchange: Exchange) -> list[JsonObject]:
    attempts = items((exchange.notes or {}).get("attempts"))
    return [attempt for attempt in attempts if isinstance(attempt, Mapping)]


def _is_redirect(attempt: JsonObject) -> bool:
    status = number(attempt, "status")
    return status is not None and 300 <= status < 400
