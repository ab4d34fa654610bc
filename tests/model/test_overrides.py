"""The fragment of a URL tells us how the customer wants this one fetch done."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pivot.model.overrides import Overrides, RetryOn, read_overrides, without_fragment
from pivot.model.plain import from_json, to_json

URL = "https://app.test/voice?a=1"


def test_every_override_is_read() -> None:
    """Several stand side by side, joined with `&`, and times are milliseconds."""
    fragment = "ct=2000&rt=3500&tt=9000&rc=2&rp=5xx,ct&fb=https%3A%2F%2Fspare.test%2Fv%3Fx%3D1%26y%23rc%3D0"

    assert read_overrides(f"{URL}#{fragment}&profile=plain") == Overrides(
        connect_timeout_s=2.0,
        read_timeout_s=3.5,
        total_timeout_s=9.0,
        retries=2,
        retry_on=(RetryOn.CONNECT, RetryOn.SERVER_ERROR),
        fallback_url="https://spare.test/v?x=1&y#rc=0",
        profile="plain",
    )


@pytest.mark.parametrize("url", [URL, f"{URL}#", f"{URL}#top", f"{URL}#e=dublin&sni=n&rcx=1", ""])
def test_a_fragment_that_is_none_of_ours_says_nothing(url: str) -> None:
    """Page anchors and other people's keys are no mistake of the customer."""
    assert read_overrides(url) == Overrides()


def test_numbers_out_of_range_are_moved_to_the_nearest_limit() -> None:
    """The customer hears about it, and the call goes on."""
    read = read_overrides(f"{URL}#ct=1&rt=99999&rc=50")

    assert (read.connect_timeout_s, read.read_timeout_s, read.retries) == (0.1, 15.0, 5)
    assert read.warnings == (
        "#ct is 1, want a number from 100 to 10000; 100 is used",
        "#rt is 99999, want a number from 100 to 15000; 15000 is used",
        "#rc is 50, want a number from 0 to 5; 5 is used",
    )


@pytest.mark.parametrize(
    ("fragment", "warning"),
    [
        ("ct=soon", "#ct is 'soon', want a number from 100 to 10000; it is ignored"),
        ("tt=-5", "#tt is '-5', want a number from 100 to 15000; it is ignored"),
        ("rc=\N{SUPERSCRIPT TWO}", "#rc is '\N{SUPERSCRIPT TWO}', want a number from 0 to 5; it is ignored"),
        ("rp=6xx", "#rp has '6xx', want any of ct, rt, 4xx, 5xx, all; it is ignored"),
        ("fb=%2Fspare", "#fb is no absolute http or https URL (percent-encoded); it is ignored"),
        ("fb=http://h/%0d%0a", "#fb is no absolute http or https URL (percent-encoded); it is ignored"),
        ("fb=http://[::1/", "#fb is no absolute http or https URL (percent-encoded); it is ignored"),
    ],
)
def test_nonsense_is_left_out_with_a_warning(fragment: str, warning: str) -> None:
    """One bad override must not cost a call."""
    assert read_overrides(f"{URL}#{fragment}") == Overrides(warnings=(warning,))


def test_all_means_every_kind_of_failure() -> None:
    """`rp=all` is the short form of the whole list."""
    assert read_overrides(f"{URL}#rp=all").retry_on == tuple(RetryOn)


def test_the_fragment_can_be_cut_off() -> None:
    """What is sent to a server ends before the first `#`."""
    assert without_fragment(f"{URL}#rc=2#x") == URL
    assert without_fragment(URL) == URL


@settings(max_examples=100)
@given(st.text())
def test_any_fragment_can_be_read_and_written_down(fragment: str) -> None:
    """Customers write anything; a call's state must hold what we made of it."""
    read = read_overrides(f"{URL}#{fragment}")

    assert from_json(to_json(read)) == read
