"""A customer's document becomes instructions, whole, before any of it runs."""
