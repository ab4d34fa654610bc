"""The command line: one file for each command, imported when it runs; `command_line.py` declares them."""

from pivot.cli.command_line import main

__all__ = ["main"]
