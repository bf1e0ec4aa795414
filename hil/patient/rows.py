"""One prescribed stride as rows to read, a row for every few hundredths of a millisecond.

Made once for each way of walking (``gait_table``), read every millisecond; lengths of strides
and what the patient adds to them (hip hike, lost knee flexion) come in when a row is read.
"""

from typing import Final

ROWS: Final = 4096
"""Rows for stance and rows for swing; the nearest is read, angles a little further by rate."""

BEYOND: Final = 40
"""Rows of stance beyond toe-off: the step that passes it is prescribed to its end."""


class StanceRow:
    """What stance prescribes at one instant; rates per stride, accelerations per stride squared.

    Attributes
    ----------
    shank, shank_rate : float
        Tilt of the shank.
    forward, upward : float
        Acceleration of the ankle, m.
    calf, shin : float
        The knee's share of their passive moments.
    pitch, pitch_rate : float
        Of the able foot.
    ankle_m : float
        Height of the ankle.
    moment_per_kg : float
        Of the able ankle, Nm.
    ground_per_kg : float
        Reaction of the ground, newton.
    heel_share : float
        What of it the heel bears.
    """

    # A class, not a tuple: compiled, its numbers are read one by one where they lie.
    __slots__ = (
        "ankle_m",
        "calf",
        "forward",
        "ground_per_kg",
        "heel_share",
        "moment_per_kg",
        "pitch",
        "pitch_rate",
        "shank",
        "shank_rate",
        "shin",
        "upward",
    )

    def __init__(
        self,
        shank: float,
        shank_rate: float,
        forward: float,
        upward: float,
        calf: float,
        shin: float,
        pitch: float,
        pitch_rate: float,
        ankle_m: float,
        moment_per_kg: float,
        ground_per_kg: float,
        heel_share: float,
    ) -> None:
        self.shank: Final = shank
        self.shank_rate: Final = shank_rate
        self.forward: Final = forward
        self.upward: Final = upward
        self.calf: Final = calf
        self.shin: Final = shin
        self.pitch: Final = pitch
        self.pitch_rate: Final = pitch_rate
        self.ankle_m: Final = ankle_m
        self.moment_per_kg: Final = moment_per_kg
        self.ground_per_kg: Final = ground_per_kg
        self.heel_share: Final = heel_share


class SwingRow:
    """What swing prescribes at one instant: as ``StanceRow``, and what the patient's own adds.

    Attributes
    ----------
    shank, shank_rate, forward, upward, calf, shin, ankle_m : float
        As there.
    hike, hike_upward : float
        Course of a hip hike of 1 in mid-swing, and its acceleration.
    loss, loss_rate : float
        What a radian of lost knee flexion does to the shank's tilt and its rate.
    loss_forward, loss_upward : float
        To the ankle's acceleration.
    loss_m : float
        To the ankle's height.
    """

    __slots__ = (
        "ankle_m",
        "calf",
        "forward",
        "hike",
        "hike_upward",
        "loss",
        "loss_forward",
        "loss_m",
        "loss_rate",
        "loss_upward",
        "shank",
        "shank_rate",
        "shin",
        "upward",
    )

    def __init__(
        self,
        shank: float,
        shank_rate: float,
        forward: float,
        upward: float,
        calf: float,
        shin: float,
        ankle_m: float,
        hike: float,
        hike_upward: float,
        loss: float,
        loss_rate: float,
        loss_forward: float,
        loss_upward: float,
        loss_m: float,
    ) -> None:
        self.shank: Final = shank
        self.shank_rate: Final = shank_rate
        self.forward: Final = forward
        self.upward: Final = upward
        self.calf: Final = calf
        self.shin: Final = shin
        self.ankle_m: Final = ankle_m
        self.hike: Final = hike
        self.hike_upward: Final = hike_upward
        self.loss: Final = loss
        self.loss_rate: Final = loss_rate
        self.loss_forward: Final = loss_forward
        self.loss_upward: Final = loss_upward
        self.loss_m: Final = loss_m


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
