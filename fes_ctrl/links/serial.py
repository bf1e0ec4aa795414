"""A serial port as a link: settings by pyserial, bytes by the descriptor itself.

pyserial's own ``write`` waits, or spins, when a device stalls; it is never called.
"""

import os
import termios

import serial

from fes_ctrl.links.descriptor import DescriptorLink


class SerialLinkError(OSError):
    """A port that cannot be opened."""


class SerialLink(DescriptorLink):
    """A link over a serial port on the running loop.

    Parameters
    ----------
    port : str
        Its path.
    baud : int
        Nominal for USB devices.

    Raises
    ------
    SerialLinkError
        If it cannot be opened: which, why, and what to do.
    """

    def __init__(self, port: str, baud: int = 9600) -> None:
        try:
            self._port = serial.Serial(port, baud, timeout=0, write_timeout=0, exclusive=True)
        except (serial.SerialException, OSError, ValueError) as error:
            number = error.errno if isinstance(error, OSError) else None
            reason = os.strerror(number) if number else str(error)
            message = f"serial port {port}: {reason}; check the name, the cable and who may use it"
            raise SerialLinkError(message) from error
        fd = self._port.fileno()
        os.set_blocking(fd, False)
        super().__init__(fd, port)

    def discard(self) -> None:
        """Drop what has not left: here, and in the kernel's buffer."""
        self.forget_unsent()
        try:
            termios.tcflush(self._fd, termios.TCOFLUSH)
        except (OSError, termios.error):
            # A port that is gone has nothing left to send.
            return

    def drop(self) -> None:
        """Let DTR and RTS go, and close: the device sees the host vanish."""
        try:
            self._port.dtr = False
            self._port.rts = False
        except OSError:
            # A pseudo-terminal has no such lines; closing it says the same.
            pass
        self.close()

    def close(self) -> None:
        """Close the port; nothing is delivered afterwards."""
        self.detach()
        self._port.close()
