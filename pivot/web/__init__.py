"""The debug API and the inspector."""
