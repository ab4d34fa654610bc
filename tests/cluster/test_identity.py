"""How callers of an account are shown, by what they and the account have set."""

from __future__ import annotations

from pivot.cluster.identity import identity_of
from pivot.model.dialling import CallerId, Identity
from tests.cluster.documents import REALM, account, device, user


def test_an_owner_goes_before_device_and_account() -> None:
    """Inside by extension, outside by the account's number, as nobody has set another."""
    assert identity_of(device(), user(), account()) == Identity(
        inside=CallerId("2001", "Kate Miller"),
        outside=CallerId("+15550001000", "Acme Inc."),
        emergency=CallerId("+15550001000", "Acme Inc."),
        presence_id=f"2001@{REALM}",
    )


def test_each_caller_id_is_its_own() -> None:
    """The device's emergency number tells where it stands, whoever owns it; inside, its owner is named."""
    ids = {
        "internal": {"number": "9", "name": "Lobby"},
        "external": {"number": "+15550002000", "name": "Lobby outside"},
        "emergency": {"number": "+15550003000"},
    }
    own = {"external": {"number": "+15550004000"}, "emergency": {"number": "+15550005000"}}

    assert identity_of(device(caller_id=ids), user(caller_id=own), account()) == Identity(
        inside=CallerId("9", "Kate Miller"),
        outside=CallerId("+15550004000", "Lobby outside"),
        emergency=CallerId("+15550003000", "Lobby outside"),
        presence_id=f"2001@{REALM}",
    )


def test_an_account_may_prefer_what_devices_say() -> None:
    """Kazoo's `prefer_device_caller_id`."""
    found = identity_of(
        device(caller_id={"external": {"number": "+15550002000"}}),
        user(caller_id={"external": {"number": "+15550004000"}}),
        account(prefer_device_caller_id=True),
    )

    assert found.outside == CallerId("+15550002000", "Acme Inc.")


def test_a_phone_without_owner_is_known_by_its_presence_or_not_at_all() -> None:
    """What nobody has set is left to the call."""
    assert identity_of(device(), {}, {}) == Identity(presence_id="sip_device-1")
    assert identity_of(device(presence_id="77@elsewhere.example.com"), {}, account()) == Identity(
        inside=CallerId("77"),
        outside=CallerId("+15550001000", "Acme Inc."),
        emergency=CallerId("+15550001000", "Acme Inc."),
        presence_id="77@elsewhere.example.com",
    )
