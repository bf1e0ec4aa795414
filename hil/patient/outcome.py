"""What a leg really did: events, swings, and what a swing amounts to."""

from collections.abc import Sequence
from typing import NamedTuple


class LegEvent(NamedTuple):
    """Something the foot really did: ``ic``, ``ff``, ``ho`` or ``tc``."""

    kind: str
    t_us: int


class LegSwing(NamedTuple):
    """One swing as it really was; see ``fes_ctrl.analysis.walk.Swing``."""

    stride: int
    heel_off_us: int
    toe_off_us: int
    contact_us: int
    clearance_mm: float
    ankle_at_contact_deg: float
    peak_dorsiflexion_deg: float
    slap: bool
    lost_push_off_percent: float
    compensation_mm: float
    circumduction_mm: float
    eversion_at_contact_deg: float
    foot_flat_ms: float
    fall_deg_per_s: float
    reflex_Nm: float
    ankle_at_toe_off_deg: float
    peak_knee_flexion_deg: float
    speed_m_per_s: float


class TraceRow(NamedTuple):
    """One row of the time series that pictures need."""

    t_us: int
    ankle_deg: float
    toe_mm: float


def mid_swing_clearance(toe_mm: Sequence[float]) -> float:
    """Return the toe clearance of one swing, mm.

    Parameters
    ----------
    toe_mm : sequence of float
        Toe height at every millisecond of the swing.

    Returns
    -------
    float
        The lowest local minimum at 20-80 % of swing; where there is none, the minimum there.
        Negative values are virtual: the floor holds the toe.
    """
    n = len(toe_mm)
    low, high = n // 5, n - n // 5
    minima = [
        toe_mm[k]
        for k in range(max(low, 1), min(high, n - 1))
        if toe_mm[k] <= toe_mm[k - 1] and toe_mm[k] < toe_mm[k + 1]
    ]
    return min(minima) if minima else min(toe_mm[low:high])
