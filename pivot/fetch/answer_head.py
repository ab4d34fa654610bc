"""The head of an HTTP answer: its status, its header fields, and how long its body is.

A field that cannot be read costs itself alone. Nothing that decides where a body ends is ever repaired:
two readers who disagree about that would give one caller another caller's answer.
Sources: RFC 9112, sections 2 to 6; RFC 9110, section 5.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import Enum, auto

from pivot.model.hot import hot_dataclass

SHOWN_CHARACTERS = 60
"""Of a stranger's line, in a message."""
_STATUS_LINE = re.compile(rb"HTTP/(\d)(?:\.(\d))?[ \t]+(\d{3})(?:[ \t]([^\n]*))?", re.IGNORECASE)
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_LENGTH = re.compile(r"[0-9]{1,15}")
_FRAMING_FIELDS = (b"content-length", b"transfer-encoding")
_FRAMING = ("contentlength", "transferencoding")
"""The same as a careless reader might see them."""
_WITHOUT_BODY = frozenset({204, 304})


class NotHttp(Exception):
    """The answer breaks HTTP where that cannot be passed over; the text follows the server's name."""


class HeaderFlood(Exception):
    """An answer's head goes on beyond the limit."""


class Framing(Enum):
    """What ends the body."""

    NONE = auto()
    """There is no body."""
    LENGTH = auto()
    CHUNKED = auto()
    CLOSE = auto()
    """The connection's end."""


@hot_dataclass(frozen=True, slots=True)
class Head:
    """One answer's head, as it was understood."""

    status: int
    reason: bytes
    fields: tuple[tuple[bytes, bytes], ...]
    """In their order; of those that say where the body ends the one that counts, once."""
    framing: Framing
    length: int = 0
    """Bytes of the body, when framed by LENGTH."""
    persistent: bool = False
    """The server keeps the connection, and nothing in this head was odd."""
    warnings: tuple[str, ...] = ()

    def canonical(self) -> bytes:
        """The head as the strictest parser reads it."""
        lines = [b"HTTP/1.1 %d %s" % (self.status, self.reason)]
        lines += [b"%s: %s" % pair for pair in self.fields]
        return b"\r\n".join(lines) + b"\r\n\r\n"


def read_head(lines: Sequence[bytes], *, bodyless: bool = False) -> Head:
    """Understand a head.

    Args:
        lines: the status line and what follows it up to the empty line; without line ends.
        bodyless: the request was one whose answers have no body, such as HEAD.

    Raises:
        NotHttp: the status line, or a field that says where the body ends, cannot be read.
    """
    is_1_0, status, reason = _status_line(lines[0])
    if status == 101:
        raise NotHttp("switched to another protocol (101) without being asked to")
    fields = _Fields()
    for line in lines[1:]:
        fields.add(line)
    codings = [coding.strip(" \t").lower() for coding in fields.values("transfer-encoding")]
    if codings == ["identity"]:  # no coding, of a standard long gone; some servers name it
        fields.odd, codings = True, []
    framing, length = _framing(fields.values("content-length"), codings)
    if bodyless or status in _WITHOUT_BODY:
        framing, length = Framing.NONE, 0
    options = {option.strip().lower() for value in fields.values("connection") for option in value.split(",")}
    return Head(
        status=status,
        reason=reason,
        fields=fields.framed(framing, length),
        framing=framing,
        length=length,
        persistent=not fields.odd
        and framing is not Framing.CLOSE
        and "close" not in options
        and (not is_1_0 or ("keep-alive" in options and framing is not Framing.CHUNKED)),
        warnings=tuple(fields.warnings),
    )


def is_beginning(data: bytes | bytearray) -> bool:
    """Whether an answer may begin so."""
    word = b"HTTP/"
    return bytes(data[: len(word)]).upper() == word[: len(data)]


def shown(line: bytes) -> str:
    """A stranger's line as a message may show it."""
    text = line[: SHOWN_CHARACTERS + 1].decode("latin-1")
    cut = text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "..."
    return repr(cut)


def _shown(text: str) -> str:
    return shown(text.encode("latin-1"))


class _Fields:
    """Header lines, read one after the other."""

    def __init__(self) -> None:
        self.pairs: list[tuple[bytes, bytes]] = []
        self.warnings: list[str] = []
        self.odd = False
        """A line was repaired or passed over: whoever sends such a head may count its body differently."""
        self._last_was_kept = False

    def values(self, name: str) -> list[str]:
        wanted = name.encode()
        return [value.decode("latin-1") for key, value in self.pairs if key.lower() == wanted]

    def framed(self, framing: Framing, length: int) -> tuple[tuple[bytes, bytes], ...]:
        """Those that were kept, with exactly one that says where the body ends, or none."""
        said = {
            Framing.LENGTH: (b"content-length", b"%d" % length),
            Framing.CHUNKED: (b"transfer-encoding", b"chunked"),
        }.get(framing)
        framed: dict[bytes, tuple[bytes, bytes]] = {}
        for number, (name, value) in enumerate(self.pairs):
            small = name.lower()
            if small not in _FRAMING_FIELDS:
                framed[b"%d" % number] = (name, value)
            elif said is not None and said[0] == small:
                framed.setdefault(small, (name, said[1]))
        return tuple(framed.values())

    def add(self, line: bytes) -> None:
        text = line.rstrip(b"\r")
        if not text:
            raise NotHttp("sent a head with a stray carriage return where its end should be")
        repaired = text != line
        if text[0] in b" \t":
            self._continue(text)
            return
        raw_name, colon, raw_value = text.partition(b":")
        name, value = raw_name.rstrip(b" \t"), raw_value.strip(b" \t")
        repaired = repaired or name != raw_name
        readable = bool(colon) and _TOKEN.fullmatch(name) is not None and _CONTROL.search(value) is None
        if (repaired or not readable) and _plain_name(raw_name).startswith(_FRAMING):
            raise _unreadable(text)
        self.odd = self.odd or repaired or not readable
        self._last_was_kept = readable
        if readable:
            self.pairs.append((name, value))
        else:
            self._pass_over(raw_name)

    def _continue(self, text: bytes) -> None:
        """A line that begins with a blank continues the one before it. Source: RFC 9112, section 5.2."""
        self.odd = True
        if not self._last_was_kept:
            self._pass_over(text.partition(b":")[0])
            return
        name, value = self.pairs.pop()
        if _plain_name(name).startswith(_FRAMING):
            raise _unreadable(name + b": " + value + text)
        more = text.strip(b" \t")
        if _CONTROL.search(more) is None:
            value = (value + b" " + more).strip(b" \t")
        else:
            self._pass_over(text)
        self.pairs.append((name, value))

    def _pass_over(self, beginning: bytes) -> None:
        if _plain_name(beginning).startswith(_FRAMING):
            raise _unreadable(beginning)
        if len(self.warnings) < 5:
            self.warnings.append(
                f"a line of the answer's head is no header field and was passed over: {shown(beginning)}"
            )


def _status_line(line: bytes) -> tuple[bool, int, bytes]:
    text = line.rstrip(b"\r \t")
    match = _STATUS_LINE.fullmatch(text)
    if match is None or match[3] < b"100":
        raise NotHttp(f"answered with something that is not HTTP: it begins with {shown(text)}")
    major, minor, status, reason = match.groups()
    return (major, minor) == (b"1", b"0"), int(status), _CONTROL.sub(b"", reason or b"").strip()


def _framing(lengths: Iterable[str], codings: Sequence[str]) -> tuple[Framing, int]:
    """Source: RFC 9112, section 6.3."""
    said = {length.strip(" \t") for value in lengths for length in value.split(",")}
    if codings:
        if said:
            raise NotHttp("says twice where its body ends: by Content-Length and by Transfer-Encoding")
        if list(codings) != ["chunked"]:
            raise NotHttp(f"used a Transfer-Encoding that it was not asked for: {_shown(', '.join(codings))}")
        return Framing.CHUNKED, 0
    if not said:
        return Framing.CLOSE, 0
    if len(said) > 1:
        raise NotHttp(f"sent different values of Content-Length: {_shown(', '.join(sorted(said)))}")
    length = said.pop()
    if not _LENGTH.fullmatch(length):
        raise NotHttp(f"sent a Content-Length that is no number of bytes: {_shown(length)}")
    return Framing.LENGTH, int(length)


def _plain_name(name: bytes) -> str:
    """Letters and digits alone: what a careless reader might take a broken name for."""
    return re.sub(rb"[^0-9A-Za-z]", b"", name[:200]).decode("ascii").lower()


def _unreadable(line: bytes) -> NotHttp:
    return NotHttp(f"sent a header line that says where the body ends, and cannot be read: {shown(line)}")
