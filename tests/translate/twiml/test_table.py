"""The users' table in docs/twiml.md is complete and true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pivot.execute.catalogue import step_for
from pivot.execute.steps.pay import PayStep
from pivot.translate.rules import TranslateRules
from pivot.translate.twiml import read
from pivot.translate.twiml.verbs import VERBS
from tests.translate.twiml import sdk

TABLE = Path(__file__).parents[3] / "docs" / "twiml.md"
CHILDREN = {
    "Set": "<Variable key='a' value='b'/>",
    "Stop": "<Stream/>",
    "Start": "<Recording/>",
    "Refer": "<Sip>sip:a@b</Sip>",
}


def sections() -> dict[str, str]:
    """By element: what the page says of it."""
    parts = re.split(r"^## `([^`]+)`$", TABLE.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def rows(section: str) -> dict[str, str]:
    """By attribute: the word of its row."""
    return dict(re.findall(r"^\| `([^`]+)` \| (\w+) \|", section, flags=re.MULTILINE))


def test_every_element_and_attribute_of_the_package_has_its_row() -> None:
    """Nothing that a customer's server can send is forgotten, and nothing is promised that nobody sends."""
    table = {name: rows(section) for name, section in sections().items()}
    package = sdk.elements()
    promised = {
        (element, attribute)
        for element, found in table.items()
        for attribute, word in found.items()
        if attribute not in package.get(element, ()) and word != "Kazoo"
    }

    assert sorted(set(package) - set(table)) == []
    assert {
        name: found - set(table[name]) for name, found in package.items() if found - set(table[name])
    } == {}
    # Documented by Twilio, and absent from the package; Pay's is ours.
    assert promised == {("Dial", "callReason"), ("Sip", "region"), ("Pay", "method")}


def test_every_word_of_the_table_is_explained() -> None:
    """A row says yes, partly, no or Kazoo, and nothing else."""
    assert {word for section in sections().values() for word in rows(section).values()} == {
        "yes",
        "partly",
        "no",
        "Kazoo",
    }


def test_an_attribute_of_the_table_is_known_to_the_reader() -> None:
    """What the page lists is never called a stranger."""
    strangers = set[str]()
    for verb in VERBS:
        written = "".join(f" {name}='x'" for name in rows(sections()[verb]))
        body = f"<Response><{verb}{written}>x{CHILDREN.get(verb, '')}</{verb}></Response>"
        warnings = read(body.encode(), None, TranslateRules()).warnings
        strangers.update(text.message for text in warnings if "no attribute" in text.message)
    assert strangers == set()


@pytest.mark.parametrize("verb", sorted(set(VERBS) - {"Prompt"}))
def test_a_verb_that_is_said_to_run_has_a_step(verb: str) -> None:
    """'Runs since' names the version that first carried the verb out; Pay never will be."""
    said = re.search(r"Runs since: (\d+\.\d+\.\d+|never)\.", sections()[verb])
    assert said is not None, f"docs/twiml.md does not say since when {verb} runs"
    body = f"<Response><{verb}>x{CHILDREN.get(verb, '')}</{verb}></Response>"
    (instruction,) = read(body.encode(), None, TranslateRules()).instructions

    runs = not isinstance(step_for(instruction), PayStep)

    assert runs is (said[1] != "never"), f"edit 'Runs since' of {verb} in docs/twiml.md"


def test_links_of_the_table_lead_somewhere() -> None:
    """A reader who wants the proof finds it."""
    for target in re.findall(r"\]\(([^)]+)\)", TABLE.read_text()):
        path, _, heading = target.partition("#")
        assert (TABLE.parent / path).exists(), target
        assert path or f"# {heading}" in TABLE.read_text().lower().replace("`", ""), target
