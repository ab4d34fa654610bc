"""The worker process: wiring of the rooms, live settings, HTTP servers, health and metrics."""
