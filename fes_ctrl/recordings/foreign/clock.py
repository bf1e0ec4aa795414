"""The clock of a foreign file: ticks, counters that start again from 0, or a rate alone.

Lost rows stay gaps: nothing is interpolated, and no row is moved to where it might belong.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fes_ctrl.recordings.files import LONGEST_S, RecordingError
from fes_ctrl.recordings.foreign.units import TIME

COUNTERS: Final = (1 << 8, 1 << 16, 1 << 32)
WRAP_LOST: Final = 64
"""A counter wraps where less than this part of its range is missing, else it was set anew."""

LARGEST_COUNT: Final = 1 << 53
"""Beyond it a double cannot tell two counts apart."""

FEW_LOST: Final = 16
"""So many packets may be missing at a wrap, however short the counter is."""

LONGEST_WRAP_S: Final = 10.0
STATED_WITHIN: Final = 0.2
"""A clock may differ from the stated rate by this share; the next unit differs by a factor."""


@dataclass(frozen=True, slots=True)
class Clock:
    """When each row was measured.

    Attributes
    ----------
    t_s : ndarray, shape (rows,)
        Never going back.
    seq : ndarray of int or None
        The file's own count, continued where it wrapped.
    origin_s : float
        What was subtracted: 0, or where absolute time began.
    source : str
        Where the clock comes from, for people.
    notes : tuple of str
        What was done to it.
    """

    t_s: NDArray[np.float64]
    seq: NDArray[np.int64] | None
    origin_s: float
    source: str
    notes: tuple[str, ...]


def continued(
    ticks: NDArray[np.float64], wraps: Sequence[int], longest: float | None = None
) -> tuple[NDArray[np.float64], int]:
    """Return ticks that go on where a counter wrapped, and how often it did.

    Parameters
    ----------
    ticks : ndarray, shape (rows,)
    wraps : sequence of int
        Ranges that the counter may have, smallest first.
    longest : float or None
        How many ticks may be missing at a wrap; the range divided by ``WRAP_LOST`` if not said.
    """
    if not bool((ticks == np.rint(ticks)).all()):
        return ticks, 0
    highest = float(ticks.max())
    on = ticks.copy()
    count = 0
    for row in np.flatnonzero(np.diff(ticks) < 0).tolist():
        for wrap in wraps:
            step = ticks[row + 1] - ticks[row] + wrap
            if highest < wrap and 0 < step <= (longest or max(wrap / WRAP_LOST, FEW_LOST)):
                on[row + 1 :] += wrap
                count += 1
                break
    return on, count


def refuse_going_back(
    where: str, name: str, ticks: NDArray[np.float64], lines: NDArray[np.int64]
) -> None:
    """Refuse ticks of which one is less than the one before."""
    back = np.flatnonzero(np.diff(ticks) < 0)
    if back.size:
        row = int(back[0]) + 1
        message = (
            f"{where}:{lines[row]}: {name} goes back from {ticks[row - 1]:.10g} to "
            f"{ticks[row]:.10g}; cut the file where its clock was set anew"
        )
        raise RecordingError(message)


def from_time(
    where: str,
    name: str,
    unit: str,
    stated_hz: float | None,
    wraps: Sequence[int],
    ticks: NDArray[np.float64],
    lines: NDArray[np.int64],
) -> Clock:
    """Return the clock of a column of times.

    Raises
    ------
    RecordingError
        If the steps contradict the unit or the rate that the file states, or time goes back.
    """
    factor = TIME.units[unit]
    on, count = continued(ticks, wraps, LONGEST_WRAP_S / factor)
    refuse_going_back(where, name, on, lines)
    steps = np.diff(on)
    step = float(np.median(steps)) if steps.size else 0.0
    if not step:
        message = (
            f"{where}: {name} stands still for most rows, or there is one row only; map a finer "
            f"clock, or give --rate-hz"
        )
        raise RecordingError(message)
    why = TIME.objection(step * factor, unit, name)
    if why is None and stated_hz and abs(step * factor * stated_hz - 1) > STATED_WITHIN:
        fits = [
            other
            for other, seconds in TIME.units.items()
            if abs(step * seconds * stated_hz - 1) <= STATED_WITHIN
        ]
        looks = f"looks like {fits[0]}, give --time-unit {fits[0]}" if fits else "give --rate-hz"
        why = (
            f"{name} steps by {step * factor:.3g} s, and the file states {stated_hz:g} Hz; {looks}"
        )
    if why is not None:
        message = f"{where}: {why}"
        raise RecordingError(message)
    # Absolute time is too long for the seconds of a recording, and too long for their digits.
    origin = on[0] if abs(on[-1] * factor) > LONGEST_S else 0.0
    notes = [f"{name} started again from 0 {_times(count)} and was continued"] if count else []
    still = int((steps == 0).sum())
    if still:
        notes.append(f"{still} of {len(ticks)} rows have the time of the row before")
    if origin:
        notes.append(f"time counts from the first row, {origin * factor:.6f} s")
    return Clock((on - origin) * factor, None, origin * factor, name, tuple(notes))


def counted(
    where: str, name: str, ticks: NDArray[np.float64], lines: NDArray[np.int64]
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return a packet counter, continued where it wrapped, and what was done to it.

    Raises
    ------
    RecordingError
        If it is no counter, or goes back otherwise than by wrapping.
    """
    broken = np.flatnonzero((ticks != np.rint(ticks)) | (np.abs(ticks) > LARGEST_COUNT))
    if broken.size:
        row = int(broken[0])
        message = f"{where}:{lines[row]}: {name} = {ticks[row]:g} counts nothing; map another seq"
        raise RecordingError(message)
    on, count = continued(ticks, COUNTERS)
    refuse_going_back(where, name, on, lines)
    notes = (f"{name} started again from 0 {_times(count)} and was continued",) if count else ()
    return on.astype(np.int64), notes


def from_rate(
    where: str, rate_hz: float, seq: NDArray[np.int64] | None, rows: int, source: str
) -> Clock:
    """Return the clock of rows at a rate: by their count where there is one, so that gaps stay.

    Raises
    ------
    RecordingError
        If the count does not count the rows.
    """
    if seq is not None and rows > 1 and not np.median(np.diff(seq)):
        message = f"{where}: seq stands still for most rows; map the column that counts them"
        raise RecordingError(message)
    places = np.arange(rows) if seq is None else seq - seq[0]
    return Clock(places / rate_hz, seq, 0.0, source, ())


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
