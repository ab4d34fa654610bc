"""pivot: asks a customer's web server what a live Kazoo call does next, and makes the switch do it."""

__version__ = "0.1.0"
