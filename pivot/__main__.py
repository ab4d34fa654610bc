"""`python -m pivot`."""

from pivot.cli.command_line import main

main()
