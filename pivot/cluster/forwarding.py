"""The number that a device is forwarded to, dialled as if the device did it.

Source: kz_endpoint_v4.erl, create_call_fwd_endpoint, maybe_set_call_forward and maybe_set_confirm_properties.
"""

from __future__ import annotations

from pivot.cluster.attributes import Document, is_true, text
from pivot.cluster.device import Device, named
from pivot.model.dialling import Endpoint, EndpointKind
from pivot.model.switch_text import may_be_number

_CONFIRM_WITHIN_MS = 7000
_ENDS_AT_ONCE = "USER_BUSY,CALL_REJECTED,NO_ANSWER,NORMAL_CLEARING,PROGRESS_TIMEOUT"


class Forwarding:
    """What a device's `call_forward` asks for."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._wish: Document = device.settings["call_forward"]
        number = text(self._wish, "number")
        self._number = number if number is not None and may_be_number(number) else None

    @property
    def rings(self) -> bool:
        """The number is called whenever the device is."""
        return self._asked("enabled") and self._number is not None

    @property
    def replaces(self) -> bool:
        """And the device itself is not."""
        return self.rings and self._asked("substitute")

    @property
    def helps_out(self) -> bool:
        """The number is called when the device is not registered."""
        return self._asked("failover") and not self._asked("enabled") and self._number is not None

    def endpoint(self) -> Endpoint:
        """The number as a party; only when `rings` or `helps_out`."""
        device, number = self._device, self._number or ""
        details = device.shown() | {
            "To-DID": text(device.settings, "number") or device.call.request.user,
            "Bypass-Media": "false",
        }
        early = self._wish.get("ignore_early_media")
        if self._asked("require_keypress") or not self._asked("substitute"):
            details["Ignore-Early-Media"] = "true"
        elif early is not None:
            details["Ignore-Early-Media"] = "true" if is_true(early) else "false"
        return Endpoint(
            label=device.name,
            call_id="",
            kind=EndpointKind.NUMBER,
            address=number,
            headers=named(device.headers()),
            variables=device.variables() | self._variables(number),
            details=details,
        )

    def _asked(self, what: str) -> bool:
        return is_true(self._wish.get(what))

    def _variables(self, number: str) -> Document:
        """Differs: Kazoo has the leg replaced when it is answered; then nobody could follow it."""
        call = self._device.call
        variables: Document = {
            "Call-Forward": "true",
            "Call-Forward-From": "onnet" if call.inception is None else "offnet",
            "Require-Ignore-Early-Media": "true",
            "Loopback-Request-URI": f"sip:{number}@{self._device.account_realm}",
            "Ignore-Early-Media": "true",
            "Simplify-Loopback": "false",
            "Loopback-Bowout": "false",
        }
        if self._asked("keep_caller_id"):
            variables["Retain-CID"] = "true"
        if self.helps_out:
            variables["Is-Failover"] = "true"
        if self._asked("require_keypress"):
            variables |= {
                "Confirm-Key": "1",
                "Confirm-Cancel-Timeout": True,
                "Confirm-Read-Timeout": str(_CONFIRM_WITHIN_MS),
                "Confirm-File": f"prompt://{call.account_id}/ivr-group_confirm/{call.language}",
                "Require-Fail-On-Single-Reject": _ENDS_AT_ONCE,
            }
        return variables
