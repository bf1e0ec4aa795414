"""The law by which a program learns, stride by stride, with each number worked out by hand.

Both wanted pitches are 0 and the band is 2 degrees, so a pitch is what the foot has to spare; the
whole share is worth 20 degrees at first, and 0.82 degrees are aimed at above what is wanted.
"""

from dataclasses import replace
from math import nan, sqrt

import pytest

from fes_ctrl.stim.adaptive import Adapted, AdaptiveLaw, Times, ramp_to
from fes_ctrl.stim.adaptive_config import AdaptiveConfig
from fes_ctrl.stim.quantise import WHOLE_PPM

HALF_PPM = 500_000
HALF = Adapted(HALF_PPM, 0, 0)
BARE = AdaptiveConfig(
    learn=True, contact_deg=0.0, mid_deg=0.0, band_deg=2.0, start=0.5, step_mA=10.0
)
SPAN_UA = 40_000
UP_PPM = 250_000
TIMES = Times(100_000, 0, 0, 0)
"""Without a ramp."""
FIRST_AIM_DEG = 1.65 * 0.8 - 0.5
STEADY_DPS = 760.0
"""A fall neither too fast nor so slow that it would do with less."""


def law_of(config: AdaptiveConfig = BARE, now: Adapted | None = None) -> AdaptiveLaw:
    law = AdaptiveLaw(config, SPAN_UA)
    law.now = now or law.now
    return law


def lands(law: AdaptiveLaw, contact_deg: float, mid_deg: float | None = None) -> None:
    """Give the law a stride; the foot lacks as much in mid-swing, where nothing else is said."""
    mid_deg = contact_deg if mid_deg is None else mid_deg
    law.learn(mid_deg, contact_deg, STEADY_DPS, TIMES)


def shares(contact_deg: float, mid_deg: float | None = None, now: Adapted = HALF) -> int:
    """Return by how much a first stride changes the share."""
    law = law_of(now=now)
    lands(law, contact_deg, mid_deg)
    return law.now.share_ppm - now.share_ppm


def onset(
    contact_deg: float,
    mid_deg: float,
    later_us: int = 40_000,
    share_ppm: int = HALF_PPM,
) -> int:
    """Return how much later a burst begins after a stride, than before it."""
    law = law_of(now=Adapted(share_ppm, later_us, 0))
    lands(law, contact_deg, mid_deg)
    return law.now.later_us - later_us


def end(contact_deg: float, fall_dps: float, sooner_us: int = 40_000) -> int:
    """Return how much sooner the fall begins after a stride, than before it."""
    law = law_of(now=Adapted(HALF_PPM, 0, sooner_us))
    law.learn(contact_deg, contact_deg, fall_dps, TIMES)
    return law.now.sooner_us - sooner_us


def expected(law: AdaptiveLaw) -> tuple[float, float]:
    return law.least_expected_deg, law.most_expected_deg


# -- what it begins with --------------------------------------------------------------------------


def test_at_first_it_knows_nothing_but_its_start() -> None:
    law = law_of()
    for _ in range(2):
        assert law.now == HALF
        assert law.short_deg == 0.0
        assert law.answer_deg == 20.0
        assert expected(law) == (0.0, 0.0)
        assert law.aim_deg == pytest.approx(FIRST_AIM_DEG)
        assert not law.out_of_reach
        lands(law, -9.0)
        lands(law, -8.0)
        assert law.short_deg == 8.0
        law.start_over()


def test_what_was_given_before_does_not_compare_once_it_is_forgotten() -> None:
    law = law_of()
    lands(law, -1.0)
    share = 0.7 * (1.0 + FIRST_AIM_DEG) / 20.0
    assert expected(law) == pytest.approx((4.0 * share, 60.0 * share), rel=1e-3)
    law.forget()
    assert expected(law) == (0.0, 0.0)
    lands(law, 1.0)
    assert law.answer_deg == 20.0
    assert law.aim_deg == pytest.approx(FIRST_AIM_DEG)


@pytest.mark.parametrize("span_ua", [0, 1])
def test_a_step_goes_all_the_way_where_that_is_no_longer_than_a_step(span_ua: int) -> None:
    law = AdaptiveLaw(replace(BARE, start=0.0, step_mA=0.001), span_ua)
    lands(law, -100.0)
    assert law.now.share_ppm == WHOLE_PPM


# -- what it takes for a stride -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mid_deg", "contact_deg", "fall_dps"),
    [
        (180.0, 0.0, 400.0),
        (-180.0, 0.0, 400.0),
        (0.0, 180.0, 400.0),
        (0.0, -180.0, 400.0),
        (0.0, 0.0, 0.0),
        (0.0, 0.0, 0.5),
        (0.0, 0.0, 10_000.0),
    ],
)
def test_what_a_foot_can_just_do_is_learnt_from(
    mid_deg: float, contact_deg: float, fall_dps: float
) -> None:
    law = law_of()
    assert law.learn(mid_deg, contact_deg, fall_dps, TIMES) is True
    assert law.now != HALF


@pytest.mark.parametrize(
    ("mid_deg", "contact_deg", "fall_dps"),
    [
        (180.1, 0.0, 400.0),
        (-180.1, 0.0, 400.0),
        (0.0, 180.1, 400.0),
        (0.0, -180.1, 400.0),
        (0.0, 0.0, -0.1),
        (0.0, 0.0, 10_000.1),
        (nan, 0.0, 400.0),
        (0.0, nan, 400.0),
        (0.0, 0.0, nan),
    ],
)
def test_what_no_foot_does_is_not_learnt_from(
    mid_deg: float, contact_deg: float, fall_dps: float
) -> None:
    law = law_of()
    assert law.learn(mid_deg, contact_deg, fall_dps, TIMES) is False
    assert (law.now, law.short_deg) == (HALF, 0.0)


def test_it_says_whether_the_next_burst_is_another_one() -> None:
    law = law_of()
    assert law.learn(1.0, law.aim_deg, STEADY_DPS, TIMES) is False
    assert law.now == HALF
    assert law.learn(0.0, 0.0, STEADY_DPS, TIMES) is True


# -- the share ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contact_deg", "change_ppm"),
    [
        (-3.0, 0.7 * 3.82 * 50_000),
        (-1.0, 0.7 * 1.82 * 50_000),
        (-0.18 - 1e-9, 0.7 * 50_000),  # more than half a band too low, with what is aimed at
        (-0.18 + 1e-9, 0.2 * 50_000),
        (-0.1, 0.2 * 0.92 * 50_000),
        (1.0, 0.2 * -0.18 * 50_000),
        (2.82 - 1e-9, 0.2 * -2.0 * 50_000),
        (2.82 + 1e-9, 0.5 * -2.0 * 50_000),  # more than a band too high
        (4.0, 0.5 * -3.18 * 50_000),
        (-30.0, UP_PPM),
        (30.0, -2 * UP_PPM),
    ],
)
def test_a_part_of_what_is_lacking_is_made_good(contact_deg: float, change_ppm: float) -> None:
    assert shares(contact_deg) == pytest.approx(change_ppm, abs=1)


def test_where_the_band_ends_it_still_is_the_band() -> None:
    aim_deg = law_of().aim_deg
    assert aim_deg + (1.0 - aim_deg) == 1.0
    assert shares(aim_deg - 1.0) == 10_000
    assert shares(aim_deg + 2.0) == -20_000


def test_the_share_is_at_most_all_of_it_and_at_least_none() -> None:
    for start_ppm, contact_deg, end_ppm in ((900_000, -30.0, WHOLE_PPM), (100_000, 30.0, 0)):
        law = law_of(now=Adapted(start_ppm, 0, 0))
        lands(law, contact_deg)
        assert law.now.share_ppm == end_ppm


@pytest.mark.parametrize(
    ("mid_deg", "later_us", "short_deg"),
    [
        (-1.0, 0, 1.0),  # an onset that cannot come sooner: more current
        (-1.0, 1, -2.0),  # one that can: less current, with care
        (-2.0, 40_000, -2.0),
        (1.0, 40_000, -2.0),
        (2.0, 40_000, -4.0),  # nothing is lacking in mid-swing
        (3.0, 40_000, -4.0),
        (3.0, 0, -3.0),
        (5.0, 0, -4.0),
    ],
)
def test_what_mid_swing_lacks_the_onset_has_to_give_before_the_current(
    mid_deg: float, later_us: int, short_deg: float
) -> None:
    lacking_deg = short_deg + FIRST_AIM_DEG
    gain = 0.7 if lacking_deg > 1.0 else 0.5 if lacking_deg < -2.0 else 0.2
    found = shares(4.0, mid_deg, Adapted(HALF_PPM, later_us, 0))
    assert found == pytest.approx(gain * lacking_deg * 50_000, abs=1)


@pytest.mark.parametrize(
    ("before_deg", "contact_deg", "learns"),
    [
        (0.0, -0.5, 0.2),  # one that is too low after one that was not
        (0.0, -2.18, 0.2),  # 3 degrees with what is aimed at
        (0.0, -2.19, 0.7),
        (-0.17, -0.5, 0.2),
        (-0.19, -0.5, 0.7),  # the second in a row
        (3.0, -0.5, 0.2),
    ],
)
def test_one_stride_too_low_is_scatter_and_two_in_a_row_are_not(
    before_deg: float, contact_deg: float, learns: float
) -> None:
    law = law_of()
    law.answer_deg = 60.0  # so flat that the first change is too small to tell of it
    lands(law, before_deg)
    law.now = HALF
    lacking_deg = law.aim_deg - contact_deg
    if max(abs(before_deg), abs(contact_deg)) <= 2.0:
        # The pair tells of the scatter first.
        varies = 0.64 + 0.05 * (0.5 * (contact_deg - before_deg) ** 2 - 0.64)
        lacking_deg = 1.65 * sqrt(varies) - 0.5 - contact_deg
    lands(law, contact_deg)
    assert law.now.share_ppm - HALF_PPM == pytest.approx(learns * lacking_deg * 1e6 / 60, abs=1)


def test_the_first_stride_after_a_break_is_taken_at_its_word() -> None:
    law = law_of()
    lands(law, 1.0)
    law.forget()
    was = law.now
    lands(law, -0.5)
    assert law.now.share_ppm - was.share_ppm == pytest.approx(0.7 * 1.32 * 50_000, abs=1)


# -- the ramp -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share_ppm", "was_ppm", "rise_us"),
    [
        (WHOLE_PPM, WHOLE_PPM, 200_000),
        (750_000, WHOLE_PPM, 150_000),  # as steep as to the whole
        (750_000, 750_000, 150_000),
        (600_000, 500_000, 120_000),  # 120 ms by the guard, whose 100 are for the last plateau
        (600_000, 400_000, 150_000),
        (600_000, 300_000, 200_000),
        (600_000, 100_000, 200_000),  # no longer than the program's
        (300_000, 300_000, 100_000),  # no shorter than the guard's
        (300_000, 299_999, 100_001),
        (0, 0, 200_000),
        (1, 0, 200_000),
    ],
)
def test_the_ramp_is_as_steep_as_the_programs_and_the_guard_allow(
    share_ppm: int, was_ppm: int, rise_us: int
) -> None:
    assert ramp_to(share_ppm, was_ppm, Times(0, 200_000, 100_000, 0)) == rise_us


@pytest.mark.parametrize(
    ("share_ppm", "was_ppm", "rise_us"),
    [
        (480_000, 500_000, 100_000),  # the last peak was 480 000 at least
        (500_000, 500_000, 104_167),  # 100 ms / 0.48 * 0.5
        (600_000, 500_000, 125_000),
        (20_000, 20_000, 200_000),  # it may have been none
        (21_000, 21_000, 200_000),
    ],
)
def test_the_last_peak_may_have_been_a_step_lower_than_was_asked_for(
    share_ppm: int, was_ppm: int, rise_us: int
) -> None:
    assert ramp_to(share_ppm, was_ppm, Times(0, 200_000, 100_000, 20_000)) == rise_us


def test_a_ramp_from_which_something_was_taken_is_the_programs_again() -> None:
    law = law_of(now=Adapted(HALF_PPM, 90_000, 7, 100_000))
    law.take_the_programs_ramp()
    assert law.now == Adapted(HALF_PPM, 40_000, 7, 0)
    law.take_the_programs_ramp()
    assert law.now == Adapted(HALF_PPM, 40_000, 7, 0)


def test_a_ramp_that_is_shorter_than_the_guards_stays_as_it_is() -> None:
    for share_ppm in (0, HALF_PPM, WHOLE_PPM):
        assert ramp_to(share_ppm, HALF_PPM, Times(0, 80_000, 100_000, 0)) == 80_000


def test_a_burst_whose_ramp_is_shorter_begins_later_by_half_of_that() -> None:
    law = law_of()
    ramps = Times(100_000, 200_000, 50_000, 0)
    assert law.learn(9.0, 9.0, STEADY_DPS, ramps)
    share_ppm, later_us, _, shorter_us = law.now
    assert share_ppm == HALF_PPM - round(0.5 * 8.18 * 50_000)
    assert shorter_us == 200_000 - share_ppm // 5
    assert later_us == shorter_us // 2, "and nothing was put off besides"
    assert law.learn(0.0, 0.0, STEADY_DPS, ramps)
    assert law.now.later_us == law.now.shorter_us // 2 < later_us, "more current takes longer"


def test_what_was_put_off_stays_beside_the_ramp() -> None:
    law = law_of(now=Adapted(HALF_PPM, 50_000 + 40_000, 0, 100_000))
    law.learn(3.0, 0.0, STEADY_DPS, Times(100_000, 200_000, 50_000, 0))
    assert law.now.later_us - law.now.shorter_us // 2 == 40_000 + 12_000
    assert law.revert()
    assert (law.now.later_us, law.now.shorter_us) == (32_000, 0)


def test_a_foot_that_is_too_low_while_the_onset_is_the_ramps_alone_gets_more_current() -> None:
    law = law_of(now=Adapted(HALF_PPM, 50_000, 0, 100_000))
    law.learn(-1.0, 4.0, STEADY_DPS, Times(100_000, 200_000, 50_000, 0))
    assert law.now.share_ppm > HALF_PPM


# -- what a share is worth ------------------------------------------------------------------------

SMALL = replace(BARE, step_mA=1.0)
"""Its steps are the least that tell of the answer: 25 000 millionths."""


@pytest.mark.parametrize(
    ("next_deg", "answer_deg"),
    [
        (-9.25, 30.0),  # 0.75 degrees for a fortieth: steeper, and believed at once
        (-9.5, 20.0),
        (-9.75, 15.0),  # 10 for the whole: half of it is believed
        (-8.0, 60.0),  # bounds
        (-10.0, 12.0),
        (-11.0, 12.0),
    ],
)
def test_the_answer_follows_from_the_last_change_and_what_the_foot_made_of_it(
    next_deg: float, answer_deg: float
) -> None:
    law = law_of(SMALL)
    lands(law, -10.0)
    assert law.now.share_ppm == HALF_PPM + 25_000
    lands(law, next_deg)
    assert law.answer_deg == pytest.approx(answer_deg)


def test_less_current_tells_of_it_as_well() -> None:
    law = law_of(SMALL, Adapted(25_000, 0, 0))
    lands(law, 10.0)
    assert law.now.share_ppm == 0
    lands(law, 9.25)
    assert law.answer_deg == pytest.approx(30.0)


@pytest.mark.parametrize(("start_ppm", "contact_deg"), [(24_999, 10.0), (975_001, -10.0)])
def test_a_smaller_change_tells_nothing(start_ppm: int, contact_deg: float) -> None:
    law = law_of(SMALL, Adapted(start_ppm, 0, 0))
    lands(law, contact_deg)
    assert law.now.share_ppm in {0, WHOLE_PPM}
    lands(law, contact_deg - 3.0)
    assert law.answer_deg == 20.0


# -- the scatter ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first_deg", "then_deg"), [(-2.0, 0.0), (2.0, 0.0), (0.0, -2.0), (0.0, 2.0)]
)
def test_strides_in_the_band_tell_of_the_scatter(first_deg: float, then_deg: float) -> None:
    law = law_of()
    lands(law, first_deg)
    assert law.aim_deg == pytest.approx(FIRST_AIM_DEG), "one alone does not"
    lands(law, then_deg)
    # Half the square of their difference is 2: a twentieth of the way from 0.64.
    assert law.aim_deg == pytest.approx(1.65 * sqrt(0.708) - 0.5)


@pytest.mark.parametrize(
    ("first_deg", "then_deg"), [(-2.01, 0.0), (2.01, 0.0), (0.0, -2.01), (0.0, 2.01)]
)
def test_those_outside_do_not(first_deg: float, then_deg: float) -> None:
    law = law_of()
    lands(law, first_deg)
    lands(law, then_deg)
    assert law.aim_deg == pytest.approx(FIRST_AIM_DEG)


# -- onset and end --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mid_deg", "change_us"), [(-0.5, -6_000), (-1.0, -12_000), (-10.0, -40_000)]
)
def test_a_foot_too_low_in_mid_swing_brings_the_onset_forward(
    mid_deg: float, change_us: int
) -> None:
    assert onset(0.0, mid_deg, later_us=60_000) == change_us


def test_it_comes_no_sooner_than_the_programs_and_no_later_than_is_allowed() -> None:
    assert onset(0.0, -10.0, later_us=30_000) == -30_000
    assert onset(0.0, 10.0, later_us=95_000) == 5_000


@pytest.mark.parametrize(
    ("contact_deg", "mid_deg", "change_us"),
    [
        (0.0, 0.0, 0),
        (0.0, 1.5, 0),
        (0.0, 2.0, 0),
        (0.0, 3.0, 12_000),  # 6 ms for each degree above half the band
        (0.0, 10.0, 20_000),  # a step at most
        (-0.5, 3.0, 0),  # contact lacks something
        (3.0, 3.0, 12_000),
        (3.999, 5.0, 20_000),
        (4.0, 5.0, 0),  # contact has so much to spare that less current comes first
        (5.0, 5.0, 0),
    ],
)
def test_a_foot_with_room_in_mid_swing_lets_the_onset_come_later(
    contact_deg: float, mid_deg: float, change_us: int
) -> None:
    assert onset(contact_deg, mid_deg) == change_us


def test_where_there_is_no_less_current_only_the_onset_is_left() -> None:
    assert onset(10.0, 3.0, share_ppm=0) == 12_000
    assert onset(10.0, 3.0, share_ppm=1) == 0
    assert onset(10.0, 1.5, share_ppm=0) == 0


@pytest.mark.parametrize(
    ("contact_deg", "fall_dps", "change_us"),
    [
        (0.0, 800.1, -20_000),
        (0.0, 800.0, 0),
        (0.0, 720.0, 0),
        (0.0, 719.9, 10_000),
        (5.0, 500.0, 10_000),
        (-0.5, 500.0, 0),  # a foot that is too low keeps its extension
        (-0.5, 900.0, -20_000),
    ],
)
def test_a_forefoot_that_comes_down_gently_does_with_less(
    contact_deg: float, fall_dps: float, change_us: int
) -> None:
    assert end(contact_deg, fall_dps) == change_us


def test_the_fall_begins_no_later_than_the_programs() -> None:
    assert end(0.0, 900.0, sooner_us=5_000) == -5_000


def test_times_are_whole_microseconds() -> None:
    law = law_of(replace(BARE, step_ms=0.025))
    law.learn(0.0, 0.0, 400.0, TIMES)
    assert law.now.sooner_us == 12
    odd = Adapted(333_333, 90_001, 0, 100_003)
    assert type(ramp_to(333_333, 333_333, Times(0, 200_001, 3, 0))) is int
    law = law_of(now=odd)
    law.take_the_programs_ramp()
    assert [type(each) for each in law.now] == [int] * 4
    law = law_of(now=odd)
    law.learn(9.0, 9.0, STEADY_DPS, Times(100_000, 200_001, 3, 7))
    assert [type(each) for each in law.now] == [int] * 4


def test_it_tells_what_it_has_learnt() -> None:
    law = law_of()
    lands(law, 0.0)
    lands(law, 2.0)
    law.now = Adapted(123_456, 1_000, 2_000)
    law.answer_deg = 12.34
    assert law.snapshot() == {
        "share": 0.1235,
        "later_us": 1_000,
        "sooner_us": 2_000,
        "answer_deg": 12.3,
        "shorter_us": 0,
        "aim_deg": 0.89,  # 1.65 * sqrt(0.708) - 0.5 = 0.8884
    }


# -- what is expected, and what the guard has withheld --------------------------------------------


def test_any_answer_is_expected_until_there_was_one() -> None:
    law = law_of()
    lands(law, 10.0)
    least_deg, most_deg = expected(law)
    assert most_deg == pytest.approx(least_deg / 15.0), "down, and 4 to 60 deg for the whole share"
    assert least_deg < most_deg < 0.0
    lands(law, 10.0 + 0.5 * least_deg)
    answered = expected(law)
    assert answered[0] == answered[1] != 0.0
    law.start_over()
    lands(law, 10.0)
    assert expected(law) == (least_deg, most_deg)


def test_a_foot_that_had_more_than_enough_of_less_is_asked_for_less() -> None:
    law = law_of()
    assert law.ease(10.0, 10.0)
    given = law.now.share_ppm
    assert given < HALF_PPM
    assert law.now == HALF._replace(share_ppm=given), "and for nothing else"
    assert expected(law) == (0.0, 0.0), "how much less it had is not known: the next compares not"
    plain = law_of()
    lands(plain, 10.0)
    assert given >= plain.now.share_ppm, "by no more than if it had been given all"


@pytest.mark.parametrize(
    ("mid_deg", "contact_deg"),
    [(10.0, 0.0), (0.0, 10.0), (-9.0, -9.0), (10.0, 1.9), (1.9, 10.0), (10.0, 2.0), (2.0, 10.0)],
)
def test_a_foot_that_had_not_more_than_enough_of_less_tells_nothing(
    mid_deg: float, contact_deg: float
) -> None:
    law = law_of()
    assert not law.ease(mid_deg, contact_deg)
    assert law.now == HALF
    assert not law.ease(float("nan"), 10.0)
    assert not law.ease(10.0, float("nan"))
    assert law.now == HALF
