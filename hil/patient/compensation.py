"""Hip hike and circumduction: what the patient does to clear the ground, stride by stride."""

from math import sqrt
from random import Random

from hil.patient.config import CompensationConfig


class Compensation:
    """How high the patient lifts the leg in the coming swing.

    Parameters
    ----------
    config : CompensationConfig
        How he adapts.
    leg_length_m : float
        From hip to ground.
    random : random.Random
        Its own stream, for the variation from stride to stride.

    Attributes
    ----------
    height_mm : float
        What he means to add in the coming or present swing; most of it in mid-swing.
    scatter_mm : float
        What that swing has more or less of it by chance.
    """

    __slots__ = ("_config", "_length_m", "_random", "height_mm", "scatter_mm")

    def __init__(self, config: CompensationConfig, leg_length_m: float, random: Random) -> None:
        self._config = config
        self._length_m: float = leg_length_m
        self._random = random
        self.height_mm: float = min(config.habit_mm, config.max_mm)
        self.scatter_mm: float = 0.0

    def after(self, clearance_mm: float) -> None:
        """Learn from a swing's clearance, and choose the height of the next."""
        config = self._config
        height = self.height_mm + config.rate * (config.wanted_mm - clearance_mm)
        self.height_mm = min(config.max_mm, max(0.0, height))
        if config.noise_mm > 0.0:
            scatter = max(-3.0, min(3.0, self._random.gauss(0.0, 1.0)))
            self.scatter_mm = config.noise_mm * scatter

    def circumduction_mm(self) -> float:
        """Return how far the leg swings out for its share of the height.

        A leg of length L that swings out by d lifts its foot by d squared over 2 L.
        """
        share_m = self.height_mm * self._config.circumduction_share / 1000.0
        return 1000.0 * sqrt(2.0 * self._length_m * share_m)
