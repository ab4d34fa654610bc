"""`/speech/<name>`: finished sounds, for the media servers."""

from __future__ import annotations

from aiohttp import web

from pivot.speech.cache import SUFFIXES, SoundCache
from pivot.speech.synthesiser import PATH

_TYPES = {suffix: media_type for media_type, suffix in SUFFIXES.items()}
_HEADERS = {
    "Cache-Control": "private, max-age=86400, immutable",  # the name tells the content
    "X-Content-Type-Options": "nosniff",
    "Server": "pivot",
}


def speech_routes(cache: SoundCache) -> list[web.RouteDef]:
    """Handlers to be added to an application; GET and HEAD, whole or in ranges.

    Whoever knows a sound's name may hear it, as media servers have no credentials. Nothing is listed.
    """

    async def sound(request: web.Request) -> web.StreamResponse:
        path = cache.path(request.match_info["name"])
        if path is None:
            raise web.HTTPNotFound
        return web.FileResponse(path, headers=_HEADERS | {"Content-Type": _TYPES[path.suffix]})

    return [web.get(PATH + "{name}", sound)]
