"""Which texts of strangers may stand where in what the switch reads: a list of places with their grammars.

A document, a caller's phone and the account's database choose texts that Kazoo's switch side (ecallmgr)
copies into dial strings, arguments of applications and API calls of FreeSWITCH. Each place names the
characters that are known to be only text there, in Kazoo 4.3 and in Kazoo 5. What is not named is refused.

How FreeSWITCH reads them:

- A dial string is cut at `:_:`, then at `|`, then at `,` outside brackets, quotes or not. Each cut takes
  quotes and backslashes away. (read: switch_ivr_originate.c, switch_utils.c)
- Variables of one party stand in `[^^!a=b!...]`. What several parties have in common stands before all of
  them, in `<a=b,...>` (Kazoo 5) or `{a=b,...}` (4.3). The closing bracket is looked for without regard to
  quotes. (measured; ecallmgr_fs_bridge.erl, create_command; ecallmgr_fs_xml.erl, get_leg_vars and
  get_channel_vars)
- SIP headers stand there unquoted in Kazoo 5; other values in single quotes. (read: ecallmgr_fs_xml.erl,
  sip_headers_fold and encode_fs_val)
- Arguments of an API such as `originate` are cut at blanks outside quotes, which takes the quotes away.
  (measured)
- `${...}` is expanded in every argument, after one pass that deletes `\\'`. `%[a=b]` or `%;[a=b]` at the
  beginning of an application's argument sets variables. (measured)
- A value that begins with `ARRAY::` becomes a list. (read: switch_event.c)
- Other bytes than ASCII mean nothing in any of them: letters of all languages are text. (read)
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import field
from typing import Final

from pivot.model.hot import hot_dataclass

_ALNUM: Final = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_JOINERS: Final = "\u200c\u200d"
"""Without them words of Persian and of Indian languages, and composed emoji, fall apart."""
_TEXT_CATEGORIES: Final = ("L", "M", "N", "P", "S")


def is_foreign_text(character: str) -> bool:
    """Whether a character beyond ASCII is a letter, mark, number, sign or blank, but no line's end."""
    category = unicodedata.category(character)
    return category[0] in _TEXT_CATEGORIES or category == "Zs" or character in _JOINERS


@hot_dataclass(frozen=True, slots=True)
class Place:
    """Somewhere in what the switch reads, and the texts that are only text there."""

    name: str
    marks: str
    """ASCII characters that are text there, beside letters and digits."""
    why: str
    """What reads it, and how that is known."""
    foreign: bool = True
    """Whether characters beyond ASCII may stand there."""
    never: tuple[str, ...] = ()
    """Sequences of allowed characters that mean something all the same."""
    longest: int = 4096
    """Characters."""
    begins: tuple[str, ...] = ()
    """What must not stand at the beginning."""
    _allowed: frozenset[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_allowed", _ALNUM | frozenset(self.marks))

    def allows(self, character: str) -> bool:
        """Whether one character is only text there."""
        return character in self._allowed or (
            self.foreign and character > "\x7f" and is_foreign_text(character)
        )

    def refuses(self, text: str) -> str | None:
        """What of the text may not stand there, for a message: `'>'`, `U+2028`; None when all may."""
        bad = next((character for character in text if not self.allows(character)), None)
        if bad is not None:
            return shown(bad)
        if sequence := next((sequence for sequence in self.never if sequence in text), None):
            return shown(sequence)
        # Blanks around a value are taken away before it is looked at.
        if beginning := next((each for each in self.begins if text.lstrip(" ").startswith(each)), None):
            return f"{shown(beginning)} at its beginning"
        return f"more than {self.longest} characters" if len(text) > self.longest else None

    def takes(self, text: str) -> bool:
        """Whether the text is only text there."""
        return self.refuses(text) is None

    def cleaned(self, text: str) -> str:
        """The text without what may not stand there."""
        kept = "".join(character for character in text if self.allows(character))
        for sequence in (*self.never, *self.begins):
            while sequence in kept:
                kept = kept.replace(sequence, "")
        return kept[: self.longest]


def shown(characters: str) -> str:
    """Characters as a message names them."""
    return (
        " ".join(f"U+{ord(c):04X}" for c in characters) if not characters.isprintable() else repr(characters)
    )


_HEADER_MARKS: Final = ' @:;=+/?%&#*()_-.~"'

HEADER: Final = Place(
    "a SIP header's value, and any value of a party that has no place of its own",
    _HEADER_MARKS,
    "unquoted in `[^^!...]`, and in `<...>` when several parties have it (measured: Kazoo 5); quoted in "
    "4.3's `{...}` (read)",
    never=(":_:",),
    begins=("ARRAY::",),
    longest=16_384,
)
HEADER_APART: Final = Place(
    "the same of a party that is rung apart from the caller",
    _HEADER_MARKS.replace(" ", ""),
    "an unquoted part of `originate`'s first argument, which ends at a blank (measured)",
    never=(":_:",),
    begins=("ARRAY::",),
    longest=16_384,
)
QUOTED: Final = Place(
    "a user name or a password",
    _HEADER_MARKS + ",^$",
    "in single quotes in `[^^!...]`, `<...>`, `{...}`; the quotes are gone after the first cut (measured)",
    never=(":_:", "$$"),
    begins=("ARRAY::",),
)
CALLER_NAME: Final = Place(
    "a caller's name",
    ' -_.@:;=+/?%&#*()~"',
    "quoted; ecallmgr deletes what is no letter, digit, blank or hyphen, by a pattern that operators can "
    "change (read: ecallmgr_util.erl, maybe_sanitize_fs_value)",
    never=(":_:",),
    begins=("ARRAY::",),
    longest=256,
)
CALLER: Final = Place(
    "a number or an address that a caller is shown as",
    "+*#._() @:;=-",
    "quoted in `<...>` and `{...}`; on the caller's own leg in `kz_multiset ^^~a=b~...` (read: "
    "ecallmgr_util.erl, multi_set_args); `:_:` cuts it (measured)",
    foreign=False,
    never=(":_:",),
    begins=("ARRAY::",),
    longest=256,
)
NUMBER: Final = Place(
    "a number to dial",
    "+*#._() -",
    "`loopback/NUMBER/context`: `app=...` there runs an application (measured)",
    foreign=False,
    longest=64,
)
ADDRESS_PART: Final = Place(
    "a host, an interface, a proxy or a transport of a device",
    ".:;=@/+*%~?_-",
    "part of `sofia/INTERFACE/CONTACT`, unquoted (read: ecallmgr_util.erl, get_sip_contact)",
    foreign=False,
    never=(":_:",),
    begins=("ARRAY::",),
    longest=512,
)
CALL_ID: Final = Place(
    "a Call-ID",
    "@.:_~%+*/?=&#;-()!",
    "argument of `eavesdrop` and `intercept`, in an inline dialplan that is cut at commas (read: "
    "ecallmgr_originate.erl, get_eavesdrop_action). SIP lets callers choose it",
    foreign=False,
    never=(":_:",),
    longest=512,
)
CODEC: Final = Place(
    "a codec's name",
    "@._-",
    "`absolute_codec_string='^^:A:B'` (read: ecallmgr_fs_xml.erl, kazoo_var_to_fs_var)",
    foreign=False,
    longest=64,
)
VARIABLE: Final = Place(
    "a variable's or a header's name",
    "-",
    "before the `=` of a variable; `[0]` behind a name would be an index (read: switch_event.c)",
    foreign=False,
    longest=100,
)
WORD: Final = Place(
    "a voice, a language, an engine, a hang-up cause",
    "_.-",
    "argument of `speak` or `hangup`, or a variable (read: ecallmgr_fs_flite.erl)",
    foreign=False,
    longest=100,
)
REASON: Final = Place(
    "the words of a SIP response",
    " _.-",
    "argument of `respond` behind the code (read: ecallmgr_call_command.erl)",
    foreign=False,
    longest=100,
)
KEYS: Final = Place(
    "keys to send",
    "*#+",
    "argument of `send_dtmf`, before `@duration` (read: ecallmgr_call_command.erl)",
    foreign=False,
    longest=200,
)
SPOKEN: Final = Place(
    "a text to be spoken",
    " !\"#$%&'()*+,-./:;<=>?@[]^_`{}~",
    "the whole argument of `speak`: `a|b|c` is engine, voice and text; a backslash hides `${` (measured)",
    never=("${",),
    longest=1_000_000,
)
MEDIA_ID: Final = Place(
    "the id of a sound of Kazoo's",
    "_.-",
    "looked up by ecallmgr; when there is none it is `playback`'s argument, a file below the switch's own "
    "sounds (read: ecallmgr_util.erl, media_path)",
    foreign=False,
    longest=512,
    never=("..",),
)
URL: Final = Place(
    "a URL to play",
    " -._~:/?#[]@!$&'()*+,;=%",
    "`playback`'s or `kz_endless_playback`'s whole argument behind `http_cache://`; it is cut at `@@` "
    "(measured)",
    never=("@@",),
)
URL_ARGUMENT: Final = Place(
    "a URL to which a media server puts a file",
    "-._~:/?#[]@!$&()*+,;=%",
    "an argument of the API `http_put`: a blank or a quote ends it (read: ecallmgr_fs_recordings.erl)",
    foreign=False,
)
PLACES: Final = (
    HEADER,
    HEADER_APART,
    QUOTED,
    CALLER_NAME,
    CALLER,
    NUMBER,
    ADDRESS_PART,
    CALL_ID,
    CODEC,
    VARIABLE,
    WORD,
    REASON,
    KEYS,
    SPOKEN,
    MEDIA_ID,
    URL,
    URL_ARGUMENT,
)

_USER_AND_HOST: Final = r"[A-Za-z0-9_.!~*&=+/%@:?;-]{1,400}"
_IPV6: Final = r"\[[0-9A-Fa-f:.]{2,45}\]"
_ADDRESS: Final = re.compile(
    # The way through a proxy, which only the account's database can name, stands in quotes.
    rf"sips?:(?!.*:_:)({_USER_AND_HOST})?({_IPV6})?({_USER_AND_HOST})?(;fs_path='[A-Za-z0-9_.!~*&=+/%@:;-]{{1,255}}')?",
    re.IGNORECASE,
)
# Media that the switch makes itself. A local stream is a recording's name: one with a slash becomes a path of
# the media server, and a tone stream of `path=` reads a file. (read: ecallmgr_util.erl, recording_directory;
# mod_tone_stream)
_STREAM: Final = re.compile(
    r"(tone|silence)_stream://(?!.*(?i:path=))[A-Za-z0-9%(),.;=+*:<>_ -]{1,500}"
    r"|prompt://(?!.*\.\.)[A-Za-z0-9%+_./-]{1,500}"
    r"|local_stream://(?!.*\.\.)[A-Za-z0-9%+_.-]{1,500}"
)
_STORED: Final = re.compile(r"(/[0-9a-f]{32}|/?system_media)/(?!.*\.\.)[A-Za-z0-9_%.-]{1,256}")
_SETS_VARIABLES: Final = re.compile(r"\s*%.?\s*\[", re.DOTALL)


def is_address(text: str) -> bool:
    """Whether a text names a party by SIP, and not an application or a gateway of the switch's."""
    return _ADDRESS.fullmatch(text) is not None


def is_stream(text: str) -> bool:
    """Whether a text is a stream that the switch makes itself, of the kinds that documents may name."""
    return _STREAM.fullmatch(text) is not None


def is_media_id(text: str) -> bool:
    """Whether a text can be the id of a sound of Kazoo's."""
    return bool(text) and MEDIA_ID.takes(text)


def is_web_url(text: str) -> bool:
    """Whether a text begins as an absolute URL of the web does."""
    return text.lower().startswith(("http://", "https://"))


def is_kazoo_media(text: str) -> bool:
    """Whether a text names what Kazoo stores or makes: an id, `/<account>/<id>`, or a stream."""
    return is_media_id(text) or is_stream(text) or _STORED.fullmatch(text) is not None


def sets_variables(text: str) -> bool:
    """Whether the switch would read variables at the beginning of this argument: `%[a=b]`, `%;[a=b]`."""
    return _SETS_VARIABLES.match(text) is not None


def speech_refuses(text: str) -> str | None:
    """What of a text to be spoken would be more than text to the switch, for a message."""
    if sets_variables(text):
        return f"{shown(text[: text.index('[') + 1].strip())} at its beginning"
    return SPOKEN.refuses(text)


def as_speech(text: str) -> str:
    """The text with nothing in it but text; it sounds the same."""
    plain = "".join(character if SPOKEN.allows(character) else " " for character in text)
    plain = plain.replace("${", "$ {")
    while sets_variables(plain):
        plain = plain.replace("[", " ", 1)
    return plain


def may_be_header(name: str, value: str) -> bool:
    """Whether a SIP header can travel with a party that is rung, and is nothing else underway."""
    return bool(name) and VARIABLE.takes(name) and HEADER.takes(value)


def may_be_number(text: str) -> bool:
    """Whether a text is something to dial: `app=...` in its place would run an application."""
    return bool(text) and NUMBER.takes(text)


def may_be_caller(text: str) -> bool:
    """Whether a text is a number or an address that a caller can be shown as."""
    return bool(text) and CALLER.takes(text)
