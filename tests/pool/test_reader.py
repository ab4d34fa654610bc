"""The process by itself: one frame in, one frame out, and no life after its worker."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

from pivot.model.documents import Refusal
from pivot.model.fetch import Answer
from pivot.pool.frames import HEAD, Unpacking, framed, parts_of
from pivot.translate.rules import TranslateRules
from tests.pool.test_translator import slow_answer, slow_rules


def question(answer: Answer, rules: TranslateRules) -> bytes:
    return framed([pickle.dumps((0, answer, "call")), pickle.dumps(rules)])


def start(limit_s: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pivot.pool.reader", "512", str(limit_s)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_it_ends_with_its_input() -> None:
    """A worker that is killed closes the pipe."""
    answer = Answer(200, (), b"<Response>", "http://a.test/")
    output, _ = start(60).communicate(question(answer, TranslateRules()), timeout=60)

    hello, reply = output[: HEAD.size], output[HEAD.size :]
    assert hello == framed([])
    unpacking = Unpacking()
    for part in parts_of(reply[HEAD.size :]):
        unpacking.add(part)
    assert isinstance(unpacking.result(), Refusal)


@pytest.mark.parametrize("limit_s", [1])
def test_it_ends_when_nobody_is_left_to_end_it(limit_s: int) -> None:
    """An answer that keeps it busy for ever must not keep a processor busy for ever."""
    process = start(limit_s)
    output, _ = process.communicate(question(slow_answer(), slow_rules().translate), timeout=60)

    assert output == framed([])
    assert process.returncode < 0
