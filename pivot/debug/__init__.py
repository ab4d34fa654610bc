"""Watches calls, makes debug documents, and stores them beside the call's way."""
