"""When the heel under a shank leaves the ground: by how fast the shank leans forward, or how far.

Rates and tilts are positive leaning back; what is fast or far is measured against what is usual
for the walker (``shank_walker``).
"""

from typing import Final

from fes_ctrl.gait.config import ShankImuConfig
from fes_ctrl.gait.shank_walker import ShankWalker
from fes_ctrl.units import Us, us_from_ms

OFF_RATE: Final = 0.4
"""Of the push-off's peak rate: faster is no rolling over the foot."""
OFF_BEYOND: Final = 0.25
"""At least so far from the rate of mid-stance to that of the push-off."""
LEAST_LEAN: Final = 0.35
"""Of the tilt's range, from the back: behind it the shank still settles after contact."""
IN_STEP: Final = 0.5
"""Of the hold, less than a stride after a contact: a push-off is due then, and a jerk is rare."""
SLOW_S: Final = 0.2
"""Time constant of the rate of mid-stance."""


class ShankHeel:
    """What the readings of one stance say about its heel.

    Parameters
    ----------
    config : ShankImuConfig
        Dials.
    walker : ShankWalker
        What is usual.

    Attributes
    ----------
    slow_dps : float
        Rate of mid-stance, positive forward.
    off_us : int
        Since when the heel seems to be off; negative while it does not.
    fast_us : int
        Since when the shank turns fast; negative while it does not.
    fast_deg : float
        Tilt at that instant.
    """

    __slots__ = (
        "_by_tilt",
        "_hold_us",
        "_in_step_us",
        "_tilt_on_deg",
        "_walker",
        "fast_deg",
        "fast_us",
        "off_us",
        "slow_dps",
    )

    def __init__(self, config: ShankImuConfig, walker: ShankWalker) -> None:
        self._walker = walker
        self._by_tilt: bool = config.by == "tilt"
        fixed = config.tilt_on_deg
        self._tilt_on_deg: float = 0.0 if fixed is None else fixed
        self._hold_us: Us = us_from_ms(config.hold_ms)
        self._in_step_us: Us = us_from_ms(IN_STEP * config.hold_ms)
        self.fast_deg: float = 0.0
        self.begin(0.0)

    def begin(self, slow_dps: float) -> None:
        """Begin a stance in which the heel is down."""
        self.slow_dps: float = slow_dps
        self.off_us: Us = -1
        self.fast_us: Us = -1

    def fast(self, rate: float) -> bool:
        """Return whether the shank turns forward faster than it rolls over a flat foot."""
        push_dps = self._walker.push_dps
        if -rate < OFF_RATE * push_dps:
            return False
        slow_dps = self.slow_dps
        return -rate >= slow_dps + OFF_BEYOND * (push_dps - slow_dps)

    def pushes(self, t_us: Us, rate: float, deg: float) -> None:
        """Take note of the first fast reading of a push-off."""
        if self.fast_us < 0 and self.fast(rate):
            self.fast_us = t_us
            self.fast_deg = deg

    def see(
        self, t_us: Us, dt_s: float, rate: float, deg: float, upright_deg: float, *, in_step: bool
    ) -> bool:
        """Take a reading of stance; return whether the heel has been off for long enough.

        Parameters
        ----------
        t_us : int
            When.
        dt_s : float
            Since the last.
        rate, deg : float
            Rate and tilt.
        upright_deg : float
            Tilt in quiet standing.
        in_step : bool
            Whether a push-off is due, less than a stride after a contact.
        """
        # So far back it only rolls over the foot, however fast.
        fast = self.fast(rate) and self._walker.share(deg) >= LEAST_LEAN
        if not fast:
            self.fast_us = -1
            slow_dps = self.slow_dps
            slow_dps += (dt_s / SLOW_S if dt_s < SLOW_S else 1.0) * (-rate - slow_dps)
            self.slow_dps = max(0.0, slow_dps)
        elif self.fast_us < 0:
            self.fast_us = t_us
            self.fast_deg = deg
        if not self._is_off(rate, deg, upright_deg, fast=fast):
            self.off_us = -1
            return False
        if self.off_us < 0:
            self.off_us = t_us
        return t_us - self.off_us >= (self._in_step_us if in_step else self._hold_us)

    def _is_off(self, rate: float, deg: float, upright_deg: float, *, fast: bool) -> bool:
        walker, forward = self._walker, rate < 0.0
        if not self._by_tilt:
            return fast or (forward and walker.far(deg))
        if self._tilt_on_deg > 0.0:
            return forward and deg - upright_deg <= -self._tilt_on_deg
        return forward and walker.share(deg) >= walker.off_share
