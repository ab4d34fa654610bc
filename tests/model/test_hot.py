"""Values that are made by the dozen behave as frozen dataclasses do, but for the price."""

from __future__ import annotations

import pickle
from dataclasses import replace

from pivot.model.call import Party
from pivot.model.events import Event, Fetched, TimerFired
from pivot.model.fetch import Answer
from pivot.model.plain import from_json, to_json


def test_values_are_equal_and_hashed_by_their_fields() -> None:
    """Sets and dictionaries of them work; another class with the same fields is another value."""
    assert Party("a", "b") == Party("a", "b") != Party("a", "c")
    assert {Party("a", "b"), Party("a", "b"), Party("b", "a")} == {Party("b", "a"), Party("a", "b")}
    assert replace(Party("a", "b"), realm="c") == Party("a", "c")


def test_values_survive_json_and_another_process() -> None:
    """Both ways a call's state is carried on."""
    event: Event = Fetched("f", Answer(200, (("A", "b"),), b"body", "http://h/"))

    assert from_json(to_json(event)) == event
    assert pickle.loads(pickle.dumps(event)) == event


def test_no_field_is_set_the_slow_way() -> None:
    """What a frozen dataclass does for each of its fields, and why these are frozen for mypy only."""
    code = Party.__init__.__code__

    assert "__setattr__" not in code.co_names
    assert "__dataclass_builtins_object__" not in code.co_freevars
    assert not hasattr(TimerFired("t"), "__dict__")
