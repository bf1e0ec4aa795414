"""One gait cycle under way: how long it and its parts last, and what the gait table says there.

The rows (``rows``) are those of a stride of length one; here they meet the clock. An instant of
the cycle, ``t``, is counted in milliseconds from heel contact. What the patient adds to the able
leg's path comes in here as well: the hip that is hiked, and the knee flexion that is lost.
"""

from math import cos, pi, radians, sin
from typing import Final

from hil.patient.config import GaitConfig, PatientConfig
from hil.patient.foot import STEP_S
from hil.patient.gait_table import (
    FLOOR_M,
    REFERENCE_HEIGHT_M,
    TOE_DOWN_M,
    TOE_FORWARD_M,
    GaitStyle,
    gait_rows,
)
from hil.patient.plan import Manner
from hil.patient.rows import ROWS, GaitRows, StanceRow, SwingRow
from hil.patient.tempo import stance_at, with_swing

LEAST_STANCE: Final = 0.42
MOST_STANCE: Final = 0.78
"""Shares of the stride that the table can be divided into."""


def prescribed(patient: PatientConfig, gait: GaitConfig, manner: Manner) -> GaitRows:
    """Return the rows of a stride.

    Parameters
    ----------
    patient : PatientConfig
        Whose: his height and his own stride time.
    gait : GaitConfig
        How his affected leg walks.
    manner : Manner
        Of the stride.
    """
    share = stance_share(gait, manner)
    stride_s = patient.stride_s * manner.period
    if manner.swing != 1.0:
        longer = with_swing(share, manner.swing)
        share = max(LEAST_STANCE, min(MOST_STANCE, share / longer))
        stride_s *= longer
    return gait_rows(
        GaitStyle(
            share,
            gait.amplitude * manner.amplitude,
            patient.height_m / REFERENCE_HEIGHT_M,
            manner.slope_rad,
            stride_s,
            manner.forward,
        )
    )


def stance_share(gait: GaitConfig, manner: Manner) -> float:
    """Return the share of stance in a stride whose swing takes its usual time."""
    share = stance_at(gait.stance_percent / 100.0, manner.period) + manner.stance
    return min(MOST_STANCE, share)


class GaitCycle:
    """One gait cycle of one leg, from heel contact to heel contact.

    Parameters
    ----------
    rows : GaitRows
        What it is prescribed.
    start_ms, period_ms : int
        When it begins, and how long it takes.
    scale : float
        Lengths against the table's.

    Attributes
    ----------
    rows, period_ms, scale
        As given.
    start_ms : int
        As given; goes along with the time while one stands in mid-stance.
    per_stride_s : float
        Cycles a second.
    upright_ms, heel_off_ms : int
        When the shank is upright over the flat foot, and when the heel leaves the ground.
    toe_off_ms : float
        When the foot leaves the ground.
    hike_m : float
        How much higher the ankle passes in mid-swing.
    knee_loss_rad : float
        Knee flexion that swing lacks at its peak.
    """

    __slots__ = (
        "_floor_m",
        "_stance_rows",
        "_swing_rows",
        "heel_off_ms",
        "hike_m",
        "knee_loss_rad",
        "per_stride_s",
        "period_ms",
        "rows",
        "scale",
        "start_ms",
        "toe_off_ms",
        "upright_ms",
    )

    def __init__(self, rows: GaitRows, start_ms: int, period_ms: int, scale: float) -> None:
        self.rows = rows
        self.start_ms = start_ms
        self.period_ms = period_ms
        self.scale = scale
        self.per_stride_s: float = 1000.0 / period_ms
        self.upright_ms: int = round(rows.upright * period_ms)
        self.heel_off_ms: int = round(rows.heel_off * period_ms)
        self.toe_off_ms: float = rows.stance_share * period_ms
        # Looked up by name in every millisecond otherwise.
        self._floor_m: float = FLOOR_M
        self.hike_m: float = 0.0
        self.knee_loss_rad: float = 0.0
        self._stance_rows: float = ROWS / self.toe_off_ms
        self._swing_rows: float = ROWS / (period_ms - self.toe_off_ms)

    # -- rows -----------------------------------------------------------------------------------

    def in_stance(self, t: int) -> tuple[StanceRow, float]:
        """Return the nearest row of stance, and how long ago that was, milliseconds."""
        x = t * self._stance_rows
        at = int(x + 0.5)
        return self.rows.stance[at], (x - at) / self._stance_rows

    def in_swing(self, t: int) -> tuple[SwingRow, float]:
        """Return the nearest row of swing, and how long ago that was, milliseconds."""
        x = (t - self.toe_off_ms) * self._swing_rows
        at = int(x + 0.5)
        return self.rows.swing[at], (x - at) / self._swing_rows

    def stance_row(self, t: int) -> StanceRow:
        """Return the nearest row of stance, at most that of toe-off."""
        return self.rows.stance[min(ROWS, int(t * self._stance_rows + 0.5))]

    # -- the shank ------------------------------------------------------------------------------

    def shank(self, t: int) -> tuple[float, float]:
        """Return the shank's tilt in stance and its rate, rad and rad/s."""
        x = t * self._stance_rows
        at = int(x + 0.5)
        row = self.rows.stance[at]
        rate = row.shank_rate * self.per_stride_s
        return row.shank + rate * (x - at) / self._stance_rows * STEP_S, rate

    def shank_acceleration(self, t: int) -> float:
        """Return how the shank's rate changes in the coming millisecond, rad/s2."""
        return (self._shank_rate(t + 1.0) - self._shank_rate(float(t))) / STEP_S

    def _shank_rate(self, t: float) -> float:
        if t < self.toe_off_ms:
            turn = self.rows.stance[min(ROWS, int(t * self._stance_rows + 0.5))].shank_rate
        else:
            at = int((t - self.toe_off_ms) * self._swing_rows + 0.5)
            turn = self.rows.swing[min(ROWS, at)].shank_rate
        return turn * self.per_stride_s

    # -- ankle and toe --------------------------------------------------------------------------

    def ankle_in_stance(self, t: int) -> tuple[float, float]:
        """Return the ankle's acceleration forward and upward, m/s2."""
        squared = self.per_stride_s * self.per_stride_s
        row = self.stance_row(t)
        return row.forward * squared, row.upward * squared

    def ankle_in_swing(self, t: int) -> tuple[float, float]:
        """Return the ankle's acceleration forward and upward, m/s2."""
        squared = self.per_stride_s * self.per_stride_s
        row, _ = self.in_swing(t)
        loss = self.knee_loss_rad
        return (
            (row.forward + loss * row.loss_forward) * squared,
            (row.upward + self.hike_m * row.hike_upward + loss * row.loss_upward) * squared,
        )

    def toe_in_stance_mm(self, row: StanceRow, pitch: float, rise_m: float) -> float:
        """Return the toe's height above the floor; negative where the floor would hold it.

        Parameters
        ----------
        row : StanceRow
            Of the instant.
        pitch : float
            Of the foot, rad.
        rise_m : float
            The ankle is so much higher than prescribed.
        """
        return 1000.0 * (row.ankle_m + rise_m + self._toe_below_ankle_m(pitch))

    def toe_in_swing_mm(self, row: SwingRow, pitch: float) -> float:
        """Return the toe's height above the floor; see ``toe_in_stance_mm``."""
        ankle_m = row.ankle_m + self.hike_m * row.hike + self.knee_loss_rad * row.loss_m
        return 1000.0 * (ankle_m + self._toe_below_ankle_m(pitch))

    def _toe_below_ankle_m(self, pitch: float) -> float:
        return self.scale * (TOE_FORWARD_M * sin(pitch) - TOE_DOWN_M * cos(pitch) - self._floor_m)

    # -- the whole leg --------------------------------------------------------------------------

    def turning(self, t: int, mean_deg_per_s: float) -> tuple[float, float]:
        """Return rate and acceleration about the vertical in swing, rad/s and rad/s2.

        Parameters
        ----------
        t : int
            In swing.
        mean_deg_per_s : float
            Over the whole cycle; all of its turn is made in swing, and smoothly.
        """
        swing_s = 0.001 * (self.period_ms - self.toe_off_ms)
        turned = radians(mean_deg_per_s) * 0.001 * self.period_ms
        angle = 2.0 * pi * (t - self.toe_off_ms) * 0.001 / swing_s
        mean = turned / swing_s
        return mean * (1.0 - cos(angle)), 2.0 * pi * mean / swing_s * sin(angle)
