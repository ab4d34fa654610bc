"""Who may read an account's calls: one judge for each mode of `[web.auth]`."""
