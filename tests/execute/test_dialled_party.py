"""A party of a Dial, by itself."""

from __future__ import annotations

import pytest

from pivot.execute.dialling.party import DialledParty
from pivot.model.dialling import Endpoint, EndpointKind
from pivot.model.instructions import NumberNoun

NUMBER = "+15550009999"


@pytest.mark.parametrize(("heard_s", "told"), [(9.96, 10), (10.0, 10), (10.3, 10), (0.2, 0)])
def test_talk_is_told_to_the_nearest_second(heard_s: float, told: int) -> None:
    """The answer's report may take longer to us than the end's: ten seconds are not nine for that."""
    endpoint = Endpoint(NUMBER, "b1", EndpointKind.NUMBER, NUMBER)
    party = DialledParty(NumberNoun(NUMBER), endpoint, "b1", answered_at_s=3.0, ended_at_s=3.0 + heard_s)

    assert party.talked_s() == told
