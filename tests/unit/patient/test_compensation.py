"""Hip hike and circumduction: how a walker learns from the clearance that he gets."""

import statistics
from math import sqrt
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.patient.compensation import Compensation
from hil.patient.config import CompensationConfig, GaitConfig, LegConfig, PatientConfig
from hil.patient.open_loop import walk_open
from hil.patient.outcome import LegSwing
from hil.patient.train import OpenWalk, Train

CALM = CompensationConfig(max_mm=80, wanted_mm=13, rate=0.15, habit_mm=30)


def after(config: CompensationConfig, clearances_mm: list[float], seed: int = 1) -> list[float]:
    walker = Compensation(config, 0.93, Random(seed))
    heights = [walker.height_mm]
    for clearance_mm in clearances_mm:
        walker.after(clearance_mm)
        heights.append(walker.height_mm)
    return heights


def walked(
    config: CompensationConfig, current_ua: int = 0, deficit_mm: float = 0.0, seed: int = 1
) -> list[LegSwing]:
    leg = LegConfig(compensation=config, gait=GaitConfig(lift_deficit_mm=deficit_mm))
    patient = PatientConfig(leg=(leg,))
    return walk_open(OpenWalk(patient, Train(current_ua=current_ua), seed, 60.0))[0]


@given(st.floats(0, 80), st.floats(-100, 100), st.floats(0.01, 1))
def test_an_error_is_made_good_by_its_rate(habit_mm: float, missed_mm: float, rate: float) -> None:
    config = CompensationConfig(max_mm=80, wanted_mm=13, rate=rate, habit_mm=habit_mm)
    before, then = after(config, [13 - missed_mm])
    assert before == habit_mm
    assert then == pytest.approx(min(80, max(0, habit_mm + rate * missed_mm)))


def test_he_lifts_more_after_a_low_swing_less_after_a_high_one_and_as_much_after_a_good_one() -> (
    None
):
    start = CALM.habit_mm
    assert after(CALM, [-20])[-1] > start
    assert after(CALM, [60])[-1] < start
    assert after(CALM, [13])[-1] == start


@given(st.lists(st.floats(-300, 300), max_size=40), st.floats(0, 30), st.floats(0, 200))
def test_he_never_lifts_more_than_he_can_nor_less_than_nothing(
    clearances_mm: list[float], noise_mm: float, max_mm: float
) -> None:
    config = CompensationConfig(max_mm=max_mm, noise_mm=noise_mm, habit_mm=100, rate=0.5)
    assert all(0.0 <= height <= max_mm for height in after(config, clearances_mm))


def test_what_is_beyond_his_means_is_not_remembered() -> None:
    """No wind-up: after a hundred hopeless swings one high one brings him down at once."""
    heights = after(CALM, [-200.0] * 100 + [33.0])
    assert heights[-2] == CALM.max_mm
    assert heights[-1] == pytest.approx(CALM.max_mm - 0.15 * 20)
    assert after(CALM, [300.0] * 100 + [-7.0])[-1] == pytest.approx(0.15 * 20)


def test_who_does_not_compensate_never_lifts() -> None:
    nobody = CompensationConfig(max_mm=0, habit_mm=50, noise_mm=20)
    assert set(after(nobody, [-50.0] * 30)) == {0.0}


def test_the_noise_is_the_seeds_and_has_the_stated_size() -> None:
    noisy = CompensationConfig(max_mm=200, habit_mm=100, noise_mm=4, wanted_mm=13)
    steady = [13.0] * 4000

    def scatter(seed: int) -> list[float]:
        compensation = Compensation(noisy, 0.93, Random(seed))
        found = []
        for clearance_mm in steady:
            compensation.after(clearance_mm)
            assert compensation.height_mm == pytest.approx(100), "what he means to do is steady"
            found.append(compensation.scatter_mm)
        return found

    assert scatter(3) == scatter(3) != scatter(4)
    assert statistics.stdev(scatter(3)) == pytest.approx(4, rel=0.05)
    assert statistics.mean(scatter(3)) == pytest.approx(0, abs=0.5), "it does not drift"
    assert max(map(abs, scatter(3))) <= 12, "three deviations at most"


@given(st.floats(0, 80), st.floats(0, 1))
def test_a_leg_that_swings_out_lifts_its_foot_by_the_circles_sagitta(
    habit_mm: float, share: float
) -> None:
    config = CompensationConfig(max_mm=80, habit_mm=habit_mm, circumduction_share=share)
    out_m = Compensation(config, 0.93, Random(1)).circumduction_mm() / 1000
    assert out_m**2 / (2 * 0.93) == pytest.approx(share * habit_mm / 1000, abs=1e-12)
    assert out_m <= sqrt(2 * 0.93 * 0.08)


# -- walking ------------------------------------------------------------------------------------


def settled(swings: list[LegSwing], name: str) -> float:
    return statistics.median(getattr(swing, name) for swing in swings[-20:])


@pytest.mark.parametrize("habit_mm", [0.0, 80.0])
def test_without_aid_he_comes_to_the_clearance_that_he_steers_for(habit_mm: float) -> None:
    config = CompensationConfig(max_mm=120, wanted_mm=13, habit_mm=habit_mm)
    swings = walked(config)
    assert settled(swings, "clearance_mm") == pytest.approx(13, abs=2)
    first, last = swings[0].compensation_mm, swings[-1].compensation_mm
    assert (last > first + 20) if habit_mm == 0 else (last < first - 5)


def test_a_leg_that_is_brought_up_less_is_lifted_more() -> None:
    config = CompensationConfig(max_mm=150, wanted_mm=13, habit_mm=50)
    prices = [settled(walked(config, deficit_mm=d), "compensation_mm") for d in (0, 10, 20)]
    assert prices == sorted(prices)
    assert prices[2] - prices[0] == pytest.approx(20, abs=3), "millimetre by millimetre"


def test_with_stimulation_the_price_falls_and_the_clearance_does_not() -> None:
    config = CompensationConfig(max_mm=120, wanted_mm=13, habit_mm=55, noise_mm=2)
    bare, weak, strong = (walked(config, current_ua) for current_ua in (0, 24_000, 43_000))
    prices = [settled(swings, "compensation_mm") for swings in (bare, weak, strong)]
    assert prices[0] > prices[1] + 5 > prices[2] + 10
    assert settled(strong, "clearance_mm") > settled(bare, "clearance_mm")
    out = [settled(swings, "circumduction_mm") for swings in (bare, weak, strong)]
    assert out == sorted(out, reverse=True)


def test_who_cannot_lift_enough_drags() -> None:
    short = walked(CompensationConfig(max_mm=20, wanted_mm=13, habit_mm=20))
    assert settled(short, "compensation_mm") == 20
    assert settled(short, "clearance_mm") < 0


def test_his_variation_comes_back_with_the_seed() -> None:
    noisy = CompensationConfig(max_mm=120, habit_mm=50, noise_mm=3)
    assert walked(noisy, seed=5) == walked(noisy, seed=5) != walked(noisy, seed=6)
