"""What became of a leg, in Twilio's words."""

from __future__ import annotations

_BUSY = frozenset({"USER_BUSY", "CALL_REJECTED"})
_NO_ANSWER = frozenset(
    {"NO_ANSWER", "NO_USER_RESPONSE", "ALLOTTED_TIMEOUT", "PROGRESS_TIMEOUT", "ORIGINATOR_CANCEL"}
)
_NORMAL = frozenset({"NORMAL_CLEARING", "SUCCESS", "NONE"})
_CANCELLED = frozenset({"LOSE_RACE", "ORIGINATOR_CANCEL", "PICKED_OFF"})
_COMPLETED_DIAL = frozenset({"NORMAL_CLEARING", "SUCCESS", "ORIGINATOR_CANCEL"})


def final_status(cause: str | None, *, answered: bool) -> str:
    """The status of a leg that is gone.

    Args:
        cause: its hang-up cause; None when nobody told it.
        answered: somebody had picked up.
    """
    if answered:
        return "completed"
    if cause in _BUSY:
        return "busy"
    if cause is None or cause in _NO_ANSWER or cause in _NORMAL:
        return "no-answer"
    return "failed"


def dialled_status(cause: str | None, *, answered: bool) -> str:
    """The status of a party that was rung and is gone.

    A party whose leg ends normally without an answer was never rung: nobody routes its number. Measured with
    a number of an account without a callflow for outside numbers.
    """
    if answered:
        return "completed"
    if cause in _CANCELLED:
        return "no-answer"
    return "failed" if cause in _NORMAL else final_status(cause, answered=False)


def status_after_dial(cause: str | None) -> str:
    """The caller's status after a Dial as Kazoo's app tells it; `cause` ended the Dial.

    Source: kzt_receiver.erl, call_status.
    """
    if cause in _COMPLETED_DIAL:
        return "completed"
    if cause in _BUSY:
        return "busy"
    return "no-answer" if cause == "NO_ANSWER" else "failed"
