"""The prescribed leg: what shank, knee and ankle path do in one stride, and the able foot with it.

One stride is prepared at a time, as lists with a value for every millisecond, so that whatever
integrates over them only reads. The series are summed harmonic by harmonic and not by a matrix
product, whose order of summation depends on the machine.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hil.patient.gait_data import (
    ANKLE_MOMENT_NM_PER_KG,
    ANKLE_X_M,
    ANKLE_Y_M,
    HEEL_DOWN_M,
    HEEL_FORWARD_M,
    KNEE_DEG,
    PITCH_DEG,
    SHANK_DEG,
    TOE_OFF_PHASE,
)

TOE_FORWARD_M: Final = 0.167
TOE_DOWN_M: Final = 0.0555
"""The shoe's lowest forward point: beyond the table's toe marker, which sits on the shoe."""

REFERENCE_HEIGHT_M: Final = 1.75
"""Height at which the table's lengths are taken as they are. Assumption: the table states none."""

ABLE_CLEARANCE_M: Final = 0.0129
"""Able-bodied minimum toe clearance, Winter 1992; the floor is set so that the table has it."""

FLAT_PHASE: Final = 0.25
"""Mid-stance: the foot is flat and the table's pitch there is that of the flat foot."""

HEEL_LIFT_M: Final = 0.015
"""The heel has left the ground when the table's heel is so far above mid-stance: until then its
padding and the shoe follow. Gives heel-off at about 42 % of the stride; insoles see 41 +- 7 %."""

SWITCH_LIFT_M: Final = 0.013
"""Where a heel switch opens: a little before the last newton is gone. Assumption."""

Array = NDArray[np.float64]


def series(coefficients: tuple[float, ...], phase: Array, order: int = 0) -> Array:
    """Return a Fourier series or one of its derivatives with respect to phase.

    Parameters
    ----------
    coefficients : tuple of float
        Mean, then cosine and sine of each harmonic.
    phase : array, shape (n,)
        1 is one stride.
    order : int
        0, 1 or 2.

    Returns
    -------
    array, shape (n,)
        In the unit of the coefficients, per stride to the power of ``order``.
    """
    total = np.full_like(phase, coefficients[0] if order == 0 else 0.0)
    for k in range(1, (len(coefficients) - 1) // 2 + 1):
        a, b = coefficients[2 * k - 1], coefficients[2 * k]
        w = 2.0 * math.pi * k
        angle = w * phase
        if order == 0:
            total += a * np.cos(angle) + b * np.sin(angle)
        elif order == 1:
            total += w * (b * np.cos(angle) - a * np.sin(angle))
        else:
            total -= w * w * (a * np.cos(angle) + b * np.sin(angle))
    return total


def _floor_m() -> float:
    phase = np.linspace(TOE_OFF_PHASE, 1.0, 2001)
    toe = toe_height(series(ANKLE_Y_M, phase), np.radians(series(PITCH_DEG, phase)))
    middle = toe[400:1601]
    return float(middle.min()) - ABLE_CLEARANCE_M


def toe_height(ankle_y_m: Array, pitch_rad: Array) -> Array:
    """Return the toe's height above the table's origin, m."""
    return ankle_y_m + TOE_FORWARD_M * np.sin(pitch_rad) - TOE_DOWN_M * np.cos(pitch_rad)


def _heel_phases() -> tuple[float, float]:
    """Return the phases at which the table's heel is 15 mm and 13 mm above mid-stance."""
    phase = np.linspace(FLAT_PHASE, TOE_OFF_PHASE, 4001)
    pitch = np.radians(series(PITCH_DEG, phase))
    height = series(ANKLE_Y_M, phase) + HEEL_FORWARD_M * np.sin(pitch) - HEEL_DOWN_M * np.cos(pitch)
    lift = height - height[0]
    off = float(phase[int(np.argmax(lift > HEEL_LIFT_M))])
    switch = float(phase[int(np.argmax(lift > SWITCH_LIFT_M))])
    return off, switch


GRID: Final = np.linspace(0.0, 1.0, 8193)
"""The series are summed once, on this grid; strides of any length interpolate on it. At 8192
points the interpolation error is below a millionth of each signal's range."""

_TABLE: Final = np.stack(
    [
        np.radians(series(SHANK_DEG, GRID)),
        np.radians(series(SHANK_DEG, GRID, 1)),
        series(ANKLE_Y_M, GRID),
        series(ANKLE_X_M, GRID, 2),
        series(ANKLE_Y_M, GRID, 2),
        np.radians(series(PITCH_DEG, GRID)),
        np.radians(series(PITCH_DEG, GRID, 1)),
        np.exp(2.1016 - 0.0176 * series(KNEE_DEG, GRID)),
        np.exp(-7.9763 + 0.0008 * series(KNEE_DEG, GRID)),
    ]
)
"""Rows as ``prepare`` hands them on, from shank tilt to the shin's passive exponential."""

FLOOR_M: Final = _floor_m()
HEEL_OFF_PHASE, SWITCH_OPEN_PHASE = _heel_phases()
FLAT_RAD: Final = math.radians(float(series(PITCH_DEG, np.array([FLAT_PHASE]))[0]))


@dataclass(slots=True)
class Stride:
    """One stride, a value for every millisecond from its heel contact on.

    Attributes
    ----------
    start_ms, steps : int
        First millisecond, and how many.
    toe_off, heel_off, switch_open : int
        Index of the true toe-off and heel-off and of the switch's opening.
    shank_rad, shank_rate, knee_deg, ankle_y_m, ankle_ax, ankle_ay : list of float
        Tilt and its rate (rad, rad/s), flexion, height, acceleration (m/s2).
    pitch_rad, pitch_rate : list of float
        The able foot: prescribed in stance.
    calf, shin : list of float
        The knee's share of the two passive exponentials.
    rocker : list of float
        Plantarflexing moment of the ground on a heel-first foot against its peak; stance only.
    moment_per_kg : list of float
        Plantarflexor moment of an able ankle, Nm per kg of body mass; stance only.
    """

    start_ms: int
    steps: int
    toe_off: int
    heel_off: int
    switch_open: int
    shank_rad: list[float]
    shank_rate: list[float]
    ankle_y_m: list[float]
    ankle_ax: list[float]
    ankle_ay: list[float]
    pitch_rad: list[float]
    pitch_rate: list[float]
    calf: list[float]
    shin: list[float]
    rocker: list[float]
    moment_per_kg: list[float]


ROCKER_STANCE: Final = 0.22
"""The ground's plantarflexing moment ends here, as a share of stance (measured ankle moments
change sign there); it rises and falls as a half sine."""


def prepare(start_ms: int, steps: int, scale: float) -> Stride:
    """Return one stride of ``steps`` milliseconds.

    Parameters
    ----------
    start_ms : int
        Its heel contact.
    steps : int
        Its length.
    scale : float
        Lengths against the table's.
    """
    period_s = steps / 1000.0
    place = np.arange(steps + 1) * ((len(GRID) - 1) / steps)
    below = np.minimum(place.astype(np.intp), len(GRID) - 2)
    low, high = _TABLE[:, below], _TABLE[:, below + 1]
    rows = low + (high - low) * (place - below)
    rows[[1, 6]] *= 1.0 / period_s
    rows[2] *= scale
    rows[3:5] *= scale / period_s**2
    shank, shank_rate, ankle_y, ankle_ax, ankle_ay, pitch, pitch_rate, calf, shin = rows.tolist()
    toe_off = math.ceil(TOE_OFF_PHASE * steps)
    stance = np.arange(toe_off + 1) / (TOE_OFF_PHASE * steps)
    rocker = np.where(
        stance < ROCKER_STANCE, np.sin(np.pi * np.minimum(stance / ROCKER_STANCE, 1.0)), 0.0
    )
    moment = np.interp(
        stance * (len(ANKLE_MOMENT_NM_PER_KG) - 1),
        np.arange(len(ANKLE_MOMENT_NM_PER_KG)),
        np.array(ANKLE_MOMENT_NM_PER_KG),
    )
    return Stride(
        start_ms=start_ms,
        steps=steps,
        toe_off=toe_off,
        heel_off=math.ceil(HEEL_OFF_PHASE * steps),
        switch_open=math.ceil(SWITCH_OPEN_PHASE * steps),
        shank_rad=shank,
        shank_rate=shank_rate,
        ankle_y_m=ankle_y,
        ankle_ax=ankle_ax,
        ankle_ay=ankle_ay,
        pitch_rad=pitch,
        pitch_rate=pitch_rate,
        calf=calf,
        shin=shin,
        rocker=rocker.tolist(),
        moment_per_kg=moment.tolist(),
    )


def standing(steps: int, scale: float) -> Stride:
    """Return a posture held for ``steps`` milliseconds: mid-stance, both heels loaded."""
    one = prepare(0, 1000, scale)
    at = round(FLAT_PHASE * 1000)
    count = steps + 1
    zeros = [0.0] * count
    return Stride(
        start_ms=0,
        steps=steps,
        toe_off=steps + 1,
        heel_off=steps + 1,
        switch_open=steps + 1,
        shank_rad=[one.shank_rad[at]] * count,
        shank_rate=zeros,
        ankle_y_m=[one.ankle_y_m[at]] * count,
        ankle_ax=zeros,
        ankle_ay=zeros,
        pitch_rad=[FLAT_RAD] * count,
        pitch_rate=zeros,
        calf=[one.calf[at]] * count,
        shin=[one.shin[at]] * count,
        rocker=zeros,
        moment_per_kg=zeros,
    )
