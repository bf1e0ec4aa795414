"""The first patient is physics: change a physical parameter, and see the consequence."""

import statistics
from dataclasses import replace
from random import Random

import pytest

from fes_ctrl.model import RIGHT
from hil.patient.config import AnkleConfig, LegConfig, MuscleConfig, PatientConfig
from hil.patient.leg import LegSwing, PatientLeg
from hil.patient.muscle.config import FatigueConfig
from hil.patient.pace import Steps, steps_of
from hil.patient.plan import stand_then_walk

PATIENT = PatientConfig(stride_cv_percent=0.0)


def level_steps(patient: PatientConfig, seed: int = 1) -> Steps:
    return steps_of(patient, stand_then_walk(1.0), Random(seed))


def walked(
    *,
    current_ma: float = 0.0,
    from_event: str = "ho",
    delay_ms: int = 0,
    until_event: str = "ic",
    extension_ms: int = 250,
    leg: LegConfig | None = None,
    patient: PatientConfig = PATIENT,
    strides: int = 8,
    poll_us: int = 1_000,
) -> list[LegSwing]:
    """Walk a leg with a plain 40 Hz train from one event to some time after another."""
    config = leg or LegConfig()
    body = PatientLeg(patient, config, Random(1), level_steps(patient), RIGHT)
    seen, next_us, end_us, t_us, onset_us = 0, None, None, 0, 0
    while len(body.swings) < strides:
        t_us += poll_us
        body.advance_to(t_us)
        for event in body.events[seen:]:
            if event.kind == from_event and next_us is None:
                next_us, end_us = event.t_us + delay_ms * 1000, None
                onset_us = next_us
            if event.kind == until_event and next_us is not None and onset_us <= t_us:
                end_us = event.t_us + extension_ms * 1000
        seen = len(body.events)
        while next_us is not None and next_us <= t_us:
            if end_us is not None and next_us > end_us:
                next_us = None
                break
            current_ua = round(current_ma * 1000)
            if current_ua:
                body.stimulate(next_us, ((300, current_ua), (300, -current_ua)))
            next_us += 25_000
    return body.swings[3:]


def median(swings: list[LegSwing], name: str) -> float:
    return statistics.median(getattr(swing, name) for swing in swings)


def clearance(**how: object) -> float:
    return median(walked(**how), "clearance_mm")  # type: ignore[arg-type]


def test_without_stimulation_the_toe_drags_and_with_it_clears() -> None:
    assert clearance() < -20
    assert clearance(current_ma=43) > 10


def test_an_onset_after_toe_off_comes_too_late() -> None:
    assert clearance(current_ma=40, from_event="tc", delay_ms=150) < 0
    assert clearance(current_ma=40, from_event="tc", delay_ms=150) < clearance(current_ma=40) - 20


def test_stimulation_into_push_off_costs_push_off_work() -> None:
    early = median(walked(current_ma=43), "lost_push_off_percent")
    late = median(walked(current_ma=43, from_event="tc"), "lost_push_off_percent")
    assert early > 3
    assert late == pytest.approx(0, abs=0.2)
    assert median(walked(), "lost_push_off_percent") == 0


def test_more_current_lifts_more_and_costs_more() -> None:
    heights = [clearance(current_ma=current) for current in (0, 25, 35, 50, 80)]
    assert heights == sorted(heights)
    costs = [median(walked(current_ma=c), "lost_push_off_percent") for c in (25, 43, 80)]
    assert costs == sorted(costs)


def test_a_stronger_muscle_lifts_more() -> None:
    heights = [
        clearance(current_ma=43, leg=LegConfig(muscle=MuscleConfig(strength=strength)))
        for strength in (0.0, 0.4, 0.7, 1.0, 1.5)
    ]
    assert heights == sorted(heights)
    assert heights[0] == pytest.approx(clearance(), abs=0.1), "a denervated muscle does nothing"


def test_a_heavier_foot_hangs_lower() -> None:
    heights = [
        clearance(current_ma=43, leg=LegConfig(ankle=AnkleConfig(shoe_kg=shoe)))
        for shoe in (0.0, 0.35, 1.0, 2.0)
    ]
    assert heights == sorted(heights, reverse=True)


def test_a_stiffer_calf_holds_the_foot_down() -> None:
    heights = [
        clearance(current_ma=43, leg=LegConfig(ankle=AnkleConfig(calf_scale=scale)))
        for scale in (1.0, 1.5, 2.5)
    ]
    assert heights == sorted(heights, reverse=True)


def test_a_child_is_not_an_adult() -> None:
    child = replace(PATIENT, height_m=1.2, mass_kg=25)
    assert clearance(patient=child) != pytest.approx(clearance(), abs=2)


def test_fatigue_takes_clearance_away_over_minutes() -> None:
    tired = LegConfig(muscle=MuscleConfig(fatigue=FatigueConfig(scale=1.0)))
    swings = walked(current_ma=43, leg=tired, strides=100)
    assert swings[-1].clearance_mm < swings[0].clearance_mm - 5


def test_a_drop_foot_lands_plantarflexed_and_a_lifted_one_does_not() -> None:
    assert median(walked(), "ankle_at_contact_deg") < -10
    assert -2 < median(walked(current_ma=43), "ankle_at_contact_deg") < 15


def test_a_foot_that_lands_toe_first_loads_its_heel_late() -> None:
    def first_load_after_contact_us(calf_scale: float) -> int:
        leg = LegConfig(ankle=AnkleConfig(calf_scale=calf_scale))
        body = PatientLeg(PATIENT, leg, Random(1), level_steps(PATIENT), RIGHT)
        t_us = 0
        while not body.events or body.events[-1].kind != "ic":
            t_us += 1000
            body.advance_to(t_us)
        contact_us = body.events[-1].t_us
        while body.loads()[0] <= 0.0:
            t_us += 1000
            body.advance_to(t_us)
        return t_us - contact_us

    assert first_load_after_contact_us(1.0) == 0, "a flaccid foot lands flat"
    assert first_load_after_contact_us(4.0) > 5_000, "one held down by its calf toe first"


@pytest.mark.parametrize("poll_us", [1_000, 7_000, 10_000])
def test_who_asks_and_how_often_changes_nothing(poll_us: int) -> None:
    varied = replace(PATIENT, stride_cv_percent=3.0)

    def states(step_us: int) -> dict[str, float]:
        body = PatientLeg(
            varied,
            LegConfig(),
            Random(7),
            level_steps(varied, 7),
            RIGHT,
        )
        for t_us in range(0, 10_000_000, 25_000):
            body.stimulate(t_us, ((300, 40_000),))
        for t_us in range(0, 10_000_001, step_us):
            body.advance_to(t_us)
        body.advance_to(10_000_000)
        return body.snapshot()

    assert states(poll_us) == states(10_000_000)


def test_equal_seeds_walk_alike_and_others_do_not() -> None:
    def contacts(seed: int) -> list[int]:
        body = PatientLeg(
            PatientConfig(), LegConfig(), Random(seed), level_steps(PatientConfig(), seed), RIGHT
        )
        body.advance_to(10_000_000)
        return [event.t_us for event in body.events]

    assert contacts(1) == contacts(1) != contacts(2)


def test_every_stride_has_its_events_in_order() -> None:
    body = PatientLeg(
        PatientConfig(), LegConfig(), Random(3), level_steps(PatientConfig(), 3), RIGHT
    )
    body.advance_to(30_000_000)
    kinds = [event.kind for event in body.events]
    assert kinds[:4] == ["ho", "tc", "ic", "ff"]
    for index, kind in enumerate(kinds):
        assert kind == ("ho", "tc", "ic", "ff")[index % 4]
    times = [event.t_us for event in body.events]
    assert times == sorted(times)
    assert times[0] > 1_000_000, "it stands before it walks"


def test_a_stepped_phase_moves_the_foot_as_its_mean_current_does_and_a_pause_changes_nothing() -> (
    None
):
    def after(*points: tuple[int, int]) -> dict[str, object]:
        body = PatientLeg(PATIENT, LegConfig(), Random(1), level_steps(PATIENT), RIGHT)
        for t_us in range(0, 1_000_000, 25_000):
            body.stimulate(t_us, points)
        body.advance_to(1_000_000)
        return body.snapshot()

    mean = after((300, 30_000), (300, -30_000))
    assert after((150, 20_000), (150, 40_000), (100, 0), (450, -20_000)) == mean
    assert after((150, 20_000), (150, -20_000)) != mean
