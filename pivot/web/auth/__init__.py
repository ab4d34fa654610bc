"""Who may read an account's calls: one authenticator for each mode of `[web.auth]`."""
