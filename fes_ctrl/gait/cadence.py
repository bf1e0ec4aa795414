"""How long something usually takes, and how far it is usually off: one duration, stride by stride.

The error that is kept is that of the prediction which the mean would have been, so the spread is
the spread of predictions and not that of durations about a mean that knows them.
"""

from typing import Final

from fes_ctrl.units import Us

LEARNING: Final = 0.3
SPREAD_LEARNING: Final = 0.15
FIRST_SPREAD: Final = 0.05
"""Before anything is known: strides vary by some per cent."""

LEAST_SPREAD_US: Final = 5_000.0
"""Half a reading of 100 Hz: no detector tells instants better."""

GATE: Final = 4.0
"""An error of so many mean absolute ones (3.2 standard deviations) belongs to another gait."""

SD_OF_SPREAD: Final = 1.2533
"""Standard deviation against mean absolute deviation, of normal errors."""


class Usual:
    """One duration.

    Attributes
    ----------
    mean_us : float
        What it usually is.
    spread_us : float
        Mean absolute error of the mean as a prediction.
    count : int
        So many have been seen since it was last learnt anew; 0 while unknown.
    """

    __slots__ = ("_odd_us", "count", "mean_us", "spread_us")

    def __init__(self) -> None:
        self.mean_us = 0.0
        self.spread_us = 0.0
        self.count = 0
        self._odd_us: Us = -1

    def take(self, duration_us: Us) -> bool:
        """Take the next one; return whether it was as usual.

        One that is far off moves nothing but the spread. A second one like it shows that the
        walker has changed his gait: then the two are what is usual.
        """
        duration = float(duration_us)
        if self.count == 0:
            self._begin(duration)
            return False
        error = duration - self.mean_us
        far = GATE * max(self.spread_us, LEAST_SPREAD_US)
        odd_us = self._odd_us
        if abs(error) > far:
            if odd_us >= 0 and (odd_us > self.mean_us) == (error > 0.0):
                self._begin(0.5 * (duration + odd_us))
                self.spread_us = max(self.spread_us, 0.5 * abs(duration - odd_us))
            else:
                self._odd_us = duration_us
                self.spread_us += SPREAD_LEARNING * (far - self.spread_us)
            return False
        self._odd_us = -1
        self.count += 1
        self.mean_us += max(LEARNING, 1.0 / self.count) * error
        weight = max(SPREAD_LEARNING, 1.0 / self.count)
        self.spread_us += weight * (abs(error) - self.spread_us)
        return True

    def _begin(self, duration: float) -> None:
        self.mean_us = duration
        self.spread_us = max(LEAST_SPREAD_US, FIRST_SPREAD * duration)
        self.count = 1
        self._odd_us = -1

    @property
    def sd_us(self) -> float:
        """Standard deviation of the mean as a prediction."""
        return SD_OF_SPREAD * max(self.spread_us, LEAST_SPREAD_US)
