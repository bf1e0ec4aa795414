"""Foot tapping: the forefoot about the heel, or the heel about the toes, and no step.

People left to themselves tap and step at about 2 a second (Rose et al., J Mov Disord 13:47, 2020).
Sizes are assumptions.
"""

from math import radians
from random import Random
from typing import Final

from hil.patient.plan import FOREVER_MS
from hil.patient.rest.limb import LIFTED_RAD, Limb

TOE_DEG: Final = (8.0, 20.0)
HEEL_LIFTS: Final = (1.3, 3.0)
"""The toe is raised by so many degrees; the heel by so many times what unloads it, which is 2 to
4.5 centimetres."""

UP: Final = 0.35
DOWN: Final = 0.25
HELD: Final = 0.1
"""Of the time from tap to tap a foot goes up, is held, and falls for so much, and lies for the
rest."""

LONGEST_MS: Final = (300, 200, 150)
"""However seldom it taps, it goes up, is held, and falls in so long."""

UNHURRIED_MS: Final = 400
"""Who taps more often than this lifts the foot less."""

BEARS: Final = {False: (0.4, 0.9), True: (0.2, 0.6)}
"""What the tapping leg of one who stands bears, tapping the toe, and tapping the heel."""

GOES_OVER_MS: Final = 800
"""How long the weight takes to go to the other leg first, and to come back."""

SCATTER: Final = 0.05
"""The time from tap to tap varies by so much."""


class Tapping:
    """How one leg taps.

    Parameters
    ----------
    limb : Limb
        Whose courses.
    random : random.Random
        Its own stream.
    """

    __slots__ = ("_heel", "_limb", "_period_ms", "_random", "_standing", "_until_ms")

    def __init__(self, limb: Limb, random: Random) -> None:
        self._limb = limb
        self._random = random
        self._heel: bool = False
        self._standing: bool = True
        self._period_ms: float = 0.0
        self._until_ms: int = 0

    def begin(
        self, from_ms: int, until_ms: int, per_min: float, *, heel: bool, standing: bool
    ) -> int:
        """Tap from one instant to another; return when to be asked first.

        Parameters
        ----------
        from_ms, until_ms : int
            At its end the foot lies on the ground, and bears what it bore.
        per_min : float
            Taps a minute.
        heel : bool
            The heel taps, not the toe.
        standing : bool
            The weight goes to the other leg first.
        """
        self._heel = heel
        self._standing = standing
        self._period_ms = 60_000.0 / per_min
        self._until_ms = until_ms
        if not standing or until_ms - from_ms < 2 * GOES_OVER_MS:
            self._standing = False
            return from_ms
        self._limb.bearing.go(self._random.uniform(*BEARS[heel]), from_ms, GOES_OVER_MS)
        self._until_ms -= GOES_OVER_MS
        return from_ms + GOES_OVER_MS

    def go_on(self, t_ms: int) -> int:
        """Tap once; return when to be asked again."""
        random, limb = self._random, self._limb
        period_ms = self._period_ms * (1.0 + SCATTER * max(-3.0, min(3.0, random.gauss(0.0, 1.0))))
        size = random.random()
        longest_up_ms, longest_hold_ms, longest_down_ms = LONGEST_MS
        up_ms = min(longest_up_ms, round(UP * period_ms))
        hold_ms = min(longest_hold_ms, round(HELD * period_ms))
        down_ms = min(longest_down_ms, round(DOWN * period_ms))
        end_ms = t_ms + max(up_ms + hold_ms + down_ms, round(period_ms))
        if end_ms >= self._until_ms:
            if self._standing:
                limb.bearing.go(1.0, self._until_ms, GOES_OVER_MS)
            return FOREVER_MS
        if self._heel:
            low, high = HEEL_LIFTS
            angle = -LIFTED_RAD * (low + (high - low) * size)
        else:
            low, high = TOE_DEG
            angle = radians(low + (high - low) * size)
        angle *= min(1.0, self._period_ms / UNHURRIED_MS)
        limb.pitch.go(angle, t_ms, up_ms)
        limb.pitch.go(0.0, t_ms + up_ms + hold_ms, down_ms, thuds=True)
        return end_ms
