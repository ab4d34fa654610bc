"""A pouchdb-server in memory, which speaks CouchDB's protocol; administrator and password are `admin`."""

from __future__ import annotations

from tests.services.packages import POUCHDB_SERVER
from tests.services.processes import Running, free_ports, greets, path


def start(running: Running) -> str:
    """Start a server and return its URL."""
    folder = running.new_folder("couch")
    (port,) = free_ports(1)
    (folder / "config.json").write_text('{"admins":{"admin":"admin"}}')
    options = ["--in-memory", "--port", str(port), "--host", "127.0.0.1", "--config", "config.json"]
    env = {"PATH": path(), "HOME": str(folder), "TMPDIR": str(folder)}
    server = running.spawn("pouchdb-server", ["node", str(POUCHDB_SERVER), *options], folder, env)
    server.wait_until(lambda: greets(port, b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n"))
    return f"http://admin:admin@127.0.0.1:{port}"
