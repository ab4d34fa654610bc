"""Every name that Kazoo's bus knows and pivot uses, each written once.

Source: kz_amqp.hrl, kz_api.hrl, kapi_pivot.erl, kapi_dialplan.hrl, kapi_call.erl, kapps_call.erl.
"""

from __future__ import annotations

from enum import StrEnum


class Exchange(StrEnum):
    """Kazoo's exchanges on this path."""

    CALLMGR = "callmgr"
    CALLEVT = "callevt"
    CALLCTL = "callctl"
    TARGETED = "targeted"
    NOTIFICATIONS = "notifications"
    CONFERENCE = "conference"
    RESOURCES = "resources"
    SWITCH = "switch"
    CONFIGURATION = "configuration"


PIVOT_QUEUE = "pivot_listener"
"""The queue that all pivot nodes share."""

CONTENT_TYPE = "application/json"
"""Anything else crashes Kazoo's listeners."""

DELIVER_TO_PID = "Deliver-To-PID"
"""AMQP header: the Erlang process behind a shared queue that a message is for."""

CALL_ID_HEADER = "call-id"
"""AMQP header of call events: Kazoo's consistent-hash exchanges keep a call's events in order by it."""


class Field(StrEnum):
    """Top-level members of payloads ("headers" in Kazoo's words) and of the Call object."""

    # on every message
    APP_NAME = "App-Name"
    APP_VERSION = "App-Version"
    EVENT_CATEGORY = "Event-Category"
    EVENT_NAME = "Event-Name"
    MSG_ID = "Msg-ID"
    NODE = "Node"
    SERVER_ID = "Server-ID"
    CALL_ID = "Call-ID"
    ACCOUNT_ID = "Account-ID"
    # pivot_req
    CALL = "Call"
    VOICE_URI = "Voice-URI"
    CDR_URI = "CDR-URI"
    DEBUG = "Debug"
    HTTP_METHOD = "HTTP-Method"
    REQUEST_FORMAT = "Request-Format"
    REQUEST_BODY_FORMAT = "Request-Body-Format"
    REQUEST_TIMEOUT = "Request-Timeout"  # integer milliseconds
    # changes in databases
    ID = "ID"
    DATABASE = "Database"
    TYPE = "Type"
    # the Call object
    CONTROL_QUEUE = "Control-Queue"
    CONTROLLER_QUEUE = "Controller-Queue"
    FROM = "From"
    FROM_USER = "From-User"
    FROM_REALM = "From-Realm"
    TO = "To"
    TO_USER = "To-User"
    TO_REALM = "To-Realm"
    REQUEST = "Request"
    REQUEST_USER = "Request-User"
    REQUEST_REALM = "Request-Realm"
    CALLER_ID_NAME = "Caller-ID-Name"
    CALLER_ID_NUMBER = "Caller-ID-Number"
    CALL_DIRECTION = "Call-Direction"
    LANGUAGE = "Language"
    RESOURCE_TYPE = "Resource-Type"
    INCEPTION = "Inception"
    AUTHORIZING_ID = "Authorizing-ID"
    AUTHORIZING_TYPE = "Authorizing-Type"
    OWNER_ID = "Owner-ID"
    FETCH_ID = "Fetch-ID"
    BRIDGE_ID = "Bridge-ID"
    SWITCH_HOSTNAME = "Switch-Hostname"
    SWITCH_NODENAME = "Switch-Nodename"
    CUSTOM_CHANNEL_VARS = "Custom-Channel-Vars"
    CUSTOM_APPLICATION_VARS = "Custom-Application-Vars"
    CUSTOM_CALL_VARS = "Custom-Call-Vars"
    CUSTOM_SIP_HEADERS = "Custom-SIP-Headers"
    KEY_VALUE_STORE = "Key-Value-Store"
    # call commands
    APPLICATION_NAME = "Application-Name"
    APPLICATION_DATA = "Application-Data"
    APPLICATION_RESPONSE = "Application-Response"
    INSERT_AT = "Insert-At"
    COMMANDS = "Commands"
    HANGUP_CAUSE = "Hangup-Cause"
    OTHER_LEG_ONLY = "Other-Leg-Only"
    MEDIA_NAME = "Media-Name"
    TERMINATORS = "Terminators"
    LEG = "Leg"
    LOOP_COUNT = "Loop-Count"
    ENDLESS_PLAYBACK = "Endless-Playback"
    GROUP_ID = "Group-ID"
    TEXT = "Text"
    VOICE = "Voice"
    ENGINE = "Engine"
    CONFERENCE_ID = "Conference-ID"
    CONFERENCE_NAME = "Conference-Name"
    CONFERENCE_DOC = "Conference-Doc"
    MODERATOR = "Moderator"
    TONES = "Tones"
    TIME_LIMIT = "Time-Limit"
    SILENCE_THRESHOLD = "Silence-Threshold"
    SILENCE_HITS = "Silence-Hits"
    RECORD_ACTION = "Record-Action"
    MEDIA_TRANSFER_METHOD = "Media-Transfer-Method"
    MEDIA_TRANSFER_DESTINATION = "Media-Transfer-Destination"
    ADDITIONAL_HEADERS = "Additional-Headers"
    SUPPRESS_ERROR_REPORT = "Suppress-Error-Report"
    RESPONSE_CODE = "Response-Code"
    RESPONSE_MESSAGE = "Response-Message"
    DTMFS = "DTMFs"
    DURATION = "Duration"  # text, milliseconds for each key
    EXPORT_ALL = "Export-All"
    FILTER_APPLICATIONS = "Filter-Applications"
    ENDPOINTS = "Endpoints"
    INVITE_FORMAT = "Invite-Format"
    TIMEOUT = "Timeout"
    MEDIA = "Media"
    IGNORE_EARLY_MEDIA = "Ignore-Early-Media"
    DIAL_ENDPOINT_METHOD = "Dial-Endpoint-Method"
    TO_DID = "To-DID"
    ACCOUNT_REALM = "Account-Realm"
    FORCE_OUTBOUND = "Force-Outbound"
    PRESENCE_ID = "Presence-ID"
    OUTBOUND_CALL_ID = "Outbound-Call-ID"
    OUTBOUND_CALLER_ID_NUMBER = "Outbound-Caller-ID-Number"
    OUTBOUND_CALLER_ID_NAME = "Outbound-Caller-ID-Name"
    OUTBOUND_CONTROL = "Outbound-Call-Control-Queue"
    EXISTING_CALL_ID = "Existing-Call-ID"
    EAVESDROP_CALL_ID = "Eavesdrop-Call-ID"
    EAVESDROP_MODE = "Eavesdrop-Mode"
    ORIGINATE_IMMEDIATE = "Originate-Immediate"
    RINGBACK = "Ringback"
    CONTINUE_ON_FAIL = "Continue-On-Fail"
    CONTINUE_ON_CANCEL = "Continue-On-Cancel"
    HANGUP_AFTER_PICKUP = "Hangup-After-Pickup"
    PARK_AFTER_PICKUP = "Park-After-Pickup"
    PUBLISH_USURP = "Publish-Usurp"
    TARGET_CALL_ID = "Target-Call-ID"
    HOLD_MEDIA = "Hold-Media"
    MEDIA_RECORDING_ID = "Media-Recording-ID"
    CHANNELS_AS_STEREO = "Channels-As-Stereo"
    FOLLOW_TRANSFER = "Follow-Transfer"
    # one party of a bridge or an originate
    ROUTE = "Route"
    TO_USERNAME = "To-Username"
    SIP_TRANSPORT = "SIP-Transport"
    AUTH_USER = "Auth-User"
    AUTH_PASSWORD = "Auth-Password"
    ENDPOINT_ID = "Endpoint-ID"  # of a device or user
    ENDPOINT_TIMEOUT = "Endpoint-Timeout"  # text, seconds
    ENDPOINT_URI = "Endpoint-URI"  # <Endpoint-ID>@<Account-ID>
    FAILOVER = "Failover"  # another endpoint
    # conferences
    PARTICIPANT_ID = "Participant-ID"
    EVENT = "Event"
    # answers
    OTHER_LEG_CALL_ID = "Other-Leg-Call-ID"
    # events
    DTMF_DIGIT = "DTMF-Digit"
    LENGTH = "Length"  # text, milliseconds
    TERMINATOR = "Terminator"
    SILENCE_TERMINATED = "Silence-Terminated"
    RECORDING = "Recording"
    FILE_PATH = "File-Path"  # in Recording
    HANGUP_CODE = "Hangup-Code"
    ERROR_MESSAGE = "Error-Message"
    REASON = "Reason"
    # requests to a media server, and about a channel
    ACTIVE_ONLY = "Active-Only"
    STATUS = "Status"
    COMMAND = "Command"
    ARGS = "Args"
    FREESWITCH_NODE = "FreeSWITCH-Node"
    RESULT = "Result"
    ERROR = "Error"


class Category(StrEnum):
    """Values of `Event-Category`."""

    DIALPLAN = "dialplan"
    PIVOT = "pivot"
    CALL = "call"
    CALL_EVENT = "call_event"
    RESOURCE = "resource"
    CONFERENCE = "conference"
    ERROR = "error"
    SWITCH_EVENT = "switch_event"
    CONFIGURATION = "configuration"


class EventName(StrEnum):
    """Values of `Event-Name`, which for call events is also a word of the routing key."""

    PIVOT_REQ = "pivot_req"
    PROCESSING = "processing"
    FAILED = "failed"
    COMMAND = "command"
    OFFNET_REQ = "offnet_req"
    OFFNET_RESP = "offnet_resp"
    ORIGINATE_REQ = "originate_req"
    ORIGINATE_RESP = "originate_resp"
    ORIGINATE_UUID = "originate_uuid"
    ORIGINATE_READY = "originate_ready"
    ORIGINATE_EXECUTE = "originate_execute"
    DISCOVERY_REQ = "discovery_req"
    CHANNEL_PIVOT = "CHANNEL_PIVOT"
    CHANNEL_DESTROY = "CHANNEL_DESTROY"
    CHANNEL_EXECUTE_COMPLETE = "CHANNEL_EXECUTE_COMPLETE"
    DTMF = "DTMF"
    CHANNEL_DISCONNECTED = "CHANNEL_DISCONNECTED"
    USURP_CONTROL = "usurp_control"
    DB_CREATED = "db_created"
    DIALPLAN = "dialplan"
    CHANNEL_ANSWER = "CHANNEL_ANSWER"
    CHANNEL_BRIDGE = "CHANNEL_BRIDGE"
    CHANNEL_PROGRESS = "CHANNEL_PROGRESS"
    CHANNEL_PROGRESS_MEDIA = "CHANNEL_PROGRESS_MEDIA"
    CHANNEL_UNBRIDGE = "CHANNEL_UNBRIDGE"
    RECORD_START = "RECORD_START"
    RECORD_STOP = "RECORD_STOP"
    CHANNEL_STATUS_REQ = "channel_status_req"
    CHANNEL_STATUS_RESP = "channel_status_resp"
    REPLY = "reply"


class Application(StrEnum):
    """Values of `Application-Name` that this program gives to the switch."""

    ANSWER = "answer"
    BRIDGE = "bridge"
    CONNECT_LEG = "connect_leg"
    EAVESDROP = "eavesdrop"
    ECHO = "echo"
    HANGUP = "hangup"
    HOLD = "hold"
    NOOP = "noop"
    PARK = "park"
    PLAY = "play"
    PROGRESS = "progress"
    QUEUE = "queue"
    RECORD = "record"
    RECORD_CALL = "record_call"
    RESPOND = "respond"
    RING = "ring"
    SEND_DTMF = "send_dtmf"
    TONES = "tones"
    TTS = "tts"
    UNBRIDGE = "unbridge"


class InsertAt(StrEnum):
    """Where in the call's command queue a command goes."""

    HEAD = "head"
    TAIL = "tail"
    FLUSH = "flush"
    NOW = "now"
