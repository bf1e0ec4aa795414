"""The prescribed leg: what shank, knee and ankle path do in one stride, made into rows.

The table is one able stride at 1.43 m/s. Ways of walking differ from it by six numbers: how much
of the stride is stance and how long it is (``tempo`` divides it), how large the excursions are, how
long the leg is, how steep the ground, and how far a step goes. The series are summed harmonic by
harmonic and not by a matrix product, whose order of summation depends on the machine.
"""

import math
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hil.patient.gait_data import (
    ANKLE_MOMENT_NM_PER_KG,
    ANKLE_X_M,
    ANKLE_Y_M,
    GROUND_N_PER_KG,
    HEEL_DOWN_M,
    HEEL_FORWARD_M,
    KNEE_DEG,
    PITCH_DEG,
    PRESSURE_AHEAD_M,
    SHANK_DEG,
    STRIDE_M,
    TABLE_STRIDE_S,
    TOE_OFF_PHASE,
)
from hil.patient.rows import BEYOND, ROWS, GaitRows, StanceRow, SwingRow
from hil.patient.tempo import warped

TOE_FORWARD_M: Final = 0.167
TOE_DOWN_M: Final = 0.0555
"""The shoe's lowest forward point: beyond the table's toe marker, which sits on the shoe."""

REFERENCE_HEIGHT_M: Final = 1.58
"""Height at which the table's lengths are taken as they are. It states none; the hip's highest
point, 0.835 m, is 0.530 of it (Winter/Dempster)."""

SHANK_FRACTION: Final = 0.246
"""Shank length against body height (Winter/Dempster)."""

ABLE_CLEARANCE_M: Final = 0.0129
"""Able-bodied minimum toe clearance, Winter 1992; the floor is set so that the table has it."""

FLAT_PHASE: Final = 0.25
"""Mid-stance: the foot is flat and the table's pitch there is that of the flat foot."""

HEEL_LIFT_M: Final = 0.015
"""The heel has left the ground when the table's heel is so far above mid-stance: until then its
padding and the shoe follow. Gives heel-off at about 39 % of the stride; insoles see 41 +- 7 %."""

Array = NDArray[np.float64]


class GaitStyle(NamedTuple):
    """One way of walking.

    Attributes
    ----------
    stance_share : float
        Of the stride.
    amplitude : float
        Excursions of shank, foot and ankle path against the table's.
    scale : float
        Lengths against the table's.
    slope_rad : float
        Of the ground, uphill positive.
    stride_s : float
        Stride time that it is made for.
    forward : float
        The ankle goes so far forward, of what the excursions would take it.
    """

    stance_share: float = TOE_OFF_PHASE
    amplitude: float = 1.0
    scale: float = 1.0
    slope_rad: float = 0.0
    stride_s: float = TABLE_STRIDE_S
    forward: float = 1.0


class Waves:
    """The harmonics of a stride at given phases, made once for all the series there.

    Parameters
    ----------
    phase : array, shape (n,)
        1 is one stride.
    """

    def __init__(self, phase: Array) -> None:
        self.phase = phase
        self._known: list[tuple[float, Array, Array]] = []

    def _harmonics(self, count: int) -> list[tuple[float, Array, Array]]:
        """Return angular frequency, cosine and sine of the first harmonics."""
        for k in range(len(self._known) + 1, count + 1):
            w = 2.0 * math.pi * k
            angle = w * self.phase
            self._known.append((w, np.cos(angle), np.sin(angle)))
        return self._known[:count]

    def series(self, coefficients: tuple[float, ...], order: int = 0) -> Array:
        """Return a Fourier series or one of its derivatives with respect to phase.

        Parameters
        ----------
        coefficients : tuple of float
            Mean, then cosine and sine of each harmonic.
        order : int
            0, 1 or 2.

        Returns
        -------
        array, shape (n,)
            In the unit of the coefficients, per stride to the power of ``order``.
        """
        total = np.full_like(self.phase, coefficients[0] if order == 0 else 0.0)
        harmonics = self._harmonics((len(coefficients) - 1) // 2)
        pairs = zip(coefficients[1::2], coefficients[2::2], strict=True)
        for (a, b), (w, cosine, sine) in zip(pairs, harmonics, strict=True):
            if order == 0:
                total += a * cosine + b * sine
            elif order == 1:
                total += w * (b * cosine - a * sine)
            else:
                total -= w * w * (a * cosine + b * sine)
        return total


def series(coefficients: tuple[float, ...], phase: Array, order: int = 0) -> Array:
    """Return a Fourier series at given phases; see ``Waves.series``."""
    return Waves(phase).series(coefficients, order)


def toe_height(ankle_y_m: Array, pitch_rad: Array) -> Array:
    """Return the toe's height above the table's origin, m."""
    return ankle_y_m + TOE_FORWARD_M * np.sin(pitch_rad) - TOE_DOWN_M * np.cos(pitch_rad)


def _floor_m() -> float:
    phase = np.linspace(TOE_OFF_PHASE, 1.0, 2001)
    toe = toe_height(series(ANKLE_Y_M, phase), np.radians(series(PITCH_DEG, phase)))
    middle = toe[400:1601]
    return float(middle.min()) - ABLE_CLEARANCE_M


def _at_flat(coefficients: tuple[float, ...]) -> float:
    return float(series(coefficients, np.array([FLAT_PHASE]))[0])


FLOOR_M: Final = _floor_m()
FLAT_RAD: Final = math.radians(_at_flat(PITCH_DEG))

CALF: Final = 2.1016, -0.0176
SHIN: Final = -7.9763, 0.0008
"""Riener and Edrich, J Biomech 32:539, 1999: exponents of the two passive terms, constant and per
degree of knee flexion."""


class _Motion:
    """The table's series at given times of the stride, with derivatives by time."""

    def __init__(self, style: GaitStyle, time: Array) -> None:
        self.phase, self._first, self._second = warped(time, style.stance_share, style.stride_s)
        self._series = Waves(self.phase).series
        self._amplitude = style.amplitude

    def value(self, coefficients: tuple[float, ...]) -> Array:
        """Return the series, its excursions from mid-stance scaled."""
        middle = _at_flat(coefficients)
        return middle + self._amplitude * (self._series(coefficients) - middle)

    def rate(self, coefficients: tuple[float, ...]) -> Array:
        """Return the first derivative, per stride."""
        return self._amplitude * self._series(coefficients, 1) * self._first

    def acceleration(self, coefficients: tuple[float, ...], per_stride: float = 0.0) -> Array:
        """Return the second derivative, per stride squared.

        Parameters
        ----------
        coefficients : tuple of float
            The series.
        per_stride : float
            What the quantity also gains in each stride: a foot that stands still in stance does
            so only on the ground, and not against a body that goes on.
        """
        return self._amplitude * (
            self._series(coefficients, 2) * self._first**2
            + (self._series(coefficients, 1) + per_stride) * self._second
        )


def _common(style: GaitStyle, motion: _Motion) -> list[Array]:
    """Return shank tilt and rate, ankle acceleration forward and up, calf and shin."""
    knee = motion.value(KNEE_DEG)
    return [
        np.radians(motion.value(SHANK_DEG)) - style.slope_rad,
        np.radians(motion.rate(SHANK_DEG)),
        style.scale * style.forward * motion.acceleration(ANKLE_X_M, STRIDE_M),
        style.scale * motion.acceleration(ANKLE_Y_M),
        np.exp(CALF[0] + CALF[1] * knee),
        np.exp(SHIN[0] + SHIN[1] * knee),
    ]


def _of_stance(table: tuple[float, ...], share: Array) -> Array:
    found: Array = np.interp(share * (len(table) - 1), np.arange(len(table)), np.array(table))
    return found


def heel_share(pressure_ahead_m: Array) -> Array:
    """Return how much of the ground's force the heel bears, by the lever rule.

    The ends of the centre of pressure's way are where heel or forefoot bear all.
    """
    back, front = min(PRESSURE_AHEAD_M), max(PRESSURE_AHEAD_M)
    share: Array = np.clip((front - pressure_ahead_m) / (front - back), 0.0, 1.0)
    return share


def _knee_loss(s: Array) -> Array:
    """Return the course of lost knee flexion over swing, its peak of 1 at a third."""
    return 45.5625 * s**2 * (1.0 - s) ** 4


@lru_cache(maxsize=64)
def gait_rows(style: GaitStyle) -> GaitRows:
    """Return the rows of one way of walking.

    Parameters
    ----------
    style : GaitStyle
        Which.

    Raises
    ------
    ValueError
        If the table cannot be stretched so far.
    """
    share = np.linspace(0.0, 1.0, ROWS + 1)
    stance_share = np.arange(ROWS + 1 + BEYOND) / ROWS
    motion = _Motion(style, stance_share * style.stance_share)
    pitch = np.radians(motion.value(PITCH_DEG))
    ankle_y = motion.value(ANKLE_Y_M)
    # What the ground does in stance comes with the table's phase, however that is warped.
    through = motion.phase / TOE_OFF_PHASE
    pressure = _of_stance(PRESSURE_AHEAD_M, through)
    # After mid-stance the heel bears less and less; a rise at the very end is the meter's noise.
    bears = heel_share(np.where(through > 0.75, max(PRESSURE_AHEAD_M), pressure))
    stance = [
        *_common(style, motion),
        pitch,
        np.radians(motion.rate(PITCH_DEG)),
        style.scale * ankle_y,
        _of_stance(ANKLE_MOMENT_NM_PER_KG, through),
        _of_stance(GROUND_N_PER_KG, through),
        bears,
    ]
    heel_m = ankle_y + HEEL_FORWARD_M * np.sin(pitch) - HEEL_DOWN_M * np.cos(pitch)
    flat_row = int(np.argmin(np.abs(motion.phase - FLAT_PHASE)))
    lifted = np.nonzero(heel_m[flat_row:] - heel_m[flat_row] > HEEL_LIFT_M)[0]
    off_row = flat_row + int(lifted[0]) if len(lifted) else round(0.97 * ROWS)
    omega = stance[7] - stance[1]
    in_swing = _Motion(style, style.stance_share + share * (1.0 - style.stance_share))
    return GaitRows(
        stance_share=style.stance_share,
        heel_off=off_row / ROWS * style.stance_share,
        upright=float(np.argmax(stance[0] + style.slope_rad < 0.0)) / ROWS * style.stance_share,
        fall_rate=-float(stance[7][: ROWS // 6].min()),
        push_off_per_kg=float(np.sum(np.where(omega < 0.0, -omega * stance[9], 0.0)[off_row:]))
        * style.stance_share
        / ROWS,
        slope_rad=style.slope_rad,
        stride_m=STRIDE_M * style.amplitude * style.scale * style.forward,
        knee_peak_rad=math.radians(float(in_swing.value(KNEE_DEG).max())),
        stance=list(map(StanceRow, *[column.tolist() for column in stance])),
        swing=list(map(SwingRow, *[column.tolist() for column in _swing(style, share, in_swing)])),
    )


def _swing(style: GaitStyle, share: Array, motion: _Motion) -> list[Array]:
    swing_share = 1.0 - style.stance_share
    common = _common(style, motion)
    shank_m = SHANK_FRACTION * REFERENCE_HEIGHT_M * style.scale
    loss = _knee_loss(share)
    step = swing_share / ROWS

    # A shank turned forward by a radian moves the ankle by its length times these.
    forward_m = shank_m * np.cos(common[0]) * loss
    up_m = shank_m * np.sin(common[0]) * loss
    hike = np.sin(math.pi * share) ** 2
    return [
        *common,
        style.scale * motion.value(ANKLE_Y_M),
        hike,
        2.0 * (math.pi / swing_share) ** 2 * np.cos(2.0 * math.pi * share),
        loss,
        np.gradient(loss, step),
        np.gradient(np.gradient(forward_m, step), step),
        np.gradient(np.gradient(up_m, step), step),
        up_m,
    ]
