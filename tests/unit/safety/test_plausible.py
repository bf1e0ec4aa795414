"""What is believed of a sensor."""

import pytest

from fes_ctrl.model import FOOT_IMU, HEEL_FORCE, HEEL_SWITCH, RIGHT, Sample
from fes_ctrl.safety.axes import FROZEN_US
from fes_ctrl.safety.plausible import AHEAD_US, POSSIBLE, Plausibility

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


@pytest.mark.parametrize("edge", [20_000.0, -20_000.0])
def test_what_a_sensor_reads_at_most_is_believed_and_no_more(edge: float) -> None:
    judge = Plausibility()
    believed = Sample(0, 0, 0, RIGHT, HEEL_FORCE, (edge,))
    assert judge.believes(believed, 0) is True
    assert judge.believes(believed._replace(values=(edge * 1.000001,)), 0) is False
    assert judge.why == {RIGHT: "it reads what no sensor reads"}


def test_a_stamp_ahead_and_an_eternal_reading_are_told_by_their_words() -> None:
    judge = Plausibility()
    assert judge.why == {}
    assert not judge.believes(Sample(1_050_001, 0, 0, RIGHT, HEEL_SWITCH, (1.0,)), 1_000_000)
    assert judge.why == {RIGHT: "it is stamped in the future"}
    values = (0.1, 0.2, 9.8, 0.0, 0.0, 0.0)
    assert judge.believes(imu(5_000_000, *values), 5_000_000)
    assert judge.believes(imu(5_199_999, *values), 5_199_999)
    assert not judge.believes(imu(5_200_000, *values), 5_200_000)
    assert judge.why == {RIGHT: "it reads ever the same"}


def test_what_is_wrong_with_one_leg_is_not_forgotten_for_the_other_s_sake() -> None:
    judge = Plausibility()
    bad, good = (Sample(0, 0, 0, RIGHT, HEEL_SWITCH, (value,)) for value in (NAN, 1.0))
    assert not judge.believes(bad, 0)
    assert judge.believes(good._replace(leg=0), 0)
    assert set(judge.why) == {RIGHT}
    assert not judge.believes(bad._replace(leg=0), 0)
    assert judge.believes(good, 0)
    assert set(judge.why) == {0}


def test_two_sensors_of_a_leg_are_told_apart() -> None:
    judge = Plausibility()
    values = (0.1, 0.2, 9.8, 0.0, 0.0, 0.0)
    for t_us in range(0, FROZEN_US, 100_000):
        assert judge.believes(imu(t_us, *values), t_us)
        other = imu(t_us, *values[:5], t_us / 1e6)._replace(sensor="shank_imu")
        assert judge.believes(other, t_us)
    assert not judge.believes(imu(FROZEN_US, *values), FROZEN_US)


def test_five_channels_may_read_the_same_for_ever() -> None:
    judge = Plausibility()
    for t_us in (0, FROZEN_US, 10 * FROZEN_US):
        assert judge.believes(imu(t_us, 0.1, 0.2, 9.8, 0.0, 0.0), t_us)


def test_the_bounds_are_these() -> None:
    assert (AHEAD_US, POSSIBLE) == (50_000, 20_000.0)
