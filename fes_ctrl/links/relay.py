"""A link around another: what it is told goes on to that one, what that one hears comes back."""

from collections.abc import Callable

from fes_ctrl.links.link import Link


class RelayLink:
    """A link that passes everything on; whoever needs more of one of its calls overrides that.

    Parameters
    ----------
    link : Link
        The one inside, at first.

    Attributes
    ----------
    on_bytes, on_lost : callable
        As of every ``Link``, whichever is inside.
    """

    def __init__(self, link: Link) -> None:
        self.on_bytes: Callable[[bytes], None] = _nowhere
        self.on_lost: Callable[[str], None] = _nobody
        self._link = link
        self.take(link)

    def take(self, link: Link) -> None:
        """Go on with another link inside."""
        self._link = link
        link.on_bytes = self._bytes
        link.on_lost = self._lost

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self._link.write(data)

    def discard(self) -> bool:
        """Take back what has not left."""
        return self._link.discard()

    def seize(self, stop: bytes) -> None:
        """Let nothing else leave from now on, and write a stop; from any thread or handler."""
        self._link.seize(stop)

    def release(self) -> None:
        """Give the line back."""
        self._link.release()

    def drop(self) -> None:
        """Cut the device off."""
        self._link.drop()

    def close(self) -> None:
        """Close it."""
        self._link.close()

    def _bytes(self, data: bytes) -> None:
        self.on_bytes(data)

    def _lost(self, reason: str) -> None:
        self.on_lost(reason)


def _nowhere(data: bytes) -> None:
    """Drop bytes that nobody listens to."""


def _nobody(reason: str) -> None:
    """Drop news that nobody listens to."""
