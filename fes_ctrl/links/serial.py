"""A serial port as a link on the running loop."""

from fes_ctrl.links.descriptor import DescriptorLink
from fes_ctrl.links.serial_port import PLAIN, SerialPort, SerialSettings, drop_unsent


class SerialLink(DescriptorLink):
    """A link over a serial port on the running loop; nobody else may open it meanwhile.

    Parameters
    ----------
    port : str
        Its path.
    settings : SerialSettings
        Of the line.

    Raises
    ------
    SerialLinkError
        If it cannot be opened: which, why, and what to do.
    """

    def __init__(self, port: str, settings: SerialSettings = PLAIN) -> None:
        self._port = SerialPort(port, settings)
        super().__init__(self._port.fd, port)

    def _flush(self, fd: int) -> bool:
        unsent = self._port.may_hold()
        drop_unsent(fd)
        return unsent

    def drop(self) -> None:
        """Let DTR and RTS go, and close: the device sees the host vanish."""
        if not self._port.is_open:
            return
        self.detach()
        self._port.flush()
        self._port.hang_up()
        self.close()

    def close(self) -> None:
        """Close the port, once what was written last has had a moment to leave."""
        if not self._port.is_open:
            return
        self.detach()
        self._port.let_out()
        self._let_go(self._port.close)
