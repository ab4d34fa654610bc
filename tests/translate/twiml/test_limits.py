"""What one document may put into warnings, messages and headers of a call."""

from __future__ import annotations

import pytest

from pivot.errors import MAX_MESSAGE, DocumentError
from pivot.model.codes import Code
from pivot.model.documents import TwimlDocument
from pivot.model.fetch import FetchFailure
from pivot.model.instructions import ConnectVerb, DialVerb, StreamNoun
from pivot.translate.rules import TranslateRules
from pivot.translate.twiml import read

LONG = "n" * 20_000


def document(inner: str) -> TwimlDocument:
    return read(f"<Response>{inner}</Response>".encode(), None, TranslateRules())


def parameters(count: int, value: str) -> str:
    return "".join(f'<Parameter name="p{number}" value="{value}"/>' for number in range(count))


def test_a_warning_is_short_whatever_it_is_about() -> None:
    """Names of elements and attributes may be as long as the document."""
    found = document(f"<{LONG}/><Say {LONG}='1'>a</Say><Gather><{LONG}/></Gather>").warnings

    assert len(found) == 3
    assert all(len(warning.message) <= 400 for warning in found)


def test_messages_about_strangers_are_short() -> None:
    """They stand in logs, documents and lists."""
    assert len(str(DocumentError(Code.ANSWER_XML, LONG))) == MAX_MESSAGE
    assert len(FetchFailure(Code.FETCH_PROTOCOL, LONG).message) == MAX_MESSAGE
    with pytest.raises(DocumentError) as caught:
        read(f"<Response><{LONG}></Response>".encode(), None, TranslateRules())
    assert len(str(caught.value)) <= MAX_MESSAGE


@pytest.mark.parametrize(("count", "value", "kept"), [(100, "v", 100), (101, "v", 100), (9, "v" * 1_000, 8)])
def test_only_so_many_parameters_travel_with_a_call(count: int, value: str, kept: int) -> None:
    """They become headers of an INVITE; the rest is left out with one warning."""
    inner = parameters(count, value)
    read_ = document(f'<Connect><Stream url="wss://a.test/">{inner}</Stream></Connect>')
    (connect,) = read_.instructions

    assert isinstance(connect, ConnectVerb)
    assert isinstance(connect.noun, StreamNoun)
    assert len(connect.noun.parameters) == kept
    assert len(read_.warnings) == (count > kept)

    (dial,) = document(f"<Dial><Client>a{inner}</Client></Dial>").instructions
    assert isinstance(dial, DialVerb)
    (noun,) = dial.nouns
    assert len(noun.parameters) == kept  # type: ignore[union-attr]


def test_the_address_of_a_stream_is_as_long_as_a_url_may_be() -> None:
    """It becomes a header, too."""
    nouns = [
        connect.noun
        for length in (4_000, 5_000)
        for connect in document(
            f'<Connect><Stream url="wss://a.test/{"n" * length}"/></Connect>'
        ).instructions
        if isinstance(connect, ConnectVerb)
    ]

    assert [noun is None for noun in nouns] == [False, True]
