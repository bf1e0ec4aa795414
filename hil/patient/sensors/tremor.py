"""A foot on the ground is never perfectly still: a small rotation of a few hertz.

It is a damped oscillator under smooth noise, so its rate has no slow part, its angle goes nowhere,
and angle, rate and acceleration belong together.
"""

from math import exp, pi, radians, sqrt
from random import Random
from typing import Final, TypeAlias

Motion: TypeAlias = tuple[float, float, float, float, float]
"""Pitch (rad, toe-up positive), its rate and acceleration (rad/s, rad/s2), and the ankle's
forward and upward acceleration (m/s2)."""

TREMOR_HZ: Final = 2.5
DAMPING: Final = 0.5
SMOOTH_HZ: Final = 5.0
"""Centre of the band, the oscillator's damping ratio, and where the noise that drives it falls
off: most of the power lies between 1.5 and 4 Hz. Assumption."""

SETTLED_S: Final = 3.0
"""The oscillator has forgotten a kick after so long."""


class Tremor:
    """The rotation of one leg's foot and shank that only inertial sensors feel.

    Parameters
    ----------
    rate_deg_per_s : float
        Root mean square of its rate.
    period_s : float
        Time from one step to the next.
    random : random.Random
        Its own stream.
    """

    __slots__ = (
        "_angle",
        "_change",
        "_drive",
        "_keep",
        "_kick",
        "_period_s",
        "_pull",
        "_random",
        "_rate",
        "_smooth",
    )

    def __init__(self, rate_deg_per_s: float, period_s: float, random: Random) -> None:
        omega = 2.0 * pi * TREMOR_HZ
        self._keep: float = 1.0 - 2.0 * DAMPING * omega * period_s
        self._pull: float = omega * omega * period_s
        self._smooth: float = 1.0 - exp(-2.0 * pi * SMOOTH_HZ * period_s)
        self._period_s: float = period_s
        self._random = random
        self._drive: float = 0.0
        self._angle: float = 0.0
        self._rate: float = 0.0
        self._change: float = 0.0
        # The variance under smooth noise is the energy of the answer to one unit of it.
        energy = 0.0
        self._kick: float = 1.0
        for k in range(round(SETTLED_S / period_s)):
            self._go_on(1.0 if k == 0 else 0.0)
            energy += self._rate * self._rate
        self._drive = self._angle = self._rate = self._change = 0.0
        self._kick = radians(rate_deg_per_s) / sqrt(energy)

    def step(self) -> None:
        """Go on by one period."""
        self._go_on(self._random.gauss(0.0, 1.0))

    def _go_on(self, noise: float) -> None:
        before = self._rate
        drive = self._drive + self._smooth * (noise - self._drive)
        rate = self._keep * before - self._pull * self._angle + self._kick * drive
        self._drive = drive
        self._rate = rate
        self._angle += self._period_s * rate
        self._change = (rate - before) / self._period_s

    def laid_over(self, motion: Motion) -> Motion:
        """Return a motion with the present tremor."""
        pitch, rate, change, forward, upward = motion
        return (
            pitch + self._angle,
            rate + self._rate,
            change + self._change,
            forward,
            upward,
        )
