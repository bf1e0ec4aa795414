"""One injection of the sensors: when it holds, and when it first had an effect."""

from typing import Final

from firmware_sim.injections import BY_NAME, Acknowledgement, amount_of

DROPOUT: Final = "sensor_dropout"
STUCK_OPEN: Final = "heel_stuck_open"
STUCK_CLOSED: Final = "heel_stuck_closed"
BOUNCE: Final = "heel_bounce"
CHATTERS: Final = "heel_chatters"
SHUFFLES: Final = "heel_shuffles"
GYRO_BIAS: Final = "gyro_bias"
AXIS_FROZEN: Final = "axis_frozen"
IMU_SILENT: Final = "imu_silent"
FROZEN: Final = "sensor_frozen"
NAN: Final = "sensor_nan"
ABSURD: Final = "sensor_absurd"
FUTURE: Final = "sensor_future"
LATE: Final = "sensor_late"
BACKLOG: Final = "sensor_backlog"
SWAPPED: Final = "legs_swapped"


class Injected:
    """A span of time in which something is wrong.

    Parameters
    ----------
    name : str
        The row of ``firmware_sim.injections``.
    from_us, to_us : int
        From when to when, as things are measured; the end is outside.
    amount : float
        How much, in the unit of its row; 0 for the row's own.

    Attributes
    ----------
    reached_us : int
        When it first had an effect; -1 before.

    Raises
    ------
    ValueError
        If the sensors do not know the injection.
    """

    __slots__ = ("_to_us", "amount", "from_us", "name", "reached_us")

    def __init__(self, name: str, from_us: int, to_us: int, amount: float = 0.0) -> None:
        row = BY_NAME.get(name)
        if row is None or row.part != "sensor":
            message = f"the sensors do not know the injection {name!r}"
            raise ValueError(message)
        self.name = name
        self.reached_us: int = -1
        self.amount: float = amount_of(name, amount)
        self.from_us: int = from_us
        self._to_us = to_us

    def holds(self, t_us: int) -> bool:
        """Return whether it holds for what is measured at an instant."""
        return self.from_us <= t_us < self._to_us

    def reach(self, t_us: int) -> None:
        """Take note that it has had an effect."""
        if self.reached_us < 0:
            self.reached_us = t_us

    def acknowledgement(self) -> Acknowledgement | None:
        """Return that and when it was reached, if it was."""
        return None if self.reached_us < 0 else Acknowledgement(self.name, self.reached_us)
