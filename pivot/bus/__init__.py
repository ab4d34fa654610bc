"""RabbitMQ: topology, consume, settle, publish."""
