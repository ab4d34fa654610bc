"""Servers that misbehave, each in one way; `python -m tests.badserver` starts them all by hand."""
