"""Whether a leg's sensor can be trusted now: fresh, silent and inhibited, or latched.

A walk survives a short dropout by itself; a long one, or one after another, waits for a person.
"""

from typing import Final

from fes_ctrl.units import NEVER_US, Us

RESUME_AFTER_US: Final = 500_000
LATCH_AFTER_US: Final = 2_000_000
DROPOUTS_TO_LATCH: Final = 3
DROPOUT_WINDOW_US: Final = 10_000_000


class SensorMonitor:
    """The freshness of one leg's samples.

    Attributes
    ----------
    silent : bool
        No stimulation: samples stay away, or have not been back for long enough.
    latched : bool
        Silent for too long or too often.
    deadline_us : int
        When ``expire`` wants to be called.
    last_us : int
        The newest sample.
    fresh_since_us : int
        In a silence: the first sample after which none stayed away, ``NEVER_US`` where there is
        none yet.
    """

    __slots__ = (
        "_dropouts_us",
        "_max_age_us",
        "deadline_us",
        "fresh_since_us",
        "last_us",
        "latched",
        "silent",
    )

    def __init__(self, max_age_us: Us) -> None:
        self._max_age_us = max_age_us
        self._dropouts_us: list[Us] = []
        self.fresh_since_us: Us = NEVER_US
        self.last_us: Us = -NEVER_US
        self.deadline_us: Us = NEVER_US
        self.silent = False
        self.latched = False

    def saw(self, arrived_us: Us) -> bool:
        """Take note of a sample; return whether it ended a silence."""
        self.last_us = arrived_us
        self.deadline_us = arrived_us + self._max_age_us
        if not self.silent:
            return False
        if self.fresh_since_us == NEVER_US:
            self.fresh_since_us = arrived_us
        if self.latched or arrived_us - self.fresh_since_us < RESUME_AFTER_US:
            return False
        self.silent = False
        return True

    def expire(self, at_us: Us) -> str:
        """Take note that a deadline has come.

        Returns
        -------
        str
            ``F04`` where a silence began, ``F04L`` where it is now to be latched, else empty.
        """
        if not self.silent:
            self.silent = True
            self.fresh_since_us = NEVER_US
            self.deadline_us = self.last_us + LATCH_AFTER_US
            recent_us = at_us - DROPOUT_WINDOW_US
            self._dropouts_us = [t_us for t_us in self._dropouts_us if t_us > recent_us]
            self._dropouts_us.append(at_us)
            if len(self._dropouts_us) >= DROPOUTS_TO_LATCH:
                self.latched = True
                self.deadline_us = NEVER_US
                return "F04L"
            return "F04"
        if at_us - self.last_us >= LATCH_AFTER_US:
            self.deadline_us = NEVER_US
            if self.latched:
                return ""
            self.latched = True
            return "F04L"
        # Samples came back and stayed away again: the half second starts anew.
        self.fresh_since_us = NEVER_US
        self.deadline_us = self.last_us + LATCH_AFTER_US
        return ""

    def clear(self) -> None:
        """Let go of a latch; the silence itself still has to end."""
        self.latched = False
        self._dropouts_us.clear()
