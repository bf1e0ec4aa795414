"""What is learnt of a walker from how the shank turns: what is usual outlives a gap."""

from typing import Final

LEARNING: Final = 0.3
"""Weight of a stride against those before it."""

SHRINKING: Final = 0.1
"""The same where a stride was smaller: a few short steps do not change what is usual."""

FIRST_PUSH: Final = 0.6
"""Rate of the push-off against that of the swing, until one has been seen."""

FIRST_OFF: Final = 0.55
"""Where the heel comes off in the tilt's range, from the back, until it has been seen."""

LEAST_SWING_DPS: Final = 30.0
LEAST_RANGE_DEG: Final = 12.0
"""A smaller turn is no swing, whoever walks."""


class ShankWalker:
    """The walker's usual swing, push-off and tilt.

    Attributes
    ----------
    swing_dps, range_deg, top_deg : float
        Usual peak rate of the swing, how far it turns the shank, and the tilt where it ends;
        nil before the first swing.
    now_dps, now_deg, from_deg : float
        The same of the last swing; after rest the usual ones, for the step will be as usual.
    push_share : float
        Peak rate of the push-off against the swing's.
    push_dps : float
        The peak rate that the next push-off will have, positive; after rest the usual one, for
        that of a few short steps is soon learnt but says nothing of a usual step.
    far_deg : float
        As far from the top as usual swings begin; nil while no range is known.
    off_share : float
        How much of the range lies behind the tilt at which the push-off begins.
    slow_share : float
        Rate in mid-stance against the push-off's.
    stride_us : float
        Usual time from contact to contact; nil before it is known.
    swings : int
        Seen.
    """

    __slots__ = (
        "_usual_push_dps",
        "far_deg",
        "from_deg",
        "now_deg",
        "now_dps",
        "off_share",
        "push_dps",
        "push_share",
        "range_deg",
        "slow_share",
        "stride_us",
        "swing_dps",
        "swings",
        "top_deg",
    )

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew: tilt means something else now."""
        self.swings: int = 0
        self.swing_dps: float = 0.0
        self.range_deg: float = 0.0
        self.top_deg: float = 0.0
        self.now_dps: float = 0.0
        self.now_deg: float = 0.0
        self.from_deg: float = 0.0
        self.push_share: float = FIRST_PUSH
        self.off_share: float = FIRST_OFF
        self.slow_share: float = 0.0
        self.stride_us: float = 0.0
        self.push_dps: float = 0.0
        self._usual_push_dps: float = 0.0
        self.far_deg: float = 0.0

    def expect(self, swing_dps: float, range_deg: float, push_dps: float) -> None:
        """Begin with what turns back and forward were like while the axis was sought."""
        self.swing_dps = self.now_dps = swing_dps
        self.range_deg = self.now_deg = range_deg
        if swing_dps > 0.0:
            self.push_share = min(1.5, push_dps / swing_dps)
        self._look_ahead()

    def swung(self, peak_dps: float, bottom_deg: float, top_deg: float) -> None:
        """Learn from a swing that ended on the ground."""
        turned_deg = top_deg - bottom_deg
        self.swings += 1
        weight = max(LEARNING, 0.7 / self.swings)
        smaller = max(SHRINKING, 0.7 / self.swings)
        more = weight if peak_dps > self.swing_dps else smaller
        self.swing_dps += more * (peak_dps - self.swing_dps)
        more = weight if turned_deg > self.range_deg else smaller
        self.range_deg += more * (turned_deg - self.range_deg)
        self.top_deg += weight * (top_deg - self.top_deg)
        self.now_dps = peak_dps
        self.now_deg = turned_deg
        self.from_deg = top_deg
        self._look_ahead()

    def pushed(self, peak_dps: float, off_deg: float, slow_dps: float) -> None:
        """Learn from a push-off that ended in a swing; rates forward are positive here."""
        if self.now_dps <= 0.0 or self.now_deg <= 0.0:
            return
        share = min(1.5, peak_dps / self.now_dps)
        self.push_share += LEARNING * (share - self.push_share)
        usual_dps = self._usual_push_dps or self.push_dps
        more = LEARNING if peak_dps > usual_dps else SHRINKING
        self._usual_push_dps = usual_dps + more * (peak_dps - usual_dps)
        share = min(0.9, max(0.3, (self.from_deg - off_deg) / self.now_deg))
        self.off_share += LEARNING * (share - self.off_share)
        if peak_dps > 0.0:
            self.slow_share += LEARNING * (min(1.0, slow_dps / peak_dps) - self.slow_share)
        self._look_ahead()

    def strode(self, stride_us: float) -> None:
        """Learn from a whole stride."""
        if self.stride_us == 0.0:
            self.stride_us = stride_us
        self.stride_us += LEARNING * (stride_us - self.stride_us)

    def rested(self) -> None:
        """Expect a usual step next."""
        self.now_dps = self.swing_dps
        self.now_deg = self.range_deg
        self.from_deg = self.top_deg
        self.push_dps = self._usual_push_dps or self.push_share * self.swing_dps
        self.far_deg = self.range_deg

    def _look_ahead(self) -> None:
        """Work out what every reading is held against."""
        self.push_dps = self.push_share * self.now_dps
        self.far_deg = max(self.range_deg, self.now_deg)

    def share(self, tilt_deg: float) -> float:
        """Return how much of the range lies behind a tilt; 0 while no range is known."""
        return (self.from_deg - tilt_deg) / self.now_deg if self.now_deg > 0.0 else 0.0

    def far(self, tilt_deg: float) -> bool:
        """Return whether a tilt is as far forward as where usual swings begin."""
        return self.from_deg - tilt_deg >= self.far_deg > 0.0

    def snapshot(self) -> dict[str, object]:
        """Return what is usual."""
        return {
            "swings": self.swings,
            "swing_dps": round(self.swing_dps, 1),
            "range_deg": round(self.range_deg, 1),
            "push_share": round(self.push_share, 3),
            "off_share": round(self.off_share, 3),
            "slow_share": round(self.slow_share, 3),
            "stride_us": round(self.stride_us),
        }
