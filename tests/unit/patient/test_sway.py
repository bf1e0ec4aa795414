"""Weight shifts in standing: how often, how far, and whoever looks."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.model import RIGHT
from hil.patient.config import LegConfig, PatientConfig
from hil.patient.leg import PatientLeg
from hil.patient.pace import steps_of
from hil.patient.plan import Plan
from hil.patient.sway import WeightShifts
from hil.patient.way import SegmentConfig

RATES = st.floats(0.5, 60)
SEEDS = st.integers(0, 10_000)


def bearings(seed: int, per_min: float, times_ms: range) -> list[float]:
    shifts = WeightShifts(Random(seed))
    return [shifts.bearing(t_ms, per_min) for t_ms in times_ms]


@pytest.mark.parametrize("per_min", [2.0, 6.0, 12.0, 30.0, 60.0])
def test_there_are_as_many_shifts_a_minute_as_were_asked_for(per_min: float) -> None:
    minutes = 3000 / per_min
    away = [b < 1.0 for b in bearings(7, per_min, range(0, round(minutes * 60_000), 20))]
    shifts = sum(now and not before for before, now in pairwise(away))
    assert shifts / minutes == pytest.approx(per_min, rel=0.06)


def test_who_does_not_shift_stands_still() -> None:
    assert set(bearings(1, 0.0, range(0, 100_000, 10))) == {1.0}


@given(SEEDS, RATES)
def test_a_leg_bears_its_half_or_less_and_may_just_lift_its_heel(seed: int, per_min: float) -> None:
    found = bearings(seed, per_min, range(0, 30_000, 20))
    assert max(found) <= 1.0
    assert min(found) >= -0.05 - 1e-9


@given(SEEDS, RATES)
def test_the_weight_goes_over_smoothly(seed: int, per_min: float) -> None:
    found = bearings(seed, per_min, range(0, 20_000, 10))
    steps = [abs(b - a) for a, b in pairwise(found)]
    # A sine's square over the shortest shift: pi / 2 of its depth in half of it.
    shortest_ms = 800 * min(1.0, 0.6 * 60 / per_min / 1.65)
    assert max(steps, default=0.0) <= 1.05 * 3.15 * 10 / shortest_ms + 1e-3


@given(SEEDS, RATES, st.integers(2, 977))
def test_who_looks_seldom_sees_the_same_weight(seed: int, per_min: float, every_ms: int) -> None:
    often = bearings(seed, per_min, range(30_000))
    assert bearings(seed, per_min, range(0, 30_000, every_ms)) == often[::every_ms]


def test_equal_seeds_shift_alike_and_others_do_not() -> None:
    span = range(0, 60_000, 50)
    assert bearings(3, 12, span) == bearings(3, 12, span) != bearings(4, 12, span)


BODY = PatientConfig(mass_kg=70)


def standing(per_min: float) -> PatientLeg:
    way = Plan((SegmentConfig("stand", 60, weight_shifts_per_min=per_min), SegmentConfig()))
    return PatientLeg(BODY, LegConfig(), Random(2), steps_of(BODY, way, Random(2)), RIGHT)


def test_in_quiet_standing_each_leg_bears_half_the_weight() -> None:
    leg = standing(0)
    for t_ms in range(0, 5_000, 50):
        leg.advance_to(1000 * t_ms)
        assert sum(leg.loads()) == pytest.approx(70 * 9.81 / 2)
        assert min(leg.loads()) >= 0


def test_a_shift_takes_load_from_heel_and_forefoot_alike_and_is_no_step() -> None:
    leg = standing(20)
    whole = leg.loads()
    seen = []
    for t_ms in range(0, 50_000, 20):
        leg.advance_to(1000 * t_ms)
        heel, fore = leg.loads()
        assert heel >= 0 <= fore
        assert heel * whole[1] == pytest.approx(fore * whole[0], abs=1e-6)
        seen.append(heel / whole[0])
    assert max(seen) == 1.0
    assert min(seen) < 0.3
    assert leg.events == []
