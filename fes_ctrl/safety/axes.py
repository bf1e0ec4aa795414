"""Whether an inertial sensor still measures: it as a whole, and each of its axes.

It is looked at closely now and then only: an axis that is frozen waits.
"""

from typing import Final

from fes_ctrl.units import Us

FROZEN_US: Final = 200_000
"""Six axes of an inertial sensor that read the same for so long: noise alone moves the last digit
of one of them. In the recordings of stroke patients named at ``PacketConfig`` no foot IMU repeats
a reading for so long while it lives."""

LOOK_US: Final = 50_000
LOOKS: Final = 10
"""An axis that reads the same at so many looks between which the sensor moved, half a second of
movement, is frozen. In those recordings and in one with optical motion capture no axis does at
more than one, in simulated walks of all presets none at more than two."""

RATE_MOVES: Final = 20.0
ACC_MOVES: Final = 2.0
"""Change of any axis from one look to the next (deg/s, m/s2) by which the sensor moves. In those
recordings a foot that walks does so at four looks in ten or more."""

SAME: Final = "it reads ever the same"
ONE_SAME: Final = "one of its axes reads ever the same"


class Axes:
    """Judges the readings of one inertial sensor.

    A reading that is the highest or lowest of its axis so far may be the end of its range, where
    it stays for as long as there is more: it counts as no frozen one. So an axis that never
    varied is none that is frozen either, but one that is not there. Nor is one that has mostly
    stayed where it was while the sensor moved: a sensor without noise measures nothing on it.
    """

    __slots__ = (
        "_doubt",
        "_highest",
        "_look_us",
        "_looked",
        "_looks",
        "_lowest",
        "_moves",
        "_since_us",
        "_values",
        "_varied",
    )

    def __init__(self, t_us: Us, values: tuple[float, ...]) -> None:
        self._values = values
        self._since_us = t_us
        self._looked = values
        self._look_us: Us = t_us + LOOK_US
        self._lowest: list[float] = list(values)
        self._highest: list[float] = list(values)
        self._looks: dict[int, int] = {}  # of those that have varied
        # By axis: at how many looks the sensor had moved, and at how many of them the axis had.
        self._moves: list[int] = [0] * len(values)
        self._varied: list[int] = [0] * len(values)
        self._doubt = ""

    def doubt(self, t_us: Us, values: tuple[float, ...]) -> str:
        """Return why a reading cannot be believed; empty where it can.

        Parameters
        ----------
        t_us : int
            Its stamp.
        values : tuple of float
            Three axes of specific force (m/s2), three of angular rate (deg/s).
        """
        if values != self._values:
            self._values = values
            self._since_us = t_us
        elif t_us - self._since_us >= FROZEN_US:
            return SAME
        # A stamp from before the last look is by a clock that was set back since.
        if not self._look_us - LOOK_US <= t_us < self._look_us:
            self._look_us = t_us + LOOK_US
            self._look(values)
        return self._doubt

    def _look(self, values: tuple[float, ...]) -> None:
        before = self._looked
        self._looked = values
        self._doubt = ""
        moved = _moved(values, before)
        same: list[int] = []
        axis = 0
        for value in values:
            if value == before[axis]:
                same.append(axis)
            else:
                self._looks[axis] = 0
                self._moves[axis] += moved
                self._varied[axis] += moved
                self._lowest[axis] = min(value, self._lowest[axis])
                self._highest[axis] = max(value, self._highest[axis])
            axis += 1
        for axis in same:
            if axis in self._looks and self._is_frozen(axis, values[axis], moved=moved):
                self._doubt = ONE_SAME

    def _is_frozen(self, axis: int, value: float, *, moved: bool) -> bool:
        """Return whether an axis that has varied, and is the same once more, counts as frozen."""
        if moved and self._looks[axis] < LOOKS:
            self._looks[axis] += 1
            self._moves[axis] += 1
        if self._looks[axis] < LOOKS or not self._lowest[axis] < value < self._highest[axis]:
            return False
        # Of its looks in motion before this standstill.
        return 2 * self._varied[axis] > self._moves[axis] - LOOKS


def _moved(values: tuple[float, ...], before: tuple[float, ...]) -> bool:
    for axis in range(6):
        if abs(values[axis] - before[axis]) > (RATE_MOVES if axis >= 3 else ACC_MOVES):
            return True
    return False
