"""Which of espeak-ng's languages a language tag means."""

from __future__ import annotations

from collections.abc import Collection

PREFERRED = {
    "en": "en-us",
    "fr": "fr-fr",
    "es-mx": "es-419",
    "es-us": "es-419",
    "zh": "cmn",
    "zh-hk": "yue",
    "no": "nb",
    "arb": "ar",
}
"""Where the tag is not the name, or has several."""


def language_for(tag: str, spoken: Collection[str], default: str) -> str:
    """The nearest of the `spoken` languages; the default for a language that is not spoken at all.

    `en-GB` is `en-gb`, `de-AT` is `de`, `pt_BR` is `pt-br`, `zh-CN` is `cmn`, `en-AU` is `en-us`.
    """
    wanted = tag.lower().replace("_", "-")
    while wanted:
        for name in (wanted, PREFERRED.get(wanted, "")):
            if name in spoken:
                return name
        wanted = wanted.rpartition("-")[0]
    return default
