"""The standard limits let ordinary walking through; a walk with a refused setpoint fails."""

from pathlib import Path

import pytest

from hil.scenarios import load_scenario, verdict
from hil.simulate import simulate

PATIENTS = sorted(
    file.stem for file in (Path(__file__).parents[2] / "configs" / "patients").glob("*.toml")
)


@pytest.mark.parametrize("patient", PATIENTS)
def test_the_standard_program_on_every_patient_has_no_refused_setpoint(patient: str) -> None:
    result = simulate(load_scenario("standard", {"patient": patient, "duration_s": 20.0}).walk)
    safety = result.figures["safety"]
    assert isinstance(safety, dict)
    assert safety["refused"] == {}
    assert set(safety["clipped"]) <= {"level_step"}, "only where the script raises the level"
    assert {fault["id"] for fault in safety["faults"]} <= {"F30"}
    clipped_us = [clip.t_us for clip in result.walk.clips]
    # Its last level is set at 5 s; a stride or two later every burst is as it was asked for.
    assert max(clipped_us, default=0) < 9_000_000
    assert result.setpoints > 200


def test_a_refused_setpoint_fails_the_walk_and_a_stall_does_not() -> None:
    def judged(refused: dict[str, int]) -> dict[str, object]:
        summary = {"safety": {"witness_violations": [], "refused": refused, "limiter": None}}
        return verdict(summary, {}, [])

    assert judged({})["passed"] is True
    stalls = {"late": 1, "interval": 2, "sensor_age": 3, "answer_age": 4}
    assert judged(stalls)["passed"] is True
    found = judged({**stalls, "current": 2})
    assert found["passed"] is False
    assert found["reasons"] == [
        "the guard refused 2 setpoints: no current, or above the limit's or the device's highest"
    ]
