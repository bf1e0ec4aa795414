"""Standing: half the weight, shifted now and then to the other leg and back."""

from math import pi, sin
from random import Random

SHIFT_S = (0.8, 2.5)
"""A shift lasts between so long and so long, less where they come in quick succession.
Assumption."""

MEAN_SHIFT_S = 0.5 * (SHIFT_S[0] + SHIFT_S[1])


class WeightShifts:
    """When the weight goes over, and how far.

    Parameters
    ----------
    random : random.Random
        Its own stream.

    Attributes
    ----------
    from_ms, end_ms : int
        Of the present shift, or of that to come.
    amount : float
        The share of its load that the leg gives away at the height of it.
    """

    __slots__ = ("_random", "amount", "end_ms", "from_ms")

    def __init__(self, random: Random) -> None:
        self._random = random
        self.from_ms: int = 0
        self.end_ms: int = 0
        self.amount: float = 0.0

    def bearing(self, t_ms: int, per_min: float) -> float:
        """Return which share of its half of the weight the leg bears.

        Parameters
        ----------
        t_ms : int
            Never goes backwards.
        per_min : float
            How many shifts a minute there are.
        """
        if per_min <= 0.0:
            return 1.0
        while t_ms >= self.end_ms:
            self._draw(per_min)
        if t_ms < self.from_ms:
            return 1.0
        share = (t_ms - self.from_ms) / (self.end_ms - self.from_ms)
        return 1.0 - self.amount * sin(pi * share) ** 2

    def _draw(self, per_min: float) -> None:
        random = self._random
        short, long = SHIFT_S
        every_s = 60.0 / per_min
        share = min(1.0, 0.6 * every_s / MEAN_SHIFT_S)
        least_s = min(0.5, 0.2 * every_s)
        more_s = every_s - least_s - share * MEAN_SHIFT_S
        pause_s = least_s + random.expovariate(1.0) * more_s
        self.from_ms = self.end_ms + round(1000.0 * pause_s)
        self.end_ms = self.from_ms + round(1000.0 * share * random.uniform(short, long))
        # Beyond 1 the heel is lifted for a moment without a step.
        self.amount = random.uniform(0.6, 1.05)
