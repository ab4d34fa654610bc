"""Nouns of a Dial become parties: numbers and addresses at once, users and devices by their documents."""

from __future__ import annotations

from dataclasses import replace

from pivot.execute.dialling.attempt import Attempt, Wishes
from pivot.execute.dialling.bridge import BridgeAttempt
from pivot.execute.dialling.caller_id import shown_outside
from pivot.execute.dialling.carrier import CarrierAttempt
from pivot.execute.dialling.party import DialledParty, wants_apart
from pivot.execute.dialling.queue import QueueAttempt
from pivot.execute.dialling.separate_legs import SeparateLegsAttempt
from pivot.execute.ids import e164
from pivot.execute.step_context import StepContext
from pivot.model.dialling import Endpoint, EndpointKind, EndpointsOf, Identity, Wanted
from pivot.model.emergency import is_emergency
from pivot.model.instructions import (
    ClientNoun,
    DeviceNoun,
    DialVerb,
    NameValue,
    NumberNoun,
    QueueNoun,
    RingNoun,
    SipNoun,
    UserNoun,
)
from pivot.model.json import JsonObject

_NUMBER_RINGS_S = 30.0
_LONGEST_EXTENSION = 6
"""Digits; a local number of North America has seven."""


def wanted(noun: RingNoun) -> Wanted | None:
    """What must be looked up to ring this; None: nothing."""
    match noun:
        case UserNoun(user_id=user_id):
            return Wanted(EndpointsOf.USER, user_id)
        case DeviceNoun(device_id=device_id):
            return Wanted(EndpointsOf.DEVICE, device_id)
        case ClientNoun(identity=identity):
            return Wanted(EndpointsOf.CLIENT, identity)
    return None


def parties_of(
    noun: RingNoun, found: tuple[Endpoint, ...], caller: Identity, context: StepContext
) -> list[DialledParty]:
    """Who is rung for a noun; `found` is what was looked up."""
    endpoints: tuple[Endpoint, ...]
    match noun:
        case NumberNoun(number=written):
            number = e164(written) or written
            endpoint = Endpoint(number, "", EndpointKind.NUMBER, number, variables=_routed_as(context))
            endpoints = (replace(endpoint, details=shown_outside(caller)),)
        case SipNoun():
            endpoints = (_sip(noun),)
        case ClientNoun(identity=identity, parameters=parameters):
            headers = tuple(NameValue(f"X-{item.name}", item.value) for item in parameters)
            endpoints = tuple(
                replace(each, label=identity, headers=(*each.headers, *headers)) for each in found
            )
        case UserNoun(user_id=name) | DeviceNoun(device_id=name):
            endpoints = tuple(replace(each, label=name) for each in found)
    return [_party(noun, endpoint, context) for endpoint in endpoints]


def _party(noun: RingNoun, endpoint: Endpoint, context: StepContext) -> DialledParty:
    call_id = context.draw_id()
    return DialledParty(noun, replace(endpoint, call_id=call_id), call_id)


def _sip(noun: SipNoun) -> Endpoint:
    return Endpoint(
        noun.written,
        "",
        EndpointKind.ROUTE,
        noun.uri,
        transport=noun.transport,
        username=noun.username,
        password=noun.password,
        headers=noun.headers,
    )


def _routed_as(context: StepContext) -> JsonObject:
    """Whose rights and routes a number is dialled with: the account's, as a forwarded call's.

    The switch would put the number's own leg in place of ours when it answers: then its end, and the call's
    bridge, would be told too early. Kazoo keeps its own legs so when it has to follow them.
    Source: stepswitch_outbound.erl, local_originate.
    """
    call = context.state.request.call
    variables = {
        "Account-ID": call.account_id,
        "Authorizing-ID": call.authorizing_id,
        "Authorizing-Type": call.authorizing_type,
        "Retain-CID": "true",
        "Simplify-Loopback": "false",
        "Loopback-Bowout": "false",
    }
    return {name: value for name, value in variables.items() if value is not None}


def attempt_for(parties: list[DialledParty], wishes: Wishes) -> Attempt:
    """How these are rung together.

    A number alone goes through the carriers' service, as from Kazoo; one that is told about or spoken to
    needs a leg that we know, and an extension is routed by the account.
    """
    noun = parties[0].noun
    if isinstance(noun, QueueNoun):
        return QueueAttempt(parties, wishes)
    if any(wants_apart(party.noun) for party in parties):
        return SeparateLegsAttempt(parties, wishes)
    if len(parties) == 1 and isinstance(noun, NumberNoun) and _is_for_carriers(noun):
        parties[0].call_id = ""
        return CarrierAttempt(parties, wishes)
    return BridgeAttempt(parties, wishes)


def _is_for_carriers(noun: NumberNoun) -> bool:
    """Kazoo sends every number there. Differs: a short one that calls nobody for help is an extension, which
    carriers do not know; callbacks need a leg that we know, but no call for help waits for them.

    Source: kzt_twiml_dial.erl, dial_me.
    """
    if is_emergency(noun.number):
        return True
    is_extension = len(noun.number) <= _LONGEST_EXTENSION and not noun.number.startswith("+")
    return noun.leg.status is None and not is_extension


def ring_time_s(nouns: list[RingNoun | QueueNoun], verb: DialVerb, context: StepContext) -> float:
    """How long these ring."""
    if verb.timeout_s is not None:
        return verb.timeout_s
    as_numbers = all(isinstance(noun, NumberNoun | QueueNoun) for noun in nouns)
    return _NUMBER_RINGS_S if as_numbers else context.profile.dial_ring_default_s
