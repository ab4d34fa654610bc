"""Exchanges, queues and bindings, declared exactly as Kazoo declares them.

A declaration that differs from what a running Erlang node has declared is refused by the broker with 406.
Source: kz_amqp.hrl, kz_amqp_util.erl, pivot_app.erl, pivot_listener.erl.
"""

from __future__ import annotations

from types import MappingProxyType

from aiormq.abc import AbstractChannel

from pivot.wire.names import PIVOT_QUEUE, Exchange
from pivot.wire.routing import ALL_PIVOT_REQUESTS

EXCHANGES = MappingProxyType(
    {
        Exchange.CALLMGR: "topic",
        Exchange.CALLEVT: "topic",
        Exchange.CALLCTL: "direct",
        Exchange.TARGETED: "direct",
        Exchange.NOTIFICATIONS: "topic",
        Exchange.CONFERENCE: "topic",
        Exchange.RESOURCES: "topic",
        Exchange.SWITCH: "topic",
        Exchange.CONFIGURATION: "topic",
    }
)
PIVOT_QUEUE_ARGUMENTS = MappingProxyType({"x-message-ttl": 60_000, "x-max-length": 100})
EVENT_QUEUE_ARGUMENTS = MappingProxyType({"x-expires": 60_000})
"""No limits: an event that is dropped would be a hang-up unheard. Kept a minute for whoever comes back."""


async def declare_exchanges(channel: AbstractChannel) -> None:
    """All that messages travel through: publishing to a missing one would close our channel."""
    for name, kind in EXCHANGES.items():
        await channel.exchange_declare(exchange=name, exchange_type=kind)


async def declare_message_exchange(channel: AbstractChannel) -> None:
    """What text messages travel through; only where they are sent, as Kazoo 4 has none of this name."""
    await channel.exchange_declare(exchange=Exchange.IM, exchange_type="topic")


async def declare_pivot_queue(channel: AbstractChannel) -> int:
    """The queue shared with every other pivot node, Erlang's included; returns how many consume it."""
    declared = await channel.queue_declare(
        PIVOT_QUEUE, auto_delete=True, arguments=dict(PIVOT_QUEUE_ARGUMENTS)
    )
    await channel.queue_bind(PIVOT_QUEUE, Exchange.TARGETED, PIVOT_QUEUE)
    await channel.queue_bind(PIVOT_QUEUE, Exchange.CALLMGR, ALL_PIVOT_REQUESTS)
    return declared.consumer_count or 0


async def declare_queue_mark(channel: AbstractChannel, mark: str) -> None:
    """Something of ours that is gone when the shared queue was deleted since, even if it stands again.

    Nobody publishes to it. The broker deletes it with its only binding, and that with the queue.
    """
    await channel.exchange_declare(exchange=mark, exchange_type="fanout", auto_delete=True)
    await channel.queue_bind(PIVOT_QUEUE, mark)


async def declare_exchange_mark(channel: AbstractChannel, mark: str) -> None:
    """The same for the exchange of the call events: with it went the bindings of all calls."""
    await channel.exchange_declare(exchange=mark, exchange_type="fanout", auto_delete=True)
    await channel.exchange_bind(Exchange.CALLEVT, mark)


async def declare_event_queue(channel: AbstractChannel, name: str) -> None:
    """This worker's own queue, for the events of bound legs and for answers to its commands."""
    await channel.queue_declare(name, arguments=dict(EVENT_QUEUE_ARGUMENTS))
    await channel.queue_bind(name, Exchange.TARGETED, name)
