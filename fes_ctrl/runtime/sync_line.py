"""A line that is up while a burst is given: EMG or motion capture see where it began.

RTS or DTR of a serial port of its own. It goes up when a burst's first pulse has been handed to the
stimulator's port, and down when the burst is over. A USB adapter may take a millisecond to move it,
so a thread does: the control loop never waits for it.
"""

import queue
import threading
from collections.abc import Callable
from typing import Final, Literal, Protocol, TypeAlias

import serial

from fes_ctrl.links.advice import NOT_OPENED, why_not_opened
from fes_ctrl.model import BurstEnd, Record, Setpoint
from fes_ctrl.units import NEVER_US, Us

LineName: TypeAlias = Literal["rts", "dtr"]
LINES: Final[tuple[LineName, ...]] = ("rts", "dtr")
JOIN_S: Final = 1.0


class SyncError(RuntimeError):
    """A port that has no such line, or cannot be had: which, why, and what to do."""


class Wire(Protocol):
    """What moves a line."""

    def move(self, *, up: bool) -> None:
        """Move it; raises ``OSError`` where it cannot be moved."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class PortWire:
    """RTS or DTR of a serial port; both are down from the beginning.

    Parameters
    ----------
    port : str
        Its path or name.
    line : str
        Which one.

    Raises
    ------
    SyncError
        If the port cannot be opened, or has no such line.
    """

    def __init__(self, port: str, line: LineName) -> None:
        self._line = line
        self._port = serial.Serial()
        self._port.port = port
        # Set before it is opened: a line that rises at opening would be taken for a burst.
        self._port.rts = self._port.dtr = False
        try:
            self._port.open()
            self.move(up=False)
        except NOT_OPENED as error:
            self._port.close()
            message = f"{port}: {why_not_opened(error)}; {line.upper()} is needed"
            raise SyncError(message) from error

    def move(self, *, up: bool) -> None:
        """Move the line."""
        setattr(self._port, self._line, up)

    def close(self) -> None:
        """Close the port."""
        self._port.close()


class SyncLine:
    """Moves a wire with the bursts of a session.

    Parameters
    ----------
    wire : Wire
        What is moved.
    say : callable
        Takes what went wrong, once, in this line's thread.

    Attributes
    ----------
    risen : int
        How often it went up.
    """

    def __init__(self, wire: Wire, say: Callable[[str], None]) -> None:
        self._wire = wire
        self._say = say
        self._running: set[int] = set()
        self._ended_us: dict[int, Us] = {}
        self._moves: queue.SimpleQueue[bool | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="sync line", daemon=True)
        self.risen = 0
        self._thread.start()

    def written(self, _now_us: Us, setpoint: Setpoint) -> None:
        """Take note that a pulse was handed to the stimulator's port."""
        leg = setpoint.leg
        # The last pulse of a burst may be written after its end is told.
        if leg in self._running or setpoint.at_us <= self._ended_us.get(leg, -NEVER_US):
            return
        if not self._running:
            self.risen += 1
            self._moves.put(True)
        self._running.add(leg)

    def see(self, _now_us: Us, records: tuple[Record, ...]) -> None:
        """Take note of bursts that end."""
        for record in records:
            if isinstance(record, BurstEnd):
                self._ended_us[record.leg] = record.t_us
                if record.leg in self._running:
                    self._running.discard(record.leg)
                    if not self._running:
                        self._moves.put(False)

    def close(self) -> None:
        """Let the line down, and go of it."""
        self._moves.put(False)
        self._moves.put(None)
        self._thread.join(JOIN_S)

    def _work(self) -> None:
        well = True
        while (up := self._moves.get()) is not None:
            try:
                self._wire.move(up=up)
            except OSError as error:
                if well:
                    self._say(f"sync line: {error}; the walk goes on without it")
                well = False
        self._wire.close()
