"""Forms and JSON as Kazoo's code writes them, of whatever values a call carries."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pivot.execute.encoding import flat, form, json_text, pieces, safe_url
from pivot.execute.request import build_request, cdr_request
from pivot.model.json import Json
from tests.execute.calls import source

scalars = st.one_of(st.text(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False))
values = st.recursive(
    st.none() | scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
variables = st.dictionaries(st.text(max_size=8), values, max_size=4)
plain_names = st.text("abcdefXYZ-_019", min_size=1, max_size=6)
plain_variables = st.dictionaries(plain_names, scalars | st.lists(scalars, max_size=3), max_size=4)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a+b&c=d e%/~._-", "v=a%2Bb%26c%3Dd+e%25%2F~._-"),
        (True, "v=true"),
        (-7, "v=-7"),
        (1.5, "v=1.5"),
        (100.0, "v=100.0"),
        (1234567.0, "v=1234567.0"),
        (1000000.0, "v=1.0e%2B6"),
        (1e21, "v=1.0e%2B21"),
        (-0.000001, "v=-0.000001"),
        (1.25e-7, "v=1.25e-7"),
        (0.0, "v=0.0"),
        ({}, ""),
        ([], ""),
        (None, ""),
        ({"a": {"b": "c"}, "e": {}, "f": "g"}, "v[a][b]=c&&v[f]=g"),
        (["a", 1, False, None, {"k": "v"}], "v[]=a&v[]=1&v[]=false&v[]=null&v[]=%7B%22k%22%3A%22v%22%7D"),
        ([["a", ["b"], 99], [1.5]], "v[]=abc&v[]=%5B1.5%5D"),
        ("\ud800", "v=%3F"),
    ],
)
def test_a_value_in_a_form(value: Json, text: str) -> None:
    """Kazoo's spelling of every kind of value; of null, which crashes Kazoo, nothing."""
    assert form(pieces((("v", value),))) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('é/"\\\b\f\n\r\t\x1f\x7f', '"é/\\"\\\\\\b\\f\\n\\r\\t\\u001F\x7f"'),
        ({"a": [1, True, None, {}]}, '{"a":[1,true,null,{}]}'),
        (1e16, "10000000000000000.0"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (1e-5, "0.00001"),
        (2.5e-7, "2.5e-7"),
        (-0.0, "-0.0"),
        (123456789.123, "123456789.123"),
        (12345678901234567890, "12345678901234567890"),
    ],
)
def test_a_value_in_json(value: Json, text: str) -> None:
    """Kazoo's spelling, which differs from Python's in numbers and control characters."""
    assert json_text(value) == text


@settings(max_examples=100)
@given(variables)
def test_our_json_reads_back(variables: dict[str, Json]) -> None:
    """Whatever the spelling, it is JSON and says the same."""
    assert json.loads(json_text(variables)) == variables


@settings(max_examples=150)
@given(variables, st.sampled_from(["get", "post"]), st.sampled_from(["form", "json"]), st.text())
def test_no_value_of_a_call_breaks_out(
    variables: dict[str, Json], method: str, body_format: str, name: str
) -> None:
    """SIP peers choose these values: none may raise, end a request line or add a header."""
    wire = {
        "Custom-Application-Vars": variables,
        "Custom-SIP-Headers": {"X-Évil\r\nHost: other": name},
        "Key-Value-Store": {"dtmf_collections": variables, "recording_url": name},
        "Caller-ID-Name": name,
        "Call-ID": f"c\r\n{name}",
    }
    asked = source(wire=wire, url="http://h.test/a b\r\n?q=é#rc=1", method=method, body_format=body_format)
    request = build_request(asked, "f1")

    assert request.url.isascii()
    assert request.url.isprintable()
    assert " " not in request.url
    assert request.url.endswith("#rc=1")
    assert request.url.count("#") == 1
    assert request.headers == build_request(source(method=method, body_format=body_format), "f1").headers


@pytest.mark.parametrize("shape", ["object", "list"])
@pytest.mark.parametrize("body_format", ["form", "json"])
def test_bottomless_nesting_is_left_out(shape: str, body_format: str) -> None:
    """The stack of the worker is not the customer's to use up; 60 levels are more than enough."""
    deep: Json = "x"
    for _ in range(900):
        deep = {"a": deep} if shape == "object" else [deep]
    wire = {"Custom-Application-Vars": {"deep": deep, "k": "v"}, "Key-Value-Store": {"digit_pressed": deep}}
    usual = {"Custom-Application-Vars": {"k": "v"}}
    event = {"Deep": deep, "Hangup-Cause": "NORMAL_CLEARING"}
    asked = source(wire=wire, format="kazoo", body_format=body_format)

    expected = build_request(source(wire=usual, format="kazoo", body_format=body_format), "f1")
    assert build_request(asked, "f1") == expected
    cdr = replace(asked.request, cdr_uri="http://h/cdr")
    assert cdr_request(cdr, event, "f2", 1).body == b"Hangup-Cause=NORMAL_CLEARING"


@settings(max_examples=100)
@given(plain_variables)
def test_a_form_reads_back_as_its_flat_values(variables: dict[str, Json]) -> None:
    """A web framework sees exactly the names and values that a signature covers."""
    parameters = tuple(variables.items())

    assert tuple(parse_qsl(form(pieces(parameters)), keep_blank_values=True)) == flat(pieces(parameters))


@settings(max_examples=100)
@given(variables)
def test_encoded_names_read_back_whatever_they_hold(variables: dict[str, Json]) -> None:
    """Where names are encoded, as Twilio does, `&` and `=` in them do no harm."""
    parameters = tuple(variables.items())

    decoded = parse_qsl(form(pieces(parameters), encode_names=True), keep_blank_values=True)
    assert tuple(decoded) == flat(pieces(parameters))


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("http://h/p?a[b]=c%20d|{x}", "http://h/p?a[b]=c%20d|{x}"),
        ("http://bücher.test:80/ü\x7f", "http://bücher.test:80/%C3%BC%7F"),
        ("http://h\r\nX: y/p", "http://h%0D%0AX:%20y/p"),
        ("/no\nhost\n", "/no%0Ahost"),
        (" \r\nhttp://h/a b \t\n", "http://h/a%20b"),
        ("http://h/x #rc=1", "http://h/x#rc=1"),
        ("", ""),
    ],
)
def test_a_url_is_made_fit_for_a_request_line(url: str, safe: str) -> None:
    """What may stand there stays; a host in another script is for name resolution to translate."""
    assert safe_url(url) == safe
