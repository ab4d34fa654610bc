"""Documents of an account go in, endpoints as Kazoo builds them come out."""

from __future__ import annotations

from typing import Any

import pytest

from pivot.cluster.endpoints import Owned, endpoints_of
from pivot.model.call import Party
from pivot.model.dialling import Endpoint, EndpointKind
from pivot.model.instructions import NameValue
from tests.calls import ACCOUNT_ID, call
from tests.cluster.documents import REALM, account, device, user

CALL = call(authorizing_id="device-9", authorizing_type="device", request=Party("5000", REALM))
PHONE = Endpoint(
    label="Kate Miller",
    call_id="",
    kind=EndpointKind.DEVICE,
    address="sip_device-1",
    realm=REALM,
    headers=(NameValue("X-KAZOO-AOR", f"sip:sip_device-1@{REALM}"),),
    variables={
        "Authorizing-ID": "device-1",
        "Authorizing-Type": "device",
        "Owner-ID": "user-1",
        "Account-ID": ACCOUNT_ID,
        "SIP-Invite-Domain": REALM,
        "Media-Encryption-Enforce-Security": True,
        "RTP-Secure-Media": "true",
    },
    details={
        "Outbound-Callee-ID-Number": "2001",
        "Outbound-Callee-ID-Name": "Kate Miller",
        "Presence-ID": f"2001@{REALM}",
        "Privacy-Method": "kazoo",
        "To-DID": "5000",
        "Codecs": ["OPUS", "PCMU"],
        "Ignore-Completed-Elsewhere": True,
        "Endpoint-ID": "device-1",
    },
)
FORWARD = {"enabled": True, "number": "+15550007777", "substitute": False}
FORWARDED = Endpoint(
    label="Kate Miller",
    call_id="",
    kind=EndpointKind.NUMBER,
    address="+15550007777",
    headers=(NameValue("X-KAZOO-AOR", f"sip:sip_device-1@{REALM}"),),
    variables={
        "Authorizing-ID": "device-1",
        "Authorizing-Type": "device",
        "Owner-ID": "user-1",
        "Account-ID": ACCOUNT_ID,
        "SIP-Invite-Domain": REALM,
        "Call-Forward": "true",
        "Call-Forward-From": "onnet",
        "Require-Ignore-Early-Media": "true",
        "Loopback-Request-URI": f"sip:+15550007777@{REALM}",
        "Ignore-Early-Media": "true",
        "Simplify-Loopback": "false",
        "Loopback-Bowout": "false",
    },
    details={
        "Outbound-Callee-ID-Number": "2001",
        "Outbound-Callee-ID-Name": "Kate Miller",
        "Presence-ID": f"2001@{REALM}",
        "Privacy-Method": "kazoo",
        "To-DID": "5000",
        "Bypass-Media": "false",
        "Ignore-Early-Media": "true",
    },
)


def ring(
    *devices: dict[str, Any],
    owner: dict[str, Any] | None = None,
    of: dict[str, Any] | None = None,
    **caller: Any,
) -> tuple[Endpoint, ...]:
    """Who is rung for these devices of one owner."""
    changes = {"authorizing_id": "device-9", "authorizing_type": "device", "request": Party("5000", REALM)}
    owned = [Owned(each, user() if owner is None else owner) for each in devices]
    return endpoints_of(call(**(changes | caller)), owned, account() if of is None else of)


def only(*devices: dict[str, Any], **others: Any) -> Endpoint:
    (found,) = ring(*devices, **others)
    return found


def test_a_phone_is_rung_with_its_owners_and_accounts_settings() -> None:
    """As Kazoo would: name, presence and numbers of the owner, the realm of the account."""
    assert ring(device()) == (PHONE,)


def test_everything_a_devices_document_may_ask_for_is_passed_on() -> None:
    """Transport, interface, proxies, early media, hold music, ringtone, headers, privacy, fax, browsers."""
    everything = device(
        name="Desk",
        owner_id=None,
        presence_id="kate@elsewhere.example.com",
        sip={
            "username": "kate", "realm": "own.example.com", "transport": "tls", "static_invite": "lobby",
            "number": "77", "ip": "192.0.2.7", "proxy": "192.0.2.1", "forward": "192.0.2.2",
            "custom_sip_interface": "sipinterface_2", "invite_format": "e164",
            "ignore_completed_elsewhere": False,
            "custom_sip_headers": {"X-Old": "1", "in": {"X-New": "2"}, "out": {"X-Not": "3"}},
        },
        media={
            "ignore_early_media": True, "bypass_media": "true", "progress_timeout": 6, "rtcp_mux": False,
            "fax_option": "auto", "webrtc": True,
            "audio": {"codecs": ["PCMA"]}, "video": {"codecs": ["H264"]},
            "encryption": {"enforce_security": False, "methods": ["zrtp", "other"]},
        },
        music_on_hold={"media_id": "waltz"},
        ringtones={"internal": "ring-in", "external": "ring-out"},
        caller_id={"external": {"number": "+15550004444", "name": "Desk outside"}},
        caller_id_options={"privacy_method": "sip"},
        call_waiting={"enabled": False},
    )  # fmt: skip

    assert only(everything, owner={}, inception="+15550001111@carrier") == Endpoint(
        label="Desk",
        call_id="",
        kind=EndpointKind.DEVICE,
        address="kate",
        realm="own.example.com",
        transport="tls",
        headers=(
            NameValue("X-Old", "1"),
            NameValue("X-New", "2"),
            NameValue("X-KAZOO-AOR", "sip:kate@own.example.com"),
            NameValue("X-KAZOO-INVITE-FORMAT", "e164"),
            NameValue("Alert-Info", "ring-out"),
        ),
        variables={
            "Authorizing-ID": "device-1",
            "Authorizing-Type": "device",
            "Account-ID": ACCOUNT_ID,
            "SIP-Invite-Domain": "own.example.com",
            "Media-Encryption-Enforce-Security": False,
            "RTCP-MUX": True,
            "Fax-Enabled": "true",
            "Media-Webrtc": "true",
            "ZRTP-Secure-Media": "true",
            "ZRTP-Enrollment": "true",
            "Call-Waiting-Disabled": True,
        },
        details={
            "Outbound-Callee-ID-Number": "+15550004444",
            "Outbound-Callee-ID-Name": "Desk outside",
            "Presence-ID": "kate@elsewhere.example.com",
            "Privacy-Method": "sip",
            "Endpoint-Progress-Timeout": "6",
            "To-User": "lobby",
            "To-DID": "77",
            "To-IP": "192.0.2.7",
            "SIP-Interface": "sipinterface_2",
            "Proxy-IP": "192.0.2.1",
            "Forward-IP": "192.0.2.2",
            "Ignore-Early-Media": "true",
            "Bypass-Media": "true",
            "Codecs": ["PCMA", "H264"],
            "Hold-Media": f"/{ACCOUNT_ID}/waltz",
            "Ignore-Completed-Elsewhere": False,
            "Endpoint-ID": "device-1",
            "Invite-Format": "e164",
        },
    )


@pytest.mark.parametrize(
    ("changes", "others"),
    [
        ({"enabled": False}, {}),
        ({"pvt_deleted": True}, {}),
        ({"pvt_type": "vmbox"}, {}),
        ({"do_not_disturb": {"enabled": True}}, {}),
        ({}, {"owner": user(do_not_disturb={"enabled": True})}),
        ({}, {"of": account(do_not_disturb={"enabled": True})}),
        ({}, {"authorizing_id": "device-1"}),
        ({}, {"owner_id": "user-1"}),
        ({"exclude_from_queues": True}, {"custom_channel_vars": {"Queue-ID": "q"}}),
        ({"sip": {"password": "no name"}}, {}),
        ({"sip": {"invite_format": "route", "username": "kate"}}, {}),
        ({"device_type": "mobile"}, {}),
        ({"device_type": "skype"}, {}),
    ],
    ids=str,
)
def test_who_may_not_be_rung_is_not(changes: dict[str, Any], others: dict[str, Any]) -> None:
    """Disabled, deleted, no device, left alone, the caller's own, or with no way to reach it."""
    assert ring(device(**changes), **others) == ()


def test_a_forwarded_device_rings_beside_the_number() -> None:
    """Unless the number is to replace it."""
    assert ring(device(call_forward=FORWARD)) == (PHONE, FORWARDED)


def test_a_number_that_replaces_the_device_rings_alone() -> None:
    """With a key to press the callee's voice mail does not take the call."""
    forward = FORWARD | {"substitute": True, "require_keypress": True, "keep_caller_id": True}

    found = only(device(call_forward=forward), inception="+15550001111@carrier", language="de-de")

    assert (found.kind, found.address) == (EndpointKind.NUMBER, "+15550007777")
    assert found.details["Ignore-Early-Media"] == "true"
    assert found.variables == {
        **FORWARDED.variables,
        "Call-Forward-From": "offnet",
        "Retain-CID": "true",
        "Confirm-Key": "1",
        "Confirm-Cancel-Timeout": True,
        "Confirm-Read-Timeout": "7000",
        "Confirm-File": f"prompt://{ACCOUNT_ID}/ivr-group_confirm/de-de",
        "Require-Fail-On-Single-Reject": "USER_BUSY,CALL_REJECTED,NO_ANSWER,NORMAL_CLEARING,PROGRESS_TIMEOUT",
    }


def test_a_forwarding_to_what_is_no_number_is_none() -> None:
    """The switch would run `app=...` as an application; the device itself rings."""
    forward = {"enabled": True, "number": "app=system:reboot", "substitute": True}

    assert ring(device("device-1", call_forward=forward), owner=user("user-1")) == (PHONE,)


def test_the_owners_forwarding_counts_once_for_all_devices() -> None:
    """Three phones must not call the same mobile three times."""
    owner = user(call_forward=FORWARD)

    found = ring(device(), device("device-2"), owner=owner)

    assert [each.address for each in found] == ["sip_device-1", "+15550007777", "sip_device-2"]


def test_forwarding_as_failover_is_left_to_the_switch() -> None:
    """Only the switch knows whether the phone is registered."""
    found = only(device(call_forward={"failover": True, "number": "+15550007777"}))

    assert found.failover is not None
    assert found.failover.address == "+15550007777"
    assert found.failover.variables == {**FORWARDED.variables, "Is-Failover": "true"}
    assert found.kind is EndpointKind.DEVICE


def test_a_device_with_a_route_is_rung_by_it() -> None:
    """A gateway at a fixed place."""
    found = only(device(sip={"invite_format": "route", "route": "sip:gate@192.0.2.9"}))

    assert (found.kind, found.address) == (EndpointKind.ROUTE, "sip:gate@192.0.2.9")


def test_a_sleeping_phone_is_woken_through_its_proxy() -> None:
    """Which knows how to send it a push message."""
    push = {"Token-Type": "apns", "Token-ID": "t1", "Token-Proxy": "sip:192.0.2.1:5060"}

    found = only(device(push=push))

    assert (found.kind, found.address) == (
        EndpointKind.ROUTE,
        f"sip:sip_device-1@{REALM};fs_path='sip:192.0.2.1:5060'",
    )
    assert found.headers[1:] == (
        NameValue("X-KAZOO-PUSHER-Token-Type", "apns"),
        NameValue("X-KAZOO-PUSHER-Token-ID", "t1"),
        NameValue("X-KAZOO-PUSHER-Token-Proxy", "sip:192.0.2.1:5060"),
        NameValue("X-KAZOO-PUSHER-Endpoint-ID", "device-1"),
        NameValue("X-KAZOO-PUSHER-Account-ID", ACCOUNT_ID),
    )
    assert found.details["Endpoint-Delay"] == 5


def test_documents_of_any_shape_ring_nobody_or_somebody() -> None:
    """What customers' tools wrote is no reason to crash."""
    odds: tuple[Any, ...] = (None, 7, "text", [], {}, [1], {"enabled": {}})
    for odd in odds:
        keys = ("sip", "media", "call_forward", "caller_id", "hotdesk", "push", "ringtones", "music_on_hold")
        for key in keys:
            ring(device(**{key: odd}), owner=user(**{key: odd}), of=account(**{key: odd}))
    assert ring({"pvt_type": "device"}, owner={}, of={}) == ()
