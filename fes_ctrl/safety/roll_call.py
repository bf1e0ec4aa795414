"""Which of a leg's sensors stay away while the others go on.

The leg's own silence is ``freshness``'s; here it only keeps the roll from being called. A sensor
that has never spoken is not worn.
"""

from typing import Final

from fes_ctrl.safety.freshness import SensorMonitor
from fes_ctrl.units import NEVER_US, Us

AWAY_US: Final = 500_000
"""Nothing is stopped for it, so it is told of what is gone, not of packets that were lost: five
times the age at which a leg is silent by the standard limits, and never sooner than that age."""

BACK_AFTER_US: Final = 500_000


class RollCall:
    """The sensors of one leg, one by one.

    Parameters
    ----------
    monitor : SensorMonitor
        Of the leg as a whole.
    max_age_us : int
        A sensor that is back and pauses for longer is away again.

    Attributes
    ----------
    last_us : dict of str to int
        The newest sample of each sensor that has spoken.
    deadline_us : int
        When ``expire`` wants to be called; ``NEVER_US`` where there is no sensor but one.
    """

    __slots__ = ("_max_age_us", "_monitor", "_returned_us", "deadline_us", "last_us")

    def __init__(self, monitor: SensorMonitor, max_age_us: Us) -> None:
        self._monitor = monitor
        self._max_age_us = max_age_us
        self._returned_us: dict[str, Us] = {}
        self.last_us: dict[str, Us] = {}
        self.deadline_us: Us = NEVER_US

    def saw(self, sensor: str, now_us: Us) -> bool:
        """Take note of a sample; return whether its sensor was told of and is back for good."""
        last_us = self.last_us.get(sensor)
        self.last_us[sensor] = now_us
        if last_us is None:
            self._ask_again()
            return False
        if not self._returned_us or sensor not in self._returned_us:
            return False
        if now_us - last_us > self._max_age_us:
            self._returned_us[sensor] = now_us
            return False
        if self._monitor.silent or now_us - self._returned_us[sensor] < BACK_AFTER_US:
            return False
        del self._returned_us[sensor]
        self._ask_again()
        return True

    def expire(self, at_us: Us) -> list[str]:
        """Take note that a deadline has come; return the sensors that are away since now."""
        away: list[str] = []
        if self._monitor.silent:
            self.deadline_us = NEVER_US
            return away
        for sensor, last_us in self.last_us.items():
            if sensor not in self._returned_us and at_us - last_us >= AWAY_US:
                away.append(sensor)
        for sensor in away:
            self._returned_us[sensor] = at_us
        self._ask_again()
        return away

    def resume(self, now_us: Us) -> None:
        """Call the roll again after the leg's silence, at once where one has been away so long."""
        self._ask_again()
        self.deadline_us = max(now_us, self.deadline_us)

    def _ask_again(self) -> None:
        soonest_us = NEVER_US
        if len(self.last_us) > 1:
            for sensor, last_us in self.last_us.items():
                if sensor not in self._returned_us:
                    soonest_us = min(soonest_us, last_us + AWAY_US)
        self.deadline_us = soonest_us
