"""The engine: an event in, commands out. No I/O, no clock, no randomness."""
