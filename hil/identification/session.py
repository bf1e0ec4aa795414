"""What was done in a recorded session: bursts, reference bursts, fatigue series, releases."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hil.identification.protocol import REST_S, STEADY_S

Array = NDArray[np.float64]

SHORTEST_S: Final = 0.6
"""A shorter pulse train tells of no steady response."""

SAME_MA: Final = 0.25
"""Currents that differ by less are the same."""

REPEATS: Final = 5
"""So many equal bursts in a row are a series."""

AFTER_S: Final = 1.5
"""The hand is looked for so long after the last pulse; the slowest muscle has let go by then."""

LIFTED_DEG: Final = 6.0
"""A hand lifts the foot by more; noise and posture do not."""

FALL_S: Final = 0.8
"""A released foot is at rest again after so long."""

BEGUN: Final = 0.85
"""A fall is read from where the foot has lost the rest of its height: the hand is gone."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A session on an even grid of time.

    Attributes
    ----------
    step_s : float
        Between the samples.
    stim_mA : ndarray, shape (samples,)
        Current of the pulse train that is on, at the reference width; 0 when off.
    ankle_rad : ndarray, shape (samples,)
        Dorsiflexion positive, its zero good to a few degrees.
    known : ndarray of bool, shape (samples,)
        False where the recording has a gap, which is bridged by a straight line.
    """

    step_s: float
    stim_mA: Array
    ankle_rad: Array
    known: NDArray[np.bool_]

    def samples(self, seconds: float) -> int:
        """Return how many samples last so long."""
        return max(1, round(seconds / self.step_s))


@dataclass(frozen=True, slots=True)
class Answer:
    """A burst and the steady response to it.

    Attributes
    ----------
    first, last : int
        Its first sample, and the one after its last.
    current_mA : float
        Of its pulses.
    response_rad : float
        Steady dorsiflexion above the rest before it.
    """

    first: int
    last: int
    current_mA: float
    response_rad: float


def answers(recording: Recording) -> list[Answer]:
    """Return the bursts with a rest before them, in order of time."""
    stim, ankle = recording.stim_mA, recording.ankle_rad
    edges = np.flatnonzero(np.abs(np.diff(stim)) > 0.0) + 1
    found = []
    rest, steady = recording.samples(REST_S), recording.samples(STEADY_S)
    for first, last in pairwise([0, *edges.tolist(), len(stim)]):
        if stim[first] <= 0.0 or last - first < recording.samples(SHORTEST_S):
            continue
        if first < rest or stim[first - rest : first].any():
            continue
        if not recording.known[first - rest : last].all():
            continue
        response = ankle[last - steady : last].mean() - ankle[first - rest : first].mean()
        found.append(Answer(first, last, float(stim[first]), float(response)))
    return found


def series(found: list[Answer]) -> list[list[Answer]]:
    """Return the runs of equal bursts: as strong, and as long within a fifth."""
    runs: list[list[Answer]] = []
    for answer in found:
        if runs and _equal(runs[-1][-1], answer):
            runs[-1].append(answer)
        else:
            runs.append([answer])
    return [run for run in runs if len(run) >= REPEATS]


def _equal(a: Answer, b: Answer) -> bool:
    long_a, long_b = a.last - a.first, b.last - b.first
    return abs(a.current_mA - b.current_mA) <= SAME_MA and abs(long_a - long_b) <= 0.2 * long_a


def falls(recording: Recording) -> Array:
    """Return the falls of a foot that a hand has let go.

    Returns
    -------
    ndarray, shape (releases, samples)
        Angle from just after the hand to rest, rad.
    """
    ankle, stim = recording.ankle_rad, recording.stim_mA
    length = recording.samples(FALL_S)
    free = recording.known.copy()
    for on in np.flatnonzero(stim > 0.0):
        free[on : on + recording.samples(AFTER_S)] = False
    rest = _rest(ankle[free]) if free.any() else 0.0
    high = free & (ankle - rest > np.radians(LIFTED_DEG))
    edges = np.flatnonzero(np.diff(high.astype(np.int8)) != 0) + 1
    found = []
    quiet = recording.samples(0.1)
    for first, last in pairwise([0, *edges.tolist(), len(stim)]):
        if not high[first] or last - first < quiet:
            continue
        # Back from where it crossed, to where the fall began.
        height = float(np.median(ankle[max(first, last - 3 * quiet) : last])) - rest
        begun = last
        while begun > first and ankle[begun - 1] - rest < BEGUN * height:
            begun -= 1
        part = ankle[begun : begun + length]
        whole = len(part) == length and bool(free[begun : begun + length].all())
        if whole and abs(float(part[-quiet:].mean()) - rest) < np.radians(0.5 * LIFTED_DEG):
            found.append(part)
    return np.array(found).reshape(len(found), length)


def _rest(ankle: Array) -> float:
    """Return the commonest angle, in bins of a degree, then their neighbours' mean."""
    bins = np.round(np.degrees(ankle)).astype(np.int64)
    values, counts = np.unique(bins, return_counts=True)
    at = int(values[np.argmax(counts)])
    return float(ankle[np.abs(bins - at) <= 1].mean())
