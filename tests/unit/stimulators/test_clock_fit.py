"""What the host knows of a device's clock: the truth is always within the bound that it gives."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fes_ctrl.stimulators.clock_fit import ClockFit
from fes_ctrl.units import NEVER_US


def device_us(host_us: int, start_us: int, ppm: int) -> int:
    return start_us + host_us + host_us * ppm // 1_000_000


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 1 << 30),
    st.integers(-190, 190),
    st.one_of(st.integers(0, 1 << 40), st.integers((1 << 32) - 10_000_000, 1 << 32)),
    st.sampled_from([200, 2_000, 30_000]),
)
def test_the_truth_is_within_the_residual_whatever_the_line_does(
    seed: int, ppm: int, start_us: int, jitter_us: int
) -> None:
    random = Random(seed)
    fit = ClockFit(200)
    now_us = 0
    assert fit.residual_us(now_us) == NEVER_US
    for _ in range(150):
        now_us += random.choice((1_000, 25_000, 100_000, 900_000))
        out_us = 300 + int(random.random() ** 3 * jitter_us)
        back_us = 300 + int(random.random() ** 3 * jitter_us)
        clock_us = device_us(now_us + out_us, start_us, ppm)
        received_us = now_us + out_us + back_us
        assert fit.exchange(now_us, clock_us % (1 << 32), received_us)
        # And from then on: how long the last exchange is ago is in the bound.
        for later_us in (received_us, received_us + 3_000_000):
            error_us = fit.device_us(later_us) - device_us(later_us, start_us, ppm)
            # Whole turns of its 32 bits before the first exchange nobody can know.
            error_us = abs((error_us + (1 << 31)) % (1 << 32) - (1 << 31))
            assert error_us <= fit.residual_us(later_us) + 2
        now_us = received_us
    assert fit.restarts == 0
    assert fit.residual_us(now_us) < 1_000 + jitter_us


@settings(max_examples=300, deadline=None)
@given(
    st.integers(-200_000, 200_000),
    st.integers(0, 1 << 40),
    st.lists(
        st.tuples(
            # The pause before it, how long it takes, and how much of that the way out.
            st.integers(0, 2_000_000),
            st.sampled_from([0, 100, 1_000, 100_000, 900_000]),
            st.sampled_from([0, 1, 50, 99, 100]),
        ),
        min_size=1,
        max_size=30,
    ),
)
def test_the_truth_is_within_the_bounds_for_every_drift_and_however_long_a_round_takes(
    ppb: int, start_us: int, exchanges: list[tuple[int, int, int]]
) -> None:
    def true_us(host_us: int) -> int:
        return start_us + host_us + host_us * ppb // 1_000_000_000

    fit = ClockFit(200)
    sent_us = 0
    for pause_us, takes_us, out_percent in exchanges:
        sent_us += pause_us
        clock_us = true_us(sent_us + takes_us * out_percent // 100)
        received_us = sent_us + takes_us
        assert fit.exchange(sent_us, clock_us % (1 << 32), received_us)
        for at_us in (sent_us, received_us, received_us + 5_000_000):
            error_us = fit.device_us(at_us) - true_us(at_us)
            error_us = abs((error_us + (1 << 31)) % (1 << 32) - (1 << 31))
            # Both clocks are read in whole microseconds.
            assert error_us <= fit.residual_us(at_us) + 2
        sent_us = received_us
    assert fit.restarts == 0


@pytest.mark.parametrize("ppm", [200, -200])
def test_a_bound_holds_where_it_was_found_and_not_a_round_earlier(ppm: int) -> None:
    """A slow answer and a prompt one: at the wrong end of the round the drift would be halved."""
    out_us = 900_000 if ppm > 0 else 0
    fit = ClockFit(200)
    fit.exchange(0, device_us(out_us, 0, ppm), 900_000)
    fit.exchange(1_800_000, device_us(1_800_000, 0, ppm), 1_800_000)
    error_us = fit.device_us(11_800_000) - device_us(11_800_000, 0, ppm)
    assert abs(error_us) <= fit.residual_us(11_800_000) + 2
    assert fit.restarts == 0


def test_drift_is_found_and_the_bound_gets_sharp() -> None:
    random = Random(3)
    fit = ClockFit(200)
    for sent_us in range(0, 20_000_000, 50_000):
        out_us, back_us = 300 + random.randrange(700), 300 + random.randrange(700)
        fit.exchange(sent_us, device_us(sent_us + out_us, 77, 42), sent_us + out_us + back_us)
    assert fit.residual_us(20_000_000) < 500
    apart_us = fit.device_us(20_000_000) - fit.device_us(19_000_000)
    assert apart_us - 1_000_000 == pytest.approx(42, abs=8)


@pytest.mark.parametrize("jump_us", [-5_000_000, -3_000, 3_000, 1 << 31])
def test_a_clock_that_was_set_is_noticed_at_once_and_followed(jump_us: int) -> None:
    fit = ClockFit(200)
    for sent_us in range(0, 2_000_000, 100_000):
        assert fit.exchange(sent_us, 10_000_000 + sent_us + 400, sent_us + 800)
    clock_us = 10_000_000 + 2_000_000 + 400 + jump_us
    assert not fit.exchange(2_000_000, clock_us % (1 << 32), 2_000_800)
    assert fit.restarts == 1
    assert fit.exchanges == 1
    assert fit.exchange(2_100_000, (clock_us + 100_000) % (1 << 32), 2_100_800)


def test_a_slow_answer_widens_nothing() -> None:
    fit = ClockFit(200)
    for sent_us in range(0, 1_000_000, 100_000):
        fit.exchange(sent_us, 5_000 + sent_us + 400, sent_us + 800)
    before_us = fit.residual_us(1_000_000)
    fit.exchange(1_000_000, 5_000 + 1_000_000 + 400, 1_090_000)
    assert fit.residual_us(1_090_000) <= before_us + 20
    assert fit.round_us == 800


# -- to the last microsecond: what so few exchanges leave can be reckoned by hand ----------------

LATER_US = 10_000_000_000
"""So far on a part in a thousand million of drift is 10 us."""


def fit_of(*exchanges: tuple[int, int, int], ppm: int = 200) -> ClockFit:
    """Each: when it was asked, the device's clock, when it was answered."""
    fit = ClockFit(ppm)
    for exchange in exchanges:
        assert fit.exchange(*exchange)
    assert fit.restarts == 0
    assert fit.exchanges == len(exchanges)
    return fit


FIRST = (1_000_000, 5_000_400, 1_000_800)


def test_before_anything_is_known_the_hosts_time_stands_in_and_any_clock_is_taken_as_it_is() -> (
    None
):
    fit = ClockFit(200)
    assert fit.device_us(LATER_US) == LATER_US
    assert fit.residual_us(0) == fit.round_us == NEVER_US
    assert fit.whole_us(123, 5_000_000_000) == 123
    assert (fit.exchanges, fit.restarts) == (0, 0)


def test_one_exchange_leaves_half_its_round_a_reading_and_the_whole_drift() -> None:
    fit = fit_of(FIRST)
    assert fit.round_us == 800
    assert fit.device_us(1_000_800) == 5_000_800
    assert fit.device_us(1_000_800 + LATER_US) == 5_000_800 + LATER_US
    assert fit.residual_us(1_000_800) == 402
    assert fit.residual_us(1_000_800 + LATER_US) == 402 + 2_000_000
    assert fit.residual_us(1_000_800 - 7_499) == fit.residual_us(1_000_800 + 7_499) == 403


def test_a_device_may_say_that_its_clock_is_better_than_was_thought() -> None:
    fit = ClockFit(200)
    fit.limit_ppm(120)
    fit.exchange(*FIRST)
    assert fit.residual_us(1_000_800 + LATER_US) == 402 + 1_200_000


def test_what_is_no_sharper_changes_nothing() -> None:
    fit = fit_of(FIRST, (1_100_000, 5_100_400, 1_100_800))
    assert fit.residual_us(1_100_800) == 402 + 20


@pytest.mark.parametrize("early", [True, False])
def test_what_is_sharper_on_one_side_counts_for_that_side(early: bool) -> None:
    """Of an exchange of 800 us the device answered at once, or the answer came at once."""
    fit = fit_of(FIRST, (1_100_000, 5_100_000 + (100 if early else 700), 1_100_800))
    # The bounds of the first have grown by 20 us of drift, those of the second not at all.
    least_us, most_us = (-422, 102) if early else (-102, 422)
    middle_us = (least_us + most_us) // 2
    assert fit.device_us(1_100_800) == 5_100_800 + middle_us
    assert fit.residual_us(1_100_800) == (most_us - least_us + 1) // 2


@pytest.mark.parametrize(("low_us", "agrees"), [(-186, True), (-185, False)])
def test_a_slow_answer_may_be_ahead_of_a_slow_clock_by_what_is_unsure_and_no_more(
    low_us: int, agrees: bool
) -> None:
    fit = fit_of((0, 0, 0), (1_000_000, 999_900, 1_000_000))
    assert fit.device_us(1_900_000) == 1_900_000 - 190
    assert fit.residual_us(1_900_000) == 3
    assert fit.exchange(1_800_000, 1_900_000 + low_us, 1_900_000) == agrees
    assert fit.restarts == (not agrees)


@pytest.mark.parametrize(("high_us", "agrees"), [(186, True), (185, False)])
def test_a_slow_answer_may_be_behind_a_fast_clock_by_what_is_unsure_and_no_more(
    high_us: int, agrees: bool
) -> None:
    fit = fit_of((0, 0, 0), (1_000_000, 1_000_100, 1_000_000))
    assert fit.device_us(2_000_000) == 2_000_000 + 200
    assert fit.residual_us(1_900_000) == 3
    assert fit.exchange(1_900_000, 1_900_000 + high_us, 2_000_000) == agrees
    assert fit.restarts == (not agrees)


@pytest.mark.parametrize(("off_us", "agrees"), [(200_003, True), (200_004, False)])
def test_bounds_that_meet_leave_nothing_unsure_and_those_that_cross_are_a_contradiction(
    off_us: int, agrees: bool
) -> None:
    later_us = 1_000_000_000
    fit = fit_of((0, 0, 0))
    assert fit.exchange(later_us, later_us + off_us, later_us) == agrees
    # The first clock's reading and the second's, a microsecond each, bring them together.
    assert fit.residual_us(later_us) == (0 if agrees else 2)
    assert fit.device_us(later_us) == later_us + off_us - agrees


@pytest.mark.parametrize(("apart_us", "grows_us"), [(1, 2_000_000), (1_000_003, 20_010)])
def test_drift_is_known_to_two_readings_where_exchanges_take_no_time(
    apart_us: int, grows_us: int
) -> None:
    drifted_us = 50 if apart_us > 1 else 0
    at_us = 999_999 + apart_us
    fit = fit_of((999_999, 999_999, 999_999), (at_us, at_us + drifted_us, at_us))
    ppb = 49_999 if apart_us > 1 else 0
    assert fit.residual_us(at_us + LATER_US) - fit.residual_us(at_us) == grows_us
    assert fit.device_us(at_us + LATER_US) - fit.device_us(at_us) == LATER_US + 10 * ppb
    assert type(fit.residual_us(at_us)) is type(fit.device_us(at_us)) is int


def test_a_drift_beyond_what_clocks_may_have_is_a_contradiction_and_begins_with_what_was_last() -> (
    None
):
    assert fit_of((0, 0, 0), (1_000_000, 1_000_202, 1_000_000))
    fit = fit_of((0, 0, 0))
    assert not fit.exchange(1_000_000, 1_000_203, 1_000_000)
    assert (fit.restarts, fit.exchanges, fit.round_us) == (1, 1, 0)
    assert fit.device_us(1_000_000) == 1_000_203
    assert fit.residual_us(1_000_000) == 2


def test_the_sharpest_of_each_of_sixteen_seconds_is_kept_and_no_longer() -> None:
    fit = fit_of((0, 0, 0))
    grows_us = []
    for second in range(1, 17):
        sent_us = second * 1_000_000
        assert fit.exchange(sent_us, sent_us + 400, sent_us + 800)
        grows_us.append(fit.residual_us(LATER_US) - fit.residual_us(LATER_US - 1_000_000_000))
    # 402 us in 15 s, from the exact one to the last, or to its answer 800 us later; then 802 us in
    # 15 s, between two of the rest.
    assert grows_us[-2:] == [26_801, 53_468]


def test_a_device_that_begins_anew_is_not_known_at_all() -> None:
    fit = fit_of(FIRST)
    fit.begin()
    assert (fit.exchanges, fit.restarts, fit.round_us) == (0, 1, NEVER_US)
    assert fit.residual_us(1_000_800) == NEVER_US
    assert fit.device_us(77) == 77
    assert fit.exchange(2_000_000, 77, 2_000_010)


def test_whole_time_is_that_nearest_to_what_the_clock_should_show() -> None:
    fit = fit_of((0, 5 << 32, 0))
    for off_us in (0, 1, -1, (1 << 31) - 1, -(1 << 31)):
        whole_us = (5 << 32) + off_us
        assert fit.whole_us(whole_us % (1 << 32), 0) == whole_us
