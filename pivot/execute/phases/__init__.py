"""What a call does in each of its phases; `machine.py` tells which leads to which."""
