"""Where a process of Kazoo is reached: a queue's name, or a process behind a shared queue.

Source: kapi.erl, kz_amqp_util.erl, gen_listener.erl.
"""

from __future__ import annotations

from dataclasses import dataclass

_PID = "pid://"


@dataclass(frozen=True, slots=True)
class Route:
    """Routing key on `callctl` or `targeted`, and the process that the queue's reader shall pass it to."""

    routing_key: str
    pid: str | None = None


def is_process(address: str | None) -> bool:
    """Is this a process behind a shared queue?"""
    return address is not None and address.startswith(_PID)


def route(address: str) -> Route:
    """Read an address as `Control-Queue`, `Controller-Queue` and `Server-ID` carry it.

    `pid://<0.1.0>/queue` splits at the last slash, because a node's name in the pid may hold one.
    Without a slash the rest is taken as a queue's name: then nobody is there, and the broker says so.
    """
    if not address.startswith(_PID):
        return Route(address)
    pid, slash, queue = address.removeprefix(_PID).rpartition("/")
    return Route(queue, pid) if slash else Route(queue)
