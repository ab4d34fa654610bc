"""Numbers that help is called with. They go to the carriers' service whatever else a document asks."""

from __future__ import annotations

_EVERYWHERE = "112 911 999 000"
_IN_COUNTRIES = "110 111 113 115 117 118 119 122 133 144 190 191 192 193 993 994 995 997 998"
"""Police, fire brigade and ambulance of single countries; 100 to 109 are extensions nearly everywhere."""
_OF_KAZOO = "922 933 833 811 711"
"""What Kazoo's number classifier counts in. Source: knm_converters.erl, CLASSIFIER_EMERGENCY."""
_NUMBERS = frozenset(f"{_EVERYWHERE} {_IN_COUNTRIES} {_OF_KAZOO}".split())


def is_emergency(number: str) -> bool:
    """Whether a number, digits only, calls for help in some country."""
    return number in _NUMBERS
