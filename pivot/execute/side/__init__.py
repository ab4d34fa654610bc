"""What goes on beside a call's documents: from a Start until a Stop, or until the call ends."""
