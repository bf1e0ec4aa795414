"""One prescribed stride as rows to read, a row for every few hundredths of a millisecond.

Made once for each way of walking (``gait_table``), read every millisecond; lengths of strides
and what the patient adds to them (hip hike, lost knee flexion) come in when a row is read.
"""

from typing import Final

ROWS: Final = 4096
"""Rows for stance and rows for swing; the nearest is read, angles a little further by rate."""

BEYOND: Final = 40
"""Rows of stance beyond toe-off: the step that passes it is prescribed to its end."""

StanceRow = tuple[
    float, float, float, float, float, float, float, float, float, float, float, float
]
"""Shank tilt, its rate; ankle acceleration forward and up; knee's share of the calf's and of the
shin's passive moment; foot pitch, its rate; ankle height; ankle moment per kg; ground reaction
per kg; the heel's share of it. Rates per stride, accelerations per stride squared."""

SwingRow = tuple[
    float,
    float,
    float,
    float,
    float,
    float,
    float,
    float,
    float,
    float,
    float,
    float,
    float,
    float,
]
"""As a stance row up to the shin; then ankle height; hip hike and its acceleration; and what a
radian of lost knee flexion does: shank tilt, its rate, acceleration forward and up, height."""


class GaitRows:
    """One way of walking.

    Attributes
    ----------
    stance_share : float
        Of the stride.
    heel_off : float
        When the heel has left the ground, as a share of the stride.
    upright : float
        The foot is flat and the shank upright; where standing happens.
    fall_rate : float
        How fast an able foot falls onto the sole, rad per stride.
    push_off_per_kg : float
        Work of an able ankle from heel-off to toe-off, J per kg of body mass.
    slope_rad : float
        Of the ground, uphill positive; angles are against the ground, gravity is not.
    stride_m : float
        Length of a stride.
    knee_peak_rad : float
        Greatest knee flexion in swing.
    stance : list of StanceRow, length ROWS + BEYOND + 1
        From heel contact to toe-off and a little on.
    swing : list of SwingRow, length ROWS + 1
        From toe-off to heel contact.
    """

    __slots__ = (
        "fall_rate",
        "heel_off",
        "knee_peak_rad",
        "push_off_per_kg",
        "slope_rad",
        "stance",
        "stance_share",
        "stride_m",
        "swing",
        "upright",
    )

    def __init__(
        self,
        stance_share: float,
        heel_off: float,
        upright: float,
        fall_rate: float,
        push_off_per_kg: float,
        slope_rad: float,
        stride_m: float,
        knee_peak_rad: float,
        stance: list[StanceRow],
        swing: list[SwingRow],
    ) -> None:
        self.stance_share = stance_share
        self.heel_off = heel_off
        self.upright = upright
        self.fall_rate = fall_rate
        self.push_off_per_kg = push_off_per_kg
        self.slope_rad = slope_rad
        self.stride_m = stride_m
        self.knee_peak_rad = knee_peak_rad
        self.stance = stance
        self.swing = swing
