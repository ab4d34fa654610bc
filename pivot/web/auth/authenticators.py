"""The authenticator that the settings ask for."""

from __future__ import annotations

from pivot.web.auth.couch_reader import CouchReader
from pivot.web.auth.crossbar import CrossbarAuthenticator
from pivot.web.auth.jwt import JwtAuthenticator
from pivot.web.auth.open import OpenAuthenticator
from pivot.web.auth.ports import Authenticator
from pivot.web.auth.static import StaticAuthenticator
from pivot.web.settings import AuthSettings


def make_authenticator(settings: AuthSettings) -> Authenticator:
    """Settings must be checked already: `open` is for loopback only."""
    match settings.mode:
        case "crossbar":
            return CrossbarAuthenticator(
                settings.crossbar_url, timeout_s=settings.timeout_s, cache_s=settings.cache_s
            )
        case "jwt":
            reader = CouchReader(settings.couch_url, timeout_s=settings.timeout_s, cache_s=settings.cache_s)
            return JwtAuthenticator(reader, public_key_file=settings.public_key_file)
        case "static":
            return StaticAuthenticator(settings.tokens)
        case "open":
            return OpenAuthenticator()
