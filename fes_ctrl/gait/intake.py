"""What every detector needs first: of the samples that come, those that are news of the present.

Duplicates, packets out of order, readings that are older than they seem and readings from the
future are dropped; after a gap the detector is told that what it knew is void. No event may come
from stale state or data.
"""

from typing import Final

from fes_ctrl.gait.config import IntakeConfig
from fes_ctrl.gait.explain import Notebook
from fes_ctrl.units import NEVER_US, Us, us_from_ms

FRESH: Final = 0  # use it
DROP: Final = 1  # ignore it
RESTART: Final = 2  # use it, and forget what was before

CLOCK_JUMP_US: Final = 1_000_000
"""A stamp so far in the past is not a late packet: the sensor's clock was set anew."""

ABSURD: Final = 1e12
"""Sum of the squares of what is read at once; no sensor reads so much: the packet is broken."""

WARM_UP_ROWS: Final = 32
SMOOTHING_ROWS: Final = 1024
LEAK: Final = 0.1
LOST_ROWS: Final = 3.0
"""A few rows that were lost in a row are no stall, however slow the stream."""

CATCHING_UP: Final = 0.15
"""Lateness that shrinks by less than this share of the elapsed time is not being worked off."""


class Intake:
    """Judges one stream of one sensor by its time stamps.

    A host that stalls and then delivers what has queued up stamps old readings with the present.
    Where measurement and arrival are stamped apart, the age of a reading is known. Where they
    are equal, lateness is kept as an account: a reading that comes later than the ordinary
    interval adds to it, one that comes sooner takes off. Above ``max_late_ms`` the stream is
    stale until the account is settled, or until rows come at their ordinary rate without
    settling it, for then the missing ones were lost. A reading that is stamped after its arrival
    is of a clock that runs ahead: its age is unknown, and it counts as none.

    Parameters
    ----------
    config : IntakeConfig
        When data count as missing or late.
    notes : Notebook
        Where remarks go.

    Attributes
    ----------
    dropped, restarts : int
        Counts, for snapshots.
    stale : bool
        A backlog is suspected.
    ahead : bool
        A reading came from the future since the state was last forgotten.
    """

    __slots__ = (
        "_interval_us",
        "_last_us",
        "_late_us",
        "_max_age_us",
        "_max_gap_us",
        "_max_late_us",
        "_notes",
        "_probation_us",
        "_rows",
        "_window_from_us",
        "_window_late_us",
        "_window_rows",
        "ahead",
        "dropped",
        "restarts",
        "stale",
    )

    def __init__(self, config: IntakeConfig, notes: Notebook) -> None:
        self._max_gap_us: Us = us_from_ms(config.max_gap_ms)
        self._max_age_us: Us = us_from_ms(config.max_age_ms)
        self._max_late_us: float = config.max_late_ms * 1000.0
        self._probation_us: Us = us_from_ms(config.probation_ms)
        self._notes = notes
        self._last_us: Us = -NEVER_US
        self._interval_us = 0.0
        self._rows = 0
        self._late_us = 0.0
        self._window_from_us: Us = 0
        self._window_late_us = 0.0
        self._window_rows = 0
        self.dropped = 0
        self.restarts = 0
        self.stale = False
        self.ahead = False

    def judge(self, t_meas_us: Us, t_arrive_us: Us) -> int:
        """Return ``FRESH``, ``DROP`` or ``RESTART`` for the next reading.

        Parameters
        ----------
        t_meas_us, t_arrive_us : int
            The reading's stamps, equal where only arrival is known.
        """
        if t_meas_us > t_arrive_us:
            self._from_the_future(t_meas_us, t_arrive_us)
            return DROP
        step_us = t_meas_us - self._last_us
        if step_us <= 0 and step_us > -CLOCK_JUMP_US:
            self.dropped += 1
            return DROP
        if t_arrive_us - t_meas_us > self._max_age_us:
            # Its time stamp is not remembered, so the next punctual reading shows the gap.
            self.dropped += 1
            return DROP
        self._last_us = t_meas_us
        if step_us > self._max_gap_us or step_us < 0:
            return self._after_gap(t_meas_us, t_arrive_us, step_us)
        if t_arrive_us != t_meas_us:
            return FRESH
        rows = self._rows
        if self.stale:
            return self._while_stale(t_meas_us, step_us)
        interval_us = self._interval_us
        if rows < SMOOTHING_ROWS:
            self._rows = rows = rows + 1
        self._interval_us = interval_us + (step_us - interval_us) / rows
        # The leak keeps jitter and single lost rows from adding up.
        late_us = self._late_us + step_us - (1.0 + LEAK) * interval_us
        if late_us <= 0.0 or rows < WARM_UP_ROWS:
            self._late_us = 0.0
            return FRESH
        self._late_us = late_us
        if late_us > self._max_late_us and late_us > LOST_ROWS * interval_us:
            self._suspect(t_meas_us)
            return DROP
        return FRESH

    def _from_the_future(self, t_meas_us: Us, t_arrive_us: Us) -> None:
        if not self.ahead:
            ahead_ms = (t_meas_us - t_arrive_us) / 1000
            what = f"stamped {ahead_ms:.1f} ms after its arrival: not used, the clock runs ahead"
            self._notes.note(t_arrive_us, what)
        self.ahead = True
        self.dropped += 1

    def _after_gap(self, t_meas_us: Us, t_arrive_us: Us, step_us: Us) -> int:
        self.ahead = False
        if step_us > NEVER_US // 2:  # the very first reading
            return RESTART
        self.restarts += 1
        if step_us < 0:
            self._notes.note(t_meas_us, "the sensor's clock went back: state forgotten")
            self._late_us = 0.0
            self.stale = False
            return RESTART
        self._notes.note(t_meas_us, f"gap of {step_us / 1000:.0f} ms: state forgotten")
        if t_arrive_us != t_meas_us or self._rows < WARM_UP_ROWS:
            return RESTART
        self._late_us += step_us - self._interval_us
        self._suspect(t_meas_us)
        return DROP

    def _suspect(self, t_us: Us) -> None:
        if not self.stale:
            self._notes.note(t_us, "rows may be older than their stamps: silent")
        self.stale = True
        self.dropped += 1
        self._open_window(t_us)

    def _open_window(self, t_us: Us) -> None:
        self._window_from_us = t_us
        self._window_late_us = self._late_us
        self._window_rows = 0

    def _while_stale(self, t_us: Us, step_us: Us) -> int:
        interval_us = self._interval_us
        late_us = self._late_us + step_us - interval_us
        self._late_us = late_us
        if late_us <= interval_us:
            self._notes.note(t_us, "backlog worked off: rows are punctual again")
            return self._recover()
        if step_us > self._max_late_us:  # the host stalled once more
            self._open_window(t_us)
        self._window_rows += 1
        elapsed_us = t_us - self._window_from_us
        if elapsed_us >= self._probation_us:
            if self._window_late_us - late_us < CATCHING_UP * elapsed_us:
                self._notes.note(t_us, "rows keep their rate: the missing ones were lost")
                self._interval_us = elapsed_us / self._window_rows
                self._rows = WARM_UP_ROWS
                return self._recover()
            self._open_window(t_us)
        self.dropped += 1
        return DROP

    def _recover(self) -> int:
        self.stale = False
        self._late_us = 0.0
        self.restarts += 1
        return RESTART

    def snapshot(self) -> dict[str, object]:
        """Return the counts and the account of lateness."""
        return {
            "interval_us": round(self._interval_us),
            "late_us": round(self._late_us),
            "stale": self.stale,
            "ahead": self.ahead,
            "dropped": self.dropped,
            "restarts": self.restarts,
        }
