"""A serial port as a link where its descriptor cannot be watched: a thread reads, another writes.

Windows needs it. Its logic is tested on Linux, over the ports of Linux; the carrier that speaks to
the ports of Windows is written from pyserial's source and has never been run.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final

from fes_ctrl.links.carriers import Carrier, PyserialCarrier
from fes_ctrl.links.serial_port import LAST_BYTES_S
from fes_ctrl.stimulators.line import PLAIN, SerialSettings

PIECE: Final = 64
"""So much is handed over at once: what is taken back meanwhile is not sent after that."""

END_S: Final = 0.5
ALWAYS: Final = -1
"""The turn of what is written whatever was taken back."""

END: Final = b""


class ThreadedLink:
    """A link over a serial port on the running loop, by way of two threads.

    Parameters
    ----------
    port : str
        Its name.
    settings : SerialSettings
        Of the line.
    carrier : callable
        Opens the port.

    Attributes
    ----------
    on_bytes, on_lost : callable
        As of every ``Link``; called on the loop.
    """

    def __init__(
        self,
        port: str,
        settings: SerialSettings = PLAIN,
        carrier: Callable[[str, SerialSettings], Carrier] = PyserialCarrier,
    ) -> None:
        self._name = port
        self._carrier = carrier(port, settings)
        self._loop = asyncio.get_running_loop()
        self._open = True
        self._given_up = False
        self._seized = False
        self._stop = b""
        # What belongs to an earlier turn than the present one is not written any more.
        self._turn = 0
        self._queue: SimpleQueue[tuple[int, bytes]] = SimpleQueue()
        self.on_bytes: Callable[[bytes], None] = _nowhere
        self.on_lost: Callable[[str], None] = _nobody
        self._reader = threading.Thread(target=self._read, name=f"reading {port}", daemon=True)
        self._writer = threading.Thread(target=self._write, name=f"writing {port}", daemon=True)
        self._reader.start()
        self._writer.start()

    def write(self, data: bytes) -> None:
        """Send bytes behind those that wait; never waits."""
        # Taken before the question: whoever seizes the line in between makes it an earlier turn.
        turn = self._turn
        if self._open and not self._seized:
            self._queue.put((turn, data))

    def discard(self) -> bool:
        """Drop what has not left; of a line that was seized nothing is dropped.

        Whether there was anything is not known: a thread may have been about to write it.
        """
        if self._open and not self._seized:
            self._take_back()
            if self._seized:
                # Seized in the middle of that: the stop may have been dropped with the rest.
                self._queue.put((ALWAYS, self._stop))
        return True

    def seize(self, stop: bytes) -> None:
        """Let nothing else leave from now on, and write a stop past everything that waits.

        It takes no lock, so it may interrupt any of the calls above.
        """
        if self._open:
            self._stop = stop
            self._seized = True
            self._take_back()
            self._queue.put((ALWAYS, stop))

    def release(self) -> None:
        """Give the line back, without what was written meanwhile."""
        self._seized = False

    def drop(self) -> None:
        """Let DTR and RTS go, and close: the device sees the host vanish."""
        if self._open:
            self._take_back()
            with contextlib.suppress(OSError):
                self._carrier.hang_up()
            self._end(0.0)

    def close(self) -> None:
        """Close the port, once what was written last has had a moment to leave."""
        if self._open:
            self._end(LAST_BYTES_S)

    def _take_back(self) -> None:
        self._turn += 1
        with contextlib.suppress(OSError):
            # A device that is gone has nothing left to take.
            self._carrier.flush()

    def _end(self, last_s: float) -> None:
        self._open = False
        self._queue.put((ALWAYS, END))
        self._writer.join(last_s)
        self._given_up = True
        if self._writer.is_alive():
            self._take_back()
        self._writer.join(END_S)
        self._reader.join(END_S)
        with contextlib.suppress(OSError):
            self._carrier.close()

    # -- the threads --------------------------------------------------------------------------

    def _read(self) -> None:
        while self._open:
            try:
                data = self._carrier.read()
            except (OSError, TypeError) as error:
                # pyserial trips over a port that was closed beside it with a TypeError.
                self._on_loop(self._lose, str(error) or type(error).__name__)
                return
            if data:
                self._on_loop(self._deliver, data)

    def _write(self) -> None:
        while True:
            turn, data = self._queue.get()
            if data == END:
                return
            try:
                while data and turn in (ALWAYS, self._turn) and not self._given_up:
                    data = data[self._carrier.write(data[:PIECE]) :]
            except (OSError, TypeError) as error:
                self._on_loop(self._lose, str(error) or type(error).__name__)
                return

    def _on_loop(self, call: Callable[..., None], what: object) -> None:
        with contextlib.suppress(RuntimeError):
            # The loop is closed: nobody listens any more.
            self._loop.call_soon_threadsafe(call, what)

    # -- on the loop --------------------------------------------------------------------------

    def _deliver(self, data: bytes) -> None:
        if self._open:
            self.on_bytes(data)

    def _lose(self, reason: str) -> None:
        if self._open:
            self._end(0.0)
            self.on_lost(f"{self._name}: {reason}")


def _nowhere(data: bytes) -> None:
    """Drop bytes that nobody listens to."""


def _nobody(reason: str) -> None:
    """Drop news that nobody listens to."""
