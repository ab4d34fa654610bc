"""How FreeSWITCH 1.10 reads a dial string, an originate's arguments and an application's argument: a model.

Written from facts that were measured on a FreeSWITCH 1.10.11, and read in switch_ivr_originate.c,
switch_utils.c (separating strings), switch_event.c (brackets) and mod_commands.c (originate). It is on the
suspicious side: whatever it is not sure about becomes a finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

_COMMA = "\x01"
"""What a comma within brackets is meanwhile."""


@dataclass(slots=True)
class Leg:
    """One endpoint that would be rung, with the variables it gets."""

    dialled: str
    variables: dict[str, str | list[str]] = field(default_factory=dict)


@dataclass(slots=True)
class Read:
    """What a dial string amounts to; `arguments` follow it in an originate."""

    legs: list[Leg] = field(default_factory=list)
    common: dict[str, str | list[str]] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    """What was expanded, left open or cut in a way nobody wants."""


def read_bridge(argument: str) -> Read:
    """The argument of the application `bridge`."""
    read = Read()
    _expand(argument, read)
    for part in argument.split(":_:"):
        _originate(part, read)
    if ":_:" in argument:
        read.findings.append("several calls at once")
    return read


def read_originate(argument: str) -> Read:
    """The argument of the API `originate`: cut at blanks outside quotes, which are taken away."""
    words = _separated(argument.strip(" "), " ")
    read = read_bridge(words[0] if words else "")
    read.arguments = words[1:]
    return read


def read_application(argument: str) -> list[str]:
    """What an application's argument would do besides being its text."""
    found = Read()
    _expand(argument, found)
    if argument.startswith("%[") or (argument[:1] == "%" and argument[2:3] == "["):
        found.findings.append("sets variables")
    return found.findings


def read_multiset(argument: str) -> dict[str, str]:
    """The argument of `kz_multiset`: `^^~a=b~c=d`."""
    separator = ","
    if argument.startswith("^^"):
        separator, argument = argument[2], argument[3:]
    pairs = (part.partition("=") for part in _separated(argument, separator))
    return {name: value for name, _, value in pairs}


def read_playback(argument: str) -> list[str]:
    """What `playback` would do with its argument besides opening the one file or URL that it names."""
    findings = read_application(argument)
    name, cut, _ = argument.partition("@@")
    if cut:
        findings.append("begins in the middle")
    if name.startswith(("{", "[", "<")):
        findings.append("has parameters")
    name = name.removeprefix("http_cache://")
    scheme, is_stream, rest = name.partition("://")
    if is_stream and scheme not in ("http", "https", "tone_stream", "silence_stream", "prompt"):
        findings.append(f"opens {scheme}")
    if scheme == "tone_stream" and "path=" in rest.lower():
        findings.append("reads a file")
    if not is_stream and ("/" in name or name.startswith("say:")):
        findings.append("opens a file by its path")
    return findings


def _originate(data: str, read: Read) -> None:
    data = data.lstrip(" ")
    while data[:1] in ("<", "{"):
        opened = data[0]
        taken = _brackets(data, opened, ">" if opened == "<" else "}", read)
        if taken is None:
            return
        variables, data = taken
        read.common.update(variables)
        data = data.lstrip(" ")
    for choice in _separated(_hide_commas(data), "|"):
        for peer in _separated(choice, ","):
            leg = _leg(peer.replace(_COMMA, ","), read)
            read.legs.append(leg)


def _leg(peer: str, read: Read) -> Leg:
    variables: dict[str, str | list[str]] = {}
    while peer.startswith("["):
        taken = _brackets(peer, "[", "]", read)
        if taken is None:
            break
        found, peer = taken
        variables.update(found)
    return Leg(peer, variables)


def _hide_commas(data: str) -> str:
    """Commas inside square brackets are no separators; quotes do not matter for this."""
    hidden, depth = [], 0
    for character in data:
        depth += (character == "[") - (character == "]" and depth > 0)
        hidden.append(_COMMA if character == "," and depth else character)
    return "".join(hidden)


def _brackets(
    data: str, opened: str, closed: str, read: Read
) -> tuple[dict[str, str | list[str]], str] | None:
    """Variables in brackets at the beginning, and what follows; quotes do not matter for the closing one."""
    end = _closing(data, opened, closed)
    if end is None:
        read.findings.append(f"{opened} is never closed")
        return None
    inside, rest = data[1:end], data[end + 1 :]
    separator = ","
    if inside.startswith("^^"):
        separator, inside = inside[2], inside[3:]
    variables: dict[str, str | list[str]] = {}
    for part in _separated(inside, separator):
        pair = _separated(part, "=", most=2)
        if len(pair) == 2:
            name, value = pair
            variables[name] = (
                value.removeprefix("ARRAY::").split("|:") if value.startswith("ARRAY::") else value
            )
        elif "=" not in part:
            read.findings.append(f"{part!r} is no variable")
    return variables, rest


def _closing(data: str, opened: str, closed: str) -> int | None:
    depth = 0
    for place, character in enumerate(data):
        depth += (character == opened) - (character == closed)
        if depth == 0:
            return place
    return None


def _separated(text: str, separator: str, most: int = 1024) -> list[str]:
    """Cut outside quotes; then quotes, backslashes and blanks around are taken away."""
    if text.startswith("^^") and len(text) > 3:
        separator, text = text[2], text[3:]
    parts: list[str] = []
    begin, quoted, place = 0, False, 0
    while place < len(text):
        character = text[place]
        if character == "\\":
            place += 1
        elif character == "'" and (quoted or "'" in text[place + 1 :]):
            quoted = not quoted
        elif character == separator and not quoted and len(parts) + 1 < most:
            parts.append(text[begin:place])
            begin = place + 1
        place += 1
    parts.append(text[begin:])
    cleaned = [_cleaned(part, separator) for part in parts]
    return [part for part in cleaned if part] if separator != "=" else [p for p in cleaned if p != ""]


def _cleaned(text: str, separator: str) -> str:
    return "".join(_unquoted(text.lstrip(" "), separator)).rstrip(" ")


def _unquoted(text: str, separator: str) -> Iterator[str]:
    quoted, place = False, 0
    escapes = {"n": "\n", "r": "\r", "t": "\t", "s": " "}
    while place < len(text):
        character, following = text[place], text[place + 1 : place + 2]
        if (
            character == "\\"
            and following
            and (following in "'\"\\" or following == separator or following in escapes)
        ):
            yield escapes.get(following, following)
            place += 1
        elif character == "'" and (quoted or "'" in text[place + 1 :]):
            quoted = not quoted
        else:
            yield character
        place += 1


def _expand(argument: str, read: Read) -> None:
    """`${...}`, also when a backslash and a quote that are deleted first stand in between."""
    if "${" in argument.replace("\\'", "").replace("\\", ""):
        read.findings.append("expands a variable")
    if any(character < " " or character == "\x7f" for character in argument.replace(_COMMA, "")):
        read.findings.append("holds a control character")
