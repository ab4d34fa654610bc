"""Detects documents that redirect to each other for ever while the caller hears nothing.

Music that is played again and again by a Redirect may go on for hours; a Redirect to itself hurts the
customer's server and leaves the caller in silence.
"""

from __future__ import annotations

from pivot.execute.phases.core import Core


def loop_found(core: Core, at_s: float) -> str:
    """Called when a document leads to another one: why that is refused; empty: it is not."""
    rules, state = core.rules, core.state
    recent = tuple(asked for asked in state.hasty if at_s - asked < rules.hasty_within_s)
    state.hasty = (*recent, at_s)
    state.brief = state.brief + 1 if at_s - state.document_began_s < rules.brief_s else 0
    if len(recent) >= rules.max_hasty:
        within = f"{len(recent) + 1} documents led to each other within {rules.hasty_within_s:g} s"
        return f"{within}, and the caller heard, said and pressed nothing"
    if state.brief >= rules.max_iterations:
        return f"{state.brief} documents in a row led to each other at once"
    return ""
