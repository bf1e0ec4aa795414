"""Serial ports that a thread may wait on: what a ``ThreadedLink`` is made over."""

import os
import select
from typing import Final, Protocol

import serial

from fes_ctrl.links.advice import NOT_OPENED, why_not_opened
from fes_ctrl.links.serial_port import SerialLinkError, SerialPort
from fes_ctrl.stimulators.line import SerialSettings

LOOK_S: Final = 0.02
"""A thread looks this often whether it is to end."""

READ_SIZE: Final = 4096


class Carrier(Protocol):
    """An open port that a thread may wait on."""

    def read(self) -> bytes:
        """Return what has come, waiting a moment; raises ``OSError`` when the port is gone."""
        ...

    def write(self, data: bytes) -> int:
        """Hand over what is taken within a moment, and return how much that was."""
        ...

    def flush(self) -> None:
        """Drop what has not been sent, in the middle of a ``write`` too."""
        ...

    def hang_up(self) -> None:
        """Let DTR and RTS go."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


class WatchedCarrier:
    """A port of a system whose descriptors can be watched: for tests of the threads.

    Parameters
    ----------
    name : str
        Its path.
    settings : SerialSettings
        Of the line.
    """

    def __init__(self, name: str, settings: SerialSettings) -> None:
        self._port = SerialPort(name, settings)
        self.flush = self._port.flush
        self.hang_up = self._port.hang_up

    def read(self) -> bytes:
        """Return what has come, waiting a moment."""
        if not select.select([self._port.fd], [], [], LOOK_S)[0]:
            return b""
        data = os.read(self._port.fd, READ_SIZE)
        if not data:
            message = "hung up"
            raise OSError(message)
        return data

    def write(self, data: bytes) -> int:
        """Hand over what is taken within a moment."""
        try:
            return os.write(self._port.fd, data)
        except BlockingIOError:
            select.select([], [self._port.fd], [], LOOK_S)
            return 0

    def close(self) -> None:
        """Close it; the kernel would wait for a stalled device."""
        self._port.let_out()
        self._port.close()


class PyserialCarrier:
    """A port through pyserial alone: for Windows, where it has never been run.

    Parameters
    ----------
    name : str
        As ``COM3``.
    settings : SerialSettings
        Of the line.

    Raises
    ------
    SerialLinkError
        If it cannot be opened: which, why, and what to do.
    """

    def __init__(self, name: str, settings: SerialSettings) -> None:
        try:
            self._port = serial.Serial(
                name,
                settings.baud,
                parity=settings.parity,
                stopbits=settings.stop_bits,
                rtscts=settings.rts_cts,
                timeout=LOOK_S,
            )
        except NOT_OPENED as error:
            message = f"serial port {name}: {why_not_opened(error)}"
            raise SerialLinkError(message) from error

    def read(self) -> bytes:
        """Return what has come: one byte is waited for, the rest is taken as it is."""
        data: bytes = self._port.read(1)
        return data + self._port.read(self._port.in_waiting) if data else data

    def write(self, data: bytes) -> int:
        """Hand it over; waits until it is taken, or until ``flush`` gives it up."""
        try:
            return self._port.write(data) or 0
        except serial.SerialTimeoutException:
            # Given up: so pyserial says that not all of it was written.
            return len(data)

    def flush(self) -> None:
        """Give up what is being written, and drop the rest."""
        self._port.cancel_write()
        self._port.reset_output_buffer()

    def hang_up(self) -> None:
        """Let DTR and RTS go."""
        self._port.dtr = False
        self._port.rts = False

    def close(self) -> None:
        """Close it."""
        self._port.close()
