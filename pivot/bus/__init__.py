"""RabbitMQ: topology, consume, settle, publish."""

from pivot.bus.rabbit import RabbitBus, open_bus

__all__ = ["RabbitBus", "open_bus"]
