"""A serial port itself: settings by pyserial, bytes by the descriptor, no loop.

pyserial's own ``write`` waits, or spins, when a device stalls; it is never called.
"""

import contextlib
import os
import struct
import time
from typing import Final

import serial

from fes_ctrl.links.advice import NOT_OPENED, why_not_opened
from fes_ctrl.stimulators.line import PLAIN, SerialSettings

with contextlib.suppress(ImportError):  # Windows has neither, and needs neither: see threaded.py
    import fcntl
    import termios

__all__ = ["PLAIN", "SerialLinkError", "SerialPort", "SerialSettings", "drop_unsent"]

LAST_BYTES_S: Final = 0.05
"""How long closing lets the last bytes leave: a stop of 40 bytes takes 3.5 ms at 115 200 baud."""


class SerialLinkError(OSError):
    """A port that cannot be opened."""


class SerialPort:
    """An open port that nobody else may open meanwhile.

    Parameters
    ----------
    name : str
        Its path.
    settings : SerialSettings
        Of the line.

    Attributes
    ----------
    fd : int
        Its descriptor, non-blocking.
    name : str
        As given.

    Raises
    ------
    SerialLinkError
        If it cannot be opened: which, why, and what to do.
    """

    def __init__(self, name: str, settings: SerialSettings) -> None:
        self.name = name
        try:
            self._port = serial.Serial(
                name,
                settings.baud,
                parity=settings.parity,
                stopbits=settings.stop_bits,
                rtscts=settings.rts_cts,
                timeout=0,
                write_timeout=0,
                exclusive=True,
            )
        except NOT_OPENED as error:
            message = f"serial port {name}: {why_not_opened(error)}"
            raise SerialLinkError(message) from error
        self.fd: int = self._port.fileno()
        os.set_blocking(self.fd, False)

    @property
    def is_open(self) -> bool:
        """Whether it has not been closed."""
        return bool(self._port.is_open)

    def flush(self) -> None:
        """Drop what the kernel has not sent."""
        drop_unsent(self.fd)

    def may_hold(self) -> bool:
        """Return whether the kernel has bytes to send, as far as it can be asked.

        A pseudo-terminal's says always that it has none, and yet drops some when it is told to.
        """
        try:
            fcntl.ioctl(self.fd, termios.TIOCMGET, b"\0\0\0\0")
        except OSError:
            return True
        return self._in_kernel() > 0

    def let_out(self) -> None:
        """Give what was written last a moment to leave, and drop the rest.

        The kernel would wait for a stalled device when the port is closed, for 30 s by default.
        """
        until_s = time.monotonic() + LAST_BYTES_S
        while self._in_kernel() and time.monotonic() < until_s:
            time.sleep(0.001)
        if self._in_kernel():
            self.flush()

    def hang_up(self) -> None:
        """Let DTR and RTS go: the device sees the host vanish."""
        with contextlib.suppress(OSError):
            # A pseudo-terminal has no such lines; closing it says the same.
            self._port.dtr = False
            self._port.rts = False

    def close(self) -> None:
        """Close it."""
        self._port.close()

    def _in_kernel(self) -> int:
        """Return how many bytes the kernel still has to send."""
        try:
            raw = fcntl.ioctl(self.fd, termios.TIOCOUTQ, b"\0\0\0\0")
        except OSError:
            return 0
        count: int = struct.unpack("i", raw)[0]
        return count


def drop_unsent(fd: int) -> None:
    """Drop what the kernel has not sent on a descriptor."""
    with contextlib.suppress(OSError, termios.error):
        # A device that is gone has nothing left to take, nor has a dead end.
        termios.tcflush(fd, termios.TCOFLUSH)
