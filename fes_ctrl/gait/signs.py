"""Signs of a foot that is about to leave the ground: one class for each thing that may be worn.

Each is told the events of the leg, learns from them what usually comes before a heel-off, and
shows nothing before it has.
"""

from typing import Final

from fes_ctrl.gait.tipping import LEARNING, Tipping
from fes_ctrl.model import FOOT_FLAT, HEEL_OFF, INITIAL_CONTACT
from fes_ctrl.units import Us

KNOWN: Final = 3
"""So many heel-offs show what usually comes before one."""

HOLDS_US: Final = 20_000
"""A sign counts when it has held for so long."""

GIVE_BACK: Final = 0.5
"""A sign that falls back below this share of its threshold is withdrawn."""

LEAST_TIP_DEG: Final = 1.0

TIP_SHARE: Final = 1.0 / 3.0
"""Of the way that the foot has tipped when a heel-off is told."""

NOISES: Final = 4.0
"""A foot at rest seems to tip so many times its mean deviation, and no more."""

LEAST_RATE_DPS: Final = 4.0

LEAN_SHARE: Final = 0.8
"""Of the way that the shank goes from contact to heel-off. It stands upright at about half."""

LEAST_LEAN_DEG: Final = 10.0

FORGETS: Final = 0.02
"""Of the farthest lean, in a stride. Who shuffles leans less; the stance in which he stops then
may bring him up as far as that, so a shorter lean is learnt slowly."""

HEEL_SHARE: Final = 0.25

FORE_SHARE: Final = 0.5
"""Who stands has half his weight on a foot, and half of that on the forefoot: a quarter of what
the forefoot bears alone. Beyond a half, the body goes over it."""

BORE_SHARE: Final = 0.5


class Sign:
    """Since when something has been so: it has to hold for a while, and may be withdrawn."""

    __slots__ = ("_from_us", "seen_us", "since_us")

    def __init__(self) -> None:
        self._from_us: Us = -1
        self.seen_us: Us = -1
        self.since_us: Us = -1

    def clear(self) -> None:
        """Take it that it is not so."""
        self._from_us = -1
        self.since_us = -1

    def see(self, arrive_us: Us, *, shown: bool, kept: bool) -> None:
        """Take how it looks: shown, or at least no reason to withdraw it."""
        self.seen_us = arrive_us
        if self.since_us >= 0:
            if not kept:
                self.clear()
        elif not shown:
            self._from_us = -1
        else:
            if self._from_us < 0:
                self._from_us = arrive_us
            if arrive_us - self._from_us >= HOLDS_US:
                self.since_us = arrive_us


class FootTips:
    """A foot IMU: the foot tips toe-down out of its rest, beyond what rest looks like."""

    __slots__ = ("_noise_deg", "_quieted", "_rested", "_tipping", "sign")

    def __init__(self) -> None:
        self._tipping = Tipping()
        self._noise_deg = 0.3
        self._rested = False
        self._quieted = False
        self.sign = Sign()

    def event(self, kind: str) -> None:
        """Take an event of the leg."""
        if kind == HEEL_OFF:
            if self._rested:
                self._tipping.learn(LEAST_TIP_DEG)
            self._tipping.stride()
            self._rested = False
            self._quieted = False
            self.sign.clear()
        elif kind in {INITIAL_CONTACT, FOOT_FLAT}:
            self.sign.clear()

    def forget(self) -> None:
        """Start anew: readings are missing."""
        self._tipping.forget()
        self._rested = False
        self._quieted = False
        self.sign.clear()

    def move(self, t_us: Us, arrive_us: Us, values: tuple[float, ...]) -> None:
        """Take a reading."""
        tipping = self._tipping
        was_still, was_quiet = tipping.still, tipping.quiet
        tipping.move(t_us, values, leaks=True)
        if tipping.still and not was_still and self.sign.since_us < 0:
            if not self._rested:
                tipping.zero()
            self._rested = True
        if tipping.quiet and not was_quiet and not self._quieted and self.sign.since_us < 0:
            # Only now the foot has ceased to come down.
            tipping.zero()
            self._quieted = True
        if not self._rested or tipping.known < KNOWN:
            return
        tip_deg = tipping.tipped_deg
        least_deg = max(LEAST_TIP_DEG, TIP_SHARE * tipping.usual_deg, NOISES * self._noise_deg)
        shown = tip_deg >= least_deg and tipping.rate_dps >= LEAST_RATE_DPS
        self.sign.see(arrive_us, shown=shown, kept=tip_deg >= GIVE_BACK * least_deg)
        if tipping.still and tip_deg < least_deg:
            self._noise_deg += 0.01 * (abs(tip_deg) - self._noise_deg)


class ShankLeans:
    """A shank IMU: the shank has leant forwards nearly as far as it does until heel-off."""

    __slots__ = ("_counts", "_farthest_deg", "_tipping", "sign")

    def __init__(self) -> None:
        self._tipping = Tipping()
        self._counts = False
        self._farthest_deg = 0.0
        self.sign = Sign()

    def event(self, kind: str) -> None:
        """Take an event of the leg."""
        if kind == HEEL_OFF:
            if self._counts:
                self._tipping.learn(LEAST_LEAN_DEG)
            self._farthest_deg = max(self._tipping.usual_deg, (1.0 - FORGETS) * self._farthest_deg)
            self._counts = False
            self.sign.clear()
        elif kind == INITIAL_CONTACT:
            self._tipping.zero()
            self._counts = True
            self.sign.clear()

    def forget(self) -> None:
        """Start anew: readings are missing."""
        self._tipping.forget()
        self._counts = False
        self.sign.clear()

    def move(self, t_us: Us, arrive_us: Us, values: tuple[float, ...]) -> None:
        """Take a reading."""
        tipping = self._tipping
        tipping.move(t_us, values, leaks=False)
        if not self._counts or tipping.known < KNOWN:
            return
        least_deg = LEAN_SHARE * self._farthest_deg
        far = tipping.tipped_deg >= least_deg
        self.sign.see(
            arrive_us,
            shown=far and tipping.rate_dps >= LEAST_RATE_DPS,
            kept=tipping.tipped_deg >= (1.0 - GIVE_BACK * (1.0 - LEAN_SHARE)) * least_deg,
        )


class Unloading:
    """Heel and forefoot force: the heel empties while the body goes over the forefoot.

    A heel that empties alone shows nothing: so does that of one who shifts his weight to the
    other leg. Nor does one that bore nothing, in a foot that landed on its toes.
    """

    __slots__ = (
        "_counts",
        "_fore_n",
        "_fore_top_n",
        "_fore_us",
        "_heel_top_n",
        "_usual_fore_n",
        "_usual_heel_n",
        "known",
        "sign",
    )

    def __init__(self) -> None:
        self._counts = False
        self._heel_top_n = 0.0
        self._fore_top_n = 0.0
        self._fore_n = 0.0
        self._fore_us: Us = -1
        self._usual_fore_n = 0.0
        self._usual_heel_n = 0.0
        self.known = 0
        self.sign = Sign()

    def event(self, kind: str) -> None:
        """Take an event of the leg."""
        if kind == INITIAL_CONTACT:
            if self._fore_top_n > 0.0:
                weight = max(LEARNING, 1.0 / (self.known + 1.0))
                self._usual_fore_n += weight * (self._fore_top_n - self._usual_fore_n)
                self._usual_heel_n += weight * (self._heel_top_n - self._usual_heel_n)
                self.known += 1
            self._fore_top_n = 0.0
            self._heel_top_n = 0.0
            self._counts = True
            self.sign.clear()
        elif kind != FOOT_FLAT:
            self._counts = False
            self.sign.clear()

    def forget(self) -> None:
        """Start anew: readings are missing."""
        self._heel_top_n = 0.0
        self._fore_top_n = 0.0
        self._counts = False
        self.sign.clear()

    def fore(self, t_us: Us, value_n: float) -> None:
        """Take a reading of the forefoot."""
        self._fore_n = value_n
        self._fore_us = t_us
        self._fore_top_n = max(self._fore_top_n, value_n)

    def heel(self, t_us: Us, arrive_us: Us, value_n: float, max_gap_us: Us) -> None:
        """Take a reading of the heel."""
        self._heel_top_n = max(self._heel_top_n, value_n)
        fresh = self._fore_us >= 0 and t_us - self._fore_us <= max_gap_us
        if not self._counts or self.known < KNOWN or not fresh:
            self.sign.clear()
            return
        share = value_n / max(1.0, self._heel_top_n)
        over = self._fore_n / max(1.0, self._usual_fore_n)
        bore = self._heel_top_n >= BORE_SHARE * self._usual_heel_n
        self.sign.see(
            arrive_us,
            shown=bore and share <= HEEL_SHARE and over >= FORE_SHARE,
            kept=share <= 2.0 * HEEL_SHARE and over >= GIVE_BACK * FORE_SHARE,
        )
