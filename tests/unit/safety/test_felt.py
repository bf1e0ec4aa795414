"""When a train goes on and when a pause parts two bursts, to the microsecond."""

import pytest

from fes_ctrl.model import Capabilities
from fes_ctrl.safety import felt as module
from fes_ctrl.safety.felt import BEGINS, DRAWN_OUT_US, GOES_ON, UNCLEAR, Felt, stands_out
from fes_ctrl.stimulators.config import P24_MODES, REHASTIM2_MODES
from fes_ctrl.units import NEVER_US

DEVICE = P24_MODES["low_level"]
LIFE_US = 10_000
SPREAD_US = LIFE_US + DRAWN_OUT_US
"""By so much may a distance at the electrode differ from the one that was planned."""
AT_US = 5_000_000


def train(*gaps_us: int, life_us: int = LIFE_US) -> tuple[Felt, int]:
    """Return what is felt of pulses let through at their instants so far apart, and the last."""
    felt, at_us = Felt(DEVICE), AT_US
    felt.enter(at_us, at_us, at_us + life_us, 1_000)
    for gap_us in gaps_us:
        at_us += gap_us
        felt.enter(at_us, at_us, at_us + life_us, 1_000)
    return felt, at_us


def parting(felt: Felt, now_us: int, life_us: int = LIFE_US) -> int:
    return felt.parting(now_us, now_us + life_us)


def test_the_figures_of_the_module_are_these() -> None:
    assert (module.BURST_GAP_US, module.SLOWEST_US) == (100_000, 500_000)
    assert (module.DRAWN_OUT_US, module.REMEMBERED_US) == (5_000, 1_000_000)
    assert module.NO_TRAIN_US == 0
    assert (GOES_ON, UNCLEAR, BEGINS) == (0, 1, 2)


@pytest.mark.parametrize(
    ("since_us", "before_us", "pause"),
    [
        (100_001, module.NO_TRAIN_US, True),
        (100_001, 66_668, False),
        (100_001, 66_667, True),
        (150_000, 100_000, False),
        (150_001, 100_000, True),
        (500_000, 333_333, True),
        (500_000, 333_334, False),
        (500_001, 500_000, True),
        (500_000, -100_000, True),
    ],
)
def test_a_pause_stands_out_from_the_distance_before(
    since_us: int, before_us: int, *, pause: bool
) -> None:
    assert stands_out(since_us, before_us) is pause


def test_the_first_pulse_of_all_begins_a_burst() -> None:
    assert parting(Felt(DEVICE), 0) == BEGINS
    assert parting(Felt(DEVICE), AT_US) == BEGINS


@pytest.mark.parametrize(
    ("gap_us", "expected"),
    [
        (100_000 - SPREAD_US, GOES_ON),
        (100_001 - SPREAD_US, UNCLEAR),
        (100_000 + SPREAD_US, UNCLEAR),
        (100_001 + SPREAD_US, BEGINS),
    ],
)
def test_after_a_fast_train_a_tenth_of_a_second_is_a_pause_however_it_was_delayed(
    gap_us: int, expected: int
) -> None:
    felt, last_us = train(25_000, 25_000)
    assert parting(felt, last_us + gap_us) == expected


@pytest.mark.parametrize("before_us", [117_509, 200_000])
@pytest.mark.parametrize(
    ("sign", "off_us", "expected"),
    [(-1, 0, GOES_ON), (-1, 1, UNCLEAR), (1, 0, UNCLEAR), (1, 1, BEGINS)],
)
def test_a_slow_train_goes_on_until_a_distance_is_half_as_long_again(
    before_us: int, sign: int, off_us: int, expected: int
) -> None:
    felt, last_us = train(before_us, before_us)
    # At worst two pulses are late and the one between is not, or the other way round.
    edge_us = 3 * (before_us + sign * SPREAD_US) // 2 + sign * SPREAD_US
    assert parting(felt, last_us + edge_us + off_us) == expected


@pytest.mark.parametrize(
    ("gap_us", "expected"),
    [
        (500_000 - SPREAD_US, GOES_ON),
        (500_001 - SPREAD_US, UNCLEAR),
        (500_000 + SPREAD_US, UNCLEAR),
        (500_001 + SPREAD_US, BEGINS),
    ],
)
def test_beyond_half_a_second_each_is_alone_however_slow_the_train(
    gap_us: int, expected: int
) -> None:
    felt, last_us = train(450_000, 450_000)
    assert parting(felt, last_us + gap_us) == expected


@pytest.mark.parametrize(
    ("before_us", "expected"),
    [
        (500_000 - SPREAD_US, GOES_ON),
        (500_001 - SPREAD_US, UNCLEAR),
        (500_000 + SPREAD_US, UNCLEAR),
        (500_001 + SPREAD_US, BEGINS),
    ],
)
def test_after_half_a_second_a_distance_is_measured_by_nothing(
    before_us: int, expected: int
) -> None:
    felt, last_us = train(before_us)
    assert parting(felt, last_us + 117_509) == expected


def test_the_second_distance_of_all_is_measured_by_nothing() -> None:
    felt, last_us = train()
    assert parting(felt, last_us + 117_509) == BEGINS


def test_after_a_skipped_pulse_the_distance_that_was_felt_counts() -> None:
    # The pulse of 5.29 s came 563 ms after the last that was felt, not 446 after a skipped one.
    felt = Felt(DEVICE)
    for at_us in (4_604_748, 4_722_257, 4_839_766):
        felt.enter(at_us, at_us, at_us + LIFE_US, 40_000)
    assert felt.skipped(4_839_766) == 4_839_766
    assert parting(felt, 5_285_744) == BEGINS
    felt.enter(5_285_744, 5_285_744, 5_295_744, 25_000)
    assert parting(felt, 5_403_253) == BEGINS


def test_one_that_is_let_through_late_may_be_felt_then_at_the_earliest() -> None:
    felt = Felt(DEVICE)
    for at_us, now_us in ((0, 8_000), (25_000, 30_000)):
        felt.enter(at_us, now_us, at_us + LIFE_US, 1_000)
    assert (felt.earliest_us, felt.expires_us) == (30_000, 35_000)
    assert felt.parting(124_000, 125_000) == GOES_ON
    assert felt.parting(124_000, 125_001) == UNCLEAR
    assert felt.parting(140_000, 145_000) == UNCLEAR
    assert felt.parting(140_001, 145_000) == BEGINS


def test_what_may_not_be_written_yet_may_be_skipped_yet() -> None:
    # Nine pulses 10 ms apart that hold for 50: of the last five nothing is known.
    felt, last_us = train(*[10_000] * 8, life_us=50_000)
    # From the fourth, 50 ms before the last, 105 ms could have passed.
    assert felt.parting(last_us + 10_000, last_us + 55_000) == UNCLEAR
    for at_us in range(last_us - 40_000, last_us + 1, 10_000):
        felt.skipped(at_us)
    assert felt.parting(last_us + 10_000, last_us + 45_000) == GOES_ON
    slow, last_us = train(300_000, 300_000, life_us=50_000)
    assert slow.parting(last_us + 50_000, last_us + 60_000) == UNCLEAR
    assert slow.parting(last_us + 50_001, last_us + 60_000) == GOES_ON


def test_whether_a_pulse_is_written_at_the_very_end_of_its_time_is_not_known_yet() -> None:
    felt, last_us = train(10_000, 10_000, life_us=20_000)
    # Of the last it is not known, the one before has had its time.
    now_us = last_us + 20_000
    assert felt.parting(now_us, last_us - 10_000 + 95_000) == GOES_ON
    assert felt.parting(now_us, last_us - 10_000 + 95_001) == UNCLEAR
    only, last_us = train()
    assert only.parting(last_us + LIFE_US, last_us + LIFE_US) == UNCLEAR
    assert only.parting(last_us + LIFE_US + 1, last_us + LIFE_US + 1) == GOES_ON


def test_where_nobody_knows_which_was_skipped_it_is_unclear_until_half_a_second_is_over() -> None:
    felt, last_us = train(25_000, 25_000)
    assert felt.skipped(last_us + 1) == -NEVER_US
    assert len(felt) == 1
    assert parting(felt, last_us + LIFE_US) == UNCLEAR, "before anything else has had its time"
    for gap_us, expected in (
        (25_000, UNCLEAR),
        (500_000 + SPREAD_US, UNCLEAR),
        (500_001 + SPREAD_US, BEGINS),
    ):
        assert parting(felt, last_us + gap_us) == expected
    felt.enter(last_us + 200_000, last_us + 200_000, last_us + 210_000, 1_000)
    # What came before that one was up to half a second ago, or more.
    assert parting(felt, last_us + 200_000 + 300_000) == UNCLEAR
    felt.skipped(NEVER_US)
    assert parting(felt, last_us + 225_000) == UNCLEAR


def test_a_second_is_remembered_and_one_pulse_more() -> None:
    felt = Felt(DEVICE)
    for index in range(400):
        felt.enter(index * 10_000, index * 10_000, index * 10_000 + 10_000, index)
    last_us = 3_990_000
    assert len(felt) == 101, "a hundred of them, and one a second ago"
    assert felt.skipped(last_us - 1_000_000) == -NEVER_US, "it was taken as felt"
    felt, last_us = train(*[10_000] * 399)
    assert felt.skipped(last_us - 990_000) == last_us - 990_000
    assert len(felt) == 100
    assert felt.earliest_us == last_us
    for at_us in range(last_us - 980_000, last_us + 1, 10_000):
        felt.skipped(at_us)
    assert (felt.earliest_us, felt.expires_us, len(felt)) == (
        last_us - 1_000_000, last_us - 990_000, 1
    )  # fmt: skip
    assert parting(felt, last_us + 25_000) == BEGINS


LISTS = REHASTIM2_MODES["channel_list"]._replace(period_us=40_000, lingers_us=84_000)
SINGLE = REHASTIM2_MODES["single_pulse"]


def listed(*gaps_us: int, device: Capabilities = LISTS) -> tuple[Felt, int]:
    """Return what is felt of updates of a list, so far apart, and the last of them."""
    felt, at_us = Felt(device), AT_US
    for gap_us in (0, *gaps_us):
        at_us += gap_us
        felt.enter(at_us, at_us, at_us + LIFE_US, 1_000)
    return felt, at_us


@pytest.mark.parametrize(
    ("gap_us", "expected"),
    [
        # A list that is begun anew comes up to 24 ms later than one did that was begun at once.
        (100_000 - SPREAD_US - 24_000, GOES_ON),
        (100_001 - SPREAD_US - 24_000, UNCLEAR),
        (100_000 + SPREAD_US + 84_000, UNCLEAR),
        (100_001 + SPREAD_US + 84_000, BEGINS),
    ],
)
def test_what_a_device_repeats_is_felt_until_it_has_lingered(gap_us: int, expected: int) -> None:
    felt, last_us = listed(40_000, 40_000)
    assert parting(felt, last_us + gap_us) == expected


@pytest.mark.parametrize(
    ("gap_us", "expected"),
    [
        (100_000 - SPREAD_US - 14_000, GOES_ON),
        (100_001 - SPREAD_US - 14_000, UNCLEAR),
        (100_000 + SPREAD_US + 14_000, UNCLEAR),
        (100_001 + SPREAD_US + 14_000, BEGINS),
    ],
)
def test_what_a_devices_own_time_varies_by_counts_both_ways(gap_us: int, expected: int) -> None:
    felt, last_us = listed(25_000, 25_000, device=SINGLE)
    assert parting(felt, last_us + gap_us) == expected


def test_a_pulse_alone_of_a_device_that_varies_is_measured_by_nothing() -> None:
    felt, last_us = listed(device=SINGLE)
    assert parting(felt, last_us + 100_001 + SPREAD_US + 14_000) == BEGINS


@pytest.mark.parametrize(("late_us", "expected"), [(0, GOES_ON), (1, UNCLEAR)])
def test_a_slow_list_goes_on_where_it_was_said_again_in_time(late_us: int, expected: int) -> None:
    slow = LISTS._replace(period_us=200_000, lingers_us=244_000)
    felt, last_us = listed(200_000, device=slow)
    assert parting(felt, last_us + 200_000 + late_us) == expected
    # After one that may have begun anew, its rounds are no measure either.
    felt, last_us = listed(200_001, device=slow)
    assert parting(felt, last_us + 200_000) == UNCLEAR


@pytest.mark.parametrize(("gap_us", "expected"), [(360_000, UNCLEAR), (360_001, BEGINS)])
def test_a_pause_after_a_slow_list_is_measured_by_its_rounds(gap_us: int, expected: int) -> None:
    slow = LISTS._replace(period_us=150_000, lingers_us=100_000)
    felt, last_us = listed(150_000, device=slow)
    # Half as long again as 155 ms, after 10 ms of its life, 100 of lingering and 5 of the line.
    edge_us = 3 * 155_000 // 2 + 115_000 - 360_000 + 12_500
    assert parting(felt, last_us + gap_us - 12_500 + edge_us) == expected


@pytest.mark.parametrize(("period_us", "expected"), [(95_000, GOES_ON), (95_001, UNCLEAR)])
def test_no_round_of_a_list_is_a_pause_but_a_slow_ones(period_us: int, expected: int) -> None:
    device = LISTS._replace(period_us=period_us, lingers_us=period_us + 44_000)
    # The second may be the first of a list that was begun anew.
    felt, last_us = listed(period_us + 1, device=device)
    assert parting(felt, last_us + period_us) == expected


def test_what_a_held_up_host_let_a_device_repeat_is_felt_until_then() -> None:
    felt, last_us = listed(40_000, 40_000)
    edge_us = last_us + LIFE_US + 84_000 + DRAWN_OUT_US + 100_001
    for until_us, expected in (
        (last_us + LIFE_US + 84_000, BEGINS),
        (last_us + LIFE_US + 84_001, UNCLEAR),
        (last_us, UNCLEAR),
    ):
        felt.outlasted(until_us)
        assert felt.parting(edge_us, edge_us + LIFE_US) == expected
    assert felt.parting(edge_us + 1, edge_us + 1 + LIFE_US) == BEGINS


def test_a_device_of_single_pulses_may_have_repeated_too() -> None:
    felt, last_us = train(40_000, 40_000)
    felt.outlasted(last_us + 60_000)
    assert parting(felt, last_us + 60_000 + DRAWN_OUT_US + 100_000) == UNCLEAR
    assert parting(felt, last_us + 60_000 + DRAWN_OUT_US + 100_001) == BEGINS


def test_one_update_alone_of_a_slow_list_may_have_been_repeated() -> None:
    slow = LISTS._replace(period_us=150_000, lingers_us=194_000)
    felt, last_us = listed(device=slow)
    lingered_us = last_us + LIFE_US + 194_000 + DRAWN_OUT_US
    # It is no pause after a round of 150 ms, and which of them were given nobody knows.
    assert parting(felt, lingered_us + 230_000) == UNCLEAR
    assert parting(felt, lingered_us + 500_000) == UNCLEAR
    assert parting(felt, lingered_us + 500_001) == BEGINS


def test_what_never_gave_anything_has_repeated_nothing() -> None:
    assert Felt(LISTS).current_ua == 0
    felt = Felt(LISTS)
    felt.outlasted(AT_US + 1_000_000)
    assert parting(felt, AT_US) == BEGINS


def test_the_currents_of_those_that_were_let_through_since_an_instant() -> None:
    felt, last_us = listed(40_000, 40_000)
    felt.enter(last_us + 40_000, last_us + 40_001, last_us + 50_000, 2_000)
    assert felt.current_ua == 2_000
    assert felt.currents_ua(last_us) == [1_000, 2_000]
    assert felt.currents_ua(last_us + 40_001) == [2_000]
    assert felt.currents_ua(last_us + 40_002) == []
