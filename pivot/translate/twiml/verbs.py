"""Which file reads which verb."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from pivot.model.instructions import Instruction
from pivot.translate.twiml import (
    connect,
    dial,
    echo,
    enqueue,
    gather,
    hangup,
    leave,
    pause,
    pay,
    play,
    prompt,
    record,
    redirect,
    refer,
    reject,
    say,
    set,
    sms,
    start,
    stop,
)
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading

VERBS: Final[dict[str, Callable[[Element, Reading], Iterator[Instruction]]]] = {
    "Connect": connect.read,
    "Dial": dial.read,
    "Echo": echo.read,
    "Enqueue": enqueue.read,
    "Gather": gather.read,
    "Hangup": hangup.read,
    "Leave": leave.read,
    "Pause": pause.read,
    "Pay": pay.read,
    "Play": play.read,
    "Prompt": prompt.read,
    "Record": record.read,
    "Redirect": redirect.read,
    "Refer": refer.read,
    "Reject": reject.read,
    "Say": say.read,
    "Set": set.read,
    "Sms": sms.read,
    "Start": start.read,
    "Stop": stop.read,
}
