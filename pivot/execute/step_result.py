"""How a step ends, and so what comes after it: plain data."""

from __future__ import annotations

from typing import TypeAlias

from pivot.model.call import Method
from pivot.model.hot import hot_dataclass
from pivot.model.plain import plain


@plain
@hot_dataclass(frozen=True, slots=True)
class GoOn:
    """The next instruction's turn."""


@plain
@hot_dataclass(frozen=True, slots=True)
class AskFor:
    """Another document takes this one's place."""

    url: str
    """As written in the document."""
    method: Method = Method.POST
    parameters: tuple[tuple[str, str], ...] = ()
    """What the verb adds to its request."""
    outlives_caller: bool = False
    """The caller may hang up while it is asked for: the server is told all the same. So it is with the verbs
    that ask at a hang-up, too; the others end with the call."""


@plain
@hot_dataclass(frozen=True, slots=True)
class Finish:
    """The document is over."""

    cause: str | None = None
    """Hang-up cause; None: the switch's normal one."""
    hang_up: bool = True
    """False: the call ends by itself."""
    call_status: str | None = None
    """What became of the call when that is not to be seen from the channel's end."""
    asked: bool = True
    """False: no verb asked for it, nothing was left to do."""


@plain
@hot_dataclass(frozen=True, slots=True)
class StopWaiting:
    """The caller leaves the queue that this document was for."""


@plain
@hot_dataclass(frozen=True, slots=True)
class Linger:
    """The channel is gone and something is still to come that must be told; events for the step go on.

    Stopped meanwhile, the step has another result: what is known by then.
    """


Result: TypeAlias = GoOn | AskFor | Finish | StopWaiting | Linger
