"""What the switch should publish and does not, said in the log once for each worker: it is no call's own."""

from __future__ import annotations

import structlog

from pivot.model.codes import Code
from pivot.model.notes import Moment, Noticed

log = structlog.get_logger()


class SwitchSilence:
    """Sees every moment of every call."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def saw(self, moment: Moment, at_s: float) -> None:
        """Log `switch.silent` for a note of that code, once for each message."""
        if (
            isinstance(moment, Noticed)
            and moment.code is Code.SWITCH_SILENT
            and moment.message not in self._told
        ):
            self._told.add(moment.message)
            log.warning("switch.silent", message=moment.message)
