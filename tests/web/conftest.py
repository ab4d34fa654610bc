"""A store, and a server in front of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from pivot.debug.store import Store
from tests.web.memory_store import MemoryStore
from tests.web.support import ALICE_TOKEN, CrossbarClient, serving


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
async def http(store: Store) -> AsyncIterator[TestClient[Any, Any]]:
    async with serving(store) as client:
        yield client


@pytest.fixture
def alice(http: TestClient[Any, Any]) -> CrossbarClient:
    return CrossbarClient(http, ALICE_TOKEN)
