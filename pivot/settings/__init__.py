"""Settings, read once at start: defaults, a TOML file, the environment, Kazoo's own `config.ini`."""
