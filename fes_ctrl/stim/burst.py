"""One leg's burst: planned, running, or none; its instants, and what is kept of it when it is over.

It is planned with its onset and the latest start of its fall (the time-out), which can only be
brought forward after that. Every pulse instant follows from the onset and the channel's period
alone, so the arrival of samples never shifts a pulse.
"""

from typing import Final

from fes_ctrl.model import Capabilities, Record
from fes_ctrl.stim.adaptive import NOTHING_TAKEN, Adapted
from fes_ctrl.stim.quantise import ceil_to_grid
from fes_ctrl.stim.timing import Timing, pause_us
from fes_ctrl.stim.trains import Trains
from fes_ctrl.units import NEVER_US, MicroAmp, Us

TEST: Final = "test"
"""What starts, and what ends, a burst that a person asked for."""


class Burst:
    """The burst of one leg.

    Parameters
    ----------
    trains : Trains
        The leg's channels.
    timing : Timing
        The times that the program sets.
    device : Capabilities
        Of the leg's stimulator.

    Attributes
    ----------
    trains, timing : Trains, Timing
        As given; other times may be set between bursts.
    next_at_us : int
        When its next pulse is due, or its end; ``NEVER_US`` where there is none.
    level_percent : int
        The operator's level; a burst keeps the one it began with.
    adapted : Adapted
        What has been learnt to take away from the program; the next burst keeps to it.
    least_rise_us : int
        The guard allows no ramp that is shorter.
    rise_us : int
        Ramp of the burst that was planned last.
    onset_us, fall_from_us : int
        When it begins and starts to fall; ``NEVER_US`` where there is none.
    trigger_us : int
        When its trigger was, or is predicted.
    contact_us : int
        The contact that it ran into; ``NEVER_US`` where none has come.
    ended_by : str
        Why it will fall then.
    testing : bool
        A person asked for it; gait has no part in it.
    lock_until_us : int
        No burst begins before that.
    begun_us, begun_level : int
        Onset and level of the burst that was planned last, over or not.
    broken : bool
        That burst was cut, or a person had asked for it.
    """

    __slots__ = (
        "_device",
        "_sooner_us",
        "adapted",
        "begun_level",
        "begun_us",
        "broken",
        "contact_us",
        "ended_by",
        "fall_from_us",
        "least_rise_us",
        "level_percent",
        "lock_until_us",
        "next_at_us",
        "onset_us",
        "rise_us",
        "testing",
        "timing",
        "trains",
        "trigger_us",
    )

    def __init__(self, trains: Trains, timing: Timing, device: Capabilities) -> None:
        self._device = device
        self.trains = trains
        self.timing = timing
        self.trigger_us: Us = NEVER_US
        self.level_percent = 0
        self.onset_us: Us = NEVER_US
        self.fall_from_us: Us = NEVER_US
        self.contact_us: Us = NEVER_US
        self.lock_until_us: Us = -NEVER_US
        self.next_at_us: Us = NEVER_US
        self.ended_by = ""
        self.testing = False
        self.adapted: Adapted = NOTHING_TAKEN
        self._sooner_us: Us = 0
        self.least_rise_us: Us = 0
        self.rise_us: Us = timing.rise_us
        self.begun_us: Us = -NEVER_US
        self.begun_level = 0
        self.broken = False

    @property
    def active(self) -> bool:
        """Whether it is planned or running."""
        return self.onset_us != NEVER_US

    def onset_for(self, trigger_us: Us) -> Us:
        """Return when one would begin whose trigger is at that instant, known beforehand."""
        onset_us = self.timing.onset_for(trigger_us, self.adapted.later_us)
        return max(onset_us, self.lock_until_us)

    def fall_for(self, contact_us: Us, stance_us: Us) -> Us:
        """Return when the fall of the running one would start for a contact at that instant."""
        return self.timing.fall_for(contact_us, stance_us, self.onset_us, self._sooner_us)

    def plan(
        self, due_us: Us, trigger: str, trigger_us: Us, current_ua: MicroAmp = 0
    ) -> tuple[Record, ...]:
        """Plan one; none is planned or running.

        Parameters
        ----------
        due_us : int
            Its onset, before the device's grid.
        trigger : str
            What starts it.
        trigger_us : int
            When that was, or is predicted.
        current_ua : int
            Its plateau, whatever the level is; 0 for the one of the level.

        Returns
        -------
        tuple of Record
            Its start.
        """
        onset_us = ceil_to_grid(due_us, self._device.time_grid_us)
        self.onset_us = onset_us
        self.trigger_us = trigger_us
        self.fall_from_us = onset_us + self.timing.time_out_us
        self.contact_us = NEVER_US
        self.ended_by = "time_out"
        share_ppm, _, sooner_us, shorter_us = self.adapted
        self._sooner_us = sooner_us
        rise_us = self.timing.rise_us
        # Ramp and guard may have changed since it was learnt.
        self.rise_us = max(rise_us - shorter_us, min(rise_us, self.least_rise_us))
        self.begun_us = onset_us
        self.begun_level = self.level_percent
        self.broken = False
        self.next_at_us = self.trains.begin(onset_us, self.level_percent, current_ua, share_ppm)
        return self.trains.starts(onset_us, trigger, trigger_us)

    def test(self, at_us: Us, current_ua: MicroAmp) -> tuple[Record, ...]:
        """Plan one that no event of the gait starts or ends; within the lock-out it waits.

        Parameters
        ----------
        at_us : int
            The present; no burst is planned or running.
        current_ua : int
            Its plateau, whatever the level is; 0 for the one of the level.

        Returns
        -------
        tuple of Record
            Its start.
        """
        starts = self.plan(max(at_us, self.lock_until_us), TEST, at_us, current_ua)
        self.rise_us = self.timing.rise_us
        self.fall_from_us = self.onset_us + self.timing.test_us
        self.ended_by = TEST
        self.testing = True
        self.broken = True
        return starts

    def fall(self, from_us: Us, reason: str) -> None:
        """Let it fall from then on, where it would not have fallen before."""
        if from_us < self.fall_from_us:
            self.fall_from_us = from_us
            self.ended_by = reason

    def finish(self, at_us: Us, reason: str) -> tuple[Record, ...]:
        """End it at once; return its end.

        Parameters
        ----------
        at_us : int
            The present.
        reason : str
            Why, for the records.
        """
        given_us = self.trains.last_pulse_us
        last_us = at_us if given_us == NEVER_US else given_us
        ends = self.trains.ends(last_us, reason, self.onset_us, self.contact_us)
        self.lock_until_us = max(
            min(self.fall_from_us, at_us) + self.timing.lock_out_us,
            last_us + pause_us(self.trains.slowest_us, self._device),
        )
        self.testing = False
        self.onset_us = NEVER_US
        self.fall_from_us = NEVER_US
        self.next_at_us = NEVER_US
        return ends

    def lower(self, level_percent: int) -> None:
        """Take a level below the running burst's at once; a higher one waits for the next burst.

        The next burst may wait already, for the end of a lock-out or of this one.
        """
        self.level_percent = level_percent
        self.trains.lower(level_percent)

    def snapshot(self) -> dict[str, object]:
        """Return the burst as it stands."""
        return {
            "active": self.active,
            "onset_us": self.onset_us,
            "fall_from_us": self.fall_from_us,
            "next_at_us": self.next_at_us,
            "level_percent": self.level_percent,
            "lock_until_us": self.lock_until_us,
        }
