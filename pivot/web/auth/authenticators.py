"""The judge that the settings ask for."""

from __future__ import annotations

from pivot.web.auth.couch_reader import CouchReader
from pivot.web.auth.crossbar import CrossbarJudge
from pivot.web.auth.jwt import JwtJudge
from pivot.web.auth.open import OpenJudge
from pivot.web.auth.ports import Judge
from pivot.web.auth.static import StaticJudge
from pivot.web.settings import AuthSettings


def make_judge(settings: AuthSettings) -> Judge:
    """Settings must be checked already: `open` is for loopback only."""
    match settings.mode:
        case "crossbar":
            return CrossbarJudge(
                settings.crossbar_url, timeout_s=settings.timeout_s, cache_s=settings.cache_s
            )
        case "jwt":
            reader = CouchReader(settings.couch_url, timeout_s=settings.timeout_s, cache_s=settings.cache_s)
            return JwtJudge(reader, public_key_file=settings.public_key_file)
        case "static":
            return StaticJudge(settings.tokens)
        case "open":
            return OpenJudge()
