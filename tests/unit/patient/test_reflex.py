"""What the nervous system adds: the calf's answer to stretch, and the patient's own drive."""

from dataclasses import replace
from math import exp, radians
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.model import RIGHT
from hil.patient.config import (
    AnkleConfig,
    LegConfig,
    PatientConfig,
    ReflexConfig,
    VoluntaryConfig,
)
from hil.patient.leg import PatientLeg
from hil.patient.open_loop import walk_open
from hil.patient.pace import steps_of
from hil.patient.plan import stand_then_walk
from hil.patient.reflex import StretchReflex, VoluntaryDrive
from hil.patient.train import OpenWalk, Train

LIVELY = ReflexConfig(gain_Nms_per_rad=2.0, threshold_deg_per_s=60.0)


def answers(
    config: ReflexConfig, rates_deg: list[float], angle_deg: float = 0.0, size: float = 1.0
) -> list[float]:
    """Return the calf's moment after every millisecond of being stretched so fast."""
    reflex = StretchReflex(config, size)
    return [reflex.step(radians(angle_deg), radians(rate)) for rate in rates_deg]


def first_answer(moments: list[float]) -> int:
    return next(k for k, moment in enumerate(moments) if moment > 0.0)


@given(st.integers(1, 120), st.integers(0, 400))
def test_the_answer_comes_after_the_delay_to_the_millisecond(delay: int, quiet: int) -> None:
    config = replace(LIVELY, delay_ms=float(delay))
    tap = [0.0] * quiet + [300.0] + [0.0] * 150
    assert first_answer(answers(config, tap)) == quiet + delay


def test_a_stretch_below_the_threshold_brings_nothing_and_just_above_it_little() -> None:
    assert max(answers(LIVELY, [59.9] * 500)) == 0.0
    little = answers(LIVELY, [61.0] * 500)[-1]
    assert 0.0 < little < 0.05 * answers(LIVELY, [200.0] * 500)[-1]


@given(st.lists(st.floats(-2000, 60), min_size=60, max_size=200), st.floats(-60, 30))
def test_a_calf_that_is_shortened_or_stretched_slowly_does_not_answer(
    rates: list[float], angle_deg: float
) -> None:
    assert set(answers(LIVELY, rates, angle_deg)) == {0.0}


@given(st.lists(st.floats(-500, 500), min_size=60, max_size=200), st.floats(-90, 40))
def test_the_reflex_never_dorsiflexes(rates: list[float], angle_deg: float) -> None:
    assert min(answers(LIVELY, rates, angle_deg)) >= 0.0


@given(st.floats(70, 500), st.floats(-20, 20), st.floats(0.2, 2.0))
def test_a_held_stretch_is_answered_by_gain_times_what_is_beyond_the_threshold(
    rate: float, angle_deg: float, size: float
) -> None:
    expected = 2.0 * radians(rate - 60.0) * (1.0 + 0.04 * angle_deg) * size
    found = answers(LIVELY, [rate] * 1500, angle_deg, size)[-1]
    assert found == pytest.approx(expected, rel=1e-6)


def test_the_answer_rises_and_falls_with_one_time_constant() -> None:
    moments = answers(LIVELY, [300.0] * 2000 + [0.0] * 500)
    full = moments[1999]
    begins = first_answer(moments)
    assert begins == 40
    assert moments[begins + 49] / full == pytest.approx(1 - exp(-1), rel=1e-9), "50 ms"
    assert moments[2000 + 39] == pytest.approx(full), "the delay holds for the end as well"
    assert moments[2000 + 39 + 50] / full == pytest.approx(exp(-1), rel=1e-9)


def test_a_dorsiflexed_ankle_answers_more() -> None:
    """Galiana 2005: reflex stiffness grows with dorsiflexion."""
    found = [answers(LIVELY, [200.0] * 400, angle)[-1] for angle in (-30, -15, 0, 10, 20)]
    assert found[0] == 0.0, "a slack calf is silent"
    assert found[1:] == sorted(set(found[1:]))


def test_a_reflex_is_never_stronger_than_a_calf() -> None:
    wild = ReflexConfig(gain_Nms_per_rad=10, threshold_deg_per_s=0, rise_ms=10, per_deg=0.2)
    strongest = [answers(wild, [5000.0] * 500, 20.0, size)[-1] for size in (0.3, 1.0)]
    assert strongest[1] < 100
    assert strongest[0] == pytest.approx(0.3 * strongest[1]), "a child's is a child's"


def test_no_gain_is_no_reflex() -> None:
    assert set(answers(ReflexConfig(), [900.0] * 300)) == {0.0}


def swings_of(leg: LegConfig, current_ua: int = 43_000) -> list[float]:
    patient = PatientConfig(stride_cv_percent=0, leg=(leg,))
    (swings,) = walk_open(OpenWalk(patient, Train(current_ua=current_ua, rise_us=1), 1, 8.0))
    return [swing.peak_dorsiflexion_deg for swing in swings[2:]]


def test_a_livelier_calf_takes_dorsiflexion_from_a_stimulated_swing() -> None:
    peaks = [
        swings_of(LegConfig(reflex=ReflexConfig(gain_Nms_per_rad=gain)))[-1]
        for gain in (0.0, 1.0, 2.0, 4.0, 8.0)
    ]
    assert peaks == sorted(set(peaks), reverse=True)


# -- the patient's own drive --------------------------------------------------------------------


def test_the_own_drive_rises_fast_and_falls_slowly() -> None:
    drive = VoluntaryDrive(VoluntaryConfig(drive=0.4, rise_ms=15, fall_ms=60))
    up = [drive.step(drive.swing) for _ in range(300)]
    down = [drive.step(0.0) for _ in range(2000)]
    assert up[14] == pytest.approx(0.4 * (1 - exp(-1)))
    assert up[-1] == pytest.approx(0.4)
    assert down[59] == pytest.approx(0.4 * exp(-1), rel=1e-6)
    assert down[-1] == 0.0, "exactly, after a while"


def test_loading_asks_for_more_than_swing_and_never_for_more_than_the_muscle() -> None:
    def held(drive: float, loading: float) -> tuple[float, float]:
        own = VoluntaryDrive(VoluntaryConfig(drive=drive, loading=loading))
        swing = [own.step(own.swing) for _ in range(500)][-1]
        return swing, [own.step(own.loading) for _ in range(500)][-1]

    assert held(0.3, 2.0) == (pytest.approx(0.3), pytest.approx(0.6))
    assert held(0.7, 2.0) == (pytest.approx(0.7), pytest.approx(1.0))
    assert held(0.5, 0.0) == (pytest.approx(0.5), pytest.approx(0.0, abs=0.01))


@given(
    st.floats(0, 1),
    st.floats(0, 10),
    st.lists(st.tuples(st.booleans(), st.booleans()), max_size=90),
)
def test_the_own_drive_stays_within_the_muscle(
    drive: float, loading: float, phases: list[tuple[bool, bool]]
) -> None:
    own = VoluntaryDrive(VoluntaryConfig(drive=drive, loading=loading))
    for swing, loaded in phases:
        for _ in range(20):
            assert 0.0 <= own.step(own.loading if loaded else own.swing if swing else 0.0) <= 1.0


PATIENT = PatientConfig(stride_cv_percent=0)


def test_a_patient_drives_his_foot_in_swing_and_lets_go_in_mid_stance() -> None:
    leg = LegConfig(voluntary=VoluntaryConfig(drive=0.5))
    body = PatientLeg(
        PATIENT, leg, Random(1), steps_of(PATIENT, stand_then_walk(1.0), Random(1)), RIGHT
    )
    in_swing, at_heel_off = [], []
    for t_ms in range(1, 8_000):
        body.advance_to(1000 * t_ms)
        kind, at_us = body.events[-1] if body.events else ("", 0)
        level = body._locomotion.muscles.voluntary._level
        if kind == "tc" and t_ms * 1000 - at_us > 200_000:
            in_swing.append(level)
        if kind == "ho" and t_ms * 1000 == at_us:
            at_heel_off.append(level)
    assert min(in_swing) > 0.45
    assert len(at_heel_off) > 4
    assert max(at_heel_off[1:]) < 0.05


def test_who_drives_more_lifts_more_and_lands_more_dorsiflexed() -> None:
    found = []
    for drive in (0.0, 0.1, 0.25, 0.5, 1.0):
        leg = LegConfig(voluntary=VoluntaryConfig(drive=drive))
        patient = PatientConfig(stride_cv_percent=0, leg=(leg,))
        (swings,) = walk_open(OpenWalk(patient, Train(current_ua=0), 1, 8.0))
        found.append((swings[-1].clearance_mm, swings[-1].ankle_at_contact_deg))
    assert found == sorted(set(found))
    assert [angle for _, angle in found] == sorted(angle for _, angle in found)


def test_stimulation_reaches_only_what_the_patient_does_not_drive_himself() -> None:
    """Both together are no more than the muscle: drive at its full leaves nothing to reach."""

    def gain_mm(drive: float) -> float:
        config = LegConfig(
            ankle=AnkleConfig(),
            voluntary=VoluntaryConfig(drive=drive, before_toe_off_ms=300),
        )
        patient = PatientConfig(stride_cv_percent=0, leg=(config,))
        with_it, without = (
            walk_open(OpenWalk(patient, Train(current_ua=ua), 1, 8.0))[0][-1].clearance_mm
            for ua in (43_000, 0)
        )
        return with_it - without

    gains = [gain_mm(drive) for drive in (0.0, 0.2, 0.5, 1.0)]
    assert gains[-1] == pytest.approx(0.0, abs=0.3), "there is nothing left to reach"
    assert gains == sorted(gains, reverse=True)
    assert gains[0] > 20
