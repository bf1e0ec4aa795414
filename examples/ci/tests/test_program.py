"""The program lifts the foot of every patient it is meant for, and keeps doing so."""

import pytest

from fes_ctrl.testing import Inject, PatientFactory, Walk

PROGRAM = "../gentle.toml"


@pytest.mark.parametrize("name", ["flaccid", "stroke_mild"])
def test_no_toe_drags(walk: Walk, name: str) -> None:
    walked = walk(patient=name, program=PROGRAM, duration_s=12.0)
    assert walked.passed, walked.reasons
    assert walked.figure("legs.*.drag_strides") == 0


def test_a_heavier_patient_walks_as_well(walk: Walk, patient: PatientFactory) -> None:
    heavy = patient("stroke_mild", {"mass_kg": 110.0})
    assert walk(patient=heavy, program=PROGRAM, duration_s=12.0).passed


def test_nothing_moved_since_the_walk_that_was_approved(walk: Walk) -> None:
    assert walk(program=PROGRAM, duration_s=12.0).matches_golden()


def test_a_sensor_that_falls_silent_ends_the_stimulation(walk: Walk, inject: Inject) -> None:
    inject("sensor_dropout", at_s=7.0, lasts_s=1.0)
    walked = walk(program=PROGRAM, duration_s=12.0)
    assert walked.faults == ["F04"]
    silent = [pulse for pulse in walked.pulses if 7_200_000 < pulse.t_us < 8_000_000]
    assert silent == []
