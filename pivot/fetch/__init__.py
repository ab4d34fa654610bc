"""The customer's URL: limits, redirects, and which addresses we may call."""
