"""The kinds of messages that pivot, callflow and the switch exchange.

Source: kapi_pivot.erl, kapi_dialplan.hrl, kapi_offnet_resource.hrl, kapi_conference.erl,
kapi_call.erl. The misspelt type check of Request-Body-Format there never ran, so there is none here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pivot.wire.message_rules import Api, Check, is_boolean, is_integer, is_list, is_object, is_text, one_of
from pivot.wire.names import Category, EventName, Field, InsertAt

_KEYS = frozenset("1234567890*#")


def _kind(category: Category, name: EventName) -> dict[str, Check]:
    return {Field.EVENT_CATEGORY: one_of(category), Field.EVENT_NAME: one_of(name)}


def _terminators(value: object) -> bool:
    return value in ("", "none") or (isinstance(value, list) and all(key in _KEYS for key in value))


def _positive(value: object) -> bool:
    return is_integer(value) and isinstance(value, int) and value > 0


PIVOT_REQ = Api(
    name="pivot_req",
    required=(Field.VOICE_URI, Field.CALL),
    optional=(
        Field.DEBUG,
        Field.HTTP_METHOD,
        Field.REQUEST_TIMEOUT,
        Field.REQUEST_BODY_FORMAT,
        Field.REQUEST_FORMAT,
        Field.CDR_URI,
    ),
    checks={
        **_kind(Category.DIALPLAN, EventName.PIVOT_REQ),
        Field.CALL: is_object,
        Field.DEBUG: is_boolean,
        Field.REQUEST_FORMAT: is_text,
        Field.REQUEST_TIMEOUT: is_integer,
    },
)
PROCESSING = Api("processing", (Field.CALL_ID,), checks=_kind(Category.PIVOT, EventName.PROCESSING))
FAILED = Api("failed", (Field.CALL_ID,), checks=_kind(Category.PIVOT, EventName.FAILED))
CALL_EVENT = Api(
    "call event",
    required=(Field.CALL_ID,),
    optional=(
        Field.HANGUP_CODE,
        Field.HANGUP_CAUSE,
        Field.APPLICATION_RESPONSE,
        Field.APPLICATION_NAME,
        Field.APPLICATION_DATA,
    ),
    checks={Field.EVENT_CATEGORY: one_of(Category.CALL_EVENT)},
)
DATABASE_CHANGE = Api(
    "database change",
    required=(Field.ID, Field.DATABASE),
    optional=(Field.TYPE,),
    checks={**_kind(Category.CONFIGURATION, EventName.DB_CREATED), Field.ID: is_text},
)
USURP_CONTROL = Api(
    "usurp_control",
    required=(Field.FETCH_ID, Field.CALL_ID),
    optional=(Field.REASON,),
    checks=_kind(Category.CALL_EVENT, EventName.USURP_CONTROL),
)
OFFNET_REQ = Api(
    "offnet_req",
    required=(Field.TO_DID, Field.RESOURCE_TYPE, Field.APPLICATION_NAME),
    optional=(
        Field.TIMEOUT,
        Field.PRESENCE_ID,
        Field.OUTBOUND_CALLER_ID_NUMBER,
        Field.OUTBOUND_CALLER_ID_NAME,
        Field.RINGBACK,
        Field.MEDIA,
        Field.FORCE_OUTBOUND,
        Field.EMERGENCY_CALLER_ID_NUMBER,
        Field.EMERGENCY_CALLER_ID_NAME,
        Field.CONTROL_QUEUE,
        Field.CALL_ID,
        Field.ACCOUNT_REALM,
        Field.ACCOUNT_ID,
    ),
    checks={
        **_kind(Category.RESOURCE, EventName.OFFNET_REQ),
        Field.APPLICATION_NAME: one_of("bridge", "eavesdrop", "fax", "park", "sms", "transfer"),
        Field.RESOURCE_TYPE: one_of("audio", "cid", "originate", "sms", "video"),
        Field.TO_DID: lambda value: isinstance(value, str) and value != "",
        Field.MEDIA: one_of("auto", "bypass", "process"),
        Field.FORCE_OUTBOUND: is_boolean,
        Field.CONTROL_QUEUE: is_text,
        Field.CALL_ID: is_text,
        Field.ACCOUNT_ID: is_text,
    },
)
OFFNET_RESP = Api(
    "offnet_resp",
    required=(Field.RESPONSE_MESSAGE,),
    optional=(Field.RESPONSE_CODE, Field.ERROR_MESSAGE, Field.CONTROL_QUEUE, Field.CALL_ID),
    checks=_kind(Category.RESOURCE, EventName.OFFNET_RESP),
)
ORIGINATE_REQ = Api(
    "originate_req",
    required=(Field.ENDPOINTS, Field.APPLICATION_NAME),
    optional=(
        Field.TIMEOUT,
        Field.OUTBOUND_CALL_ID,
        Field.OUTBOUND_CALLER_ID_NUMBER,
        Field.OUTBOUND_CALLER_ID_NAME,
        Field.ORIGINATE_IMMEDIATE,
        Field.IGNORE_EARLY_MEDIA,
        Field.EXISTING_CALL_ID,
        Field.EAVESDROP_MODE,
        Field.EAVESDROP_CALL_ID,
        Field.CUSTOM_CHANNEL_VARS,
    ),
    checks={
        **_kind(Category.RESOURCE, EventName.ORIGINATE_REQ),
        Field.APPLICATION_NAME: one_of("bridge", "eavesdrop", "fax", "park", "transfer"),
        Field.EAVESDROP_MODE: one_of("listen", "whisper", "full"),
        Field.ENDPOINTS: is_list,
        Field.CUSTOM_CHANNEL_VARS: is_object,
    },
)
ORIGINATE_UUID = Api("originate_uuid", required=(Field.OUTBOUND_CALL_ID,), optional=(Field.OUTBOUND_CONTROL,))
ORIGINATE_RESP = Api(
    "originate_resp", required=(), optional=(Field.APPLICATION_RESPONSE, Field.ERROR_MESSAGE, Field.CALL_ID)
)
ORIGINATE_READY = Api(
    "originate_ready",
    required=(Field.CONTROL_QUEUE, Field.CALL_ID),
    checks=_kind(Category.DIALPLAN, EventName.ORIGINATE_READY),
)
ORIGINATE_EXECUTE = Api(
    "originate_execute",
    required=(Field.CALL_ID,),
    checks=_kind(Category.DIALPLAN, EventName.ORIGINATE_EXECUTE),
)
DISCOVERY_REQ = Api(
    "conference discovery_req",
    required=(Field.CALL,),
    optional=(Field.MODERATOR, Field.CONFERENCE_NAME, Field.CONFERENCE_ID, Field.CONFERENCE_DOC),
    checks={
        **_kind(Category.CONFERENCE, EventName.DISCOVERY_REQ),
        Field.CALL: is_object,
        Field.CONFERENCE_DOC: is_object,
        Field.MODERATOR: is_boolean,
    },
)

CHANNEL_STATUS_REQ = Api(
    "channel_status_req",
    required=(Field.CALL_ID,),
    optional=(Field.ACTIVE_ONLY,),
    checks=_kind(Category.CALL_EVENT, EventName.CHANNEL_STATUS_REQ),
)
CHANNEL_STATUS_RESP = Api(
    "channel_status_resp",
    required=(Field.CALL_ID, Field.STATUS),
    checks=_kind(Category.CALL_EVENT, EventName.CHANNEL_STATUS_RESP),
)
SWITCH_COMMAND = Api(
    "switch command",
    required=(Field.COMMAND, Field.FREESWITCH_NODE),
    optional=(Field.ARGS,),
    checks={**_kind(Category.SWITCH_EVENT, EventName.COMMAND), Field.ARGS: is_object},
)
SWITCH_REPLY = Api(
    "switch reply",
    required=(Field.RESULT,),
    optional=(Field.ERROR,),
    checks=_kind(Category.SWITCH_EVENT, EventName.REPLY),
)

SMS_OUTBOUND = Api(
    "sms outbound",
    required=(Field.MESSAGE_ID, Field.BODY, Field.FROM, Field.TO),
    optional=(Field.CUSTOM_VARS, Field.ROUTE_TYPE),
    checks={
        **_kind(Category.SMS, EventName.OUTBOUND),
        Field.MESSAGE_ID: is_text,
        Field.BODY: is_text,
        Field.FROM: is_text,
        Field.TO: is_text,
        Field.CUSTOM_VARS: is_object,
        Field.ROUTE_TYPE: one_of("onnet", "offnet"),
    },
)
CONFERENCE_COMMAND = Api(
    "conference command",
    required=(Field.CONFERENCE_ID, Field.APPLICATION_NAME),
    optional=(Field.RELATIONSHIP, Field.PARTICIPANT_ID, Field.OTHER_PARTICIPANT, Field.MEDIA_NAME),
    checks={**_kind(Category.CONFERENCE, EventName.COMMAND), Field.CONFERENCE_ID: is_text},
)

CONFERENCE_EVENT = Api(
    "conference event",
    required=(Field.EVENT, Field.CONFERENCE_ID, Field.INSTANCE_ID),
    optional=(Field.CALL_ID, Field.PARTICIPANT_ID, Field.ACCOUNT_ID),
    checks={**_kind(Category.CONFERENCE, EventName.EVENT), Field.EVENT: is_text},
)

_INSERT_AT = one_of(*InsertAt)


def _command(
    name: str,
    required: tuple[str, ...] = (),
    optional: tuple[str, ...] = (),
    checks: Mapping[str, Check] = MappingProxyType({}),
) -> Api:
    """One call command; `optional` in descending order, as Kazoo's definitions come out."""
    return Api(
        name=name,
        required=(*required, Field.CALL_ID, Field.APPLICATION_NAME),
        optional=tuple(sorted({*optional, Field.INSERT_AT}, reverse=True)),
        checks={
            **_kind(Category.CALL, EventName.COMMAND),
            Field.APPLICATION_NAME: one_of(name),
            Field.INSERT_AT: _INSERT_AT,
            **checks,
        },
    )


_LEG: dict[str, Check] = {Field.LEG: one_of("A", "B", "Both")}
_PLAYBACK: dict[str, Check] = {
    Field.TERMINATORS: _terminators,
    Field.ENDLESS_PLAYBACK: is_boolean,
    Field.LOOP_COUNT: _positive,
    **_LEG,
}

_COMMANDS = (
    _command("answer"),
    _command(
        "hangup",
        optional=(Field.OTHER_LEG_ONLY, Field.HANGUP_CAUSE),
        checks={Field.OTHER_LEG_ONLY: is_boolean, Field.HANGUP_CAUSE: is_text},
    ),
    _command("echo"),
    _command("progress"),
    _command("ring", optional=(Field.RINGBACK,), checks={Field.RINGBACK: is_text}),
    _command(
        "respond",
        required=(Field.RESPONSE_CODE,),
        optional=(Field.RESPONSE_MESSAGE,),
        checks={Field.RESPONSE_CODE: is_text, Field.RESPONSE_MESSAGE: is_text},
    ),
    _command("redirect", required=("Redirect-Contact",), optional=("Redirect-Server", "Redirect-Node")),
    _command(
        "noop",
        optional=(Field.FILTER_APPLICATIONS, "B-Leg-Events"),
        checks={Field.FILTER_APPLICATIONS: is_list, "B-Leg-Events": is_list},
    ),
    _command(
        "play",
        required=(Field.MEDIA_NAME,),
        optional=(*_PLAYBACK, Field.GROUP_ID, Field.LANGUAGE, Field.VOICE, "Format"),
        checks=_PLAYBACK,
    ),
    _command(
        "tts",
        required=(Field.TEXT,),
        optional=(*_PLAYBACK, Field.VOICE, Field.ENGINE, Field.LANGUAGE, Field.GROUP_ID, Field.CONFERENCE_ID),
        checks={**_PLAYBACK, Field.VOICE: one_of("male", "female")},
    ),
    _command(
        "tones",
        required=(Field.TONES,),
        optional=(Field.TERMINATORS, Field.GROUP_ID, Field.CONFERENCE_ID),
        checks={Field.TONES: is_list, Field.TERMINATORS: _terminators},
    ),
    _command(
        "record",
        required=(Field.MEDIA_NAME,),
        optional=(Field.TIME_LIMIT, Field.TERMINATORS, Field.SILENCE_THRESHOLD, Field.SILENCE_HITS),
        checks={Field.TERMINATORS: _terminators},
    ),
    _command(
        "record_call",
        required=(Field.RECORD_ACTION,),
        optional=(
            Field.TIME_LIMIT,
            Field.MEDIA_TRANSFER_METHOD,
            Field.MEDIA_TRANSFER_DESTINATION,
            Field.MEDIA_NAME,
            Field.ADDITIONAL_HEADERS,
            Field.MEDIA_RECORDING_ID,
            Field.CHANNELS_AS_STEREO,
            Field.FOLLOW_TRANSFER,
            "Record-Min-Sec",
            "Record-Sample-Rate",
        ),
        checks={Field.RECORD_ACTION: one_of("start", "stop", "mask", "unmask")},
    ),
    _command(
        "store",
        required=(Field.MEDIA_TRANSFER_METHOD, Field.MEDIA_TRANSFER_DESTINATION, Field.MEDIA_NAME),
        optional=(Field.SUPPRESS_ERROR_REPORT, Field.ADDITIONAL_HEADERS),
        checks={
            Field.MEDIA_TRANSFER_METHOD: one_of("stream", "put", "post"),
            Field.ADDITIONAL_HEADERS: is_list,
            Field.SUPPRESS_ERROR_REPORT: is_boolean,
        },
    ),
    _command(
        "bridge",
        required=(Field.ENDPOINTS,),
        optional=(
            Field.TIMEOUT,
            Field.MEDIA,
            Field.IGNORE_EARLY_MEDIA,
            Field.DIAL_ENDPOINT_METHOD,
            Field.CONTINUE_ON_FAIL,
            Field.RINGBACK,
            Field.CUSTOM_CHANNEL_VARS,
            "B-Leg-Events",
            Field.OUTBOUND_CALLER_ID_NUMBER,
            Field.OUTBOUND_CALLER_ID_NAME,
        ),
        checks={
            Field.ENDPOINTS: is_list,
            Field.DIAL_ENDPOINT_METHOD: one_of("single", "simultaneous"),
            Field.MEDIA: one_of("process", "bypass", "auto"),
            Field.CUSTOM_CHANNEL_VARS: is_object,
        },
    ),
    _command("park", optional=(Field.TIMEOUT, Field.HANGUP_CAUSE)),
    _command("hold", optional=(Field.HOLD_MEDIA,)),
    _command(
        "connect_leg",
        required=(Field.TARGET_CALL_ID,),
        optional=(
            Field.CONTINUE_ON_CANCEL,
            Field.CONTINUE_ON_FAIL,
            Field.HANGUP_AFTER_PICKUP,
            Field.PARK_AFTER_PICKUP,
            Field.PUBLISH_USURP,
        ),
        checks={
            Field.HANGUP_AFTER_PICKUP: is_boolean,
            Field.PARK_AFTER_PICKUP: is_boolean,
            Field.PUBLISH_USURP: is_boolean,
        },
    ),
    _command(
        "set",
        required=(Field.CUSTOM_CHANNEL_VARS, Field.CUSTOM_CALL_VARS),
        optional=(Field.EXPORT_ALL, Field.CUSTOM_APPLICATION_VARS),
        checks={
            Field.CUSTOM_CHANNEL_VARS: is_object,
            Field.CUSTOM_CALL_VARS: is_object,
            Field.CUSTOM_APPLICATION_VARS: is_object,
            Field.EXPORT_ALL: lambda value: isinstance(value, bool),
        },
    ),
    _command("send_dtmf", required=(Field.DTMFS,), optional=(Field.DURATION,)),
    _command("break", checks={Field.INSERT_AT: one_of(InsertAt.NOW)}),
    _command("queue", required=(Field.COMMANDS,), checks={Field.COMMANDS: is_list}),
    _command("unbridge", optional=(Field.LEG,), checks=_LEG),
)
COMMANDS: Mapping[str, Api] = MappingProxyType({api.name: api for api in _COMMANDS})
"""Call commands by Application-Name."""
