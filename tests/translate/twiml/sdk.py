"""The elements of the installed `twilio` package: what nests in what, and with which attributes.

The package builds every document that a customer's server can answer with. Nothing about it is written down
here: each method that makes an element is called, and what comes out is looked at.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from twilio.twiml import TwiML, voice_response

Method = Callable[..., Any]


@dataclass(frozen=True)
class Made:
    """An element that some method makes."""

    name: str
    kind: Any
    parameters: tuple[str, ...]
    required: tuple[str, ...]
    attributes: frozenset[str]


@cache
def children(kind: Any) -> Mapping[str, Made]:
    """By method: every element that the package makes inside this one."""
    found = {}
    for name, method in inspect.getmembers(kind, inspect.isfunction):
        if (method.__doc__ or "").lstrip().startswith("Create a"):
            made = _try(kind, name, method)
            if made is not None:
                found[name] = made
    return found


def _try(kind: Any, name: str, method: Method) -> Made | None:
    """None for methods that only warn that they are old names of others."""
    parameters = _parameters(method)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        try:
            element = getattr(blank(kind), name)(**dict.fromkeys(parameters, "x"))
        except DeprecationWarning:
            return None
    required = tuple(key for key, given in parameters.items() if given.default is inspect.Parameter.empty)
    return Made(element.name, type(element), tuple(parameters), required, frozenset(element.attrs))


def blank(kind: Any) -> Any:
    """An element with nothing but what its class insists on."""
    needed = _parameters(kind.__init__)
    return kind(**{key: "x" for key, given in needed.items() if given.default is inspect.Parameter.empty})


def _parameters(method: Method) -> dict[str, inspect.Parameter]:
    loose = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    parameters = list(inspect.signature(method).parameters.values())[1:]
    return {given.name: given for given in parameters if given.kind not in loose}


@cache
def elements() -> Mapping[str, frozenset[str]]:
    """Every element of the package with its attributes, wherever it may stand."""
    found: dict[str, frozenset[str]] = {}
    for kind in parents():
        for made in children(kind).values():
            found[made.name] = found.get(made.name, frozenset()) | made.attributes
    return found


@cache
def parents() -> tuple[Any, ...]:
    """Every class whose elements have children."""
    kinds: list[Any] = [kind for _, kind in inspect.getmembers(voice_response, inspect.isclass)]
    return tuple(kind for kind in kinds if kind is not TwiML and children(kind))
