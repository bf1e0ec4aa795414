"""The link of a host that will vanish from the bench, and leaves the cable to the next."""

from fes_ctrl.links.link import Link
from fes_ctrl.links.relay import RelayLink


class BorrowedLink(RelayLink):
    """A link in the hands of a host that will vanish: it then says and hears nothing more.

    Attributes
    ----------
    gone : bool
        The host has vanished.
    """

    def __init__(self, link: Link) -> None:
        self._ears = link.on_bytes, link.on_lost
        self.gone = False
        super().__init__(link)

    def vanish(self) -> None:
        """Let the host be gone, without a word."""
        self.gone = True
        self._link.on_bytes, self._link.on_lost = self._ears

    def write(self, data: bytes) -> None:
        """Send bytes, while there is a host."""
        if not self.gone:
            self._link.write(data)

    def discard(self) -> bool:
        """Take back what has not left, while there is a host."""
        return not self.gone and self._link.discard()

    def drop(self) -> None:
        """Cut the device off, while there is a host."""
        if not self.gone:
            self._link.drop()

    def seize(self, stop: bytes) -> None:
        """Take the line for a stop, while there is a host."""
        if not self.gone:
            self._link.seize(stop)
