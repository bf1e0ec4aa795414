"""What a heel or forefoot bears, and where it counts as loaded: thresholds that follow the wearer.

A child bears a third of what a heavy man bears, a tight strap presses where nothing is borne, and
sensors creep. So the range is learnt from whole load cycles, up and down again. Standing and
weight shifts are no cycles: what is learnt in walking holds through them.
"""

from typing import Final

from fes_ctrl.units import Us

SWITCH_LEVEL: Final = 0.5

LEAST_RANGE_N: Final = 20.0
"""A load that moves by less is noise."""

LOW_SHARE: Final = 0.25
HIGH_SHARE: Final = 0.75
"""Of the range, between which a load has to go for a cycle."""

KNOWN_CYCLES: Final = 3
LEARNING: Final = 0.5
HIGHEST_GROWTH: Final = 1.5
"""A cycle that reaches beyond so many times the range is a knock."""

LOST_EDGES: Final = 8
"""So many edges without a cycle: the range is not the wearer's any more."""


class LoadRange:
    """Two thresholds that follow the range of one load.

    Parameters
    ----------
    on_n, off_n : float
        The thresholds until three cycles have shown the range.
    full_n : float
        The range for which they are meant; later ones are the same share of the wearer's.
    adapts : bool
        False: the thresholds stay.

    Attributes
    ----------
    on, off : float
        Above ``on`` there is load, below ``off`` there is none, newton.
    low, high : float
        What is read of nothing and of the full load, newton; nothing known: 0 and 0.
    cycles : int
        So many have been seen.
    """

    __slots__ = (
        "_adapts",
        "_bottom",
        "_edges",
        "_off_n",
        "_off_share",
        "_on_n",
        "_on_share",
        "_rising",
        "_top",
        "cycles",
        "high",
        "low",
        "off",
        "on",
    )

    def __init__(self, on_n: float, off_n: float, full_n: float, *, adapts: bool = True) -> None:
        self._adapts = adapts
        self._on_n = on_n
        self._off_n = off_n
        self._on_share = on_n / full_n
        self._off_share = off_n / full_n
        self.forget()

    def forget(self) -> None:
        """Know nothing of the wearer."""
        self.on = self._on_n
        self.off = self._off_n
        self.low = 0.0
        self.high = 0.0
        self.cycles = 0
        self._edges = 0
        self.restart()

    def restart(self) -> None:
        """Begin a new cycle: the last one was broken off."""
        self._rising = True
        self._bottom = 1e9
        self._top = -1e9

    @property
    def known(self) -> bool:
        """Whether the thresholds are the wearer's."""
        return self.cycles >= KNOWN_CYCLES

    def follow(self, value: float) -> bool:
        """Take a reading, newton; return whether the thresholds have moved."""
        if not self._adapts:
            return False
        bottom = self._bottom
        top = self._top
        if value < bottom:
            self._bottom = bottom = value
        if value > top:
            self._top = top = value
        span = self.high - self.low
        if self.cycles == 0 or span < top - bottom:
            span = top - bottom
            base = bottom
        else:
            base = self.low
        if span < LEAST_RANGE_N:
            return False
        if self._rising:
            if value > base + HIGH_SHARE * span:
                self._rising = False
            return False
        if value >= base + LOW_SHARE * span:
            return False
        self._learn(bottom, top)
        self._rising = True
        self._bottom = value
        self._top = value
        return self.known

    def _learn(self, bottom: float, top: float) -> None:
        """Take the extremes of a cycle that ends here."""
        self._edges = 0
        self.cycles += 1
        weight = max(LEARNING, 1.0 / self.cycles)
        if self.known:
            top = min(top, self.low + HIGHEST_GROWTH * (self.high - self.low))
        self.low += weight * (bottom - self.low)
        self.high += weight * (top - self.high)
        span = self.high - self.low
        if self.known and span >= LEAST_RANGE_N:
            self.on = self.low + self._on_share * span
            self.off = self.low + self._off_share * span

    def edge(self) -> bool:
        """Count a crossing of the thresholds; return whether the range has been forgotten."""
        self._edges += 1
        if self._edges < LOST_EDGES or not self.known:
            return False
        self.forget()
        return True

    def snapshot(self) -> dict[str, object]:
        """Return the range and the thresholds, newton."""
        return {
            "low_N": round(self.low, 1),
            "high_N": round(self.high, 1),
            "on_N": round(self.on, 1),
            "off_N": round(self.off, 1),
            "known": self.known,
        }


def crossing_us(before_us: Us, before: float, t_us: Us, value: float, level: float) -> Us:
    """Return when a level was crossed between two readings, by linear interpolation.

    A switch has no course between two readings: its levels give the later one. So does a level
    that was moved in between.
    """
    if level == SWITCH_LEVEL or value == before:
        return t_us
    share = (level - before) / (value - before)
    if not 0.0 <= share <= 1.0:
        return t_us
    return before_us + round(share * (t_us - before_us))
