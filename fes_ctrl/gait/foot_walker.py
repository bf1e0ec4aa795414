"""What is learnt of a walker from how the foot turns: what is usual outlives a gap."""

from typing import Final

from fes_ctrl.gait.config import FootImuConfig
from fes_ctrl.units import Us, us_from_ms

LEARNING: Final = 0.3
"""Weight of a stride against those before it."""

LEAST_PUSH_DPS: Final = 25.0
FIRST_PUSH_DPS: Final = 100.0
WEAKER: Final = 0.9
DOUBTED: Final = 0.8
"""What is left of the usual push-off after one that was too weak, and after a stride was lost."""

FULL_TIP_DEG: Final = 20.0
"""A foot that tips by so much leaves no doubt; paretic feet tip by less."""


class FootWalker:
    """The walker's usual push-off and swing.

    Parameters
    ----------
    config : FootImuConfig
        Shares of the usual.

    Attributes
    ----------
    push_dps : float
        Usual peak rate of the push-off, positive.
    swing_us, swing_dps, swing_mps : float
        Usual length of the swing, its peak rate, its greatest speed ahead; nil before the first.
    tip_deg : float
        How far the foot usually tips toe-down.
    """

    __slots__ = (
        "_min_swing_us",
        "_push_share",
        "_swing_share",
        "push_dps",
        "swing_dps",
        "swing_mps",
        "swing_us",
        "tip_deg",
    )

    def __init__(self, config: FootImuConfig) -> None:
        self._push_share: float = config.push_share
        self._swing_share: float = config.swing_share
        self._min_swing_us: Us = us_from_ms(config.min_swing_ms)
        self.push_dps = FIRST_PUSH_DPS
        self.swing_us = 0.0
        self.swing_dps = 0.0
        self.swing_mps = 0.0
        self.tip_deg = 0.0

    def least_push_dps(self) -> float:
        """Return how fast a push-off is at least; a weaker one is none."""
        return max(LEAST_PUSH_DPS, self._push_share * self.push_dps)

    def least_swing_us(self) -> float:
        """Return how long a swing lasts at least, before which no contact is believed."""
        return max(self._min_swing_us, self._swing_share * self.swing_us)

    def sureness(self) -> float:
        """Return how sure events of a foot are that tips as far as this one, 0 to 1."""
        return min(1.0, self.tip_deg / FULL_TIP_DEG) if self.tip_deg > 0.0 else 1.0

    def pushed(self, peak_dps: float) -> None:
        """Learn from a push-off."""
        self.push_dps += LEARNING * (peak_dps - self.push_dps)

    def pushed_weakly(self) -> None:
        """Learn that a push-off was too weak to be one: perhaps they have all become weaker."""
        self.push_dps = max(LEAST_PUSH_DPS, WEAKER * self.push_dps)

    def lost(self) -> None:
        """Learn that a stride was not followed to its end."""
        self.push_dps = max(LEAST_PUSH_DPS, DOUBTED * self.push_dps)

    def swung(self, swing_us: float, peak_dps: float, ahead_mps: float, tip_deg: float) -> None:
        """Learn from a swing."""
        if self.swing_us == 0.0:
            self.swing_us = swing_us
            self.swing_dps = peak_dps
        self.swing_us += LEARNING * (swing_us - self.swing_us)
        self.swing_dps += LEARNING * (peak_dps - self.swing_dps)
        self.swing_mps += LEARNING * (ahead_mps - self.swing_mps)
        self.tip_deg += LEARNING * (tip_deg - self.tip_deg)
