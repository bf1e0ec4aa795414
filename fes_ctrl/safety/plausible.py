"""Whether a sample can be believed: a number, of this moment, possible, and not ever the same.

What cannot be believed counts as if it had not come: no detector sees it, and it keeps nothing
alive, so that a sensor which talks nonsense is silent in the eyes of the fault table.
"""

from typing import Final

from fes_ctrl.model import Sample
from fes_ctrl.safety.axes import Axes
from fes_ctrl.units import Us

AHEAD_US: Final = 50_000
"""Clocks of sensors are tied to the host's by estimates; a stamp further ahead is no estimate."""

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

    __slots__ = ("_axes", "why")

    def __init__(self) -> None:
        self._axes: dict[tuple[int, str], Axes] = {}
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
            axes = self._axes.get(sensor)
            if axes is not None:
                return axes.doubt(t_us, values)
            self._axes[sensor] = Axes(t_us, values)
        return ""
