"""Every code is explained."""

from __future__ import annotations

import pytest

from pivot.codes import entries, entry_of, read_entries
from pivot.model.codes import Code


def test_every_code_has_an_entry_and_every_entry_a_code() -> None:
    """Whoever sees a code can look it up; nobody reads about codes that cannot occur."""
    assert set(entries()) == {code.value for code in Code}


@pytest.mark.parametrize("code", list(Code))
def test_an_entry_tells_all_four_things(code: Code) -> None:
    """What happened, what was heard, why, and what to do; the remedy is a sentence."""
    entry = entry_of(code)

    assert entry is not None
    for text in (entry.happened, entry.heard, entry.causes, entry.remedy):
        assert len(text) > 10
        assert text.endswith(".")
    assert entry.twilio_code is None or 11000 <= entry.twilio_code < 20000


def test_an_entry_without_a_part_is_named() -> None:
    """Whoever adds a code learns what its entry lacks."""
    with pytest.raises(ValueError, match=r"fetch\.new"):
        read_entries("## `fetch.new`\n\nTwilio: none\n\n- **What happened:** It broke.\n")
