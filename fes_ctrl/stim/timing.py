"""The times of one leg's program, in microseconds: when a burst begins and falls, and the pause."""

from typing import Final

from fes_ctrl.model import Capabilities
from fes_ctrl.stim.config import ProgramConfig
from fes_ctrl.stim.trains import SETPOINT_LIFE_US
from fes_ctrl.units import Us, us_from_ms

FELT_LATE_US: Final = SETPOINT_LIFE_US + 5_000
"""A pulse may be felt so long after its instant: its life; then line, device, a late loop."""

BURST_PAUSE_US: Final = 120_000
"""Least time from the last pulse of a burst to the first of the next, whatever the lock-out: so
that two bursts are two to everybody who counts their length by pauses of 100 ms, even where the
last pulse was written as late as it may be and the cable jitters."""

TEST_US: Final = 1_000_000
"""Plateau of a burst that a person asked for, as far as the program's time-out has room for it."""


def pause_us(slowest_us: Us, device: Capabilities) -> Us:
    """Return the least pause after a burst whose slowest train has this period.

    It has to stand out from the train, however late each pulse is felt: who counts the length of
    bursts takes even pulses for one. A device that repeats goes on until it has lingered.
    """
    varies_us = device.latency_us if device.period_us else device.spread_us
    longest_us = slowest_us + FELT_LATE_US + varies_us
    stands_out_us = max(2 * slowest_us, 3 * longest_us // 2 + 1) + FELT_LATE_US
    return max(BURST_PAUSE_US, stands_out_us) + (device.lingers_us or device.spread_us)


class Timing:
    """The times that one configuration of a program sets.

    Parameters
    ----------
    config : ProgramConfig
        Whose.

    Attributes
    ----------
    lead_us, end_lead_us : int
        How far ahead of predicted events a burst would begin, and end.
    rise_us, fall_us : int
        Its ramps.
    time_out_us : int
        From the onset to the latest start of its fall.
    lock_out_us : int
        From the start of the fall to the next onset, at least.
    test_us : int
        From the onset to the start of the fall of a burst that a person asked for.
    """

    __slots__ = (
        "_delay_us",
        "_extension_us",
        "_min_on_us",
        "_stance_percent",
        "end_lead_us",
        "fall_us",
        "lead_us",
        "lock_out_us",
        "rise_us",
        "test_us",
        "time_out_us",
    )

    def __init__(self, config: ProgramConfig) -> None:
        self._delay_us: Us = us_from_ms(config.delay_ms)
        self.lead_us: Us = us_from_ms(config.trigger_lead_ms)
        self.end_lead_us: Us = us_from_ms(config.end_lead_ms)
        self.rise_us: Us = us_from_ms(config.rise_ms)
        self.fall_us: Us = us_from_ms(config.fall_ms)
        self._extension_us: Us = us_from_ms(config.extension_ms)
        self._stance_percent: float | None = config.extension_percent_stance
        self.time_out_us: Us = us_from_ms(config.time_out_ms)
        self._min_on_us: Us = us_from_ms(config.min_on_ms)
        self.lock_out_us: Us = us_from_ms(config.lock_out_ms)
        self.test_us: Us = min(self.rise_us + TEST_US, self.time_out_us)

    @property
    def extension_us(self) -> Us:
        """Its extension; 0 where that is another one in every stride, a share of the stance."""
        return self._extension_us if self._stance_percent is None else 0

    def onset_for(self, trigger_us: Us, later_us: Us) -> Us:
        """Return when a burst begins whose trigger is known beforehand.

        ``later_us`` is what has been learnt to add.
        """
        return trigger_us + self._delay_us + later_us - self.lead_us

    def fall_for(self, contact_us: Us, stance_us: Us, onset_us: Us, sooner_us: Us) -> Us:
        """Return when the fall of a burst starts for a contact at that instant.

        It leads by the extension at most: who takes the support away before the foot is down
        drops it. ``sooner_us`` is what has been learnt to take away, ``stance_us`` the leg's last
        stance, or 0.
        """
        extension_us = self._extension_us
        if self._stance_percent is not None and stance_us > 0:
            extension_us = round(stance_us * self._stance_percent / 100.0)
        after_us = max(0, extension_us - sooner_us - self.end_lead_us)
        return max(contact_us + after_us, onset_us + self._min_on_us)
