"""AMQP payloads to model values and back; the wire names."""
