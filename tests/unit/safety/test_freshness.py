"""A leg's sensor: when its silence counts, when it is believed again, when a person is needed."""

from fes_ctrl.safety.freshness import SensorMonitor
from fes_ctrl.units import NEVER_US

MAX_AGE_US = 100_000


def monitor(last_us: int = 0) -> SensorMonitor:
    found = SensorMonitor(MAX_AGE_US)
    found.saw(last_us)
    return found


def feed(target: SensorMonitor, from_us: int, to_us: int, every_us: int = 10_000) -> list[int]:
    """Feed samples; return when one of them ended a silence."""
    return [t_us for t_us in range(from_us, to_us, every_us) if target.saw(t_us)]


def fall_silent(target: SensorMonitor) -> str:
    return target.expire(target.deadline_us)


def test_nothing_is_expected_of_a_sensor_before_its_first_sample() -> None:
    assert SensorMonitor(MAX_AGE_US).deadline_us == NEVER_US


def test_every_sample_puts_the_deadline_off() -> None:
    found = monitor()
    feed(found, 0, 500_000)
    assert found.deadline_us == 490_000 + MAX_AGE_US
    assert not found.silent


def test_a_silence_ends_after_half_a_second_of_samples_and_not_sooner() -> None:
    found = monitor()
    assert fall_silent(found) == "F04"
    assert found.silent
    assert feed(found, 300_000, 2_000_000) == [800_000]
    assert not found.silent


def test_samples_that_stay_away_again_start_the_half_second_anew() -> None:
    found = monitor()
    fall_silent(found)
    assert feed(found, 300_000, 600_000) == []
    assert fall_silent(found) == "", "it is the same silence"
    assert feed(found, 900_000, 2_000_000) == [1_400_000]


def test_two_seconds_of_silence_need_a_person() -> None:
    found = monitor()
    assert fall_silent(found) == "F04"
    assert found.deadline_us == 2_000_000
    assert fall_silent(found) == "F04L"
    assert found.deadline_us == NEVER_US, "said once"
    assert feed(found, 3_000_000, 5_000_000) == [], "samples alone do not open a latch"
    found.clear()
    assert found.silent, "nor does the person alone: the silence itself has to end"
    assert feed(found, 5_000_000, 6_000_000) == [5_000_000]


def drop_out(target: SensorMonitor, until_us: int) -> str:
    """Let samples come for long enough until then, and stay away after."""
    feed(target, until_us - 600_000, until_us + 1)
    return fall_silent(target)


def test_three_dropouts_within_ten_seconds_need_a_person() -> None:
    found = monitor()
    assert drop_out(found, 1_000_000) == "F04"
    assert drop_out(found, 5_000_000) == "F04"
    assert drop_out(found, 10_990_000) == "F04L"


def test_three_dropouts_over_more_than_ten_seconds_do_not() -> None:
    found = monitor()
    assert drop_out(found, 1_000_000) == "F04"
    assert drop_out(found, 5_000_000) == "F04"
    assert drop_out(found, 11_000_000) == "F04"
    assert drop_out(found, 14_990_000) == "F04L", "but these last three do"


def test_a_person_who_clears_gives_all_three_chances_again() -> None:
    found = monitor()
    for until_us in (1_000_000, 2_000_000, 3_000_000):
        drop_out(found, until_us)
    assert found.latched
    found.clear()
    assert drop_out(found, 4_000_000) == "F04"
    assert drop_out(found, 5_000_000) == "F04"
    assert not found.latched


def test_a_latch_that_nobody_opens_is_told_once_however_often_it_falls_silent() -> None:
    found = monitor()
    assert fall_silent(found) == "F04"
    assert fall_silent(found) == "F04L"
    feed(found, 3_000_000, 3_300_000)
    assert fall_silent(found) == ""
    assert fall_silent(found) == "", "silent for two seconds once more, and latched already"
    assert found.deadline_us == NEVER_US


def stands(target: SensorMonitor) -> tuple[int, int, int, bool, bool]:
    found = (target.last_us, target.deadline_us, target.fresh_since_us)
    return (*found, target.silent, target.latched)


def test_a_monitor_says_step_by_step_where_it_stands() -> None:
    found = SensorMonitor(MAX_AGE_US)
    assert stands(found) == (-NEVER_US, NEVER_US, NEVER_US, False, False)
    assert found.saw(1_000_000) is False
    assert stands(found) == (1_000_000, 1_100_000, NEVER_US, False, False)
    assert found.expire(1_100_000) == "F04"
    assert stands(found) == (1_000_000, 3_000_000, NEVER_US, True, False)
    assert found.saw(1_500_000) is False
    assert stands(found) == (1_500_000, 1_600_000, 1_500_000, True, False)
    assert found.expire(1_600_000) == ""
    assert stands(found) == (1_500_000, 3_500_000, NEVER_US, True, False)
    assert found.saw(1_700_000) is False
    assert found.saw(1_790_000) is False
    assert stands(found) == (1_790_000, 1_890_000, 1_700_000, True, False)
    assert found.saw(2_199_999) is False, "a microsecond before the half second"
    assert found.saw(2_200_000) is True
    assert stands(found) == (2_200_000, 2_300_000, 1_700_000, False, False)
    assert found.saw(2_210_000) is False


def test_a_silence_is_latched_after_two_seconds_and_not_a_microsecond_sooner() -> None:
    found = monitor()
    found.expire(100_000)
    assert found.expire(1_999_999) == ""
    assert stands(found) == (0, 2_000_000, NEVER_US, True, False)
    assert found.expire(2_000_000) == "F04L"
    assert stands(found) == (0, NEVER_US, NEVER_US, True, True)
    found.clear()
    assert stands(found) == (0, NEVER_US, NEVER_US, True, False)


def test_the_third_dropout_latches_and_asks_for_no_further_call() -> None:
    found = monitor()
    for until_us, said in ((1_000_000, "F04"), (2_000_000, "F04"), (3_000_000, "F04L")):
        assert drop_out(found, until_us) == said
    assert stands(found) == (3_000_000, NEVER_US, NEVER_US, True, True)
    found.clear()
    assert found.latched is False


def test_a_dropout_of_ten_seconds_ago_counts_no_more_and_a_younger_one_does() -> None:
    for third_us, said in ((10_100_000, "F04"), (10_099_999, "F04L")):
        found = monitor()
        assert found.expire(100_000) == "F04"
        for back_us in (3_000_000, 3_500_000):
            found.saw(back_us)
        assert found.expire(3_600_000) == "F04"
        for back_us in (9_000_000, 9_500_000):
            found.saw(back_us)
        assert found.expire(third_us) == said
