"""What a P24's session has under way: frames to write, frames unanswered, reports, pulses told.

And the seam of a level: the session knows how to greet a device, to arm and to stop it; a level
knows how its pulses are written.
"""

from typing import Final, Protocol

from fes_ctrl.model import (
    ASYMMETRIC,
    ASYMMETRY,
    LINK_ERROR,
    LINK_SKIPPED,
    Capabilities,
    LinkReport,
    Setpoint,
)
from fes_ctrl.stimulators.pending import PendingFrames, Unanswered
from fes_ctrl.stimulators.session import DriverStep
from fes_ctrl.units import NEVER_US, Us
from fes_ctrl.wire import sciencemode4 as sm4

LEAVING_US: Final = 5_000
"""A frame that was written just in time is given so long to leave: 2 ms at 115 200 baud."""

WARN_EVERY_US: Final = 10_000_000
"""Answers to nobody and damaged frames are told of this often at most."""


class PulseError(ValueError):
    """A setpoint that this device cannot give as it stands; nothing is rounded here."""


def points_of(setpoint: Setpoint) -> tuple[sm4.Point, ...]:
    """Return the two phases of a pulse, duration in us and current in uA; their charge is equal."""
    width_us, current_ua = setpoint.width_us, setpoint.current_ua
    if setpoint.waveform == ASYMMETRIC:
        return (width_us, current_ua), (width_us * ASYMMETRY, -(current_ua // ASYMMETRY))
    return (width_us, current_ua), (width_us, -current_ua)


def require_pulse(points: tuple[sm4.Point, ...], device: Capabilities) -> None:
    """Let a pulse of up to 16 points through that the device can give and that balances.

    Parameters
    ----------
    points : tuple of (int, int)
        Duration in us and current in uA of each phase.
    device : Capabilities
        Steps and ranges.

    Raises
    ------
    UnbalancedError
        If its phases do not carry the same charge.
    PulseError
        If a phase is none of the device's steps, beyond its range, or there are too many.
    """
    if not 1 <= len(points) <= sm4.POINTS_MAX:
        message = f"pulse of {len(points)} points: the device gives 1 to {sm4.POINTS_MAX}"
        raise PulseError(message)
    net_pc = 0
    for width_us, current_ua in points:
        net_pc += width_us * current_ua
        if not -device.current_max_ua <= current_ua <= device.current_max_ua:
            message = (
                f"{current_ua / 1e3:g} mA: beyond the device's {device.current_max_ua / 1e3:g}"
            )
            raise PulseError(message)
        if current_ua % device.current_step_ua or width_us % device.width_step_us:
            message = f"{current_ua / 1e3:g} mA for {width_us} us: no whole steps of the device"
            raise PulseError(message)
        if not device.width_min_us <= width_us <= device.width_max_us:
            message = (
                f"{width_us} us: the device gives {device.width_min_us} to {device.width_max_us}"
            )
            raise PulseError(message)
    if net_pc:
        raise sm4.UnbalancedError(net_pc)


class P24Line:
    """One P24's side of the conversation.

    Parameters
    ----------
    stimulator : int
        Its number in the reports.

    Attributes
    ----------
    pending : PendingFrames
        Written and not answered yet.
    out, reports, written : list
        What the next ``DriverStep`` is made of.
    last_frame_us : int
        When the last frame was written.
    skipped : int
        Setpoints that were dropped because they could not be written in time.
    """

    __slots__ = (
        "_stimulator",
        "_warned_us",
        "last_frame_us",
        "out",
        "pending",
        "reports",
        "skipped",
        "written",
    )

    def __init__(self, stimulator: int) -> None:
        self._stimulator = stimulator
        self._warned_us: dict[str, Us] = {}
        self.pending = PendingFrames()
        self.last_frame_us: Us = -NEVER_US
        self.out: list[bytes] = []
        self.reports: list[LinkReport] = []
        self.written: list[Setpoint] = []
        self.skipped = 0

    def send(
        self, now_us: Us, number: int, command: int, frame: bytes, *, current: bool = False
    ) -> None:
        """Write a frame whose answer is waited for; ``current``: it makes the device give some."""
        self.out.append(frame)
        self.pending.sent(number, command, now_us, current=current)
        self.last_frame_us = now_us

    def report(self, now_us: Us, kind: str, detail: str, channel: int = -1) -> None:
        """Tell the controller."""
        self.reports.append(
            LinkReport(now_us, self._stimulator, kind, self.pending.oldest_us, detail, channel)
        )

    def warn(self, now_us: Us, kind: str, detail: str) -> None:
        """Tell the controller, not more often than anybody would read it."""
        last_us = self._warned_us.get(kind, -NEVER_US)
        if now_us - last_us >= WARN_EVERY_US:
            self._warned_us[kind] = now_us
            self.report(now_us, kind, detail)

    def skip(self, now_us: Us, setpoint: Setpoint, why: str) -> None:
        """Drop a setpoint, and tell."""
        self.skipped += 1
        self.reports.append(
            LinkReport(
                now_us,
                self._stimulator,
                LINK_SKIPPED,
                self.pending.oldest_us,
                f"pulse of {setpoint.at_us} us {why}",
                setpoint.channel,
                setpoint.at_us,
            )
        )

    def refuse(self, now_us: Us, setpoint: Setpoint, error: ValueError) -> None:
        """Drop a setpoint that no guard should have let through, and tell that as an error."""
        self.skip(now_us, setpoint, "refused by the driver")
        self.report(now_us, LINK_ERROR, f"setpoint refused: {error}", setpoint.channel)

    def done(self, wake_us: Us, *, discard: bool, drop: bool) -> DriverStep:
        """Return what has come together, and forget it."""
        if not self.out and not self.reports and not self.written:
            return DriverStep((), (), wake_us, discard, drop)
        step = DriverStep(
            tuple(self.out), tuple(self.reports), wake_us, discard, drop, tuple(self.written)
        )
        self.out.clear()
        self.reports.clear()
        self.written.clear()
        return step


class Level(Protocol):
    """How one level of the device writes its pulses, on a ``P24Line`` that it was built with."""

    @property
    def init_command(self) -> int:
        """The command that makes the device ready for it."""
        ...

    def init(self, number: int) -> bytes:
        """Return the frame that makes the device ready for it."""
        ...

    def hold(self, now_us: Us, setpoint: Setpoint) -> None:
        """Take a pulse that is to be given."""
        ...

    def write(self, now_us: Us) -> None:
        """Write what is due, drop what has expired."""
        ...

    def clear(self) -> None:
        """Let go of everything: the device is being stopped, or gone."""
        ...

    def complained(self, now_us: Us) -> None:
        """Let go of what waits, and tell: the device has complained."""
        ...

    def answered(self, now_us: Us, asked: Unanswered, payload: bytes) -> None:
        """Take the good answer to one of its own frames."""
        ...

    def takes_back(self, now_us: Us) -> bool:
        """Return whether a frame with current has to be discarded; what goes after it is out."""
        ...

    def agrees(self, status: int) -> bool:
        """Return whether the device says that it is in the state it should be in when armed."""
        ...

    @property
    def stops_on_silence(self) -> bool:
        """Whether the device may go on by itself, so that an answer that stays away stops it."""
        ...

    def wake_at_us(self) -> Us:
        """Return when something is to be done."""
        ...
