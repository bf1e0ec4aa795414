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

    def discard(self) -> bool:
        """Take back everything that has not left yet.

        Returns
        -------
        bool
            False where all had left; True where something was taken back, or may have been.
        """
        ...

    def seize(self, stop: bytes) -> None:
        """Take the line from whoever writes on it, and write a stop on it.

        From any thread or signal handler, as often as you like; waits for nobody. Nothing that is
        written afterwards leaves, and nothing is discarded, until ``release``.
        """
        ...

    def release(self) -> None:
        """Give the line back, without what was written meanwhile; from the loop alone."""
        ...

    def drop(self) -> None:
        """Cut the device off: let DTR and RTS go, or reset the connection."""
        ...

    def close(self) -> None:
        """Close; nothing is delivered afterwards."""
        ...
