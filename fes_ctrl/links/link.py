"""The seam of a link: writes without waiting, takes back what it has not sent, and listens."""

from collections.abc import Callable
from typing import Protocol


class Link(Protocol):
    """One connection to one device.

    Attributes
    ----------
    on_bytes : callable
        Called with each piece of what the device sends.
    on_lost : callable
        Called once with the reason when the connection is gone.
    """

    on_bytes: Callable[[bytes], None]
    on_lost: Callable[[str], None]

    def write(self, data: bytes) -> None:
        """Send bytes; never waits, and never blocks where the device does not take them."""
        ...

    def discard(self) -> None:
        """Take back everything that has not left yet."""
        ...

    def drop(self) -> None:
        """Cut the device off: let DTR and RTS go, or reset the connection."""
        ...

    def close(self) -> None:
        """Close; nothing is delivered afterwards."""
        ...
