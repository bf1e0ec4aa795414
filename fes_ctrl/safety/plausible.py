"""Whether a sample can be believed: a number, of this moment, possible, and not ever the same.

What cannot be believed counts as if it had not come: no detector sees it, and it keeps nothing
alive, so that a sensor which talks nonsense is silent in the eyes of the fault table.
"""

from typing import Final

from fes_ctrl.model import Sample
from fes_ctrl.units import Us

AHEAD_US: Final = 50_000
"""Clocks of sensors are tied to the host's by estimates; a stamp further ahead is no estimate."""

FROZEN_US: Final = 200_000
"""Six axes of an inertial sensor that read the same for so long: noise alone moves the last digit
of one of them. In the recordings of stroke patients named at ``PacketConfig`` no foot IMU repeats
a reading for so long while it lives."""

IMU_CHANNELS: Final = 6

POSSIBLE: Final = 20_000.0
"""No foot presses with so many newtons, and no worn sensor reads so many m/s2 or deg/s: high-g
parts end at 4 000 m/s2, gyroscopes at 4 000 deg/s."""


class Plausibility:
    """Judges the samples of all legs.

    Attributes
    ----------
    why : dict of int to str
        Leg by leg, what was wrong with its last sample, if that was not believed.
    """

    __slots__ = ("_since_us", "_values", "why")

    def __init__(self) -> None:
        self._values: dict[tuple[int, str], tuple[float, ...]] = {}
        self._since_us: dict[tuple[int, str], Us] = {}
        self.why: dict[int, str] = {}

    def believes(self, sample: Sample, now_us: Us) -> bool:
        """Return whether a sample can be believed.

        Parameters
        ----------
        sample : Sample
            As it arrived.
        now_us : int
            The present.
        """
        doubt = self._doubt(sample, now_us)
        if doubt:
            self.why[sample.leg] = doubt
            return False
        if self.why:
            self.why.pop(sample.leg, None)
        return True

    def _doubt(self, sample: Sample, now_us: Us) -> str:
        values = sample.values
        for value in values:
            # A NaN is in no interval either.
            if not -POSSIBLE <= value <= POSSIBLE:
                return "it reads what no sensor reads"
        t_us = sample.t_meas_us
        if t_us > now_us + AHEAD_US:
            return "it is stamped in the future"
        if len(values) == IMU_CHANNELS:
            sensor = (sample.leg, sample.sensor)
            if self._values.get(sensor) != values:
                self._values[sensor] = values
                self._since_us[sensor] = t_us
            elif t_us - self._since_us[sensor] >= FROZEN_US:
                return "it reads ever the same"
        return ""
