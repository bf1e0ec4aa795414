"""The detector finds every step, also where the switch bounces or walking is slow."""

import pytest

from fes_ctrl.testing import Inject, Walk

MINE = {"detector.name": "steady-heel"}


@pytest.mark.parametrize("name", ["flaccid", "stroke_mild"])
def test_it_finds_every_step(walk: Walk, name: str) -> None:
    walked = walk("standard", MINE, patient=name, duration_s=13.0)
    assert walked.figure("legs.*.detection.ic.f1") == 1.0
    assert walked.figure("legs.*.detection.ho.f1") == 1.0


def test_it_tells_them_in_time(walk: Walk) -> None:
    late_ms = walk("standard", MINE, duration_s=12.0).figure("legs.*.detection.ho.latency_ms.p95")
    assert late_ms is not None
    assert late_ms < 50.0


def test_a_bouncing_switch_makes_no_steps_of_its_own(walk: Walk, inject: Inject) -> None:
    inject("heel_bounce", at_s=4.0)
    walked = walk("standard", MINE, duration_s=12.0)
    assert walked.figure("legs.*.detection.ho.f1") == 1.0
    assert walked.figure("legs.*.burst.extra") == 0


def test_the_bounds_of_the_clinic_are_met(walk: Walk) -> None:
    walked = walk("../clinic.toml", program="../gentle.toml")
    assert walked.passed, walked.reasons
