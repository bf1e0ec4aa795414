"""How the current rises: within a burst from its start, and from one burst to the next."""

import math
from typing import Final

KEPT: Final = ""


class Rise:
    """The peaks of one electrode's bursts.

    The *plateau* is the last peak that was held for two pulses. A burst that was cut in its rise
    says nothing of the level that was set, and lowers no bar.

    Parameters
    ----------
    start_ua : float
        What any burst may begin with, and the highest peak of the first burst from zero;
        infinite: nobody limits either.
    step_ua : float
        Most that a peak above ``start_ua`` may rise above the plateau before.
    ramp_us : float
        Least time from ``start_ua`` to the highest peak that this burst may have; 0: none.
    jitter_us : int
        How much of that time the wire may take away.

    Attributes
    ----------
    got, allowed : float
        Of the limit that ``see`` has just named, in its unit.
    """

    __slots__ = (
        "_from_us",
        "_held",
        "_jitter_us",
        "_last_ua",
        "_peak_ua",
        "_plateau_ua",
        "_ramp_us",
        "_start_ua",
        "_step_ua",
        "_told",
        "allowed",
        "got",
    )

    def __init__(self, start_ua: float, step_ua: float, ramp_us: float, jitter_us: int) -> None:
        self._start_ua = start_ua
        self._step_ua = step_ua
        self._ramp_us = ramp_us
        self._jitter_us = jitter_us
        self._from_us = 0
        self._last_ua = 0
        self._peak_ua = 0
        self._plateau_ua = 0
        self._held = False
        self._told = KEPT
        self.got = 0.0
        self.allowed = 0.0

    def from_zero(self) -> None:
        """Take it that the level is raised from zero: what was before no longer counts."""
        self._plateau_ua = self._peak_ua = self._last_ua = 0
        self._held = False

    def begin(self, t_us: int) -> None:
        """Take it that the next pulse is the first of a burst."""
        if self._held:
            self._plateau_ua = self._peak_ua
        else:
            self._plateau_ua = max(self._plateau_ua, self._peak_ua)
        self._from_us = t_us
        self._peak_ua = self._last_ua = 0
        self._held = False
        self._told = KEPT

    def see(self, t_us: int, current_ua: int) -> str:
        """Take one pulse.

        Returns
        -------
        str
            The limit that its rise breaks, each once a burst; else ``KEPT``.
        """
        if current_ua > self._peak_ua:
            self._peak_ua = current_ua
            self._held = False
        elif current_ua == self._peak_ua == self._last_ua:
            self._held = True
        self._last_ua = current_ua
        limit = self._judge(t_us - self._from_us, current_ua)
        if limit in {KEPT, self._told}:
            return KEPT
        self._told = limit
        return limit

    def _judge(self, since_us: int, current_ua: int) -> str:
        start_ua = self._start_ua
        top_ua = start_ua
        if self._plateau_ua:
            top_ua = self._plateau_ua + self._step_ua
            if start_ua < math.inf:
                top_ua = max(top_ua, start_ua)
        if current_ua > top_ua:
            if self._plateau_ua == 0:
                self.got, self.allowed = current_ua / 1e3, start_ua / 1e3
                return "start_mA"
            self.got, self.allowed = (current_ua - self._plateau_ua) / 1e3, self._step_ua / 1e3
            return "level_step_mA"
        if self._ramp_us == 0.0 or current_ua <= start_ua:
            return KEPT
        if since_us == 0:
            self.got, self.allowed = current_ua / 1e3, start_ua / 1e3
            return "start_mA"
        # The whole rise would take so long at the slope from the start to here.
        whole_us = (since_us + self._jitter_us) * (top_ua - start_ua) / (current_ua - start_ua)
        if whole_us < self._ramp_us:
            self.got, self.allowed = whole_us / 1e3, self._ramp_us / 1e3
            return "ramp_min_ms"
        return KEPT
