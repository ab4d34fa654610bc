"""Who is shown calling to those whom a Dial rings: what must be asked to know it, and what follows.

A `callerId` wins, if it may be used; else the profile says whether the caller is shown as the call says or as
the account wants it. Then names and numbers that callflow's modules put in front or instead count, too.
Source: kz_attributes.erl, caller_id and maybe_normalize_cid; kzt_util.erl, offnet_req.
"""

from __future__ import annotations

from pivot.execute.ids import e164
from pivot.execute.step_context import StepContext
from pivot.model.call import Call
from pivot.model.dialling import CallerId, Identity
from pivot.model.instructions import DialVerb
from pivot.model.json import JsonObject
from pivot.model.switch_text import may_be_caller


def caller_of(context: StepContext) -> CallerId:
    """The caller as the call says, or as an earlier Dial has left it."""
    call = context.state.request.call
    number = call.caller_id_number if call.caller_id_number != "anonymous" else call.from_.user
    name = call.caller_id_name if call.caller_id_name != "unknown" else ""
    return CallerId(context.state.shown_number or number, name)


def as_called(context: StepContext) -> Identity:
    """The caller as such, for who is rung on his behalf."""
    return Identity(caller_of(context), caller_of(context))


def needs_identity(context: StepContext) -> bool:
    """Whether the account has a say in how this caller is shown."""
    call = context.state.request.call
    known = call.authorizing_id is not None and call.account_id is not None
    return context.profile.dial_shows_account and known and not _shown_as_it_came(call)


def doubtful_number(verb: DialVerb, context: StepContext) -> str:
    """The `callerId` that must be the account's to be used; empty when it may be used as it is."""
    number = e164(verb.caller_id or "")
    if number is None or not context.profile.caller_id_checked:
        return ""
    call = context.state.request.call
    own = (call.caller_id_number, call.from_.user, call.to.user, call.request.user)
    return "" if number in map(e164, own) else number


def shown(verb: DialVerb, identity: Identity | None, owned: bool | None, context: StepContext) -> Identity:
    """Who is shown calling; nothing of it is empty that could be filled.

    Args:
        identity: what the account says, None when it was not asked or does not answer.
        owned: whether the `callerId` is the account's, None likewise; then it is believed.
    """
    call, own, known = context.state.request.call, caller_of(context), identity or Identity()
    emergency = CallerId() if identity is None else _filled(known.emergency, own)
    if verb.caller_id is not None and owned is not False:
        chosen = CallerId(verb.caller_id, _name_for(verb.caller_id, call))
        return Identity(chosen, chosen, emergency, known.presence_id)
    if not context.profile.dial_shows_account:
        return as_called(context)
    inside, outside = (_adjusted(_filled(each, own), call) for each in (known.inside, known.outside))
    dynamic = _stored(call, "dynamic_cid")
    return Identity(
        inside,
        CallerId(dynamic, outside.name) if dynamic else outside,
        emergency,
        known.presence_id,
    )


def shown_outside(caller: Identity) -> JsonObject:
    """Members of a number's endpoint when it rings beside phones, which are shown another caller."""
    if caller.outside == caller.inside:
        return {}
    return {
        "Outbound-Caller-ID-Number": caller.outside.number,
        "Outbound-Caller-ID-Name": caller.outside.name,
    }


def _shown_as_it_came(call: Call) -> bool:
    """A caller from outside the cluster, unless it is a forwarded call, and one that was settled before."""
    variables = call.custom_channel_vars
    forwarded = variables.get("Call-Forward") in (True, "true")
    settled = variables.get("Retain-CID") in (True, "true")
    return (call.inception is not None and not forwarded) or settled


def _name_for(number: str, call: Call) -> str:
    """The name beside a chosen number: without one the switch's side would show that of the caller's account.

    A number that is not the caller's own is its own name, as far as it may be shown at all.
    """
    own = (call.caller_id_number, call.from_.user)
    if number in own or (e164(number) is not None and e164(number) in map(e164, own)):
        return call.caller_id_name if call.caller_id_name != "unknown" else ""
    return number if may_be_caller(number) else ""


def _filled(wanted: CallerId, own: CallerId) -> CallerId:
    return CallerId(wanted.number or own.number, wanted.name or own.name)


def _adjusted(caller: CallerId, call: Call) -> CallerId:
    """As callflow's modules `prepend_cid` and `set_cid` asked before."""
    number, name = (
        _stored(call, f"rewrite_cid_{part}") or _stored(call, f"prepend_cid_{part}") + value
        for part, value in (("number", caller.number), ("name", caller.name))
    )
    return CallerId(number, name)


def _stored(call: Call, name: str) -> str:
    """A text in the call's key-value store."""
    value = call.key_value_store.get(name)
    return value if isinstance(value, str) else ""
