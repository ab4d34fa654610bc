"""Debug documents in a Kazoo cluster's CouchDB."""

from __future__ import annotations

from pivot.debug.couch import Couch
from pivot.debug.couch_calls import CouchCalls
from pivot.debug.couch_sink import CouchSink


class CouchStore(CouchSink, CouchCalls):
    """The whole store over one CouchDB server, which it closes."""

    def __init__(self, couch: Couch) -> None:
        CouchSink.__init__(self, couch)
        CouchCalls.__init__(self, couch)

    async def check(self) -> None:
        """Raise StoreError when CouchDB does not answer or refuses the credentials."""
        await self._couch.check()

    async def close(self) -> None:
        """Close the connections to CouchDB."""
        await self._couch.close()
