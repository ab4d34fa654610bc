"""`pivot check` says what is wrong with each of its targets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

from pivot.cli.command_line import app

GOOD = "<Response><Say>Hi</Say></Response>"
ODD = "<Response>\n  <Say color='red'>Hi</Say>\n</Response>"


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """The commands set up logging for their own process, which here is everybody's."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Documents of each kind, in the folder where the command runs."""
    (tmp_path / "good.xml").write_text(GOOD)
    (tmp_path / "odd.xml").write_text(ODD)
    (tmp_path / "broken.xml").write_text("<Response>\n<Say>")
    (tmp_path / "bad.xml").write_text("<html/>")
    (tmp_path / "flow.json").write_text('{"module": "tts", "data": {}}')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checked(*arguments: str, stdin: str = "") -> Result:
    """The command's result."""
    return CliRunner().invoke(app, ["check", *arguments], input=stdin)


def places(result: Result) -> list[str]:
    """Each line up to its message."""
    heads = [line.split(": ")[:2] for line in result.stdout.splitlines()]
    return [f"{target}: {kind.partition(' (')[0]}" for target, kind in heads]


def test_findings_name_their_place() -> None:
    """An editor can jump there; errors decide the exit status."""
    result = checked("good.xml", "odd.xml", "broken.xml", "flow.json")

    assert places(result) == [
        "odd.xml:2:8: warning twiml.attribute",
        "broken.xml:2:6: error answer.xml",
        "flow.json: error answer.schema",
    ]
    assert (result.exit_code, checked("good.xml").exit_code, checked("odd.xml").exit_code) == (1, 0, 0)


@pytest.mark.parametrize("order", [("missing.xml", "good.xml", "bad.xml"), ("bad.xml", "missing.xml")])
def test_a_target_that_cannot_be_read_hides_no_other(order: tuple[str, ...]) -> None:
    """A missing file is a finding like others."""
    result = checked(*order)

    found = {
        "missing.xml": "missing.xml: error target.unreadable",
        "bad.xml": "bad.xml:1:1: error twiml.root",
    }
    assert places(result) == [found[target] for target in order if target in found]
    assert result.exit_code == 1
    assert "missing.xml cannot be read: No such file or directory" in result.stdout


def test_a_url_that_may_not_be_called_hides_no_file() -> None:
    """Nobody's web server listens on port 1."""
    result = checked("http://127.0.0.1:1/menu", "bad.xml")

    assert places(result) == ["http://127.0.0.1:1/menu: error fetch.denied", "bad.xml:1:1: error twiml.root"]


def test_a_folder_is_all_its_documents(folder: Path) -> None:
    """In it and below, by name; other files and hidden ones are left alone."""
    deep = folder / "pages" / "next"
    deep.mkdir(parents=True)
    (deep / "after.XML").write_text(ODD)
    (folder / "pages" / "first.json").write_text("[]")
    (folder / "pages" / "notes.txt").write_text("<html/>")
    (folder / "pages" / ".draft.xml").write_text("<html/>")

    assert places(checked("pages")) == [
        "pages/first.json: error answer.schema",
        "pages/next/after.XML:2:8: warning twiml.attribute",
    ]


def test_a_folder_without_documents_is_an_error(folder: Path) -> None:
    """Else a misspelt folder would pass."""
    (folder / "empty").mkdir()

    result = checked("empty", "bad.xml")

    assert places(result) == ["empty: error target.unreadable", "bad.xml:1:1: error twiml.root"]


@pytest.mark.parametrize(
    ("text", "found", "status"),
    [
        (GOOD, [], 0),
        (ODD, ["-:2:8: warning twiml.attribute"], 0),
        (' {"module": "tts", "data": {}}', ["-: error answer.schema"], 1),
        ("", ["-: error answer.empty"], 1),
    ],
)
def test_standard_input_is_a_target(text: str, found: list[str], status: int) -> None:
    """JSON or TwiML, as its first character says."""
    result = checked("-", stdin=text)

    assert (places(result), result.exit_code) == (found, status)


def test_strict_makes_warnings_errors() -> None:
    result = checked("--strict", "odd.xml")

    assert (places(result), result.exit_code) == (["odd.xml:2:8: error twiml.attribute"], 1)


def test_findings_as_json_are_one_object_a_line() -> None:
    """All members are always there; None: the document as a whole."""
    result = checked("--json", "odd.xml", "good.xml", "missing.xml")

    odd, missing = [json.loads(line) for line in result.stdout.splitlines()]
    assert odd.pop("message").startswith("Say color='red'")
    assert odd == {
        "target": "odd.xml",
        "line": 2,
        "column": 8,
        "code": "twiml.attribute",
        "severity": "warning",
    }
    assert (missing["line"], missing["column"], missing["severity"]) == (None, None, "error")


@pytest.mark.parametrize(
    ("verbs", "named", "setting", "value"),
    [
        ('<Sms to="+15555550100">hey</Sms>', 'set [twiml] sms = "kazoo"', "SMS", "kazoo"),
        ("<Refer><Sip>sip:a@example.com</Sip></Refer>", 'set [twiml] refer = "dial"', "REFER", "dial"),
        (
            '<Connect><Stream url="wss://example.com/a"/></Connect>',
            "[twiml] stream_gateway",
            "STREAM_GATEWAY",
            "sip:gateway.example.com",
        ),
        (
            '<Start><Stream url="wss://example.com/a"/></Start>',
            "[twiml] stream_gateway",
            "STREAM_GATEWAY",
            "sip:gateway.example.com",
        ),
    ],
)
def test_what_the_settings_leave_out_is_a_warning(
    verbs: str, named: str, setting: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named with the setting that helps, and gone once that is set."""
    document = f"<Response>\n{verbs}</Response>"

    result = checked("-", stdin=document)
    monkeypatch.setenv(f"PIVOT_TWIML__{setting}", value)

    assert places(result) == ["-:2:1: warning twiml.verb"]
    assert named in result.stdout
    assert checked("-", stdin=document).stdout == ""


def test_a_misspelt_member_of_a_node_is_a_warning() -> None:
    """Schemas let it pass, and callflow would lose the branch without a word."""
    end = {"module": "hangup", "data": {}, "Data": {}}
    menu = {"module": "menu", "data": {"id": "0" * 32, "childern": {}}, "childern": {"_": end}}
    flow = {"module": "tts", "data": {"text": "Hi"}, "children": {"_": menu, "1": end}, "colour": "red"}

    result = checked("-", stdin=json.dumps(flow))

    ignored = "is no member of a node and is ignored, with all that is in it"
    assert (result.exit_code, result.stdout.splitlines()) == (
        0,
        [
            f"-: warning answer.schema: colour {ignored}; a node has module, data, children",
            f"-: warning answer.schema: children._.childern {ignored}; did you mean children?",
            f"-: warning answer.schema: children.1.Data {ignored}; did you mean data?",
        ],
    )


@pytest.mark.parametrize("children", [{}, {"_": {"module": "hangup", "data": {}}}])
def test_a_node_as_it_should_be_is_no_warning(children: dict[str, object]) -> None:
    flow = {"module": "tts", "data": {"text": "Hi"}, "children": children}

    assert checked("-", stdin=json.dumps(flow)).stdout == ""


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("say", "; did you mean Say?"),
        ("Hangupp", "; did you mean Hangup?"),
        ("GATHER", "; did you mean Gather?"),
        ("Zebra", ""),
    ],
)
def test_an_unknown_verb_names_the_one_that_was_meant(written: str, hint: str) -> None:
    """Where one is close."""
    result = checked("-", stdin=f"<Response><{written}/></Response>")

    _, _, message = result.stdout.strip().partition(": warning twiml.verb")
    assert message.partition(": ")[2] == f"{written} is no verb; skipped{hint}"
