"""Readings over a network: late data is no data, whatever made it late."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.sensors.in_time import InTime
from fes_ctrl.units import Us

PERIOD_US = 10_000
S = 1_000_000
BOOT_US = 50 * S
"""The host's clock when the board's begins."""


class Came(NamedTuple):
    """A reading as it came: what it said, when it came, and when it was taken in truth."""

    seq: int
    device_us: Us
    arrive_us: Us
    true_us: Us


def readings(
    from_s: float,
    to_s: float,
    delay_us: Us = 2_000,
    *,
    boot_us: Us = BOOT_US,
    slow_ppm: int = 0,
) -> Iterator[Came]:
    """Yield what a board sends from one second of its own to another."""
    for seq in range(round(from_s * S / PERIOD_US), round(to_s * S / PERIOD_US)):
        elapsed_us = seq * PERIOD_US
        true_us = boot_us + elapsed_us
        device_us = elapsed_us - elapsed_us * slow_ppm // 1_000_000
        yield Came(seq, device_us, true_us + delay_us, true_us)


def held_until(arrive_us: Us, came: Iterable[Came]) -> Iterator[Came]:
    """Yield what was held by a network until an instant, all at once."""
    for each in came:
        yield each._replace(arrive_us=max(each.arrive_us, arrive_us))


def ages_us(judge: InTime, came: Iterable[Came]) -> list[Us]:
    """Return the true ages of those readings that count."""
    found = []
    for each in came:
        at_us = judge.place(each.seq, each.device_us, each.arrive_us)
        if at_us is not None:
            assert at_us <= each.arrive_us
            found.append(each.arrive_us - each.true_us)
    return found


def settled(judge: InTime) -> InTime:
    """Return it after two seconds of a board that is heard in time."""
    assert len(ages_us(judge, readings(0, 2))) > 90
    return judge


def test_a_reading_is_placed_when_it_was_taken_but_for_the_least_delay() -> None:
    judge = settled(InTime())
    for each in readings(2, 5, delay_us=2_000):
        late_us = each.seq * 7919 % 30_000
        at_us = judge.place(each.seq, each.device_us, each.arrive_us + late_us)
        assert at_us is not None
        assert 0 <= at_us - each.true_us - 2_000 <= 3 * S * 200 // 1_000_000
    assert judge.late == judge.lost == judge.disordered == 0


def test_the_first_second_only_tells_how_the_clocks_differ() -> None:
    judge = InTime()
    assert ages_us(judge, readings(0, 1)) == []
    assert judge.held == 100
    assert len(ages_us(judge, readings(1, 2))) >= 98


@given(st.floats(0.1, 40.0))
def test_of_a_backlog_nothing_counts_but_what_is_still_of_the_present(stall_s: float) -> None:
    judge = settled(InTime(max_age_us=60_000))
    flush_us = BOOT_US + 2 * S + round(stall_s * S)
    ages = ages_us(judge, held_until(flush_us, readings(2, 2 + stall_s + 1)))
    assert max(ages) <= 60_000 + 2_000
    assert judge.lost == 0
    assert judge.late >= (stall_s - 0.062) * 100 - 1


def test_a_backlog_that_is_the_first_thing_heard_is_not_believed() -> None:
    """Three seconds of readings, handed on half as fast again as they are taken."""
    judge = InTime()
    came = [
        each._replace(arrive_us=max(each.arrive_us, BOOT_US + 3_300_000 + elapsed_us * 2 // 3))
        for each in readings(0, 12.9)
        for elapsed_us in [each.true_us - BOOT_US]
    ]
    ages = ages_us(judge, came)
    # The last 3 s, but for the second that it takes.
    assert len(ages) == pytest.approx(202, abs=5)
    assert max(ages) <= 2_000 + 20_000


def test_one_old_reading_before_a_stall_does_not_say_how_the_clocks_differ() -> None:
    judge = InTime()
    first = next(readings(0, 1, delay_us=2 * S))
    came = held_until(BOOT_US + 3 * S + S // 2, readings(0.01, 8))
    ages = ages_us(judge, [first, *came])
    assert ages
    assert max(ages) <= 2_000


def test_a_pause_while_the_clock_is_fitted_begins_the_second_anew() -> None:
    ages = ages_us(InTime(), [*readings(0, 0.5), *readings(0.8, 3)])
    assert len(ages) == pytest.approx(120, abs=2)


def test_a_queue_that_drains_does_not_pass_for_a_network_that_gets_faster() -> None:
    """It was there from the start: what seemed of the present was two seconds old."""
    judge = InTime()
    ages_us(judge, readings(0, 3, delay_us=2 * S))
    drained = [
        each._replace(arrive_us=each.arrive_us - (each.seq - 300) * PERIOD_US // 4)
        for each in readings(3, 11, delay_us=2 * S)
    ]
    ages = ages_us(judge, drained)
    # But for those that are younger than the first by no more than 20 ms, at 2.5 ms each.
    assert len(ages) <= 1 + 20 / 2.5
    assert ages_us(judge, readings(11, 13, delay_us=2_000))


@pytest.mark.parametrize("delay_us", [100_000, 500_000, 5 * S])
def test_a_queue_that_stands_is_late_for_as_long_as_it_stands(delay_us: Us) -> None:
    """However long: ten minutes of it are not taken for the way things are."""
    judge = settled(InTime())
    assert ages_us(judge, readings(2, 602, delay_us)) == []
    assert judge.late == 60_000
    assert judge.last_late_us == delay_us - 2_000
    assert ages_us(judge, readings(602, 603)) == [2_000] * 100


@pytest.mark.parametrize("growth", [10, 100, 1000])
def test_a_queue_that_grows_is_not_taken_for_a_slow_clock(growth: int) -> None:
    """By one part in ten, in a hundred, in a thousand."""
    judge = settled(InTime())
    grown = [
        each._replace(arrive_us=each.arrive_us + (each.seq - 200) * PERIOD_US // growth)
        for each in readings(2, 300)
    ]
    # What two clocks may drift apart meanwhile is allowed besides, but for the last reading.
    most_us = 60_000 / (1 - 200e-6 * growth) + PERIOD_US / growth
    assert max(ages_us(judge, grown)) <= most_us + 2_000
    assert judge.late > 0


@pytest.mark.parametrize("slow_ppm", [-5_000, -200, -50, 50, 200])
def test_clocks_that_drift_as_crystals_do_make_nothing_late(slow_ppm: int) -> None:
    judge = InTime(max_age_us=20_000)
    ages = ages_us(judge, readings(0, 1800, slow_ppm=slow_ppm))
    assert judge.late == 0
    assert len(ages) > 179_000


def test_a_clock_of_another_kind_needs_to_be_known_as_one() -> None:
    """A resonator, half a per cent slow."""
    judge = InTime()
    ages_us(judge, readings(0, 60, slow_ppm=5_000))
    assert judge.late > 4_000
    judge = InTime(clock_ppm=6_000)
    ages_us(judge, readings(0, 60, slow_ppm=5_000))
    assert judge.late == 0


# -- loss and order -------------------------------------------------------------------------------


@given(st.sets(st.integers(200, 399)), st.data())
def test_what_is_missing_is_counted_and_what_comes_again_does_not_count(
    missing: set[int], data: st.DataObject
) -> None:
    judge = settled(InTime())
    came = [each for each in readings(2, 4.01) if each.seq not in missing]
    again = data.draw(st.lists(st.sampled_from(came[:-1])))
    counted = 0
    for each in came:
        counted += judge.place(each.seq, each.device_us, each.arrive_us) is not None
        for old in again:
            if old.seq == each.seq:
                earlier = came[max(0, came.index(old) - data.draw(st.integers(0, 5)))]
                assert judge.place(earlier.seq, earlier.device_us, each.arrive_us) is None
    assert judge.lost == len(missing)
    assert judge.disordered == len(again)
    assert counted == len(came)


def test_readings_that_changed_places_count_once_in_the_order_in_which_they_were_taken() -> None:
    judge = settled(InTime())
    first, second, third = readings(2, 2.03)
    assert judge.place(second.seq, second.device_us, third.arrive_us) is not None
    assert judge.place(first.seq, first.device_us, third.arrive_us) is None
    assert judge.place(third.seq, third.device_us, third.arrive_us) is not None
    assert (judge.lost, judge.disordered) == (1, 1)


def test_old_readings_that_are_played_again_are_never_believed() -> None:
    """Ten seconds of them, at their own pace, and nothing of now: a bridge that sends again."""
    judge = InTime()
    played = list(readings(30, 40))
    ages_us(judge, readings(0, 90))
    again = [each._replace(arrive_us=each.arrive_us + 60 * S) for each in played]
    assert ages_us(judge, again) == []
    assert judge.disordered == len(played)


def test_numbers_and_stamps_may_run_over() -> None:
    judge = InTime()
    counted = 0
    for each in readings(0, 20):
        seq = (each.seq + 65_000) % 65_536
        device_us = (each.device_us + (1 << 32) - 5 * S) % (1 << 32)
        counted += judge.place(seq, device_us, each.arrive_us) is not None
    assert counted >= 1898
    assert judge.lost == judge.disordered == 0
    assert judge.lines == 1


# -- beginning anew -------------------------------------------------------------------------------


def test_a_board_that_was_restarted_is_believed_again_after_a_second() -> None:
    judge = settled(InTime())
    ages_us(judge, readings(2, 60))
    # Up again at once, as small boards are.
    ages = ages_us(judge, readings(0.2, 5, boot_us=BOOT_US + 60 * S + S // 10))
    assert 370 <= len(ages) <= 380
    assert judge.lines == 2
    assert judge.disordered == judge.late == judge.lost == 0


def test_it_is_believed_even_if_its_last_readings_before_come_after_its_first() -> None:
    judge = settled(InTime())
    old = readings(2, 60, delay_us=5 * S)
    new = readings(0.2, 10, boot_us=BOOT_US + 60 * S)
    ages = ages_us(judge, sorted([*old, *new], key=lambda each: each.arrive_us))
    assert judge.late == 5800
    assert set(ages) == {2_000}
    assert 390 <= len(ages) <= 410


def test_of_two_boards_of_one_name_the_first_one_counts() -> None:
    judge = settled(InTime())
    other = [
        each._replace(seq=each.seq + 1000, device_us=each.device_us + 3600 * S)
        for each in readings(2, 10, delay_us=3_000)
    ]
    came = sorted([*readings(2, 10), *other], key=lambda each: each.arrive_us)
    assert set(ages_us(judge, came)) == {2_000}
    assert judge.counted >= 890


def test_the_backlog_of_a_restarted_board_is_not_believed() -> None:
    judge = settled(InTime())
    ages_us(judge, readings(2, 30))
    boot_us = BOOT_US + 31 * S
    came = held_until(boot_us + 6 * S, readings(0.5, 10, boot_us=boot_us))
    ages = ages_us(judge, came)
    assert ages
    assert max(ages) == 2_000


@pytest.mark.parametrize("step_us", [-3600 * S, -2 * S, 2 * S, 3600 * S])
def test_a_clock_that_was_set_is_fitted_anew(step_us: Us) -> None:
    stepped = [
        each._replace(device_us=each.device_us + 7200 * S + step_us * (each.seq >= 300))
        for each in readings(0, 8)
    ]
    # A second each time.
    assert 595 <= len(ages_us(InTime(), stepped)) <= 600


def test_a_clock_that_was_set_back_a_little_makes_late_what_follows() -> None:
    """It cannot be told from a queue, so nobody believes it."""
    judge = settled(InTime())
    back = [each._replace(device_us=each.device_us - 300_000) for each in readings(2, 120)]
    assert ages_us(judge, back) == []


def test_one_reading_whose_number_or_stamp_is_nonsense_spoils_nothing_for_longer() -> None:
    judge = settled(InTime())
    came = list(readings(2, 6))
    came[50] = came[50]._replace(device_us=came[50].device_us + 3600 * S)
    came[100] = came[100]._replace(seq=7, device_us=1)
    ages = ages_us(judge, came)
    assert len(ages) == 398
    assert ages[-1] == 2_000


def test_after_a_minute_of_silence_whatever_comes_has_to_prove_itself() -> None:
    judge = settled(InTime())
    ages = ages_us(judge, readings(70, 72))
    assert 95 <= len(ages) <= 100


def test_a_number_that_never_rises_is_told_of() -> None:
    judge = InTime()
    assert ages_us(judge, [each._replace(seq=0) for each in readings(0, 5)]) == []
    assert judge.disordered == 499


def test_a_reading_without_its_time_is_refused() -> None:
    judge = settled(InTime())
    assert judge.place(200, None, BOOT_US + 2 * S) is None
    assert judge.unstamped == 1


@pytest.mark.parametrize(
    ("bare", "missing", "lost"),
    [
        ((203, 204, 205), (), 0),
        ((203, 205), (207, 208), 2),
        ((203, 203, 205), (), 0),
        ((220,), (), 0),
    ],
)
def test_a_reading_without_its_time_is_counted_once_and_not_as_lost(
    bare: tuple[int, ...], missing: tuple[int, ...], lost: int
) -> None:
    judge = settled(InTime())
    for each in readings(2, 3):
        if each.seq in bare:
            for _ in range(bare.count(each.seq)):
                assert judge.place(each.seq, None, each.arrive_us) is None
        elif each.seq not in missing:
            judge.place(each.seq, each.device_us, each.arrive_us)
    assert (judge.unstamped, judge.lost, judge.disordered) == (len(bare), lost, 0)


@given(st.lists(st.integers(0, 80_000), min_size=200, max_size=200))
def test_instants_never_go_back(delays_us: list[Us]) -> None:
    judge = InTime()
    arrive_us = last_us = 0
    for each, delay_us in zip(readings(0, 2), delays_us, strict=True):
        arrive_us = max(arrive_us, each.true_us + delay_us)
        at_us = judge.place(each.seq, each.device_us, arrive_us)
        if at_us is not None:
            assert last_us <= at_us <= arrive_us
            last_us = at_us
