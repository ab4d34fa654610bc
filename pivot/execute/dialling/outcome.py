"""What became of a Dial, as its action is told."""

from __future__ import annotations

from pivot.execute.dialling.party import DialledParty
from pivot.execute.document_request import Texts
from pivot.execute.ids import call_sid, sid
from pivot.execute.step_context import StepContext
from pivot.model.instructions import QueueNoun, SipNoun
from pivot.model.queues import queue_id


def dial_status(parties: list[DialledParty]) -> str:
    """One word for all: somebody talked, else somebody rang in vain, else busy, no answer, failed."""
    statuses = [party.status for party in parties]
    if any(party.answered_at_s is not None for party in parties):
        return "completed"
    if any(party.rang_out for party in parties):
        return "no-answer"
    return next((word for word in ("busy", "no-answer") if word in statuses), "failed")


def dial_parameters(
    parties: list[DialledParty], winner: DialledParty | None, context: StepContext, *, bridged: bool
) -> Texts:
    """What the action is told; of several who did not answer, the first stands for all."""
    shown = winner or (parties[0] if parties else None)
    told: list[tuple[str, str]] = [("DialCallStatus", dial_status(parties))]
    if shown is not None and shown.call_id:
        told.append(("DialCallSid", call_sid(context.profile, shown.call_id)))
    if winner is not None and bridged:
        told.append(("DialCallDuration", str(winner.talked_s())))
    told.append(("DialBridged", "true" if bridged else "false"))
    if shown is not None and isinstance(shown.noun, SipNoun):
        told.append(("DialSipCallId", shown.call_id))
        code = "200" if shown.answered_at_s is not None else (shown.code or "").removeprefix("sip:")
        if code:
            told.append(("DialSipResponseCode", code))
    if shown is not None and isinstance(shown.noun, QueueNoun):
        told += _dequeued(shown, context, bridged=bridged)
    return tuple(told)


def _dequeued(party: DialledParty, context: StepContext, *, bridged: bool) -> list[tuple[str, str]]:
    """What older applications read of a Dial into a queue."""
    assert isinstance(party.noun, QueueNoun)
    queue = queue_id(context.state.request.call.account_id or "", party.noun.name)
    empty = "queue-not-found" if party.status == "failed" else "queue-empty"
    told = [
        ("QueueSid", sid(context.profile, "QU", queue)),
        ("DequeueResult", "bridged" if bridged else empty),
    ]
    if bridged:
        told.append(("DequeuedCallSid", call_sid(context.profile, party.call_id)))
        told.append(("DequeuedCallQueueTime", str(int(party.waited_s))))
        told.append(("DequeuedCallDuration", str(party.talked_s())))
    return told
