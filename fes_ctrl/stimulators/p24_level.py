"""The seam of a P24's level, and what every level asks of a pulse.

The session knows how to greet a device, to arm and to stop it; a level knows how its pulses are
written.
"""

from typing import Protocol

from fes_ctrl.model import ASYMMETRIC, ASYMMETRY, SYMMETRIC, Capabilities, Setpoint
from fes_ctrl.stimulators.pending import Unanswered
from fes_ctrl.stimulators.shape import excess_of, points_in, unshaped
from fes_ctrl.units import Us
from fes_ctrl.wire import sciencemode4 as sm4


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


class Pulses:
    """The pulses of one device: each setpoint's points, reckoned and judged once.

    A program has no more of them than there are steps of current up to its plateau.

    Parameters
    ----------
    device : Capabilities
        Of the P24 in one of its modes; its shape, where it has one, is of symmetric setpoints.
    """

    __slots__ = ("_device", "_known", "_shape")

    def __init__(self, device: Capabilities) -> None:
        self._shape = device.shape
        self._device = unshaped(device)
        self._known: dict[tuple[int, int, int], tuple[sm4.Point, ...]] = {}

    def of(self, setpoint: Setpoint) -> tuple[sm4.Point, ...]:
        """Return duration in us and current in uA of each point of a pulse.

        Raises
        ------
        ValueError
            If the device cannot give it, it does not balance, or its shape makes it more than the
            pulse that the guard has let through.
        """
        key = setpoint.current_ua, setpoint.width_us, setpoint.waveform
        points = self._known.get(key)
        if points is None:
            points = self._known[key] = self._reckon(setpoint)
        return points

    def _reckon(self, setpoint: Setpoint) -> tuple[sm4.Point, ...]:
        points = points_of(setpoint)
        shape = self._shape
        if shape is not None and setpoint.waveform == SYMMETRIC:
            points = points_in(shape, setpoint.current_ua, setpoint.width_us)
            index, excess = excess_of(points, setpoint.current_ua, setpoint.width_us)
            if excess:
                message = f"point {index} of the shape: {excess}"
                raise PulseError(message)
        require_pulse(points, self._device)
        return points


class Level(Protocol):
    """How one level of the device writes its pulses, on a ``DriverLine`` that it was built with."""

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

    def missed(self, now_us: Us) -> int:
        """Take note that a pulse was given by now or never; return its channel, -1 for any."""
        ...

    def agrees(self, status: int, asked_us: Us) -> bool:
        """Return whether that is a state for an armed device that was asked at that instant."""
        ...

    @property
    def stops_on_silence(self) -> bool:
        """Whether the device may go on by itself, so that an answer that stays away stops it."""
        ...

    def wake_at_us(self) -> Us:
        """Return when something is to be done."""
        ...
