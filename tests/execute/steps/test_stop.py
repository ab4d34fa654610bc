"""Stop: which of several ends, and what happens when there is none."""

from __future__ import annotations

from pivot.model.dialling import StartRecording, StopRecording
from pivot.model.notes import Noticed
from pivot.model.plain import from_json, to_json
from tests.execute.histories import History

A = "<Start><Recording name='a'/></Start>"
B = "<Start><Recording name='b'/></Start>"
WAIT = "<Pause length='60'/>"


def begun(history: History) -> list[str]:
    return [item.name for item in history.done if isinstance(item, StartRecording)]


def ended(history: History) -> list[str]:
    return [item.name for item in history.done if isinstance(item, StopRecording)]


def test_a_name_says_which_one_ends() -> None:
    """The other one goes on."""
    history = History(f"{A}{B}<Stop><Recording name='a'/></Stop>{WAIT}")

    assert ended(history) == begun(history)[:1]
    assert [task.name for task in history.machine.state.side] == ["b"]


def test_without_a_name_the_latest_ends() -> None:
    """And a second Stop ends the one before."""
    stop = "<Stop><Recording/></Stop>"

    assert ended(History(f"{A}{B}{stop}{WAIT}")) == begun(History(f"{A}{B}"))[1:]
    history = History(f"{A}{B}{stop}{stop}{WAIT}")
    assert ended(history) == list(reversed(begun(history)))


def test_what_is_not_under_way_is_a_warning() -> None:
    """A wrong name, another kind, or one that was ended before: the document goes on."""
    for stop in ("<Recording name='c'/>", "<Stream name='a'/>", "<Siprec/>"):
        history = History(f"{A}<Stop>{stop}</Stop>{WAIT}")

        assert ended(history) == []
        assert [item.is_error for item in history.done if isinstance(item, Noticed)] == [False]


def test_a_running_recording_can_be_written_down() -> None:
    """Another worker could stop it."""
    state = to_json(History(f"{A}{WAIT}").machine.state)

    assert to_json(from_json(state)) == state
    assert from_json(state).side[0].name == "a"
