"""The host's end of a cable that is pulled and plugged in again."""

from collections.abc import Callable

from fes_ctrl.links.link import Link


class PluggedLink:
    """A link around one after another, for a clock without a loop: see ``ReopeningLink``.

    Attributes
    ----------
    on_bytes, on_lost : callable
        The driver's ears, whichever cable is in.
    """

    def __init__(self, link: Link) -> None:
        self.on_bytes: Callable[[bytes], None] = _nowhere
        self.on_lost: Callable[[str], None] = _nobody
        self._link = link
        self.plug(link)

    def plug(self, link: Link) -> None:
        """Go on with another cable."""
        self._link = link
        link.on_bytes = self._bytes
        link.on_lost = self._lost

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self._link.write(data)

    def discard(self) -> None:
        """Take back what has not left."""
        self._link.discard()

    def seize(self, stop: bytes) -> None:
        """Let nothing else leave from now on, and write a stop."""
        self._link.seize(stop)

    def release(self) -> None:
        """Give the line back."""
        self._link.release()

    def drop(self) -> None:
        """Cut the device off."""
        self._link.drop()

    def close(self) -> None:
        """Close."""
        self._link.close()

    def _bytes(self, data: bytes) -> None:
        self.on_bytes(data)

    def _lost(self, reason: str) -> None:
        self.on_lost(reason)


class BorrowedLink(PluggedLink):
    """A link in the hands of a host that will vanish: it then says and hears nothing more."""

    def __init__(self, link: Link) -> None:
        self._ears = link.on_bytes, link.on_lost
        self._gone = False
        super().__init__(link)

    def vanish(self) -> None:
        """Let the host be gone, without a word."""
        self._gone = True
        self._link.on_bytes, self._link.on_lost = self._ears

    def write(self, data: bytes) -> None:
        """Send bytes, while there is a host."""
        if not self._gone:
            self._link.write(data)

    def discard(self) -> None:
        """Take back what has not left, while there is a host."""
        if not self._gone:
            self._link.discard()

    def drop(self) -> None:
        """Cut the device off, while there is a host."""
        if not self._gone:
            self._link.drop()


def _nowhere(data: bytes) -> None:
    """Drop bytes that nobody listens to."""


def _nobody(reason: str) -> None:
    """Drop news that nobody listens to."""
