"""A foot and shank that rest on the ground and move a little: courses to a pose.

The foot turns about its heel or about the balls of its toes, slides, or turns on the spot; the
ankle goes where that takes it, and the shank leans and rolls.
"""

from math import cos, radians, sin
from typing import Final, NamedTuple

from hil.patient.gait_data import HEEL_DOWN_M, HEEL_FORWARD_M
from hil.patient.gait_table import FLAT_RAD, HEEL_LIFT_M, TOE_DOWN_M
from hil.patient.rest.course import Course

BALL_FORWARD_M: Final = 0.12
"""Where the foot bends: ahead of the ankle, at the height of the toe. Assumption."""

LIFTED_RAD: Final = HEEL_LIFT_M / (BALL_FORWARD_M - HEEL_FORWARD_M)
"""Turned so far about one end, the foot has left the ground with the other: until then padding and
shoe follow, as in walking."""

SOLE_RAD: Final = radians(2.0)
"""On its whole sole the foot turns, and rolls, by up to so much, as padding and shoe give way.
Assumption."""

KNEE_FOLLOWS: Final = 0.5
"""A heel that is lifted about the toes bends the knee: the shank leans forward by this share of
what the foot is turned. Assumption."""


class Aside(NamedTuple):
    """What a segment does out of the plane in which it walks.

    Attributes
    ----------
    spin, spin_change : float
        Rate about the vertical, to the left, and how it changes; rad/s, rad/s2.
    about_m : float
        The vertical axis stands so far ahead of the ankle.
    roll, roll_rate, roll_change : float
        About the way forward, left side up; rad, rad/s, rad/s2.
    """

    spin: float
    spin_change: float
    about_m: float
    roll: float
    roll_rate: float
    roll_change: float


class Pose(NamedTuple):
    """A resting leg at one instant; angles are against the flat foot and the upright shank.

    Attributes
    ----------
    pitch, pitch_rate, pitch_change : float
        Of the foot, toe-up positive; rad, rad/s, rad/s2.
    tilt, tilt_rate, tilt_change : float
        Of the shank, leaning back positive.
    forward, upward : float
        Acceleration of the ankle, m/s2.
    rise_m : float
        The ankle is so much higher than over the flat foot.
    bearing : float
        Load on the leg, of what it bears in standing.
    heel_more : float
        Added to the heel's share of it.
    lifted : float
        From -1, the heel off the ground, to 1, the forefoot off the ground.
    foot, shank : Aside
        Out of the plane.
    """

    pitch: float
    pitch_rate: float
    pitch_change: float
    tilt: float
    tilt_rate: float
    tilt_change: float
    forward: float
    upward: float
    rise_m: float
    bearing: float
    heel_more: float
    lifted: float
    foot: Aside
    shank: Aside

    def heel_share(self, standing: float) -> float:
        """Return the heel's share of the load, from that in standing."""
        share = min(1.0, max(0.0, standing + self.heel_more))
        if self.lifted > 0.0:
            return share + (1.0 - share) * self.lifted
        return share * (1.0 + self.lifted)


class Limb:
    """The courses of one leg.

    Parameters
    ----------
    scale : float
        Lengths against the table's.

    Attributes
    ----------
    pitch : Course
        Of the foot about heel (positive) or toes, rad; takes the load from the end that lifts.
    sole : Course
        The same on the whole sole, as weight goes to and fro; the load stays where it was.
    tilt : Course
        Of the shank, rad.
    slide : Course
        Of the foot along the floor, m.
    spin : Course
        Of the leg about the vertical, rad.
    roll, foot_roll : Course
        Of shank and foot, rad.
    bearing : Course
        Load, of that in standing.
    heel : Course
        What the heel bears more, as a share.
    about_m : float
        Where the spin's axis stands, ahead of the ankle.
    """

    __slots__ = (
        "_scale",
        "about_m",
        "bearing",
        "foot_roll",
        "heel",
        "pitch",
        "roll",
        "slide",
        "sole",
        "spin",
        "tilt",
    )

    def __init__(self, scale: float) -> None:
        self._scale: float = scale
        self.pitch = Course()
        self.sole = Course()
        self.tilt = Course()
        self.slide = Course()
        self.spin = Course()
        self.roll = Course()
        self.foot_roll = Course()
        self.bearing = Course(1.0)
        self.heel = Course()
        self.about_m: float = 0.0

    def at(self, t_ms: int) -> Pose:
        """Return the pose of an instant; instants never go backwards."""
        pitch, sole, tilt, slide, spin = self.pitch, self.sole, self.tilt, self.slide, self.spin
        roll, foot_roll, bearing, heel = self.roll, self.foot_roll, self.bearing, self.heel
        pitch.advance(t_ms)
        sole.advance(t_ms)
        tilt.advance(t_ms)
        slide.advance(t_ms)
        spin.advance(t_ms)
        roll.advance(t_ms)
        foot_roll.advance(t_ms)
        bearing.advance(t_ms)
        heel.advance(t_ms)
        angle = pitch.value + sole.value
        rate = pitch.rate + sole.rate
        change = pitch.change + sole.change
        # Where the ankle is from the end that stays on the ground.
        if angle >= 0.0:
            ahead_m, down_m = HEEL_FORWARD_M * self._scale, HEEL_DOWN_M * self._scale
        else:
            ahead_m, down_m = BALL_FORWARD_M * self._scale, TOE_DOWN_M * self._scale
        sine, cosine = sin(FLAT_RAD + angle), cos(FLAT_RAD + angle)
        x_m = -ahead_m * cosine - down_m * sine
        y_m = -ahead_m * sine + down_m * cosine
        flat_m = -ahead_m * sin(FLAT_RAD) + down_m * cos(FLAT_RAD)
        follows = KNEE_FOLLOWS if pitch.value < 0.0 else 0.0
        return Pose(
            angle,
            rate,
            change,
            tilt.value + follows * pitch.value,
            tilt.rate + follows * pitch.rate,
            tilt.change + follows * pitch.change,
            slide.change - y_m * change - x_m * rate * rate,
            x_m * change - y_m * rate * rate,
            y_m - flat_m,
            bearing.value,
            heel.value,
            min(1.0, max(-1.0, pitch.value / LIFTED_RAD)),
            Aside(
                spin.rate,
                spin.change,
                self.about_m,
                foot_roll.value,
                foot_roll.rate,
                foot_roll.change,
            ),
            Aside(spin.rate, spin.change, self.about_m, roll.value, roll.rate, roll.change),
        )


def to_and_fro(course: Course, by: float, start_ms: int, span_ms: int) -> None:
    """Let a course go from 0 to a value and back."""
    half_ms = span_ms // 2
    course.go(by, start_ms, half_ms)
    course.go(0.0, start_ms + half_ms, span_ms - half_ms)
