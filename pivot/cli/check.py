"""`pivot check`: can this answer be run, and what is odd about it?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pivot.app.live_settings import rules_of
from pivot.errors import ConfigError, DocumentError
from pivot.execute.rules import Rules
from pivot.fetch.fetcher import open_fetcher
from pivot.model.call import Method
from pivot.model.codes import Code
from pivot.model.fetch import Answer, FetchRequest
from pivot.model.speech import Repertoire
from pivot.schema import Schemas
from pivot.settings.sections import Settings
from pivot.speech.opening import open_speech
from pivot.translate.answer import translate

TYPES = {".xml": "text/xml", ".twiml": "text/xml", ".json": "application/json"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault or warning."""

    target: str
    is_error: bool
    code: Code
    message: str
    line: int | None = None
    column: int | None = None
    twilio_code: int | None = None

    def __str__(self) -> str:
        place = f":{self.line}:{self.column or 1}" if self.line else ""
        number = f" ({self.twilio_code})" if self.twilio_code else ""
        kind = "error" if self.is_error else "warning"
        return f"{self.target}{place}: {kind} {self.code}{number}: {self.message}"


async def check_as_configured(targets: Iterable[str], settings: Settings) -> list[Finding]:
    """What is wrong with each target, for a worker with these settings and its speech plug-in.

    Raises:
        ConfigError: a file cannot be read, or the plug-in does not open.
    """
    async with open_speech(settings.speech) as synthesiser:
        speech = synthesiser.repertoire if synthesiser else Repertoire()
        return await check(targets, settings, rules_of(settings, Schemas.bundled(), speech=speech))


async def check(targets: Iterable[str], settings: Settings, rules: Rules) -> list[Finding]:
    """What is wrong with each target, a file or a URL; empty: nothing.

    Raises:
        ConfigError: a file cannot be read.
    """
    findings: list[Finding] = []
    for target in targets:
        answer = await _fetched(target, settings) if is_url(target) else read_file(Path(target))
        findings += [answer] if isinstance(answer, Finding) else _judge(target, answer, rules)
    return findings


def is_url(target: str) -> bool:
    """True for an http or https URL; anything else is a file."""
    return target.startswith(("http://", "https://"))


def read_file(path: Path) -> Answer:
    """A file as if a server had answered with it; its name tells the content type.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        body = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}; name a file or a URL") from error
    content_type = TYPES.get(path.suffix.lower())
    headers = (("Content-Type", content_type),) if content_type else ()
    return Answer(200, headers, body, path.as_uri() if path.is_absolute() else str(path))


async def _fetched(url: str, settings: Settings) -> Answer | Finding:
    async with open_fetcher(settings.fetch) as fetcher:
        result = await fetcher.fetch(FetchRequest("check", url, Method.GET))
    return result if isinstance(result, Answer) else Finding(url, True, result.code, result.message)


def _judge(target: str, answer: Answer, rules: Rules) -> list[Finding]:
    try:
        document = translate(answer, rules.translate)
    except DocumentError as error:
        number = int(error.code.twilio_number) if error.code.twilio_number else None
        return [Finding(target, True, error.code, str(error), error.line, error.column, number)]
    return [
        Finding(target, False, item.code, item.message, item.line, item.column, item.twilio_code)
        for item in document.warnings
    ]
