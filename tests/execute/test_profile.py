"""The table of differences between Twilio and Kazoo, and that nobody goes past it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from pivot.execute.profile import FailureRules, Profile, choose_profile, failure_rules, profile_named
from pivot.model.codes import Code
from tests.execute.calls import KAZOO, TWILIO

PACKAGE = Path(__file__).parents[2] / "pivot"
HOLD_THE_TABLE = {"execute/profile.py", "settings/sections.py"}
HANDED_ON_AS_TEXT = {"translate/rules.py"}
"""This room may not know the table, so it is told the setting's name; one property turns it into a flag."""
NAMES = {"kazoo", "twilio", "documented"}


def test_every_row_differs_between_the_profiles() -> None:
    """A row that is the same in both is no difference, and its code would never be used."""
    for row in fields(Profile):
        assert getattr(KAZOO, row.name) != getattr(TWILIO, row.name), row.name


def test_every_failure_row_differs() -> None:
    """The same for the second table."""
    for row in fields(FailureRules):
        documented, kazoo = failure_rules("documented"), failure_rules("kazoo")
        assert getattr(documented, row.name) != getattr(kazoo, row.name), row.name


def test_kazoo_hangs_up_on_what_it_cannot_read() -> None:
    """The bus facts of its Erlang app: who hears `failed` as well, and who does not."""
    rules = failure_rules("kazoo")

    assert rules.say_failed_before_hang_up == {
        Code.ANSWER_JSON, Code.ANSWER_XML, Code.ANSWER_TYPE, Code.TWIML_ROOT,
    }  # fmt: skip
    assert rules.hang_up_on - rules.say_failed_before_hang_up == {Code.ANSWER_EMPTY, Code.ANSWER_SCHEMA}


@pytest.mark.parametrize(
    ("account", "fragment", "chosen"),
    [
        (None, None, KAZOO),
        ("twilio", None, TWILIO),
        (None, "twilio", TWILIO),
        ("twilio", "kazoo", KAZOO),
    ],
)
def test_the_nearest_choice_wins(account: str | None, fragment: str | None, chosen: Profile) -> None:
    """URL before account before setting."""
    choice = choose_profile("kazoo", account, fragment)

    assert (choice.profile, choice.warning) == (chosen, None)


def test_a_fragment_that_names_no_profile_is_passed_over() -> None:
    """It is the customer's mistake, so it costs a warning and not the call."""
    choice = choose_profile("twilio", in_fragment="Twillio")

    assert choice.profile == TWILIO
    assert choice.warning == "#profile is ignored: no profile is called 'Twillio'; want kazoo or twilio"


def test_a_setting_that_names_nothing_is_refused() -> None:
    """The operator hears it before the first call."""
    with pytest.raises(ValueError, match="no profile is called 'plivo'; want kazoo or twilio"):
        profile_named("plivo")
    with pytest.raises(ValueError, match=r"compat\.failures is 'erlang', want documented or kazoo"):
        failure_rules("erlang")


def test_only_the_table_knows_the_names() -> None:
    """Code that asks for a name instead of a row cannot be switched, nor found.

    When this fails: take the row of `Profile` or `FailureRules` that you mean, or add one.
    """
    found = {
        f"{path.relative_to(PACKAGE)}:{context}"
        for path in PACKAGE.rglob("*.py")
        if str(path.relative_to(PACKAGE)) not in HOLD_THE_TABLE | HANDED_ON_AS_TEXT
        for context in name_checks(ast.parse(path.read_text()))
    }

    assert found == set()


@pytest.mark.parametrize(
    "code",
    [
        'rules.failures == "kazoo"',
        'if profile in ("twilio",): pass',
        'match self.profile:\n    case "twilio": pass',
        "profile is ProfileName.KAZOO",
    ],
)
def test_a_check_of_a_name_is_found(code: str) -> None:
    """Else the test above would prove nothing."""
    assert list(name_checks(ast.parse(code)))


def test_other_words_that_are_spelled_alike_are_no_checks() -> None:
    """A request's format and an answer's kind are called kazoo, too."""
    harmless = """
answer.kind == "kazoo"
request.format == "kazoo"
request.format is RequestFormat.KAZOO
name = "twilio"
"""

    assert list(name_checks(ast.parse(harmless))) == []


def name_checks(tree: ast.AST) -> Iterator[int]:
    """Lines on which code compares something with the name of a profile or of a way to fail."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield from [node.lineno] * ast.unparse(node.value).endswith("ProfileName")
        elif isinstance(node, ast.Compare) and not _other_word(ast.unparse(node.left)):
            yield from [node.lineno] * _names(node)
        elif isinstance(node, ast.Match) and not _other_word(ast.unparse(node.subject)):
            yield from (case.pattern.lineno for case in node.cases if _names(case.pattern))


def _names(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Constant) and part.value in NAMES for part in ast.walk(node))


def _other_word(text: str) -> bool:
    return any(word in text.lower() for word in ("kind", "format", "package", "module"))
