"""Set: variables that ride on every later request, as far as they fit."""

from __future__ import annotations

from pivot.model.commands import Fetch
from pivot.model.notes import Noticed
from tests.execute.histories import History


def test_variables_have_a_limit_and_the_document_goes_on() -> None:
    """They ride on every request; documents that add some each time must not fill the worker's memory."""
    big = f"<Set><Variable key='big' value='{'x' * 16_400}'/></Set>"
    small = "<Set><Variable key='plan' value='gold'/></Set>"

    history = History(f"{small}{big}<Redirect>/next</Redirect>")

    told = dict(history.last(Fetch).request.parameters)
    assert told["plan"] == "gold"
    assert "big" not in told
    assert history.last(Noticed).message == "variables of more than 16384 characters; these are not set"
