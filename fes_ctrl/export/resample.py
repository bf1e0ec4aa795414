"""Readings at their own instants onto a regular grid, and where the grid has nothing to stand on.

Between two readings a force or a rate is interpolated in a straight line, a switch stays as it was.
Where two readings are further apart than ``GAP_PERIODS`` of the sensor's own, and before the first
and after the last, nothing is made up: the grid is 0 there and marked as not valid.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fes_ctrl.model import FOREFOOT_SWITCH, HEEL_SWITCH, Sample
from fes_ctrl.units import Us

GAP_PERIODS: Final = 2.5
SWITCHES: Final = frozenset({HEEL_SWITCH, FOREFOOT_SWITCH})
SLOWEST_HZ: Final = 50.0
"""A grid is no coarser, however seldom a sensor speaks: events of gait have to be seen on it."""

Grid = NDArray[np.float64]


def instants(start_us: Us, end_us: Us, rate_hz: float) -> Grid:
    """Return the instants of a grid, from the start to the last that is not after the end."""
    frames = int((end_us - start_us) * rate_hz / 1e6 + 1e-9) + 1
    return np.arange(frames, dtype=np.float64) * (1e6 / rate_hz) + start_us


def rate_of(samples: Iterable[list[Sample]]) -> float:
    """Return the rate of the fastest sensor, to a tenth of a hertz; holes do not count.

    Parameters
    ----------
    samples : iterable of list of Sample
        Of each sensor.
    """
    fastest = SLOWEST_HZ
    for listed in samples:
        steps = np.diff(np.unique([sample.t_meas_us for sample in listed]))
        if len(steps):
            ordinary = steps[steps <= 1.5 * np.median(steps)]
            fastest = max(fastest, round(1e6 / float(np.mean(ordinary)), 1))
    return fastest


def readings(listed: list[Sample], place: int) -> tuple[NDArray[np.int64], Grid]:
    """Return when a sensor measured and one of its values, in order and each instant once.

    Parameters
    ----------
    listed : list of Sample
        In order of arrival; some may be late, or come twice.
    place : int
        Which of the values.
    """
    t_us = np.array([sample.t_meas_us for sample in listed], dtype=np.int64)
    values = np.array([sample.values[place] for sample in listed], dtype=np.float64)
    known = np.isfinite(values)
    t_us, first = np.unique(t_us[known], return_index=True)
    return t_us, values[known][first]


def onto(
    grid: Grid, t_us: NDArray[np.int64], values: Grid, *, hold: bool
) -> tuple[Grid, NDArray[np.bool_]]:
    """Return values on a grid, and where they are valid.

    Parameters
    ----------
    grid : ndarray, shape (frames,)
        Instants, microseconds.
    t_us, values : ndarray, shape (n,)
        Readings, instants rising.
    hold : bool
        Stay at the last reading instead of going in a straight line to the next.

    Returns
    -------
    values : ndarray, shape (frames,)
        0 where it is not valid.
    valid : ndarray of bool, shape (frames,)
        Whether readings stand close enough on both sides, or one exactly there.
    """
    if len(t_us) == 0:
        return np.zeros(len(grid)), np.zeros(len(grid), dtype=np.bool_)
    # The grid's instants are fractions of a microsecond; readings are whole ones.
    whole = np.rint(grid).astype(np.int64)
    after = np.searchsorted(t_us, whole, side="left")
    exact = (after < len(t_us)) & (t_us[np.minimum(after, len(t_us) - 1)] == whole)
    inside = (after > 0) & (after < len(t_us))
    steps = np.diff(t_us)
    longest = GAP_PERIODS * float(np.median(steps)) if len(steps) else 0.0
    close = np.zeros(len(grid), dtype=np.bool_)
    close[inside] = steps[after[inside] - 1] <= longest
    valid = exact | (inside & close)
    if hold:
        last = np.clip(np.searchsorted(t_us, whole, side="right") - 1, 0, None)
        found = values[last]
    else:
        found = np.interp(whole, t_us, values)
    return np.where(valid, found, 0.0), valid


def steps_onto(grid: Grid, t_us: NDArray[np.int64], values: Grid) -> Grid:
    """Return a line of steps on a grid; 0 before the first."""
    if len(t_us) == 0:
        return np.zeros(len(grid))
    last = np.searchsorted(t_us, np.rint(grid).astype(np.int64), side="right") - 1
    return np.where(last >= 0, values[np.clip(last, 0, None)], 0.0)
