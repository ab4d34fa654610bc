"""Dialling: who is rung, how, and what became of it."""
