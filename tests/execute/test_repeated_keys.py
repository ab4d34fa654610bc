"""The same key event twice is one key, whoever is told it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pivot.model.commands import Fetch
from pivot.model.events import DigitPressed
from tests.calls import CALL_ID
from tests.execute.histories import History

KEYS = st.lists(st.sampled_from("12#"), min_size=1, max_size=12)


def gathered(history: History) -> str:
    """What the action was told; each event was seen by a machine that was read from its written state."""
    return str(dict(history.last(Fetch).request.parameters)["Digits"])


@given(KEYS, st.data())
def test_keys_that_are_told_again_and_again_count_once(keys: str, data: st.DataObject) -> None:
    """By the broker after a lost acknowledgement, or to the worker that took the call over."""
    history = History(f"<Gather action='/keys' finishOnKey='' numDigits='{len(keys)}'/>")
    told: list[DigitPressed] = []

    for number, key in enumerate(keys):
        told.append(DigitPressed(CALL_ID, key, f"17960856794{number:02}"))
        history.happens(told[-1])
        for again in data.draw(st.lists(st.sampled_from(told), max_size=3)):
            history.happens(again)

    assert gathered(history) == "".join(keys)


def test_keys_of_one_moment_have_one_id_and_all_count() -> None:
    """Recorded: `1`, `#` and `2` of a burst, each in a message with the Msg-ID 1796088952267162."""
    history = History("<Gather action='/keys' finishOnKey='' numDigits='3'/>")

    for key in "1#2":
        history.happens(DigitPressed(CALL_ID, key, "1796088952267162"))

    assert gathered(history) == "1#2"


def test_keys_without_an_id_all_count() -> None:
    """Two presses of one key are two keys."""
    history = History("<Gather action='/keys' numDigits='2'/>")

    for _ in range(2):
        history.happens(DigitPressed(CALL_ID, "1"))

    assert gathered(history) == "11"
