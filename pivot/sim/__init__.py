"""The second host of the engine: scripted callflow, switch and caller."""
