"""One running instruction each: small objects whose state is plain fields."""
