"""Every name that Kazoo's bus knows and pivot uses, each written once.

Source: kz_amqp.hrl, kz_api.hrl, kapi_pivot.erl, kapi_dialplan.hrl, kapi_call.erl, kapps_call.erl.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


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
    IM = "im"


PIVOT_QUEUE = "pivot_listener"
"""The queue that all pivot nodes share."""

CONTENT_TYPE = "application/json"
"""Anything else crashes Kazoo's listeners."""

DELIVER_TO_PID = "Deliver-To-PID"
"""AMQP header: the Erlang process behind a shared queue that a message is for."""

CALL_ID_HEADER = "call-id"
"""AMQP header of call events: Kazoo's consistent-hash exchanges keep a call's events in order by it."""


class Field:
    """Top-level members of payloads ("headers" in Kazoo's words) and of the Call object.

    Plain texts and no enumeration: every message has dozens of them as names of members.
    """

    # on every message
    APP_NAME: Final = "App-Name"
    APP_VERSION: Final = "App-Version"
    EVENT_CATEGORY: Final = "Event-Category"
    EVENT_NAME: Final = "Event-Name"
    MSG_ID: Final = "Msg-ID"
    NODE: Final = "Node"
    SERVER_ID: Final = "Server-ID"
    CALL_ID: Final = "Call-ID"
    ACCOUNT_ID: Final = "Account-ID"
    # pivot_req
    CALL: Final = "Call"
    VOICE_URI: Final = "Voice-URI"
    CDR_URI: Final = "CDR-URI"
    DEBUG: Final = "Debug"
    HTTP_METHOD: Final = "HTTP-Method"
    REQUEST_FORMAT: Final = "Request-Format"
    REQUEST_BODY_FORMAT: Final = "Request-Body-Format"
    REQUEST_TIMEOUT: Final = "Request-Timeout"  # integer milliseconds
    # changes in databases
    ID: Final = "ID"
    DATABASE: Final = "Database"
    TYPE: Final = "Type"
    # the Call object
    CONTROL_QUEUE: Final = "Control-Queue"
    CONTROLLER_QUEUE: Final = "Controller-Queue"
    FROM: Final = "From"
    FROM_USER: Final = "From-User"
    FROM_REALM: Final = "From-Realm"
    TO: Final = "To"
    TO_USER: Final = "To-User"
    TO_REALM: Final = "To-Realm"
    REQUEST: Final = "Request"
    REQUEST_USER: Final = "Request-User"
    REQUEST_REALM: Final = "Request-Realm"
    CALLER_ID_NAME: Final = "Caller-ID-Name"
    CALLER_ID_NUMBER: Final = "Caller-ID-Number"
    PRIVACY_HIDE_NUMBER: Final = "Privacy-Hide-Number"
    CALL_DIRECTION: Final = "Call-Direction"
    LANGUAGE: Final = "Language"
    RESOURCE_TYPE: Final = "Resource-Type"
    INCEPTION: Final = "Inception"
    AUTHORIZING_ID: Final = "Authorizing-ID"
    AUTHORIZING_TYPE: Final = "Authorizing-Type"
    OWNER_ID: Final = "Owner-ID"
    FETCH_ID: Final = "Fetch-ID"
    BRIDGE_ID: Final = "Bridge-ID"
    SWITCH_HOSTNAME: Final = "Switch-Hostname"
    SWITCH_NODENAME: Final = "Switch-Nodename"
    CUSTOM_CHANNEL_VARS: Final = "Custom-Channel-Vars"
    CUSTOM_APPLICATION_VARS: Final = "Custom-Application-Vars"
    CUSTOM_CALL_VARS: Final = "Custom-Call-Vars"
    CUSTOM_SIP_HEADERS: Final = "Custom-SIP-Headers"
    KEY_VALUE_STORE: Final = "Key-Value-Store"
    # call commands
    APPLICATION_NAME: Final = "Application-Name"
    APPLICATION_DATA: Final = "Application-Data"
    APPLICATION_RESPONSE: Final = "Application-Response"
    CHANNEL_ANSWER_STATE: Final = "Channel-Answer-State"
    INSERT_AT: Final = "Insert-At"
    COMMANDS: Final = "Commands"
    HANGUP_CAUSE: Final = "Hangup-Cause"
    OTHER_LEG_ONLY: Final = "Other-Leg-Only"
    MEDIA_NAME: Final = "Media-Name"
    TERMINATORS: Final = "Terminators"
    LEG: Final = "Leg"
    LOOP_COUNT: Final = "Loop-Count"
    ENDLESS_PLAYBACK: Final = "Endless-Playback"
    GROUP_ID: Final = "Group-ID"
    TEXT: Final = "Text"
    VOICE: Final = "Voice"
    ENGINE: Final = "Engine"
    CONFERENCE_ID: Final = "Conference-ID"
    CONFERENCE_NAME: Final = "Conference-Name"
    CONFERENCE_DOC: Final = "Conference-Doc"
    INSTANCE_ID: Final = "Instance-ID"
    MODERATOR: Final = "Moderator"
    TONES: Final = "Tones"
    TIME_LIMIT: Final = "Time-Limit"
    SILENCE_THRESHOLD: Final = "Silence-Threshold"
    SILENCE_HITS: Final = "Silence-Hits"
    RECORD_ACTION: Final = "Record-Action"
    MEDIA_TRANSFER_METHOD: Final = "Media-Transfer-Method"
    MEDIA_TRANSFER_DESTINATION: Final = "Media-Transfer-Destination"
    ADDITIONAL_HEADERS: Final = "Additional-Headers"
    SUPPRESS_ERROR_REPORT: Final = "Suppress-Error-Report"
    RESPONSE_CODE: Final = "Response-Code"
    RESPONSE_MESSAGE: Final = "Response-Message"
    DTMFS: Final = "DTMFs"
    DURATION: Final = "Duration"  # text, milliseconds for each key
    EXPORT_ALL: Final = "Export-All"
    FILTER_APPLICATIONS: Final = "Filter-Applications"
    ENDPOINTS: Final = "Endpoints"
    INVITE_FORMAT: Final = "Invite-Format"
    TIMEOUT: Final = "Timeout"
    MEDIA: Final = "Media"
    IGNORE_EARLY_MEDIA: Final = "Ignore-Early-Media"
    DIAL_ENDPOINT_METHOD: Final = "Dial-Endpoint-Method"
    TO_DID: Final = "To-DID"
    ACCOUNT_REALM: Final = "Account-Realm"
    FORCE_OUTBOUND: Final = "Force-Outbound"
    PRESENCE_ID: Final = "Presence-ID"
    OUTBOUND_CALL_ID: Final = "Outbound-Call-ID"
    EMERGENCY_CALLER_ID_NUMBER: Final = "Emergency-Caller-ID-Number"
    EMERGENCY_CALLER_ID_NAME: Final = "Emergency-Caller-ID-Name"
    OUTBOUND_CALLER_ID_NUMBER: Final = "Outbound-Caller-ID-Number"
    OUTBOUND_CALLER_ID_NAME: Final = "Outbound-Caller-ID-Name"
    OUTBOUND_CONTROL: Final = "Outbound-Call-Control-Queue"
    EXISTING_CALL_ID: Final = "Existing-Call-ID"
    EAVESDROP_CALL_ID: Final = "Eavesdrop-Call-ID"
    EAVESDROP_MODE: Final = "Eavesdrop-Mode"
    ORIGINATE_IMMEDIATE: Final = "Originate-Immediate"
    RINGBACK: Final = "Ringback"
    CONTINUE_ON_FAIL: Final = "Continue-On-Fail"
    CONTINUE_ON_CANCEL: Final = "Continue-On-Cancel"
    HANGUP_AFTER_PICKUP: Final = "Hangup-After-Pickup"
    PARK_AFTER_PICKUP: Final = "Park-After-Pickup"
    PUBLISH_USURP: Final = "Publish-Usurp"
    TARGET_CALL_ID: Final = "Target-Call-ID"
    HOLD_MEDIA: Final = "Hold-Media"
    MEDIA_RECORDING_ID: Final = "Media-Recording-ID"
    CHANNELS_AS_STEREO: Final = "Channels-As-Stereo"
    FOLLOW_TRANSFER: Final = "Follow-Transfer"
    # one party of a bridge or an originate
    ROUTE: Final = "Route"
    TO_USERNAME: Final = "To-Username"
    SIP_TRANSPORT: Final = "SIP-Transport"
    AUTH_USER: Final = "Auth-User"
    AUTH_PASSWORD: Final = "Auth-Password"
    ENDPOINT_ID: Final = "Endpoint-ID"  # of a device or user
    ENDPOINT_TIMEOUT: Final = "Endpoint-Timeout"  # text, seconds
    ENDPOINT_URI: Final = "Endpoint-URI"  # <Endpoint-ID>@<Account-ID>
    FAILOVER: Final = "Failover"  # another endpoint
    # text messages
    MESSAGE_ID: Final = "Message-ID"
    BODY: Final = "Body"
    CUSTOM_VARS: Final = "Custom-Vars"
    ROUTE_TYPE: Final = "Route-Type"
    # conferences
    PARTICIPANT_ID: Final = "Participant-ID"
    OTHER_PARTICIPANT: Final = "Other-Participant"
    RELATIONSHIP: Final = "Relationship"
    EVENT: Final = "Event"
    # answers
    OTHER_LEG_CALL_ID: Final = "Other-Leg-Call-ID"
    # events
    DTMF_DIGIT: Final = "DTMF-Digit"
    LENGTH: Final = "Length"  # text, milliseconds
    TERMINATOR: Final = "Terminator"
    SILENCE_TERMINATED: Final = "Silence-Terminated"
    RECORDING: Final = "Recording"
    FILE_PATH: Final = "File-Path"  # in Recording
    HANGUP_CODE: Final = "Hangup-Code"
    DISPOSITION: Final = "Disposition"
    ERROR_MESSAGE: Final = "Error-Message"
    REASON: Final = "Reason"
    # requests to a media server, and about a channel
    ACTIVE_ONLY: Final = "Active-Only"
    STATUS: Final = "Status"
    COMMAND: Final = "Command"
    ARGS: Final = "Args"
    FREESWITCH_NODE: Final = "FreeSWITCH-Node"
    RESULT: Final = "Result"
    ERROR: Final = "Error"


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
    SMS = "sms"


class AnswerState(StrEnum):
    """Values of `Channel-Answer-State` that are told apart here; the switch has more."""

    ANSWERED = "answered"
    EARLY = "early"
    HANGUP = "hangup"


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
    EVENT = "event"
    CHANNEL_PIVOT = "CHANNEL_PIVOT"
    CHANNEL_DESTROY = "CHANNEL_DESTROY"
    CHANNEL_EXECUTE = "CHANNEL_EXECUTE"
    CHANNEL_EXECUTE_COMPLETE = "CHANNEL_EXECUTE_COMPLETE"
    DTMF = "DTMF"
    CHANNEL_DISCONNECTED = "CHANNEL_DISCONNECTED"
    USURP_CONTROL = "usurp_control"
    DB_CREATED = "db_created"
    DIALPLAN = "dialplan"
    CHANNEL_ANSWER = "CHANNEL_ANSWER"
    CHANNEL_BRIDGE = "CHANNEL_BRIDGE"
    LEG_CREATED = "LEG_CREATED"
    CHANNEL_PROGRESS = "CHANNEL_PROGRESS"
    CHANNEL_PROGRESS_MEDIA = "CHANNEL_PROGRESS_MEDIA"
    CHANNEL_UNBRIDGE = "CHANNEL_UNBRIDGE"
    RECORD_START = "RECORD_START"
    RECORD_STOP = "RECORD_STOP"
    CHANNEL_STATUS_REQ = "channel_status_req"
    CHANNEL_STATUS_RESP = "channel_status_resp"
    REPLY = "reply"
    OUTBOUND = "outbound"


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
    SET = "set"
    TONES = "tones"
    TTS = "tts"
    UNBRIDGE = "unbridge"


class InsertAt(StrEnum):
    """Where in the call's command queue a command goes."""

    HEAD = "head"
    TAIL = "tail"
    FLUSH = "flush"
    NOW = "now"
