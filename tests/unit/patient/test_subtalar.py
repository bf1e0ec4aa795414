"""Eversion: which branch of the nerve a pulse reaches is where the electrode lies."""

from dataclasses import replace
from itertools import pairwise
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.patient.config import ElectrodeConfig, EversionConfig, LegConfig, PatientConfig
from hil.patient.open_loop import walk_open
from hil.patient.outcome import LegSwing
from hil.patient.subtalar import SubtalarJoint, branch_thresholds
from hil.patient.train import OpenWalk, Train

USUAL = ElectrodeConfig()


def walked(position_mm: float, current_ua: int, eversion: EversionConfig | None = None) -> LegSwing:
    leg = LegConfig(
        electrode=ElectrodeConfig(position_mm=position_mm), eversion=eversion or EversionConfig()
    )
    patient = PatientConfig(stride_cv_percent=0, leg=(leg,))
    (swings,) = walk_open(OpenWalk(patient, Train(current_ua=current_ua), 1, 8.0))
    return swings[-1]


@given(st.floats(-40, 39), st.floats(0.1, 20))
def test_an_electrode_moved_back_reaches_the_everters_with_less_and_the_dorsiflexors_with_more(
    position_mm: float, further_mm: float
) -> None:
    deep, superficial = branch_thresholds(replace(USUAL, position_mm=position_mm))
    moved = branch_thresholds(replace(USUAL, position_mm=position_mm + further_mm))
    assert moved[0] > deep > 0
    assert 0 < moved[1] < superficial
    assert moved[0] / deep == pytest.approx(superficial / moved[1]), "as much here as there"


def test_at_the_usual_spot_the_thresholds_are_the_stated_ones() -> None:
    assert branch_thresholds(USUAL) == (USUAL.motor_mA, USUAL.everter_motor_mA)
    away = branch_thresholds(replace(USUAL, position_mm=USUAL.reach_mm))
    assert away == pytest.approx((USUAL.motor_mA * exp(1), USUAL.everter_motor_mA / exp(1)))


def test_towards_the_deep_branch_the_foot_is_everted_less_and_lifted_more() -> None:
    swings = [walked(position_mm, 40_000) for position_mm in (-30, -20, -10, 0, 10, 20, 30)]
    everted = [swing.eversion_at_contact_deg for swing in swings]
    lifted = [swing.peak_dorsiflexion_deg for swing in swings]
    assert everted == sorted(set(everted))
    assert lifted == sorted(set(lifted), reverse=True)
    rest_deg = EversionConfig().rest_deg
    assert everted[0] < rest_deg, "the dorsiflexors alone invert"
    assert everted[-1] > rest_deg + 5


@pytest.mark.parametrize("position_mm", [-30.0, 0.0, 30.0])
@pytest.mark.parametrize("rest_deg", [-8.0, 0.0, 3.0])
def test_without_stimulation_the_foot_hangs_as_it_does_at_rest(
    position_mm: float, rest_deg: float
) -> None:
    swing = walked(position_mm, 0, EversionConfig(rest_deg=rest_deg))
    assert swing.eversion_at_contact_deg == rest_deg


def test_between_the_thresholds_of_the_branches_only_one_of_them_answers() -> None:
    deep_only, superficial_only = walked(0, 19_500), walked(20, 25_000)
    still = walked(0, 0)
    assert deep_only.eversion_at_contact_deg < still.eversion_at_contact_deg
    assert deep_only.peak_dorsiflexion_deg > still.peak_dorsiflexion_deg
    assert superficial_only.eversion_at_contact_deg > still.eversion_at_contact_deg
    assert superficial_only.peak_dorsiflexion_deg == still.peak_dorsiflexion_deg


@given(st.floats(0, 315), st.floats(0, 315), st.floats(0, 1.5), st.floats(0, 1))
def test_a_held_pull_turns_the_foot_to_where_its_stiffness_answers(
    everters_N: float, dorsiflexors_N: float, strength: float, free: float
) -> None:
    config = EversionConfig()
    joint = SubtalarJoint(config, strength, free)
    for _ in range(2000):
        joint.step(everters_N, dorsiflexors_N)
    moment = everters_N * config.everter_arm_m - dorsiflexors_N * config.inverter_arm_m
    expected = config.rest_deg + strength * moment / config.stiffness_Nm_per_deg
    assert joint.angle_deg == pytest.approx(free * expected, abs=1e-9)


def test_it_follows_in_one_pole() -> None:
    config = EversionConfig(time_constant_ms=60)
    joint = SubtalarJoint(config, 1.0)
    path = [joint.step(100.0, 0.0) for _ in range(3000)]
    whole = path[-1] - config.rest_deg
    assert (path[59] - config.rest_deg) / whole == pytest.approx(1 - exp(-1), rel=1e-9)
    assert all(b >= a for a, b in pairwise(path))
