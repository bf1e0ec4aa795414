"""A train timed by the truth, and a truth that does not depend on who looks at it."""

import statistics
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from fes_ctrl.model import RIGHT
from hil.patient.batch import walk_batch
from hil.patient.config import (
    CompensationConfig,
    LegConfig,
    OrthosisConfig,
    PatientConfig,
    ReflexConfig,
    VoluntaryConfig,
)
from hil.patient.leg import PatientLeg
from hil.patient.muscle.config import FatigueConfig, MuscleConfig
from hil.patient.open_loop import POLL_US, drive, walk_open
from hil.patient.outcome import LegSwing
from hil.patient.pace import steps_of
from hil.patient.plan import Plan, stand_then_walk
from hil.patient.train import OpenWalk, Train
from hil.patient.way import SegmentConfig
from hil.scenarios import load_scenario

LEVEL = PatientConfig(stride_cv_percent=0)
LIVELY = LegConfig(
    compensation=CompensationConfig(max_mm=80, habit_mm=20, noise_mm=3),
    reflex=ReflexConfig(gain_Nms_per_rad=1.0),
    voluntary=VoluntaryConfig(drive=0.2),
)
WALKER = PatientConfig(stride_cv_percent=5, leg=(LIVELY,))
ERRAND = (
    SegmentConfig("stand", 1.5, weight_shifts_per_min=20),
    SegmentConfig("walk", 3),
    SegmentConfig("slope_up", 2),
    SegmentConfig("stand", 2, weight_shifts_per_min=20),
    SegmentConfig("stairs_up", 3),
    SegmentConfig("turn", 2),
    SegmentConfig("shuffle", 3),
)


def driven(train: Train, seconds: float = 8.0) -> tuple[PatientLeg, int]:
    body = PatientLeg(
        LEVEL, LEVEL.leg[0], Random(1), steps_of(LEVEL, stand_then_walk(1.0), Random(1)), RIGHT
    )
    return body, drive(body, train, round(seconds * 1e6))


def median(swings: list[LegSwing], name: str) -> float:
    return statistics.median(getattr(swing, name) for swing in swings[2:])


# -- the train ----------------------------------------------------------------------------------


@pytest.mark.parametrize("period_us", [20_000, 25_000, 40_000])
@pytest.mark.parametrize("extension_us", [0, 150_000])
def test_a_burst_lasts_from_heel_off_to_its_extension_beyond_contact(
    period_us: int, extension_us: int
) -> None:
    # Ended in mid-stance, so that every burst is whole.
    body, pulses = driven(Train(period_us=period_us, extension_us=extension_us), 7.5)
    events = {kind: [e.t_us for e in body.events if e.kind == kind] for kind in ("ho", "ic")}
    least = most = 0
    for off_us, contact_us in zip(events["ho"], events["ic"], strict=False):
        whole_us = contact_us + extension_us - off_us
        most += whole_us // period_us + 1
        least += max(0, whole_us - POLL_US) // period_us
    if len(events["ho"]) > len(events["ic"]):
        most += (7_500_000 - events["ho"][-1]) // period_us + 1
    assert least <= pulses <= most
    assert pulses > 100


def test_no_current_is_no_pulse() -> None:
    assert driven(Train(current_ua=0))[1] == 0


def test_a_delay_beyond_the_swing_gives_nothing() -> None:
    assert driven(Train(delay_us=5_000_000))[1] == 0


def test_a_later_onset_spares_push_off_and_costs_clearance() -> None:
    found = []
    for delay_us in (0, 80_000, 160_000, 240_000, 320_000):
        body, _ = driven(Train(delay_us=delay_us, rise_us=1))
        swings = body.swings
        found.append((median(swings, "lost_push_off_percent"), median(swings, "clearance_mm")))
    lost, clearances = zip(*found, strict=True)
    assert list(lost) == sorted(lost, reverse=True)
    assert lost[0] > 3
    assert lost[-1] < 0.5
    assert clearances[-1] < clearances[1] - 5


def test_push_off_that_is_lost_costs_swing_knee_flexion() -> None:
    """Kesar 2009, direction: a third of swing on, the shank hangs back less from the thigh."""
    toe_off_us = [event.t_us for event in driven(Train())[0].events if event.kind == "tc"][-1]
    now_us = toe_off_us + 150_000

    def shank_rad(delay_us: int) -> float:
        body = PatientLeg(
            LEVEL, LEVEL.leg[0], Random(1), steps_of(LEVEL, stand_then_walk(1.0), Random(1)), RIGHT
        )
        drive(body, Train(current_ua=60_000, delay_us=delay_us, rise_us=1), now_us)
        assert not body.standing_or_stance
        return body.shank_motion()[0]

    assert shank_rad(0) > shank_rad(300_000) + 0.01


def test_a_steeper_rise_and_a_longer_and_faster_train_lift_no_less() -> None:
    def lifted(train: Train) -> float:
        return median(driven(train)[0].swings, "peak_dorsiflexion_deg")

    usual = Train(current_ua=30_000)
    assert lifted(replace(usual, rise_us=1)) > lifted(usual) > lifted(replace(usual, rise_us=10**6))
    rates = [
        lifted(replace(usual, period_us=period)) for period in (50_000, 33_000, 25_000, 20_000)
    ]
    assert rates == sorted(set(rates))
    widths = [lifted(replace(usual, width_us=width)) for width in (100, 200, 300, 500)]
    assert widths == sorted(set(widths))


def test_an_extension_holds_the_foot_up_longer_after_contact() -> None:
    flat = [
        median(driven(Train(extension_us=extension_us))[0].swings, "foot_flat_ms")
        for extension_us in (0, 150_000)
    ]
    assert flat[1] >= flat[0] > 0


# -- who looks, and how often -------------------------------------------------------------------


def truth(step_us: int, *, nosy: bool = False) -> tuple[object, ...]:
    """Walk an errand under pulses every 25 ms; return everything that is true of it."""
    body = PatientLeg(
        WALKER,
        LIVELY,
        Random(5),
        steps_of(WALKER, Plan(ERRAND), Random(5)),
        RIGHT,
        OrthosisConfig("carbon"),
    )
    body.keep_trace = True
    for t_us in range(2_000_000, 16_000_000, 25_000):
        body.stimulate(t_us, ((300, 32_000), (300, -32_000)))
    for t_us in range(0, 16_000_000, step_us):
        body.advance_to(t_us)
        if nosy:
            body.loads(), body.motion(), body.shank_motion(), body.toe_height_mm()
            body.snapshot(), body.fitness(), body.turn_rad_per_s()
    body.advance_to(16_000_000)
    return body.events, body.swings, body.trace, body.snapshot(), body.loads()


@pytest.mark.parametrize("step_us", [7_000, 33_333, 1_000_000])
def test_the_truth_is_the_same_however_often_it_is_advanced(step_us: int) -> None:
    assert truth(step_us) == truth(1_000)


def test_the_truth_is_the_same_whoever_reads_it() -> None:
    assert truth(5_000, nosy=True) == truth(5_000)


@pytest.mark.parametrize("late_ms", [1, 4, 9])
def test_a_pulse_that_is_told_late_counts_from_its_own_instant(late_ms: int) -> None:
    """It reaches the muscle after a delay: until then, nothing that was walked is wrong."""

    def walked(late_us: int) -> tuple[object, ...]:
        fresh = replace(LIVELY, muscle=MuscleConfig(fatigue=FatigueConfig(scale=0.0)))
        body = PatientLeg(
            WALKER, fresh, Random(5), steps_of(WALKER, Plan(ERRAND), Random(5)), RIGHT
        )
        for t_us in range(2_000_000, 12_000_000, 25_000):
            body.advance_to(t_us + late_us)
            body.stimulate(t_us, ((300, 32_000), (300, -32_000)))
        body.advance_to(12_000_000)
        return body.events, body.swings, body.snapshot()

    assert walked(1000 * late_ms) == walked(-40_000)


def test_a_tired_muscles_pulses_may_be_told_of_long_before() -> None:
    """Fatigue delays a pulse by how tired the muscle is at its instant, not when it is told."""

    def walked(ahead_us: int) -> tuple[object, ...]:
        tired = replace(LIVELY, muscle=MuscleConfig(fatigue=FatigueConfig(scale=1.0)))
        body = PatientLeg(
            WALKER, tired, Random(5), steps_of(WALKER, Plan(ERRAND), Random(5)), RIGHT
        )
        for t_us in range(2_000_300, 16_000_000, 25_000):
            body.advance_to(t_us - ahead_us)
            body.stimulate(t_us, ((300, 60_000), (300, -60_000)))
        body.advance_to(16_000_000)
        return body.events, body.swings, body.snapshot()

    assert walked(0) == walked(16_000_000)


def test_the_same_steps_are_walked_whatever_the_treatment() -> None:
    """Stride times are the patient's and the seed's; what is treated is the foot."""
    base = OpenWalk(WALKER, Train(current_ua=0), 3, 12.0)
    treatments = (
        base,
        replace(base, train=Train()),
        replace(base, orthosis=OrthosisConfig("rigid")),
        replace(base, orthosis=OrthosisConfig("hinged"), train=Train(current_ua=60_000)),
    )
    steps = {
        tuple((s.heel_off_us, s.toe_off_us, s.contact_us) for s in walk_open(walk)[0])
        for walk in treatments
    }
    assert len(steps) == 1


def test_stride_times_vary_as_much_as_they_are_said_to() -> None:
    def contacts(cv: float) -> list[int]:
        varied = replace(LEVEL, stride_cv_percent=cv)
        body = PatientLeg(
            varied, LegConfig(), Random(2), steps_of(varied, stand_then_walk(1), Random(2)), RIGHT
        )
        body.advance_to(120_000_000)
        return [event.t_us for event in body.events if event.kind == "ic"]

    for cv in (0.0, 2.0, 8.0):
        strides = [b - a for a, b in pairwise(contacts(cv))]
        assert statistics.mean(strides) == pytest.approx(1_100_000, rel=0.03)
        assert statistics.pstdev(strides) / 11_000 == pytest.approx(cv, rel=0.2, abs=0.01)


def test_a_batch_walks_each_preset_as_it_walks_alone() -> None:
    walks = [
        OpenWalk(load_scenario("standard", {"patient": name}).walk.patient, Train(), seed, 6.0)
        for seed, name in enumerate(("bilateral", "stroke_severe_spastic", "healthy"))
    ]
    alone = [walk_open(walk) for walk in walks]
    assert list(walk_batch(walks)) == alone
    assert list(walk_batch(walks, workers=2)) == alone
    assert [len(legs) for legs in alone] == [2, 1, 1]
    assert list(walk_batch([])) == []
