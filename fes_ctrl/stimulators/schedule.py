"""Pulses that are to be given on a device's clock: which is next, and at which instant of it.

A pulse is planned a fixed time after its instant, so that neither cable nor host show in the
distance of two; later only where the host is, or where the pulse before it was; and never after
its time is over.
"""

from collections import deque
from typing import Final, NamedTuple

from fes_ctrl.model import Setpoint
from fes_ctrl.stimulators.clock_fit import ClockFit
from fes_ctrl.stimulators.feslink_terms import length_us
from fes_ctrl.units import NEVER_US, Us

AHEAD_US: Final = 1_000
"""A pulse is written so much earlier than the fastest exchange so far would need."""

SPARE_US: Final = 6_000
"""So much later than that it is planned, for a host, or a line, that is a little late."""

ROOM_US: Final = 1_500
"""But so long before it expires, for a pulse of another channel that comes first."""

APART_US: Final = 300
"""Between two pulses of different channels; the device refuses less than 200."""


class Planned(NamedTuple):
    """A pulse whose turn it is: when it begins and ends on the device's clock."""

    setpoint: Setpoint
    at_us: Us
    end_us: Us


class Schedule:
    """The pulses of one stimulator that were let through and are not written yet.

    Parameters
    ----------
    channels : int
        Outputs of the device.
    min_interval_us : int
        Least distance of two pulses of a channel, on the device's clock.
    """

    __slots__ = ("_ahead_us", "_channels", "_free_us", "_held", "_last_us", "_min_interval_us")

    def __init__(self, channels: int, min_interval_us: Us) -> None:
        self._channels = channels
        self._min_interval_us = min_interval_us
        self._held: deque[Setpoint] = deque()
        self.begin(0)

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._held)

    def begin(self, round_us: Us) -> None:
        """Begin a session on a line whose fastest exchange took so long.

        The device's clock may be another one by now: what was given on it before is long over.
        """
        self._ahead_us = round_us + AHEAD_US
        self._last_us: list[Us] = [-NEVER_US] * self._channels
        self._free_us: Us = -NEVER_US

    def hold(self, setpoint: Setpoint) -> None:
        """Take a pulse that is to be given."""
        self._held.append(setpoint)

    def clear(self) -> None:
        """Let go of all that wait."""
        self._held.clear()

    def drop(self) -> Setpoint:
        """Let go of the first that waits, and return it."""
        return self._held.popleft()

    def expired(self, now_us: Us) -> Setpoint | None:
        """Let go of the first that waits if it cannot be in time any more, and return it."""
        if self._held and now_us + self._ahead_us > self._held[0].expires_us:
            return self._held.popleft()
        return None

    def next(self, now_us: Us, clock: ClockFit) -> Planned | None:
        """Take the first that waits, if there is one: it counts as written now.

        ``at_us`` may be after it has expired, where pulses before it are in its way; then nothing
        is to be written.
        """
        if not self._held:
            return None
        setpoint = self._held.popleft()
        at_us = min(setpoint.at_us + self._ahead_us + SPARE_US, setpoint.expires_us - ROOM_US)
        at_us = clock.device_us(max(at_us, now_us + self._ahead_us))
        channel = setpoint.channel
        at_us = max(at_us, self._free_us + APART_US, self._last_us[channel] + self._min_interval_us)
        end_us = at_us + length_us(setpoint)
        if at_us <= clock.device_us(setpoint.expires_us):
            self._last_us[channel] = at_us
            self._free_us = end_us
        return Planned(setpoint, at_us, end_us)

    def wake_at_us(self) -> Us:
        """Return when the first that waits cannot be in time any more."""
        return self._held[0].expires_us - self._ahead_us + 1 if self._held else NEVER_US
