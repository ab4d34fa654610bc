"""The verb that a misspelt one was probably meant to be."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches

from pivot.model.codes import Code
from pivot.model.documents import DocumentWarning
from pivot.translate.twiml.verbs import VERBS

_VERBS = {name.lower(): name for name in VERBS}
_UNKNOWN = "is no verb"
_LONGEST = 40


def with_hint(warning: DocumentWarning) -> DocumentWarning:
    """The warning, and the verb that is close to an unknown one; others as they are.

    Only `pivot check` asks: comparing names takes too long for a document of a live call.
    """
    name, _, what = warning.message.partition(" ")
    if warning.code != Code.TWIML_VERB or not what.startswith(_UNKNOWN):
        return warning
    close = get_close_matches(name[:_LONGEST].lower(), _VERBS, n=1)
    return (
        replace(warning, message=f"{warning.message}; did you mean {_VERBS[close[0]]}?") if close else warning
    )
