"""Weight shifts as an inertial sensor feels them: shank and foot give way as the weight goes.

Load alone is ``sway``'s. People who stand for long fidget so about once a minute and shift more
slowly every few minutes (Duarte and Zatsiorsky, Motor Control 3:12, 1999).
"""

from math import asin, pi, radians, sqrt
from random import Random
from typing import Final

from hil.patient.rest.limb import SOLE_RAD, Limb, to_and_fro
from hil.patient.sway import WeightShifts

LEAN_RAD: Final = radians(6.0)
"""The knee of a leg that is relieved bends: its shank leans forward by up to so much.
Assumption."""

ROLL_RAD: Final = radians(6.0)
"""It rolls outwards with the hip by up to so much. Assumption: feet stand 0.2 m apart, and the hip
goes a few centimetres aside."""

HEEL_CHANGE_RAD: Final = 20.0
"""A heel that is free for a moment turns the foot with no greater acceleration, in a second
squared: by 6 degrees where it has a third of a second. Assumption."""

PEAK_CHANGE: Final = 5.77
"""Greatest acceleration of a movement of minimum jerk, of its way over its time squared."""


class Leaning:
    """What goes with the weight shifts of one leg.

    Parameters
    ----------
    limb : Limb
        Whose courses.
    shifts : WeightShifts
        When the weight goes over, and how far.
    random : random.Random
        Its own stream.
    """

    __slots__ = ("_limb", "_per_min", "_random", "_shifts", "_until_ms")

    def __init__(self, limb: Limb, shifts: WeightShifts, random: Random) -> None:
        self._limb = limb
        self._shifts = shifts
        self._random = random
        self._until_ms: int = 0
        self._per_min: float = 0.0

    def begin(self, from_ms: int, until_ms: int, per_min: float) -> int:
        """Stand from one instant to another; return when to be asked first."""
        self._until_ms = until_ms
        self._per_min = per_min
        return from_ms

    def go_on(self, t_ms: int) -> int:
        """Lean with the shift to come; return when to be asked again."""
        shifts = self._shifts
        shifts.bearing(t_ms, self._per_min)
        from_ms, end_ms, amount = shifts.from_ms, shifts.end_ms, shifts.amount
        random = self._random
        share, roll, turn, foot_roll = [random.random() for _ in range(4)]
        # Whoever is about to walk off, or has just come to a stand, shifts without leaning.
        if from_ms < t_ms or end_ms >= self._until_ms:
            return end_ms
        limb = self._limb
        span_ms = end_ms - from_ms
        to_and_fro(limb.tilt, -LEAN_RAD * amount * share, from_ms, span_ms)
        to_and_fro(limb.roll, ROLL_RAD * amount * roll, from_ms, span_ms)
        to_and_fro(limb.foot_roll, SOLE_RAD * amount * foot_roll, from_ms, span_ms)
        if amount <= 1.0:
            to_and_fro(limb.sole, SOLE_RAD * (2.0 * turn - 1.0), from_ms, span_ms)
            return end_ms
        # The load is that of a sine's square: beyond 1, nothing is left of it for so long.
        free_ms = round(span_ms * (1.0 - 2.0 * asin(sqrt(1.0 / amount)) / pi))
        lift = HEEL_CHANGE_RAD / PEAK_CHANGE * (0.0005 * free_ms) ** 2
        to_and_fro(limb.sole, -lift, from_ms + (span_ms - free_ms) // 2, free_ms)
        return end_ms
