"""A party of a Dial, by itself."""

from __future__ import annotations

import pytest

from pivot.execute.dialling.party import DialledParty
from pivot.execute.times import whole_seconds
from pivot.model.dialling import Endpoint, EndpointKind
from pivot.model.instructions import NumberNoun

NUMBER = "+15550009999"


@pytest.mark.parametrize(("heard_s", "told"), [(9.96, 10), (10.0, 10), (10.3, 10), (0.2, 0)])
def test_talk_is_told_to_the_nearest_second(heard_s: float, told: int) -> None:
    """The answer's report may take longer to us than the end's: ten seconds are not nine for that."""
    endpoint = Endpoint(NUMBER, "b1", EndpointKind.NUMBER, NUMBER)
    party = DialledParty(NumberNoun(NUMBER), endpoint, "b1", answered_at_s=3.0, ended_at_s=3.0 + heard_s)

    assert party.talked_s() == told


@pytest.mark.parametrize(
    ("length_s", "told"), [(3.82, 4), (3.78, 4), (2.5, 2), (11.5, 11), (0.0, 0), (0.6, 1)]
)
def test_durations_are_told_to_the_nearest_second(length_s: float, told: int) -> None:
    """Exactly half a second is cut, as Kazoo cuts 2500 and 11500 ms."""
    assert whole_seconds(length_s) == told
