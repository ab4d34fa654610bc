"""What the switch would take for more than text: separators, and `${...}`, a variable or what a command says.

FreeSWITCH expands the argument of whatever it executes, and the switch's side hands on media names and texts
as they are. So a document could read out a variable, or run a command of the switch.
Source: ecallmgr_fs_flite.erl, call_command; ecallmgr_util.erl, media_path; ecallmgr_fs_node_command.erl,
send_http; FreeSWITCH's channel variables and its application `speak`.
"""

from __future__ import annotations

import re
from urllib.parse import quote

_BEGINS = "${"
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f]")


def spoken_as_written(text: str) -> str:
    """The text with nothing to expand, and no `|`, before which a voice would stand; it sounds the same."""
    return text.replace(_BEGINS, "$ {").replace("|", " ")


def named_as_written(media: str) -> str:
    """The URL with nothing to expand; it means the same."""
    return media.replace(_BEGINS, "%24%7B")


def one_argument(url: str) -> str:
    """The URL without blanks: what follows one would be the file that a media server sends there."""
    return _BLANKS.sub(lambda blank: quote(blank[0]), url)
