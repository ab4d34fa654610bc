"""What meetings of several workers need of the broker."""

from __future__ import annotations

from typing import Protocol


class Recipient(Protocol):
    """Whom a post serves; all of it returns at once."""

    def opened(self) -> None:
        """Our inbox stands, under its present name; nothing that stood before does."""

    def closed(self) -> None:
        """Inbox and boxes that we held are gone, and so is what was on its way."""

    def received(self, box: str, body: bytes) -> None:
        """A message for our inbox, or for a box that we hold; in the order in which its sender sent."""

    def returned(self, box: str, body: bytes) -> None:
        """Nobody holds this box, or nobody knows whether it got the message."""


class MessagePublisher(Protocol):
    """Carries messages to boxes; each box has one holder at a time, for as long as its connection stands."""

    @property
    def inbox(self) -> str:
        """Name of our own box: another one after each `opened`."""

    def serve(self, recipient: Recipient) -> None:
        """Tell this one from now on."""

    def send(self, box: str, body: bytes) -> None:
        """Send a message; one that nobody can take is `returned`, unless the connection breaks."""

    def send_all(self, body: bytes) -> None:
        """Send a message to every inbox there is, ours included."""

    async def claim(self, box: str) -> bool:
        """Try to hold this box; whether we do. Never raises."""
