"""One attempt: from the first request over all redirects to a whole answer."""

from __future__ import annotations

from dataclasses import replace

from pivot.fetch import faults
from pivot.fetch.exchange import Asking, Reply, StaleConnection, Tools, exchange
from pivot.fetch.redirects import Hop, next_hop
from pivot.model.fetch import Answer


async def run_attempt(tools: Tools, asking: Asking, hop: Hop) -> Answer:
    """Ask, follow redirects, answer a demand for credentials.

    Raises:
        Fault: there is no answer.
    """
    settings = tools.settings
    latest = min(tools.now() + asking.plan.attempt_s, asking.plan.deadline)
    for _ in range(settings.max_redirects + 1):
        reply = await _ask(tools, asking, hop, latest)
        if scheme := _demanded(hop, reply):
            hop = replace(hop, authorization=scheme)
            reply = await _ask(tools, asking, hop, latest)
        following = next_hop(
            hop,
            reply.status,
            reply.header("location"),
            insecure=settings.insecure_redirects,
            max_url_bytes=settings.max_url_bytes,
        )
        if following is None:
            return Answer(reply.status, reply.headers, reply.body, hop.target.text)
        hop = following
    raise faults.redirects(f"the URL was redirected more than {settings.max_redirects} times")


def _demanded(hop: Hop, reply: Reply) -> str:
    """The scheme by which the URL's user info shall be shown; empty: not at all."""
    if reply.status != 401 or hop.target.user is None:
        return ""
    demand = (reply.header("www-authenticate") or "").lower()
    return next((scheme for scheme in ("digest", "basic") if scheme in demand), "")


async def _ask(tools: Tools, asking: Asking, hop: Hop, latest: float) -> Reply:
    """A kept connection may turn out to be of no use; that is nobody's failure, and a new one is made."""
    try:
        return await exchange(tools, asking, hop, latest)
    except StaleConnection:
        return await exchange(tools, asking, hop, latest, alone=True)
