"""The process that reads answers: questions come on its input, results go to its output, one after the other.

It ends with its input, so no worker leaves one behind. It is nicer than the worker, and bounded in memory: an
answer that needs more is refused.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
import sys
from typing import BinaryIO

from pivot.errors import DocumentError
from pivot.model.codes import Code
from pivot.model.documents import Document, Refusal
from pivot.model.fetch import Answer
from pivot.pool.frames import HEAD, framed, packed, parts_of
from pivot.translate.answer import limit_code, translate
from pivot.translate.rules import TranslateRules
from pivot.translate.twiml import Place

_NICE = 5


def serve(source: BinaryIO, target: BinaryIO, limit_s: int = 0) -> None:
    """Say that we are ready, then answer until the input ends.

    Who takes longer than `limit_s` is ended by an alarm, should there be no worker any more to do it.
    """
    target.write(framed([]))
    target.flush()
    known: dict[int, TranslateRules] = {}
    while head := source.read(HEAD.size):
        (length,) = HEAD.unpack(head)
        question, told = parts_of(source.read(length))
        number, answer, place = pickle.loads(question)
        if told:
            known[number] = pickle.loads(told)
        signal.alarm(limit_s)
        result = packed(read(answer, place, known[number]))
        signal.alarm(0)
        target.write(framed(result))
        target.flush()


def read(answer: Answer, place: str, rules: TranslateRules) -> Document | Refusal:
    """What an answer says; whatever goes wrong with it is a refusal."""
    try:
        return translate(answer, rules, Place(place))
    except DocumentError as error:
        return Refusal.of(error)
    except MemoryError:
        return Refusal(limit_code(answer), "the answer takes too much memory to read; send a smaller one")
    except Exception as error:
        return Refusal(Code.WORKER_CRASH, repr(error)[:500])


def main() -> None:
    """Read answers until the input ends. The first argument is the limit of memory in MB."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.nice(_NICE)
    _bound_memory(int(sys.argv[1]) * 1_048_576)
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is no answer
    serve(sys.stdin.buffer, output, int(sys.argv[2]))


def _bound_memory(beyond: int) -> None:
    """Address space: what is taken already, and so much more."""
    with open("/proc/self/statm") as statm:
        taken = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + beyond, taken + beyond))


if __name__ == "__main__":
    main()
