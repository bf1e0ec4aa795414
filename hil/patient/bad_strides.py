"""Strides that go astray: which, how, and of which leg, drawn beforehand for a whole walk.

Nothing that is done to the patient changes them: every program meets the same ones. Kinds are dealt
like cards, each once before any comes again, so that a short walk has many of them; between two bad
strides there is always one that is not.
"""

from dataclasses import dataclass
from math import sqrt
from random import Random
from typing import Annotated, Final, Literal, NamedTuple, TypeAlias

from annotated_types import Ge, Le, MaxLen, MinLen

from hil.patient.plan import Manner

BadKind: TypeAlias = Literal[
    "short",
    "long",
    "hesitation",
    "stumble",
    "late_contact",
    "missed_contact",
    "chatter",
    "gap",
]

KINDS: Final[tuple[BadKind, ...]] = (
    "short",
    "long",
    "hesitation",
    "stumble",
    "late_contact",
    "missed_contact",
    "chatter",
    "gap",
)

RECOVERY_LIFT_M: Final = 0.02
"""After a stumble the leg is lifted by so much more. Assumption."""

EVERY_OTHER: Final = 2.0
"""Strides from one bad one to the next, at the least: what follows one belongs to it."""


@dataclass(frozen=True, slots=True)
class BadStridesConfig:
    """Strides that go astray on the way.

    Sizes that are measured are of 500 strides of four hemiparetic walkers (Sanchez Manchola et
    al. 2019, Sensors 19:2988, stalls of the host left out) and of 944 of three able and three
    Parkinsonian walkers (PhysioNet gaitpdb, turns included), each against its recording's median.

    Attributes
    ----------
    percent : float
        Of the strides; 0: none. Every other one at most.
    kinds : tuple of str
        What happens. To the leg: ``short``, ``long``: the whole stride. ``hesitation``: the swing
        takes longer. ``stumble``: the foot comes down early and flat, and the next step is lifted
        higher. To what its sensors tell: ``late_contact``: the heel bears late.
        ``missed_contact``: it does not bear in the stance that follows. ``chatter``: the heel
        switch opens and closes, whatever bears on it. ``gap``: no sample arrives. A kind that is
        named twice comes twice as often.
    short_percent, long_percent : float
        Stride time against the usual one: the 1st and 99th percentile of hemiparetic strides.
    hesitation_percent : float
        Of the usual swing time: the longest of the 944 swings.
    stumble_percent : float
        Of the usual swing time: the shortest of the 944 took 51 %; a foot that meets an obstacle
        from 60 % of swing on is always lowered by older walkers (Roos et al. 2010, Clin Biomech
        25:873).
    late_ms : float
        From the foot's contact until the heel bears: the latest of 947 steps of gaitpdb, but for
        two that were no steps.
    chatter_ms, chatter_hz : float
        For how long, from some instant of the stride on, and how often a second it opens.
        Assumptions.
    gap_ms : float
        For how long, from some instant of the stride on: the shortest tenth of the stalls in the
        recordings of the hemiparetic walkers. Longer ones: ``sensors.packets.stalls_per_min``.
    """

    percent: Annotated[float, Ge(0), Le(50)] = 0.0
    kinds: Annotated[tuple[BadKind, ...], MinLen(1), MaxLen(100)] = KINDS
    short_percent: Annotated[float, Ge(50), Le(100)] = 71.0
    long_percent: Annotated[float, Ge(100), Le(160)] = 127.0
    hesitation_percent: Annotated[float, Ge(100), Le(300)] = 182.0
    stumble_percent: Annotated[float, Ge(40), Le(100)] = 60.0
    late_ms: Annotated[float, Ge(10), Le(500)] = 120.0
    chatter_ms: Annotated[float, Ge(20), Le(3000)] = 400.0
    chatter_hz: Annotated[float, Ge(2.5), Le(20)] = 5.0
    gap_ms: Annotated[float, Ge(10), Le(5000)] = 300.0


class BadStride(NamedTuple):
    """One that has begun: what happens, since when, and when the contact that ends it is due."""

    kind: str
    from_us: int
    contact_us: int


class BadStrides:
    """Which strides of a timetable go astray.

    Parameters
    ----------
    config : BadStridesConfig
        How many, and what happens.
    legs : int
        How many legs it may happen to: those with drop foot.
    random : random.Random
        Its own stream.
    """

    __slots__ = ("_apart", "_config", "_deck", "_legs", "_random", "_wait")

    def __init__(self, config: BadStridesConfig, legs: int, random: Random) -> None:
        self._config = config
        self._legs = legs
        self._random = random
        self._deck: list[str] = []
        self._apart: float = 100.0 / config.percent if config.percent > 0.0 else 0.0
        self._wait: int = 0
        if self._apart > 0.0:
            self._draw_wait()

    def next(self) -> tuple[str, int]:
        """Return what happens in the next stride, nothing mostly, and which leg it happens to."""
        if self._apart == 0.0:
            return "", 0
        self._wait -= 1
        if self._wait > 0:
            return "", 0
        self._draw_wait()
        random = self._random
        if not self._deck:
            self._deck = [str(kind) for kind in self._config.kinds]
            random.shuffle(self._deck)
        leg = int(random.random() * self._legs)
        return self._deck.pop(), leg

    def _draw_wait(self) -> None:
        """Draw how many strides on the next bad one is: evenly, half less to half more."""
        spread = min(0.5 * self._apart, self._apart - EVERY_OTHER)
        self._wait = round(self._apart + spread * (2.0 * self._random.random() - 1.0))

    def manner(self, plain: Manner, kind: str) -> Manner:
        """Return how a leg makes a stride in which something happens to it.

        Parameters
        ----------
        plain : Manner
            How it would make it.
        kind : str
            What happens.
        """
        config = self._config
        if kind == "short":
            return _timed(plain, config.short_percent / 100.0)
        if kind == "long":
            return _timed(plain, config.long_percent / 100.0)
        if kind == "hesitation":
            return plain._replace(swing=config.hesitation_percent / 100.0)
        if kind == "stumble":
            return plain._replace(swing=config.stumble_percent / 100.0)
        return plain


def _timed(plain: Manner, times: float) -> Manner:
    """Return a stride that takes so much longer; half of that in longer steps. Assumption."""
    return plain._replace(period=plain.period * times, amplitude=plain.amplitude * sqrt(times))


def after_stumble(plain: Manner) -> Manner:
    """Return how a leg steps on after it has stumbled: from a flat foot, lifted higher."""
    return plain._replace(flat=True, lift_m=plain.lift_m + RECOVERY_LIFT_M)
