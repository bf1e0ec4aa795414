"""Which of a leg's sensors stay away while the others go on."""

from fes_ctrl.model import FOOT_IMU, HEEL_SWITCH, SHANK_IMU
from fes_ctrl.safety.freshness import SensorMonitor
from fes_ctrl.safety.roll_call import AWAY_US, BACK_AFTER_US, RollCall
from fes_ctrl.units import NEVER_US

MAX_AGE_US = 100_000


class Leg:
    """A monitor and a roll that hear the same, as the controller lets them."""

    def __init__(self) -> None:
        self.monitor = SensorMonitor(MAX_AGE_US)
        self.roll = RollCall(self.monitor, MAX_AGE_US)
        self.back: list[tuple[int, str]] = []

    def hear(self, t_us: int, *sensors: str) -> None:
        for sensor in sensors:
            if self.roll.saw(sensor, t_us):
                self.back.append((t_us, sensor))
            if self.monitor.saw(t_us):
                self.roll.resume(t_us)

    def hear_all(self, from_us: int, to_us: int, *sensors: str) -> None:
        for t_us in range(from_us, to_us, 10_000):
            self.hear(t_us, *sensors)


def test_the_times_are_these() -> None:
    assert (AWAY_US, BACK_AFTER_US) == (500_000, 500_000)


def test_a_leg_with_one_sensor_has_no_roll_to_call() -> None:
    leg = Leg()
    assert leg.roll.deadline_us == NEVER_US
    assert leg.roll.last_us == {}
    leg.hear_all(0, 1_000_000, HEEL_SWITCH)
    assert leg.roll.deadline_us == NEVER_US
    assert leg.roll.last_us == {HEEL_SWITCH: 990_000}
    leg.hear(1_000_000, FOOT_IMU)
    assert leg.roll.deadline_us == 1_490_000, "the elder's, who may be silent from now on"


def test_a_sensor_that_stays_away_is_told_of_once_and_by_name() -> None:
    leg = Leg()
    leg.hear(0, HEEL_SWITCH, FOOT_IMU)
    leg.hear_all(10_000, 510_000, HEEL_SWITCH)
    assert leg.roll.deadline_us == 500_000
    assert leg.roll.expire(500_000) == [FOOT_IMU]
    assert leg.roll.last_us[FOOT_IMU] == 0
    assert leg.roll.deadline_us == 1_000_000, "the other's"
    leg.hear_all(510_000, 1_010_000, HEEL_SWITCH)
    assert leg.roll.expire(1_000_000) == []
    assert leg.roll.deadline_us == 1_500_000
    assert leg.back == []


def test_sensors_that_go_on_are_asked_for_again_half_a_second_after_their_last() -> None:
    leg = Leg()
    leg.hear_all(0, 500_001, HEEL_SWITCH, FOOT_IMU)
    assert leg.roll.deadline_us == 500_000
    assert leg.roll.expire(500_000) == []
    assert leg.roll.deadline_us == 1_000_000
    leg.hear(510_000, FOOT_IMU)
    leg.hear(999_999, FOOT_IMU)
    assert leg.roll.expire(999_999) == [], "a microsecond short of half a second"
    assert leg.roll.deadline_us == 1_000_000
    assert leg.roll.expire(1_000_000) == [HEEL_SWITCH]


def test_of_three_two_may_go() -> None:
    leg = Leg()
    leg.hear(0, FOOT_IMU, SHANK_IMU)
    leg.hear(1_000, HEEL_SWITCH)
    assert leg.roll.deadline_us == 500_000
    leg.hear_all(10_000, 500_001, HEEL_SWITCH)
    assert leg.roll.expire(500_000) == [FOOT_IMU, SHANK_IMU]
    leg.hear_all(510_000, 900_000, HEEL_SWITCH, FOOT_IMU)
    leg.hear_all(900_000, 1_020_000, HEEL_SWITCH, FOOT_IMU, SHANK_IMU)
    assert leg.back == [(1_010_000, FOOT_IMU)]
    assert leg.roll.deadline_us == 1_510_000, "it is asked for again, and the third is not yet"


def away() -> Leg:
    leg = Leg()
    leg.hear(0, HEEL_SWITCH, FOOT_IMU)
    leg.hear_all(10_000, 500_001, HEEL_SWITCH)
    assert leg.roll.expire(500_000) == [FOOT_IMU]
    return leg


def test_a_sensor_is_back_after_half_a_second_and_not_a_microsecond_sooner() -> None:
    leg = away()
    leg.hear_all(600_000, 1_100_000, HEEL_SWITCH, FOOT_IMU)
    leg.hear(1_099_999, FOOT_IMU)
    assert leg.back == []
    leg.hear(1_100_000, HEEL_SWITCH, FOOT_IMU)
    assert leg.back == [(1_100_000, FOOT_IMU)]
    leg.hear_all(1_110_000, 1_700_000, HEEL_SWITCH, FOOT_IMU)
    assert leg.back == [(1_100_000, FOOT_IMU)]
    leg.hear_all(1_700_000, 2_200_000, HEEL_SWITCH)
    assert leg.roll.expire(2_190_000) == [FOOT_IMU], "and is told of again"


def test_a_sensor_that_stammers_is_not_back() -> None:
    leg = away()
    for t_us in range(600_000, 2_000_000, 100_001):
        leg.hear(t_us, HEEL_SWITCH, FOOT_IMU)
    assert leg.back == []
    leg = away()
    for t_us in range(600_000, 2_000_000, 100_000):
        leg.hear(t_us, HEEL_SWITCH, FOOT_IMU)
    assert leg.back == [(1_100_000, FOOT_IMU)]


def test_while_the_leg_is_silent_nothing_is_told_of_its_parts() -> None:
    leg = Leg()
    leg.hear_all(0, 100_001, HEEL_SWITCH, FOOT_IMU)
    assert leg.monitor.expire(200_000) == "F04"
    assert leg.roll.expire(500_000) == []
    assert leg.roll.deadline_us == NEVER_US
    leg.hear_all(700_000, 1_200_000, HEEL_SWITCH)
    assert leg.roll.deadline_us == NEVER_US
    leg.hear(1_200_000, HEEL_SWITCH)
    assert not leg.monitor.silent
    assert leg.roll.deadline_us == 1_200_000, "it has been away for long enough"
    assert leg.roll.expire(1_200_000) == [FOOT_IMU]
    assert leg.roll.deadline_us == 1_700_000


def test_after_a_silence_those_that_are_back_have_their_half_second() -> None:
    leg = Leg()
    leg.hear_all(0, 100_001, HEEL_SWITCH, FOOT_IMU)
    leg.monitor.expire(200_000)
    leg.roll.expire(500_000)
    leg.hear_all(700_000, 1_200_001, HEEL_SWITCH, FOOT_IMU)
    assert not leg.monitor.silent
    # The heel's sample of that instant ended the silence; the IMU's last was 10 ms before.
    assert leg.roll.deadline_us == 1_690_000
    assert leg.roll.expire(1_690_000) == []


def test_a_return_in_the_leg_s_silence_is_told_after_it() -> None:
    leg = away()
    leg.monitor.expire(600_000)
    leg.hear_all(700_000, 800_000, FOOT_IMU)
    leg.monitor.expire(890_000)
    leg.hear_all(800_000, 1_300_000, FOOT_IMU)
    assert leg.monitor.silent
    assert leg.back == [], "half a second back, and the leg is not"
    leg.hear_all(1_300_000, 1_320_000, FOOT_IMU)
    assert not leg.monitor.silent
    assert leg.back == [(1_310_000, FOOT_IMU)]


def test_where_all_were_told_of_nobody_is_asked_for_until_one_is_back() -> None:
    leg = away()
    leg.monitor.saw(990_000)  # a third keeps the leg fresh
    assert leg.roll.expire(1_000_000) == [HEEL_SWITCH]
    assert leg.roll.deadline_us == NEVER_US
    leg.hear_all(1_000_000, 1_510_000, HEEL_SWITCH)
    assert leg.back == [(1_500_000, HEEL_SWITCH)]
    assert leg.roll.deadline_us == 2_000_000


def test_one_that_comes_the_moment_it_is_told_of_is_back_from_then_on() -> None:
    roll = RollCall(SensorMonitor(500_000), 500_000)
    for sensor in (HEEL_SWITCH, FOOT_IMU):
        roll.saw(sensor, 0)
    roll.saw(HEEL_SWITCH, 400_000)
    assert roll.expire(500_000) == [FOOT_IMU]
    assert [t_us for t_us in range(500_000, 1_100_000, 100_000) if roll.saw(FOOT_IMU, t_us)] == [
        1_000_000
    ]
