"""What a request tells the customer's server about the call: names, values, order.

There are three sets: Kazoo's for its own format, Kazoo's for TwiML, and Twilio's for TwiML. Kazoo's order
looks arbitrary but applications may sign or log it: the variables of the customer come first, then the
results of verbs, then the standard set from its last to its first; a name that was there already keeps its
place and takes the later value.

Source: kzt_kazoo.erl and kzt_twiml.erl, req_params; kzt_util.erl, get_request_vars; kz_json.erl, set_values
and merge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pivot.execute.encoding import Parameters, too_deep
from pivot.execute.ids import account_sid, address, call_sid, e164
from pivot.execute.profile import ParameterSet, Profile
from pivot.model.call import Call, Method, Party, PivotRequest, RequestFormat
from pivot.model.hot import hot_dataclass
from pivot.model.json import Json, JsonObject
from pivot.model.plain import plain

Texts = tuple[tuple[str, str], ...]


@plain
@hot_dataclass(frozen=True, slots=True)
class ChildLeg:
    """A leg that we dialled and that a request is about, instead of the caller's own."""

    call_id: str
    from_: Party
    to: Party


@hot_dataclass(frozen=True, slots=True)
class RequestSource:
    """Everything one request to the customer's server is made from."""

    request: PivotRequest
    profile: Profile
    url: str
    """Absolute, fragment included; the parameters of a GET come to it."""
    method: Method
    iteration: int = 1
    first: bool = True
    """The first request of this pivot; `iteration` may be higher, because callflow counts on."""
    call_status: str = "ringing"
    """The state that the leg is in, in Twilio's words."""
    dialled: bool = False
    """A Dial has begun in this call: from then on Kazoo, too, knows a CallStatus."""
    extra: Texts = ()
    """What the verb adds to this request alone: Digits, RecordingUrl, DialCallStatus, ErrorCode ..."""
    earlier: Texts = ()
    """What `remember` kept of earlier requests of this call."""
    user_variables: Texts = ()
    """What Set has stored, in the order in which it is sent."""
    owner_ids: tuple[str, ...] = ()
    """Users who own the caller's device, from the account's database; empty: the call's own Owner-ID."""
    shown_number: str = ""
    """The number that a Dial has shown for the caller; empty: the call's own."""
    leg: ChildLeg | None = None
    of_account: bool = False
    """It is about something that several calls share, so nothing of this one is told but what `extra` has."""


def parameters_of(source: RequestSource) -> Parameters:
    """The parameters of a request, in the order in which they are sent."""
    if source.of_account:
        account_id = source.request.call.account_id or ""
        return (("AccountSid", account_sid(source.profile, account_id)), *source.extra)
    if source.request.format is RequestFormat.KAZOO:
        results = _results(source)
        return _in_kazoo_order(source, results, _kazoo_base(source, results))
    if source.profile.parameter_set is ParameterSet.KAZOO:
        results = _results(source)
        return _in_kazoo_order(source, results, _twiml_base(source, results))
    return _as_twilio(source)


def remember(profile: Profile, earlier: Texts, extra: Texts) -> Texts:
    """What of a request's extra parameters later requests of the call carry as well.

    Digits are kept only from a Record, whose ending key they are. Differs: in Kazoo that key then hides
    the digits of every later Gather; here the newest digits are sent, and those of a Gather only once.
    """
    if not profile.sticky_params:
        return ()
    kept, given = dict(earlier), dict(extra)
    if "Digits" in given:
        kept.pop("Digits", None)
    sticky = {*_STICKY, "Digits"} if _of_record(given) else _STICKY
    return tuple((kept | {name: value for name, value in given.items() if name in sticky}).items())


def error_parameters(failed_url: str, error_code: str) -> Texts:
    """What the fallback URL is told beside the standard set; the code is Twilio's number for the failure."""
    address_only = re.sub(r"//[^/?#]*@", "//", failed_url.partition("#")[0], count=1)
    return (("ErrorCode", error_code), ("ErrorUrl", address_only))


def is_standard_name(name: str) -> bool:
    """Whether a parameter of this name has a meaning of its own, which no variable may take."""
    return name in _STANDARD or name in _STICKY or name.startswith(("SipHeader_", "DialSip"))


# ---- Kazoo's two sets


def _in_kazoo_order(source: RequestSource, results: JsonObject, base: Parameters) -> Parameters:
    sent: dict[str, Json] = {**_stored_variables(source), **dict(source.user_variables)}
    for name in _SENT_FIRST:
        if (result := results.get(name)) is not None:
            sent[name] = result
    for name, value in reversed(base):
        if value is not None:
            sent[name] = value
    for name, value in source.extra:
        if name not in _STORED_AS and name != "Digits":
            sent[name] = value
    return tuple(sent.items())


def _kazoo_base(source: RequestSource, results: JsonObject) -> Parameters:
    call = source.request.call
    owners = source.owner_ids or ((call.owner_id,) if call.owner_id else ())
    return (
        ("Account-ID", call.account_id),
        ("Api-Version", "4.x"),
        ("Call-ID", _leg_id(source)),
        ("Call-Status", results.get("CallStatus")),
        ("Caller-ID-Name", call.caller_id_name),
        ("Caller-ID-Number", source.shown_number or call.caller_id_number),
        ("Custom-Application-Vars", _variables(call.custom_application_vars)),
        ("Custom-SIP-Headers", _variables(call.custom_sip_headers)),
        ("Digits", _digits_in_base(source)),
        ("Direction", "inbound"),
        ("From", call.from_.user),
        ("From-Realm", call.from_.realm),
        ("Language", call.language),
        ("Recording-Duration", results.get("RecordingDuration")),
        ("Recording-ID", results.get("RecordingSid")),
        ("Recording-Url", results.get("RecordingUrl")),
        ("Request", call.request.user),
        ("Request-Realm", call.request.realm),
        ("To", call.to.user),
        ("To-Realm", call.to.realm),
        ("Transcription-ID", results.get("TranscriptionSid")),
        ("Transcription-Status", results.get("TranscriptionStatus")),
        ("Transcription-Text", results.get("TranscriptionText")),
        ("Transcription-Url", results.get("TranscriptionUrl")),
        ("User-ID", owners[0] if len(owners) == 1 else owners or None),
    )


def _twiml_base(source: RequestSource, results: JsonObject) -> Parameters:
    call = source.request.call
    return (
        ("CallSid", call_sid(source.profile, _leg_id(source))),
        ("AccountSid", account_sid(source.profile, call.account_id) if call.account_id else None),
        ("From", call.from_.user),
        ("FromRealm", call.from_.realm),
        ("To", call.to.user),
        ("ToRealm", call.to.realm),
        ("CallStatus", results.get("CallStatus")),
        ("ApiVersion", "2010-04-01"),
        ("Direction", "inbound"),
        ("CallerName", call.caller_id_name),
        ("CallerNumber", source.shown_number or call.caller_id_number),
        ("RecordingUrl", results.get("RecordingUrl")),
        ("RecordingDuration", results.get("RecordingDuration")),
        ("RecordingSid", results.get("RecordingSid")),
        ("Digits", _digits_in_base(source)),
        ("TranscriptionSid", results.get("TranscriptionSid")),
        ("TranscriptionText", results.get("TranscriptionText")),
        ("TranscriptionStatus", results.get("TranscriptionStatus")),
        ("TranscriptionUrl", results.get("TranscriptionUrl")),
    )


def _results(source: RequestSource) -> dict[str, Json]:
    """What verbs have left behind, here and in the callflow that ran before us, by Twilio's names."""
    stored = source.request.call.key_value_store
    results: dict[str, Json] = {name: _stored(stored, key) for name, key in _STORED_AS.items()}
    results |= dict(source.earlier) | dict(source.extra)
    if source.dialled or source.profile.status_always:
        results["CallStatus"] = dict(source.extra).get("CallStatus", source.call_status)
    results["Digits"] = _digits_in_front(source)
    return results


def _digits_in_front(source: RequestSource) -> Json:
    """Digits that a Gather collected stand among the verbs' results."""
    given = dict(source.extra)
    if "Digits" in given:
        return None if _of_record(given) else given["Digits"]
    return _stored(source.request.call.key_value_store, "digits_collected") if source.first else None


def _digits_in_base(source: RequestSource) -> Json:
    """The key that ended a Record, or what callflow collected, stand in the standard set.

    Differs: in Kazoo they hide the digits of a Gather.
    """
    given, stored = dict(source.extra), source.request.call.key_value_store
    if "Digits" in given:
        return given["Digits"] if _of_record(given) else None
    for value in (dict(source.earlier).get("Digits"), _stored(stored, "digit_pressed")):
        if value is not None:
            return value
    return _stored(stored, "dtmf_collections")


def _stored(store: JsonObject, key: str) -> Json:
    value = store.get(key)
    return None if value is None or too_deep(value) else value


def _stored_variables(source: RequestSource) -> JsonObject:
    """Variables that the call brought along, should it have been in a Set before."""
    variables = _stored(source.request.call.key_value_store, "user_vars")
    return variables if isinstance(variables, Mapping) else {}


def _of_record(extra: Mapping[str, str]) -> bool:
    return any(name.startswith("Recording") for name in extra)


def _variables(variables: JsonObject) -> dict[str, Json]:
    """Differs: what is nested beyond reason is left out; Kazoo has no such limit."""
    return _merged({name: value for name, value in variables.items() if not too_deep(value)})


def _merged(variables: JsonObject) -> dict[str, Json]:
    """As Kazoo's merge leaves an object: names from last to first by their bytes, null left out."""
    ordered = sorted(variables.items(), key=lambda item: item[0].encode("utf-8", "replace"), reverse=True)
    return {
        name: _merged(value) if isinstance(value, Mapping) else value
        for name, value in ordered
        if value is not None
    }


def _leg_id(source: RequestSource) -> str:
    return source.leg.call_id if source.leg else source.request.call.call_id


_SENT_FIRST = (
    "CallStatus", "QueueSid", "DialCallDuration", "DialCallSid", "DialCallStatus", "RecordingDuration",
    "RecordingUrl", "Digits",
)  # fmt: skip
_STORED_AS = {
    "CallStatus": "call_status",
    "DialCallDuration": "dial_call_duration",
    "DialCallSid": "dial_call_sid",
    "DialCallStatus": "dial_call_status",
    "QueueSid": "queue_sid",
    "RecordingDuration": "recording_duration",
    "RecordingSid": "recording_sid",
    "RecordingUrl": "recording_url",
    "TranscriptionSid": "transcription_sid",
    "TranscriptionStatus": "transcription_status",
    "TranscriptionText": "transcription_text",
    "TranscriptionUrl": "transcription_url",
}
"""Names in Kazoo's key-value store of the call."""
_STICKY = frozenset(_STORED_AS) - {"CallStatus"}


# ---- Twilio's set


def _as_twilio(source: RequestSource) -> Parameters:
    sent: dict[str, str] = {
        **_twilio_standard(source),
        **_sip(source.request.call),
        **dict(source.earlier),
        **dict(source.extra),
    }
    for name, value in source.user_variables:
        if not is_standard_name(name):
            sent.setdefault(name, value)
    return tuple(sent.items())


def _twilio_standard(source: RequestSource) -> dict[str, str]:
    call, leg, profile = source.request.call, source.leg, source.profile
    from_, to = (leg.from_, leg.to) if leg else (call.from_, call.to)
    optional = {
        "ForwardedFrom": _forwarded_from(call),
        "ParentCallSid": call_sid(profile, call.call_id) if leg else None,
    }
    return {
        "CallSid": call_sid(profile, _leg_id(source)),
        "AccountSid": account_sid(profile, call.account_id or ""),
        "From": address(from_),
        "To": address(to),
        "CallStatus": source.call_status,
        "ApiVersion": "2010-04-01",
        "Direction": _direction(call, leg),
        **{name: value for name, value in optional.items() if value is not None},
        "CallerName": call.caller_id_name,
        "Caller": address(from_),
        "Called": address(to),
        "CallerNumber": call.caller_id_number,
        "FromRealm": from_.realm,
        "ToRealm": to.realm,
        "KazooCallId": _leg_id(source),
    }


def _direction(call: Call, leg: ChildLeg | None) -> str:
    if leg:
        return "outbound-dial"
    return "inbound" if call.direction == "inbound" else "outbound-api"


def _sip(call: Call) -> dict[str, str]:
    """For a caller who has no number: where the call came in by SIP, and its headers."""
    if not address(call.from_).startswith("sip:"):
        return {}
    headers = {
        f"SipHeader_{name}": value
        for name, value in call.custom_sip_headers.items()
        if isinstance(value, str)
    }
    return {"SipCallId": call.call_id, "SipDomain": call.request.realm.partition(":")[0], **headers}


def _forwarded_from(call: Call) -> str | None:
    for name, value in call.custom_sip_headers.items():
        if name.lower() in ("diversion", "history-info") and isinstance(value, str):
            forwarder = re.search(r"sips?:([^@>;]+)@|tel:([^>;]+)", value)
            if forwarder:
                user = forwarder[1] or forwarder[2]
                return e164(user) or user
    return None


_STANDARD = frozenset(
    {
        "AccountSid", "ApiVersion", "AvgQueueTime", "CallDuration", "CallSid", "CallStatus", "CallToken",
        "CallbackSource", "Called", "Caller", "CallerName", "CallerNumber", "Confidence", "CurrentQueueSize",
        "DequeingCallSid", "DequeueResult", "DequeuedCallDuration", "DequeuedCallQueueTime",
        "DequeuedCallSid", "DialBridged", "Digits", "Direction", "ErrorCode", "ErrorUrl", "FinishedOnKey",
        "ForwardedFrom", "From", "FromRealm", "KazooCallId", "MaxQueueSize", "ParentCallSid",
        "QueuePosition", "QueueResult", "QueueTime", "SequenceNumber", "SipCallId", "SipDomain",
        "SipSourceIp", "SpeechResult", "StirVerstat", "Timestamp", "To", "ToRealm",
    }
)  # fmt: skip
