"""A burst as a window of time: what two programs, or a program and a recording, are compared by.

From its first pulse to its last; the plateau is the part between the ramps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fes_ctrl.analysis.walk import Burst
from fes_ctrl.units import MicroAmp, PicoCoulomb, Us, ua_from_ma

PAUSE_US: Final = 100_000
"""A recorded current that is gone for longer has ended: so are bursts told apart everywhere here
(see ``fes_ctrl.stim.timing.BURST_PAUSE_US``). A shorter pause lies between two pulses."""

PLATEAU: Final = 0.95
"""A recorded current is noisy: from this share of its peak on it is a plateau."""

RECORDED: Final = "recorded"
"""The trigger of a burst that was recorded, and what ended it: neither is known."""


RUNNING: Final = "running"
"""What is told of the end of a burst that had none when the samples ended."""


@dataclass(frozen=True, slots=True)
class Window:
    """One burst with current on one channel.

    Attributes
    ----------
    onset_us, end_us : int
        First and last pulse.
    plateau_us, fall_us : int
        First and last pulse of the highest current.
    trigger : str
        As in ``model.BurstStart``; ``recorded`` where it is not known.
    trigger_us : int or None
        When that event was.
    ended_by : str
        As in ``model.BurstEnd``; ``running`` where it had not ended when the samples did.
    peak_ua : int
        The highest current of its pulses, without sign.
    pulses : int or None
        How many.
    charge_pc : int or None
        Of all first phases; unknown where the width of the pulses is.
    course : tuple of (int, int)
        Instant and current of each pulse or reading, microseconds and microamperes.
    """

    onset_us: Us
    plateau_us: Us
    fall_us: Us
    end_us: Us
    trigger: str
    trigger_us: Us | None
    ended_by: str
    peak_ua: MicroAmp
    pulses: int | None
    charge_pc: PicoCoulomb | None
    course: tuple[tuple[Us, MicroAmp], ...]


def window_of(burst: Burst) -> Window | None:
    """Return the window of a burst; ``None`` where none of its pulses was given."""
    if not burst.setpoints:
        return None
    course = tuple((each.at_us, abs(each.current_ua)) for each in burst.setpoints)
    plateau_us, fall_us, peak_ua = _plateau(course, 1.0)
    return Window(
        onset_us=course[0][0],
        plateau_us=plateau_us,
        fall_us=fall_us,
        end_us=course[-1][0],
        trigger=burst.start.trigger,
        trigger_us=burst.start.trigger_us,
        ended_by=RUNNING if burst.end is None else burst.end.ended_by,
        peak_ua=peak_ua,
        pulses=len(course),
        charge_pc=sum(abs(each.current_ua) * each.width_us for each in burst.setpoints),
        course=course,
    )


def recorded_windows(stamps_us: NDArray[np.int64], current_ma: NDArray[np.float64]) -> list[Window]:
    """Return the bursts of a recorded current.

    Parameters
    ----------
    stamps_us : ndarray of int64, shape (rows,)
        When each row was measured, not falling.
    current_ma : ndarray, shape (rows,)
        Stimulation current at the time, milliamperes; 0 where there is none. It may be that of
        the train that is on, or of single pulses with 0 between them.
    """
    on = np.flatnonzero(np.abs(current_ma) > 0.0)
    if not on.size:
        return []
    parts = np.split(on, np.flatnonzero(np.diff(stamps_us[on]) > PAUSE_US) + 1)
    return [
        _recorded([(int(stamps_us[k]), ua_from_ma(abs(float(current_ma[k])))) for k in part])
        for part in parts
    ]


def _recorded(course: Sequence[tuple[Us, MicroAmp]]) -> Window:
    plateau_us, fall_us, peak_ua = _plateau(course, PLATEAU)
    return Window(
        onset_us=course[0][0],
        plateau_us=plateau_us,
        fall_us=fall_us,
        end_us=course[-1][0],
        trigger=RECORDED,
        trigger_us=None,
        ended_by=RECORDED,
        peak_ua=peak_ua,
        pulses=None,
        charge_pc=None,
        course=tuple(course),
    )


def _plateau(course: Sequence[tuple[Us, MicroAmp]], share: float) -> tuple[Us, Us, MicroAmp]:
    """Return the first and the last instant of the highest current, and that current."""
    peak_ua = max(current_ua for _, current_ua in course)
    high = [at_us for at_us, current_ua in course if current_ua >= share * peak_ua]
    return high[0], high[-1], peak_ua
