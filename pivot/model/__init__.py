"""The words of pivot: calls, requests, events, commands, documents. Frozen values that decide nothing."""
