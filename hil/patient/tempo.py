"""How a stride of another length than the table's is divided: its parts do not stretch alike.

A slow walker stands longer, and still pushes off as a fast one does. A stride is therefore warped
in time by its parts (loading, mid-stance, push-off, swing): push-off takes as long as in the table
whatever the stride, loading grows less than the stride, swing takes what the share of stance
leaves, and mid-stance takes the rest. Between the parts time speeds up and slows down smoothly.
"""

import math
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hil.patient.gait_data import TABLE_STRIDE_S, TOE_OFF_PHASE

Array = NDArray[np.float64]

LOADED_PHASE: Final = 0.111
"""The table's foot is flat from here on."""

HEEL_OFF_PHASE: Final = 0.393
"""The table's heel has left the ground."""

GROWTH: Final = 0.65
"""Swing and loading last as the stride time to this power. Swing takes 39.1 % of the table's
stride of 0.987 s and 37.7 % of one of 1.11 s (stance 62.3 +- 3.6 %, able overground walkers):
0.69 from these two. Assumption within that: slower walkers' share of stance keeps growing."""

PUSH_S: Final = (TOE_OFF_PHASE - HEEL_OFF_PHASE) * TABLE_STRIDE_S
"""From heel-off to toe-off, whatever the stride. Assumption: push-off is ballistic."""

BLEND: Final = 0.03
"""Half the width of a transition between two parts, as a share of the stride."""

MIDDLE: Final = 0.1
"""Least share of mid-stance; very fast walkers push off sooner instead."""


def stance_at(stance_share: float, factor: float) -> float:
    """Return the share of stance of a walker who changes his stride time.

    Parameters
    ----------
    stance_share : float
        At his own stride time.
    factor : float
        New stride time against his own.
    """
    return 1.0 - (1.0 - stance_share) * float(factor ** (GROWTH - 1.0))


def with_swing(stance_share: float, swing: float) -> float:
    """Return how many times as long a stride is whose swing alone is so many times as long."""
    return stance_share + (1.0 - stance_share) * swing


def edges(stance_share: float, stride_s: float) -> tuple[float, float, float]:
    """Return when loading, mid-stance and push-off end, as shares of the stride.

    Parameters
    ----------
    stance_share : float
        When push-off ends.
    stride_s : float
        Stride time.

    Raises
    ------
    ValueError
        If nothing is left for mid-stance, or for swing.
    """
    loading = LOADED_PHASE * (stride_s / TABLE_STRIDE_S) ** (GROWTH - 1.0)
    room = stance_share - loading - MIDDLE
    if room < 0.05 or stance_share > 0.9:
        message = (
            f"a stance of {100.0 * stance_share:.1f} % of a stride of {stride_s:.2f} s cannot be "
            f"made of the table"
        )
        raise ValueError(message)
    return loading, stance_share - min(PUSH_S / stride_s, room), stance_share


def warped(time: Array, stance_share: float, stride_s: float) -> tuple[Array, Array, Array]:
    """Return the table's phase at times of the stride, and its two derivatives.

    Parameters
    ----------
    time : array, shape (n,)
        1 is one stride.
    stance_share : float
        Of the stride.
    stride_s : float
        Stride time.

    Raises
    ------
    ValueError
        If the table cannot be warped so far.
    """
    ends = (*edges(stance_share, stride_s), 1.0)
    half = min(BLEND, *(0.45 * (b - a) for a, b in pairwise((0.0, *ends))))
    phases = np.array((LOADED_PHASE, HEEL_OFF_PHASE, TOE_OFF_PHASE, 1.0))
    # Phase is linear in the four rates; its values at the ends of the parts fix them.
    reached = _parts(np.array(ends), ends, half)[0]
    rates = np.linalg.solve(reached.T, phases)
    phase, first, second = (np.tensordot(rates, part, 1) for part in _parts(time, ends, half))
    return phase, first, second


def _parts(
    time: Array, ends: tuple[float, float, float, float], half: float
) -> tuple[Array, Array, Array]:
    """Return what a unit rate in each part adds to phase, rate and acceleration of phase.

    Each array has the shape (4, n). A part's weight is 1 inside, 0 outside, and goes over to its
    neighbour's in raised cosines around the ends; the last part's neighbour is the first.
    """
    zero = np.zeros(1)
    found = []
    for k in range(3):
        ones = [_step(time, end, half)[k] for end in (0.0, *ends)]
        # The stride before ended in the middle of its blend: that half belongs to the last part.
        first = ones[0] - _step(zero, 0.0, half)[k] if k == 0 else ones[0]
        loading = first + ones[4] - ones[1]
        middle, push = ones[1] - ones[2], ones[2] - ones[3]
        every = (time, np.ones_like(time), np.zeros_like(time))[k]
        found.append(np.stack([loading, middle, push, every - loading - middle - push]))
    return found[0], found[1], found[2]


def _step(time: Array, at: float, half: float) -> tuple[Array, Array, Array]:
    """Return integral, value and slope of a smooth step from 0 to 1 around an instant."""
    x = np.clip(time - at + half, 0.0, 2.0 * half)
    angle = math.pi * x / (2.0 * half)
    integral = 0.5 * x - half / math.pi * np.sin(angle) + np.maximum(0.0, time - at - half)
    value = 0.5 - 0.5 * np.cos(angle)
    slope = 0.25 * math.pi / half * np.sin(angle)
    return integral, value, slope
