"""The `[debug]` section: where debug documents go and how much may wait."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class DebugSettings:
    """Section `[debug]`. Secrets in URLs are hidden when settings are shown."""

    store: Literal["couch", "sqlite", "off"] = "couch"
    """A Kazoo cluster's CouchDB, one file, or nothing."""
    couch_url: str = "http://127.0.0.1:15984"
    """Server with user and password: `http://admin:secret@db.example.com:5984`."""
    couch_timeout_s: float = 10.0
    """Limit of each request to CouchDB."""
    sqlite_path: str = "pivot-debug.sqlite"
    """File of the embedded store; `:memory:` keeps nothing."""
    spill_dir: str = ""
    """Folder for documents that wait for CouchDB; empty: they wait in memory only."""
    spill_bytes: int = 1_073_741_824
    """Most that may lie in `spill_dir`; then the oldest goes."""
    redact: tuple[str, ...] = ()
    """Parameters whose values are not stored: `["Digits"]`."""
    failures: bool = False
    """Store failed calls too when the request did not ask for debug."""
    max_body_bytes: int = 1_000_000
    """Longer bodies are stored cut, and marked so."""
    queue_documents: int = 20_000
    """Documents that may wait in memory; then the oldest goes."""
    queue_bytes: int = 67_108_864
    """Bytes that may wait in memory; then the oldest goes."""
    batch_documents: int = 500
    """Most documents in one write to one database."""
    batch_bytes: int = 4_000_000
    """Most bytes in one write to one database; CouchDB refuses 8 MB."""
    linger_s: float = 0.05
    """How long a document waits for company before it is written."""
    flush_s: float = 5.0
    """How long stopping waits for documents to be written."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Pairs of a key and what is wrong with its value."""
        if self.store == "couch" and not _is_server(self.couch_url):
            yield "couch_url", "is no server's address, want http://user:password@host:5984"
        for name in _POSITIVE:
            if getattr(self, name) <= 0:
                yield name, f"is {getattr(self, name)}, want more than 0"
        for name in ("linger_s", "flush_s"):
            if getattr(self, name) < 0:
                yield name, f"is {getattr(self, name)}, want 0 or more"
        if self.max_body_bytes > MOST_BODY_BYTES:
            yield "max_body_bytes", f"is {self.max_body_bytes}, want at most {MOST_BODY_BYTES}"
        if self.batch_bytes > MOST_BATCH_BYTES:
            yield "batch_bytes", f"is {self.batch_bytes}, want at most {MOST_BATCH_BYTES}"


def _is_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none
        return False


MOST_BODY_BYTES = 2_000_000
"""In JSON a byte may become three, and CouchDB takes documents of 8 MB."""
MOST_BATCH_BYTES = 7_000_000
_POSITIVE = (
    "couch_timeout_s",
    "spill_bytes",
    "max_body_bytes",
    "queue_documents",
    "queue_bytes",
    "batch_documents",
    "batch_bytes",
)
