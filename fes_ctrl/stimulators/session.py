"""The seam between the controller and a device: what every driver session takes and gives.

A session never waits, never reads a clock and never touches a port. Whoever owns the port calls
it with what has happened and writes what it returns.
"""

from typing import Final, NamedTuple, Protocol

from fes_ctrl.model import Capabilities, Command, LinkReport, Setpoint
from fes_ctrl.units import NEVER_US, Us


class DriverStep(NamedTuple):
    """What a session wants done, in this order: discard, drop, write ``out``.

    ``written`` names the setpoints whose frames are in ``out``, or that a device which repeats
    its pulses has been told already.
    """

    out: tuple[bytes, ...]
    reports: tuple[LinkReport, ...]
    wake_at_us: Us
    discard: bool = False
    drop: bool = False
    written: tuple[Setpoint, ...] = ()


IDLE: Final = DriverStep((), (), NEVER_US)


class DriverSession(Protocol):
    """One stimulator on one link."""

    capabilities: Capabilities
    stop_bytes: bytes
    """Two frame ends and the stop of every level, ready to write from any thread or handler."""

    def open(self, now_us: Us) -> DriverStep:
        """Begin: stop whatever the device may be doing, then ask who it is."""
        ...

    def command(self, now_us: Us, command: Command) -> DriverStep:
        """Take one command of the controller."""
        ...

    def receive(self, now_us: Us, data: bytes) -> DriverStep:
        """Take bytes from the device."""
        ...

    def tick(self, now_us: Us) -> DriverStep:
        """Fire the deadlines that have come."""
        ...

    def taken_back(self, now_us: Us) -> DriverStep:
        """Take note that what was written before now, or a part of it, may not have left.

        Told where a ``discard`` was asked for, and the link cannot say that all had left.
        """
        ...

    def hang_up(self, now_us: Us, reason: str) -> DriverStep:
        """Take note that the connection is gone."""
        ...
