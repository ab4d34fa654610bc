"""`python -m pivot`."""

from pivot.cli import main

main()
