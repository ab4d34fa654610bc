"""`pivot check`: can this answer be run, and what is odd about it?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pivot.app.live_settings import rules_of
from pivot.cli.did_you_mean import with_hint
from pivot.cli.left_out import left_out
from pivot.cli.targets import STDIN, documents_in, is_url, read_file, read_stdin
from pivot.cli.unknown_members import unknown_members
from pivot.errors import ConfigError, DocumentError
from pivot.execute.rules import Rules
from pivot.fetch.fetcher import open_fetcher
from pivot.model.call import Method
from pivot.model.documents import TwimlDocument
from pivot.model.fetch import Answer, FetchRequest
from pivot.model.speech import Repertoire
from pivot.schema import Schemas
from pivot.settings.sections import Settings
from pivot.speech.opening import open_speech
from pivot.translate.answer import translate

UNREADABLE = "target.unreadable"
"""The code of a target that is no document yet: a file that is not there, an empty folder."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault or warning; `line` and `column` are 1-based, None: the document as a whole."""

    target: str
    is_error: bool
    code: str
    """A code of `codes.md`, or `UNREADABLE`."""
    message: str
    line: int | None = None
    column: int | None = None
    twilio_code: int | None = None

    @property
    def severity(self) -> str:
        """`error` or `warning`."""
        return "error" if self.is_error else "warning"

    def __str__(self) -> str:
        place = f":{self.line}:{self.column or 1}" if self.line else ""
        number = f" ({self.twilio_code})" if self.twilio_code else ""
        return f"{self.target}{place}: {self.severity} {self.code}{number}: {self.message}"

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "target": self.target,
            "line": self.line,
            "column": self.column,
            "code": str(self.code),
            "severity": self.severity,
            "message": self.message,
        }


async def check_as_configured(
    targets: Iterable[str], settings: Settings, *, strict: bool = False
) -> list[Finding]:
    """What is wrong with each target, for a worker with these settings and its speech plug-in.

    Args:
        targets: files, folders, URLs, `-` for standard input.
        settings: of the worker.
        strict: every warning is an error.

    Raises:
        ConfigError: the settings cannot be used, or the plug-in does not open.
    """
    async with open_speech(settings.speech) as synthesiser:
        speech = synthesiser.repertoire if synthesiser else Repertoire()
        found = await check(targets, settings, rules_of(settings, Schemas.bundled(), speech=speech))
    return [replace(finding, is_error=True) for finding in found] if strict else found


async def check(targets: Iterable[str], settings: Settings, rules: Rules) -> list[Finding]:
    """What is wrong with each target, in their order; empty: nothing.

    A target that cannot be read is one finding, and the others are checked all the same.

    Raises:
        ConfigError: the settings cannot be used.
    """
    findings: list[Finding] = []
    for target in targets:
        if is_url(target):
            answer = await _fetched(target, settings)
            findings += [answer] if isinstance(answer, Finding) else _judge(target, answer, rules)
        else:
            findings += _check_here(target, rules)
    return findings


def _check_here(target: str, rules: Rules) -> list[Finding]:
    """Standard input, a file, or every document of a folder."""
    try:
        if target == STDIN:
            return _judge(target, read_stdin(), rules)
        if not Path(target).is_dir():
            return _judge(target, read_file(Path(target)), rules)
        paths = list(documents_in(Path(target)))
    except ConfigError as error:
        return [Finding(target, True, UNREADABLE, str(error))]
    return [finding for path in paths for finding in _check_here(str(path), rules)]


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
    passed_over = (
        left_out(document, rules) if isinstance(document, TwimlDocument) else unknown_members(document)
    )
    return [
        Finding(target, False, item.code, item.message, item.line, item.column, item.twilio_code)
        for item in (*map(with_hint, document.warnings), *passed_over)
    ]
