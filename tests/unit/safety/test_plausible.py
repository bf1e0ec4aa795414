"""What is believed of a sensor."""

import pytest

from fes_ctrl.model import FOOT_IMU, HEEL_FORCE, HEEL_SWITCH, RIGHT, Sample
from fes_ctrl.safety.plausible import AHEAD_US, FROZEN_US, POSSIBLE, Plausibility

NAN = float("nan")
INF = float("inf")


def imu(t_us: int, *values: float, leg: int = RIGHT) -> Sample:
    return Sample(t_us, t_us + 2_000, t_us // 10_000, leg, FOOT_IMU, values)


@pytest.mark.parametrize("bad", [NAN, INF, -INF, POSSIBLE * 1.001, -POSSIBLE * 1.001, 1e300])
@pytest.mark.parametrize("place", range(6))
def test_one_impossible_value_is_enough(bad: float, place: int) -> None:
    values = [0.1, 0.2, 9.8, 0.0, 0.0, 0.0]
    values[place] = bad
    judge = Plausibility()
    assert not judge.believes(imu(0, *values), 2_000)
    assert "no sensor" in judge.why[RIGHT]
    assert judge.believes(imu(10_000, 0.1, 0.2, 9.8, 0.0, 0.0, 0.0), 12_000)
    assert judge.why == {}, "what was wrong is over"


@pytest.mark.parametrize(
    ("kind", "value"), [(HEEL_SWITCH, 0.0), (HEEL_SWITCH, 1.0), (HEEL_FORCE, 1500.0)]
)
def test_ordinary_readings_are_believed_for_as_long_as_they_stay(kind: str, value: float) -> None:
    judge = Plausibility()
    for t_us in range(0, 60_000_000, 10_000):
        assert judge.believes(Sample(t_us, t_us, 0, RIGHT, kind, (value,)), t_us)


@pytest.mark.parametrize(("ahead_us", "believed"), [(AHEAD_US, True), (AHEAD_US + 1, False)])
def test_a_stamp_may_be_ahead_by_what_clocks_are_tied_to(ahead_us: int, believed: bool) -> None:
    sample = Sample(1_000_000 + ahead_us, 1_000_000, 0, RIGHT, HEEL_SWITCH, (1.0,))
    assert Plausibility().believes(sample, 1_000_000) is believed


def test_an_inertial_sensor_that_reads_ever_the_same_is_dead_and_lives_again() -> None:
    judge = Plausibility()
    values = (0.1, 0.2, 9.8, 0.0, 0.0, 0.0)
    for t_us in range(0, FROZEN_US, 10_000):
        assert judge.believes(imu(t_us, *values), t_us)
        assert judge.believes(imu(t_us, *values[:5], t_us / 1e6, leg=0), t_us)
    assert not judge.believes(imu(FROZEN_US, *values), FROZEN_US)
    assert judge.believes(imu(FROZEN_US, *values[:5], 0.01, leg=0), FROZEN_US)
    assert judge.believes(imu(FROZEN_US + 10_000, *values[:5], 0.01), FROZEN_US + 10_000)
