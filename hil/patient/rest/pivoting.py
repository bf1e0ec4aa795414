"""Turning on the spot without lifting the foot: it turns on its ball or on its heel.

Sizes are assumptions; whole turns of able people in place take 2 to 4 s.
"""

from math import radians
from random import Random
from typing import Final

from hil.patient.plan import FOREVER_MS
from hil.patient.rest.limb import BALL_FORWARD_M, SOLE_RAD, Limb, to_and_fro

TURN_DEG: Final = (20.0, 60.0)
SPAN_MS: Final = (600.0, 1200.0)
"""A pivot turns so far, in so long."""

RELIEVED: Final = (0.5, 1.0)
"""Its foot bears so much of what it bears in standing."""

OVER: Final = 0.3
"""The end on which it turns bears so much more of that."""


class Pivoting:
    """How one leg pivots.

    Parameters
    ----------
    limb : Limb
        Whose courses.
    heel_m : float
        The heel lies so far behind the ankle, as a negative length ahead of it.
    scale : float
        Lengths against the table's.
    random : random.Random
        Its own stream.
    """

    __slots__ = ("_ball_m", "_heel_m", "_limb", "_per_min", "_random", "_until_ms")

    def __init__(self, limb: Limb, heel_m: float, scale: float, random: Random) -> None:
        self._limb = limb
        self._heel_m: float = heel_m * scale
        self._ball_m: float = BALL_FORWARD_M * scale
        self._random = random
        self._until_ms: int = 0
        self._per_min: float = 0.0

    def begin(self, from_ms: int, until_ms: int, per_min: float) -> int:
        """Pivot from one instant to another; return when to be asked first."""
        self._until_ms = until_ms
        self._per_min = per_min
        return from_ms

    def go_on(self, t_ms: int) -> int:
        """Pivot once; return when to be asked again."""
        random, limb = self._random, self._limb
        every_ms = 60_000.0 / self._per_min
        span_ms = round(min(0.8 * every_ms, random.uniform(*SPAN_MS)))
        pause_ms = round((every_ms - span_ms) * random.uniform(0.2, 1.8))
        turn = radians(random.uniform(*TURN_DEG))
        bearing = random.uniform(*RELIEVED)
        on_ball, sole = random.random() < 0.5, random.random()
        from_ms = t_ms + pause_ms
        end_ms = from_ms + span_ms
        if end_ms >= self._until_ms:
            return FOREVER_MS
        limb.about_m = self._ball_m if on_ball else self._heel_m
        limb.spin.go(limb.spin.value + turn, from_ms, span_ms)
        to_and_fro(limb.heel, -OVER if on_ball else OVER, from_ms, span_ms)
        to_and_fro(limb.sole, (-SOLE_RAD if on_ball else SOLE_RAD) * sole, from_ms, span_ms)
        half_ms = span_ms // 2
        limb.bearing.go(bearing, from_ms, half_ms)
        limb.bearing.go(1.0, from_ms + half_ms, span_ms - half_ms)
        return end_ms
