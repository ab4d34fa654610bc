"""One question to the customer's server, ready to be sent.

Nothing of the call can leave the place it belongs to: values are encoded, what is illegal in a request
line is percent-encoded, and headers hold constants alone.
"""

from __future__ import annotations

from dataclasses import replace

from pivot.execute.encoding import Parameters, flat, form, json_text, pieces, safe_url, too_deep
from pivot.execute.parameters import RequestSource, parameters_of
from pivot.execute.profile import ParameterSet
from pivot.execute.urls import with_query
from pivot.model.call import BodyFormat, Method, PivotRequest, RequestFormat
from pivot.model.fetch import FetchRequest, Purpose
from pivot.model.json import JsonObject

_FORM_TYPE = "application/x-www-form-urlencoded"
_JSON_TYPE = "application/json"


def build_request(source: RequestSource, fetch_id: str, deadline_s: float = 9.0) -> FetchRequest:
    """The request that `source` describes.

    A GET carries its parameters as a form in the URL, whatever the body format. `shown_url` is the URL as
    Kazoo's documents show it, before anything in it was made fit for the wire.

    Args:
        source: the call, the URL and all values.
        fetch_id: names the fetch in its events.
        deadline_s: all attempts end this many seconds after the start.
    """
    bare = FetchRequest(
        fetch_id=fetch_id,
        url=safe_url(source.url),
        method=source.method,
        timeout_s=_timeout_s(source),
        deadline_s=deadline_s,
        account_id=source.request.call.account_id,
        call_id=source.request.call.call_id,
        iteration=source.iteration,
        shown_url=source.url,
    )
    parameters = parameters_of(source)
    if source.method is Method.GET:
        return _with_query(bare, parameters, encode_names=_is_twilio(source))
    if source.request.body_format is BodyFormat.JSON:
        return _with_json(bare, parameters)
    media_type = f"{_FORM_TYPE}; charset=utf-8" if _is_twilio(source) else _FORM_TYPE
    return _with_form(bare, parameters, media_type, encode_names=_is_twilio(source))


def cdr_request(
    request: PivotRequest,
    event: JsonObject,
    fetch_id: str,
    iteration: int,
    deadline_s: float = 9.0,
    told: Parameters = (),
) -> FetchRequest:
    """The POST to `cdr_url` when the call is over.

    Args:
        request: names the URL; its `cdr_uri` must be set.
        event: the whole event CHANNEL_DESTROY. What every bus message carries and the channel's variables
            stay at home, and with them, as ever, Call-ID and Account-ID.
        fetch_id: names the fetch in its events.
        iteration: number of the newest document request, which the debug document repeats.
        deadline_s: all attempts end this many seconds after the start.
        told: parameters in front of the event's own.

    Source: pivot_call.erl, handle_cast of `cdr`; kz_api.erl, remove_defaults.
    """
    if request.cdr_uri is None:
        raise ValueError("the request has no cdr_uri; ask only when it has one")
    bare = FetchRequest(
        fetch_id=fetch_id,
        url=safe_url(request.cdr_uri),
        method=Method.POST,
        deadline_s=deadline_s,
        account_id=request.call.account_id,
        call_id=request.call.call_id,
        iteration=iteration,
        purpose=Purpose.CDR,
        shown_url=request.cdr_uri,
    )
    kept = told + tuple(
        (name, value) for name, value in event.items() if name not in _NOT_IN_CDR and not too_deep(value)
    )
    return _with_form(bare, kept, _FORM_TYPE, encode_names=False)


def _with_query(bare: FetchRequest, parameters: Parameters, encode_names: bool) -> FetchRequest:
    parts = pieces(parameters)
    query = form(parts, encode_names=encode_names)
    return replace(
        bare,
        url=safe_url(with_query(bare.url, query.replace("#", "%23"))),
        shown_url=with_query(bare.shown_url, query),
        parameters=flat(parts),
    )


def _with_form(
    bare: FetchRequest, parameters: Parameters, media_type: str, encode_names: bool
) -> FetchRequest:
    parts = pieces(parameters)
    return replace(
        bare,
        headers=(("Content-Type", media_type),),
        body=form(parts, encode_names=encode_names).encode(),
        parameters=flat(parts),
    )


def _with_json(bare: FetchRequest, parameters: Parameters) -> FetchRequest:
    return replace(
        bare,
        headers=(("Content-Type", _JSON_TYPE),),
        body=json_text(dict(parameters)).encode(),
        body_format=BodyFormat.JSON,
    )


def _is_twilio(source: RequestSource) -> bool:
    is_twiml = source.request.format is RequestFormat.TWIML
    return is_twiml and source.profile.parameter_set is ParameterSet.TWILIO


def _timeout_s(source: RequestSource) -> float | None:
    if source.first or source.request.timeout_s is not None:
        return source.request.timeout_s
    return source.profile.later_timeout_s


_NOT_IN_CDR = frozenset(
    {
        "AMQP-Broker", "AMQP-Broker-Zone", "Access-Group", "Account-ID", "App-Name", "App-Version", "Call-ID",
        "Custom-Channel-Vars", "Defer-Response", "Deliver-To-PID", "Destination-Server", "Event-Category",
        "Event-Name", "Geo-Location", "Msg-ID", "Node", "Raw-Headers", "Reply-To-PID", "Request-From-PID",
        "Server-ID", "Server-Queue-ID", "System-Log-ID",
    }
)  # fmt: skip
