"""Documents that Kazoo's own pivot stored, read through the API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pivot.debug.store import DebugDocument
from tests.web.memory_store import MemoryStore
from tests.web.support import ALICE, NOW, CrossbarClient, fill

VECTORS = Path(__file__).parent.parent / "vectors" / "debug" / "kazoo_documents.json"
SCENARIOS = [each for each in json.loads(VECTORS.read_text())["scenarios"] if each["saved_docs"]]
PRIVATE = ("pvt_", "_")


def stored(scenario: dict[str, Any]) -> list[DebugDocument]:
    """The scenario's documents a second apart, placeholders replaced."""
    documents = []
    for number, saved in enumerate(scenario["saved_docs"]):
        created = NOW - 600 + number
        placeholders = {"_id": f"{number:032x}", "pvt_created": created, "pvt_modified": created}
        body = dict(saved["doc"]) | placeholders | {"pvt_node": "kazoo_apps@apps1.example.com"}
        documents.append(DebugDocument(ALICE, "202411", body))
    return documents


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: str(scenario["scenario"]))
async def test_what_kazoo_wrote_is_read_as_it_was(
    alice: CrossbarClient, store: MemoryStore, scenario: dict[str, Any]
) -> None:
    """Every public field, unchanged; listed, and told as a story, too."""
    documents = stored(scenario)
    await fill(store, *documents)
    call_id = str(documents[0].body["call_id"])

    listed = (await alice.get()).data
    read = (await alice.get(f"debug/{call_id}", ascending="true")).data
    runs = (await alice.get(f"calls/{call_id}")).data["runs"]

    assert [entry["call_id"] for entry in listed] == [call_id]
    assert listed[0]["uri"] == documents[0].body["uri"]
    public = [
        {name: value for name, value in document.body.items() if not name.startswith(PRIVATE)}
        for document in documents
    ]
    made = ("id", "created", "node", "debug_id")
    assert [{name: entry[name] for name in entry if name not in made} for entry in read] == public
    exchanges = [exchange for run in runs for exchange in run["exchanges"]]
    asked = [document.body["uri"] for document in documents if "uri" in document.body]
    assert [exchange["asked"]["uri"] for exchange in exchanges] == asked
    statuses = [each.body["resp_status_code"] for each in documents if "resp_status_code" in each.body]
    assert [exchange["answered"]["status"] for exchange in exchanges if "answered" in exchange] == statuses
