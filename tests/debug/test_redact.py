"""Credentials in URLs never reach a document, wherever the URL stands."""

from __future__ import annotations

import pytest

from pivot.debug.redact import Redactor


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://user:secret@h/x", "https://user:***@h/x"),
        ("https://user@h/x", "https://***@h/x"),
        ("https://sk_live_4242:@h/x", "https://***@h/x"),
        ("see http://tok%2Fen@h:81/a@b and http://h/a@b", "see http://***@h:81/a@b and http://h/a@b"),
        (
            '<Redirect>http://tok@h/</Redirect>"http://tok2@h"',
            '<Redirect>http://***@h/</Redirect>"http://***@h"',
        ),
        ("u=https%3A%2F%2Ftok%40h%2F&v=1", "u=https%3A%2F%2F***%40h%2F&v=1"),
        ("u=https%3A%2F%2Fuser%3Apw%40h%2F", "u=https%3A%2F%2Fuser%3A***%40h%2F"),
        ("u=https%3A%2F%2Ftok%3A%40h", "u=https%3A%2F%2F***%40h"),
        ("http://h/?mail=a@b.test", "http://h/?mail=a@b.test"),
        ("sip:1001@h, mailto:a@b.test", "sip:1001@h, mailto:a@b.test"),
    ],
)
def test_user_info_is_hidden(text: str, shown: str) -> None:
    """A user name without a password is a token."""
    assert Redactor().text(text) == shown
    assert Redactor().url(text) == shown
