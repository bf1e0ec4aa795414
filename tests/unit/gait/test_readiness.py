"""Signs of leaving: what a foot shows before it leaves, and what is no such sign."""

from math import cos, radians, sin
from random import Random

import pytest

from fes_ctrl.gait.readiness import Readiness
from fes_ctrl.model import (
    FOOT_IMU,
    FORE_FORCE,
    HEEL_FORCE,
    HEEL_SWITCH,
    RIGHT,
    SHANK_IMU,
    GaitEvent,
    Sample,
)

PERIOD_US = 10_000
DIP_S = 0.5  # contact to the begin of the tip
TIP_DPS = 30.0


class Foot:
    """Feeds a readiness with what is worn, stride by stride."""

    def __init__(self, sensor: str = FOOT_IMU) -> None:
        self.readiness = Readiness(RIGHT)
        self.sensor = sensor
        self.t_us = 0
        self.noise = Random(5)

    def event(self, kind: str) -> None:
        self.readiness.event(GaitEvent(kind, RIGHT, self.t_us, self.t_us, 1.0))

    def turn(self, rate_dps: float, duration_s: float) -> list[bool]:
        """Turn the segment toe-down (forwards); the sensor sits askew. Return what is shown."""
        angle = radians(35.0)
        shown = []
        for _ in range(round(duration_s * 1e6 / PERIOD_US)):
            self.t_us += PERIOD_US
            noise = [self.noise.gauss(0.0, 0.5) for _ in range(3)]
            rates = (
                rate_dps * sin(angle) + noise[0],
                rate_dps * cos(angle) + noise[1],
                noise[2],
            )
            values = (0.0, 0.0, 9.81, *rates)
            self.readiness.update(Sample(self.t_us, self.t_us, 0, RIGHT, self.sensor, values))
            shown.append(self.readiness.leaving_us >= 0)
        return shown

    def load(self, heel_n: float, fore_n: float, duration_s: float) -> list[bool]:
        shown = []
        for _ in range(round(duration_s * 1e6 / PERIOD_US)):
            self.t_us += PERIOD_US
            for sensor, value in ((FORE_FORCE, fore_n), (HEEL_FORCE, heel_n)):
                sample = Sample(self.t_us, self.t_us, 0, RIGHT, sensor, (value,))
                self.readiness.update(sample)
            shown.append(self.readiness.leaving_us >= 0)
        return shown

    def stance(self) -> list[bool]:
        """Contact, foot flat, rest; return what is shown until the foot begins to tip."""
        self.event("ic")
        self.turn(120.0, 0.15)
        self.event("ff")
        return self.turn(0.0, 0.4)

    def stride(self) -> list[bool]:
        """Return what is shown from the begin of the tip to the heel-off."""
        self.stance()
        shown = self.turn(TIP_DPS, 0.12)
        self.event("ho")
        self.turn(300.0, 0.2)
        self.turn(-250.0, 0.3)
        return shown

    def forces(self) -> list[bool]:
        self.event("ic")
        self.load(500.0, 100.0, 0.3)
        shown = self.load(80.0, 500.0, 0.1)
        self.event("ho")
        self.load(0.0, 700.0, 0.2)
        self.load(0.0, 0.0, 0.4)
        return shown


def test_a_foot_that_tips_shows_it_once_its_ways_are_known() -> None:
    foot = Foot()
    strides = [foot.stride() for _ in range(6)]
    assert not any(any(shown) for shown in strides[:3])
    for shown in strides[4:]:
        assert shown[-1], "before the heel-off was told"
        assert not any(shown[:4]), "not before it has really tipped"


def test_a_foot_at_rest_shows_nothing_for_minutes() -> None:
    foot = Foot()
    for _ in range(6):
        foot.stride()
    assert not any(foot.stance())
    assert not any(foot.turn(0.0, 120.0))


def test_a_foot_that_tips_back_has_not_begun_to_leave() -> None:
    foot = Foot()
    for _ in range(6):
        foot.stride()
    foot.stance()
    assert foot.turn(TIP_DPS, 0.12)[-1]
    foot.turn(-TIP_DPS, 0.12)
    assert foot.readiness.leaving_us == -1


def test_a_foot_that_is_lifted_toe_up_shows_nothing() -> None:
    foot = Foot()
    for _ in range(6):
        foot.stride()
    foot.stance()
    assert not any(foot.turn(-TIP_DPS, 0.2))


def test_missing_readings_void_the_sign() -> None:
    foot = Foot()
    for _ in range(6):
        foot.stride()
    foot.stance()
    assert foot.turn(TIP_DPS, 0.12)[-1]
    foot.t_us += 500_000
    assert not any(foot.turn(TIP_DPS, 0.1)), "where it stands now is not known"


def test_a_forefoot_whose_readings_come_from_the_future_is_not_heard() -> None:
    shown = []
    for ahead_us in (0, 50_000):
        foot = Foot()
        for _ in range(6):
            foot.forces()
        foot.event("ic")
        foot.load(500.0, 100.0, 0.3)
        for _ in range(10):
            foot.t_us += PERIOD_US
            for sensor, ahead, value in ((FORE_FORCE, ahead_us, 500.0), (HEEL_FORCE, 0, 80.0)):
                t_us = foot.t_us
                foot.readiness.update(Sample(t_us + ahead, t_us, 0, RIGHT, sensor, (value,)))
        shown.append(foot.readiness.leaving_us >= 0)
    assert shown == [True, False]


def test_a_shank_that_leans_nearly_as_far_as_ever_shows_a_foot_that_leaves() -> None:
    foot = Foot(SHANK_IMU)
    for _ in range(5):
        foot.event("ic")
        shown = foot.turn(60.0, 0.6)
        foot.event("ho")
        foot.turn(-120.0, 0.3)
    assert shown[-1]
    assert not any(shown[: round(0.7 * len(shown))])
    foot.event("ic")
    assert not any(foot.turn(60.0, 0.3)), "upright is half-way"
    assert not any(foot.turn(0.0, 5.0)), "who stops there stays"


def test_whoever_shuffled_and_stops_upright_shows_nothing() -> None:
    foot = Foot(SHANK_IMU)
    for lean_s in (0.7, 0.7, 0.7, 0.7, 0.7, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25):
        foot.event("ic")
        foot.turn(60.0, lean_s)
        foot.event("ho")
        foot.turn(-120.0, 0.3)
    foot.event("ic")
    assert not any(foot.turn(60.0, 0.35))


def test_a_heel_that_empties_over_a_loaded_forefoot_shows_a_foot_that_leaves() -> None:
    foot = Foot()
    strides = [foot.forces() for _ in range(6)]
    assert not any(any(shown) for shown in strides[:2])
    assert all(shown[-1] for shown in strides[4:])


@pytest.mark.parametrize("fore_n", [0.0, 150.0])
def test_weight_that_goes_over_to_the_other_leg_shows_nothing(fore_n: float) -> None:
    foot = Foot()
    for _ in range(6):
        foot.forces()
    foot.event("ic")
    foot.load(500.0, 100.0, 0.3)
    assert not any(foot.load(40.0, fore_n, 2.0))


def test_a_foot_that_landed_on_its_toes_has_no_heel_to_empty() -> None:
    foot = Foot()
    for _ in range(6):
        foot.forces()
    foot.event("ic")
    assert not any(foot.load(0.0, 600.0, 0.6))


def test_a_switch_shows_nothing() -> None:
    readiness = Readiness(RIGHT)
    assert not readiness.update(Sample(1, 1, 0, RIGHT, HEEL_SWITCH, (1.0,)))
    assert not readiness.seen


def test_a_reading_that_no_sensor_gives_leaves_what_was_learnt() -> None:
    foot = Foot()
    for _ in range(6):
        foot.stride()
    foot.stance()
    broken = Sample(foot.t_us + 1_000, foot.t_us + 1_000, 0, RIGHT, FOOT_IMU, (1e160,) * 6)
    foot.readiness.update(broken)
    assert any(foot.turn(TIP_DPS, 0.12))
    foot.event("ho")
    foot.stance()
    assert any(foot.turn(TIP_DPS, 0.12))
