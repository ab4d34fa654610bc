"""What the switch would replace in a text of ours: `${...}`, by a channel variable or by what a command says.

FreeSWITCH expands the argument of whatever it executes, and the switch's side hands on media names and texts
as they are. So a document could read out a variable, or run a command of the switch.
Source: ecallmgr_fs_flite.erl, call_command; ecallmgr_util.erl, media_path; FreeSWITCH's channel variables.
"""

from __future__ import annotations

_BEGINS = "${"


def spoken_as_written(text: str) -> str:
    """The text with nothing to expand; it sounds the same."""
    return text.replace(_BEGINS, "$ {")


def named_as_written(media: str) -> str:
    """The URL with nothing to expand; it means the same."""
    return media.replace(_BEGINS, "%24%7B")
