"""Sitting down, small movements on the chair, and rising.

References
----------
Studies of rising place the feet so that the shank leans forward by 0, 10 or 20 degrees, and let it
last 1 to 8 s (PMC4122698); the load on the feet is greatest before the body is up (Percept Mot
Skills 111:496, 2010). Sizes without a source are assumptions.
"""

from math import radians
from random import Random
from typing import Final

from hil.patient.rest.limb import Limb, to_and_fro

WAY_MS: Final = (1500.0, 2500.0)
"""How long it takes to sit down, and to rise."""

LEAN_DEG: Final = (12.0, 22.0)
"""How far the shank leans forward while the body is between chair and stand. Assumption."""

SEATED_DEG: Final = (-15.0, 5.0)
"""Tilt of the shank on the chair: the feet stand a little behind the knees, or before them."""

SEATED_BEARING: Final = (0.1, 0.2)
"""What a seated foot bears, of what it bears in standing: the two together 10 to 20 % of the
body's weight, most of it shank and foot. Assumption."""

DIP: Final = 0.9
PEAK: Final = (1.1, 1.3)
"""A body that starts to fall or comes to its full height weighs less for a moment, and one that is
caught or raised weighs more. Assumption."""

BACKWARDS: Final = 0.2
"""The heel's share grows by this between chair and stand. Assumption."""

ROLL_UP_DEG: Final = (0.0, 3.0)
SLIDE_M: Final = (-0.05, 0.01)
"""As the body meets the chair the foot may roll back on its heel and slide. Assumption."""

LEAST_MS: Final = 4_000
"""Who has less time than this stays standing."""

FIDGET_M: Final = (0.03, 0.12)
FURTHEST_M: Final = 0.1
FIDGET_DEG: Final = (5.0, 20.0)
"""On the chair a foot slides, or lifts its heel or its toes, so far. Assumption."""

LIGHT: Final = 0.4
"""A foot that slides bears so much of what it bore. Assumption."""


class Sitting:
    """How one leg sits down, moves on the chair, and rises.

    Parameters
    ----------
    limb : Limb
        Whose courses.
    shank_m : float
        Length of the shank.
    random : random.Random
        Its own stream.

    Attributes
    ----------
    seated_ms, rise_ms : int
        On the chair from when to when.
    bearing : float
        Of the seated foot.
    """

    __slots__ = (
        "_at_m",
        "_limb",
        "_random",
        "_shank_m",
        "_tilt",
        "_up_ms",
        "bearing",
        "rise_ms",
        "seated_ms",
    )

    def __init__(self, limb: Limb, shank_m: float, random: Random) -> None:
        self._limb = limb
        self._shank_m: float = shank_m
        self._random = random
        self._tilt: float = 0.0
        self._at_m: float = 0.0
        self._up_ms: int = 0
        self.bearing: float = 1.0
        self.seated_ms: int = 0
        self.rise_ms: int = 0

    def begin(self, from_ms: int, until_ms: int) -> bool:
        """Sit down, so as to rise in time; return whether there is time for it."""
        if until_ms - from_ms < LEAST_MS:
            return False
        random, limb = self._random, self._limb
        longest = 0.4 * (until_ms - from_ms)
        down_ms = round(min(longest, random.uniform(*WAY_MS)))
        self._up_ms = round(min(longest, random.uniform(*WAY_MS)))
        self._tilt = radians(random.uniform(*SEATED_DEG))
        self._at_m = 0.0
        self.bearing = random.uniform(*SEATED_BEARING)
        self.seated_ms = from_ms + down_ms
        self.rise_ms = until_ms - self._up_ms
        dips_ms, bends_ms = down_ms // 4, 3 * down_ms // 5
        met_ms, rest_ms = from_ms + bends_ms, down_ms - bends_ms
        limb.tilt.go(-radians(random.uniform(*LEAN_DEG)), from_ms, bends_ms)
        limb.tilt.go(self._tilt, met_ms, rest_ms)
        limb.bearing.go(DIP, from_ms, dips_ms)
        limb.bearing.go(random.uniform(*PEAK), from_ms + dips_ms, bends_ms - dips_ms)
        limb.bearing.go(self.bearing, met_ms, rest_ms)
        to_and_fro(limb.heel, BACKWARDS, from_ms, down_ms)
        to_and_fro(limb.pitch, radians(random.uniform(*ROLL_UP_DEG)), met_ms, rest_ms)
        limb.slide.go(limb.slide.value + random.uniform(*SLIDE_M), met_ms, rest_ms)
        return True

    def rise(self) -> None:
        """Stand up: the way down, mirrored."""
        random, limb = self._random, self._limb
        from_ms, up_ms = self.rise_ms, self._up_ms
        bends_ms, dips_ms = 2 * up_ms // 5, 3 * up_ms // 4
        up_from_ms = from_ms + bends_ms
        limb.tilt.go(-radians(random.uniform(*LEAN_DEG)), from_ms, bends_ms)
        limb.tilt.go(0.0, up_from_ms, up_ms - bends_ms)
        limb.bearing.go(random.uniform(*PEAK), from_ms, bends_ms)
        limb.bearing.go(DIP, up_from_ms, dips_ms - bends_ms)
        limb.bearing.go(1.0, from_ms + dips_ms, up_ms - dips_ms)
        to_and_fro(limb.heel, BACKWARDS, from_ms, up_ms)

    def fidget(self, t_ms: int, per_min: float) -> int:
        """Move a little on the chair, now and then; return when to be asked again."""
        random, limb = self._random, self._limb
        from_ms = t_ms + round(min(1e9, 60_000.0 / per_min * random.expovariate(1.0)))
        span_ms = round(random.uniform(400.0, 1000.0))
        hold_ms = round(random.uniform(0.0, 1500.0))
        kind, size = random.random(), random.random()
        if from_ms + 2 * span_ms + hold_ms >= self.rise_ms:
            return self.rise_ms
        if kind < 0.5:
            low_m, high_m = FIDGET_M
            by_m = low_m + (high_m - low_m) * size
            if self._at_m + by_m > FURTHEST_M:
                by_m = -by_m
            self._at_m += by_m
            limb.slide.go(limb.slide.value + by_m, from_ms, span_ms)
            # The knee stays where it is: a foot that slides forward leans the shank back.
            limb.tilt.go(self._tilt + self._at_m / self._shank_m, from_ms, span_ms)
            half_ms = span_ms // 2
            limb.bearing.go(LIGHT * self.bearing, from_ms, half_ms)
            limb.bearing.go(self.bearing, from_ms + half_ms, span_ms - half_ms)
            return from_ms + span_ms
        low_deg, high_deg = FIDGET_DEG
        angle = radians(low_deg + (high_deg - low_deg) * size)
        down_ms = span_ms // 2
        limb.pitch.go(angle if kind > 0.8 else -angle, from_ms, span_ms)
        limb.pitch.go(0.0, from_ms + span_ms + hold_ms, down_ms, thuds=True)
        return from_ms + span_ms + hold_ms + down_ms
