"""What a stranger's text may hold that becomes part of the switch's dial string.

The switch's side writes the SIP headers of a party as channel variables, unquoted, between exclamation
marks and brackets: one of these begins the next variable, and there are variables that run programs. Other
values it quotes, and doubles no backslash; the switch takes quotes away each time it takes the string apart,
and looks for the closing bracket and for `:_:` without regard to them. In all of them `${...}` is expanded.
Source: ecallmgr_fs_xml.erl, get_leg_vars, sip_headers_fold and encode_fs_val; ecallmgr_util.erl,
build_bridge_string and get_sip_contact; FreeSWITCH's originate and its loopback endpoint.
"""

from __future__ import annotations

import re

_MEANS_SOMETHING = re.compile(r"[\x00-\x1f\x7f,\[\]{}'\\|$^`!]|:_:")
_BREAKS_QUOTES = re.compile(r"[\x00-\x1f\x7f\\'\[\]|!]|\$\{|:_:")
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,100}")
_ADDRESS = re.compile(r"sips?:(?!.*:_:)[^\x00-\x20\x7f,{}\\|$^`<>]{1,500}", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9A-Za-z+*#._() -]{1,64}")
_CALLER = re.compile(r"[0-9A-Za-z+*#._() @:;=-]{1,256}")


def may_be_value(text: str) -> bool:
    """Whether a text means nothing but itself, quoted or not."""
    return not _MEANS_SOMETHING.search(text)


def may_be_header(name: str, value: str) -> bool:
    """Whether a SIP header can travel with a party that is rung, and is nothing else underway."""
    return _HEADER_NAME.fullmatch(name) is not None and may_be_value(value)


def may_be_quoted(text: str) -> bool:
    """Whether a text between quotes stays there, and stays one variable when they are gone."""
    return not _BREAKS_QUOTES.search(text)


def may_be_address(text: str) -> bool:
    """Whether a text names a party by SIP, and not an application or a gateway of the switch's."""
    return _ADDRESS.fullmatch(text) is not None


def may_be_number(text: str) -> bool:
    """Whether a text is something to dial: `app=...` in its place would run an application."""
    return _NUMBER.fullmatch(text) is not None


def may_be_caller(text: str) -> bool:
    """Whether a text is a number or an address that a caller can be shown as.

    It is also set on the caller's own leg, where `~` begins the next variable.
    Source: ecallmgr_util.erl, multi_set_args.
    """
    return _CALLER.fullmatch(text) is not None
