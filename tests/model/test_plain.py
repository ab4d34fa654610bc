"""State survives being written down."""

from __future__ import annotations

import json

import pytest

from pivot.model.call import Method
from pivot.model.codes import Code, Outcome
from pivot.model.commands import End, Fetch
from pivot.model.fetch import Answer, FetchRequest
from pivot.model.plain import from_json, to_json


@pytest.mark.parametrize(
    "value",
    [
        End(Outcome.BRANCHED, Code.HTTP_STATUS, "500"),
        Fetch(FetchRequest("f1", "http://h/", Method.POST, headers=(("a", "b"),), body=b"\xff\x00")),
        Answer(200, (("Content-Type", "text/xml"),), b"", "http://h/"),
        {"$": "a member of the customer's", "list": [1, 2.5, None, (True, "x")]},
    ],
)
def test_plain_data_comes_back_as_it_was(value: object) -> None:
    """A call goes on elsewhere from its written state: nothing may be lost or change its type."""
    assert from_json(json.loads(json.dumps(to_json(value)))) == value


def test_an_unregistered_class_is_refused_by_name() -> None:
    """A forgotten registration shows when state is written, not when it is needed."""
    with pytest.raises(ValueError, match="object"):
        to_json(object())


def test_an_unknown_kind_is_refused_by_name() -> None:
    """State of a newer version must not be misread."""
    with pytest.raises(ValueError, match="Teleport"):
        from_json({"$": "Teleport"})
