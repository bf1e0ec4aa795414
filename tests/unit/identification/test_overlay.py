"""A patient file gives the session's figures back, or says which of them it does not."""

import math
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from fes_ctrl.config.layers import Layers
from hil.identification.identify import Identified, identify
from hil.identification.overlay import Overlay, overlay
from hil.identification.protocol import Protocol
from hil.identification.seated import GoniometerConfig, SeatedPatient
from hil.identification.session import Recording
from hil.identification.trial import Trial, perform, recorded
from hil.patient.config import PatientConfig


def loaded(folder: Path, text: str) -> PatientConfig:
    """Return the patient of a file, read as any patient file is."""
    path = folder / "patient.toml"
    path.write_text(text)
    layers = Layers({"patient": PatientConfig})
    layers.load("patient", str(path))
    patient: PatientConfig = layers.get("patient")
    return patient


@pytest.fixture(scope="module")
def made(trial: Trial, recording: Recording, found: Identified, short: Protocol) -> Overlay:
    return overlay(found, trial.body, recording.step_s, short.rate_hz, "left", "anna")


def test_the_file_loads_as_the_patient_that_was_fitted(tmp_path: Path, made: Overlay) -> None:
    patient = loaded(tmp_path, made.text)
    assert patient == made.patient
    assert patient.name == "anna"
    assert patient.leg[0].side == "left"


def test_the_seated_virtual_patient_gives_the_figures_back(
    tmp_path: Path, made: Overlay, found: Identified, short: Protocol
) -> None:
    assert not made.notes
    patient = loaded(tmp_path, made.text)
    truth = perform(patient, 80.0, short).truth
    for name, figure in found.figures.items():
        assert figure.low <= truth[name] <= figure.high, name
    for name, share in (("motor_threshold_mA", 1e-5), ("gain_deg", 0.01), ("rise_time_ms", 0.02)):
        assert truth[name] == pytest.approx(found.figures[name].value, rel=share), name
    tired = found.figures["fatigue_percent_per_min"]
    assert tired.low > 1.0
    assert truth["fatigue_percent_per_min"] == pytest.approx(tired.value, rel=0.05)


def test_identified_anew_from_its_own_noisy_session_it_shows_the_same_figures(
    tmp_path: Path, made: Overlay, found: Identified, trial: Trial, short: Protocol
) -> None:
    patient = loaded(tmp_path, made.text)
    session = perform(patient, 80.0, short).session
    again = identify(recorded(session, GoniometerConfig(bias_deg=0.0), Random("anew")), trial.body)
    for name, figure in again.figures.items():
        other = found.figures[name]
        assert figure.low <= other.high, name
        assert other.low <= figure.high, name


def test_the_calf_follows_the_angle_at_which_the_foot_hangs(
    made: Overlay, found: Identified, trial: Trial, recording: Recording, short: Protocol
) -> None:
    seated = SeatedPatient(made.patient, made.patient.leg[0])
    assert found.rest_deg is not None
    assert math.degrees(seated.rest_rad) == pytest.approx(found.rest_deg, abs=3.0)
    lower = replace(
        found,
        rest_deg=found.rest_deg - 6.0,
        references=(),
        fatiguing=(),
        figures={
            name: figure
            for name, figure in found.figures.items()
            if name in {"motor_threshold_mA", "stiffness_Nm_per_deg"}
        },
    )
    tighter = overlay(lower, trial.body, recording.step_s, short.rate_hz, "left", "anna")
    assert tighter.patient.leg[0].ankle.calf_scale > made.patient.leg[0].ankle.calf_scale


def test_without_height_and_mass_the_file_has_the_threshold_alone(
    tmp_path: Path, recording: Recording, short: Protocol
) -> None:
    file = overlay(
        identify(recording, None), None, recording.step_s, short.rate_hz, "right", 'bert "the foot"'
    )
    assert "ankle.calf_scale left out" in file.notes[0]
    assert "muscle left out" in file.notes[1]
    assert "[patient.leg.electrode]" in file.text
    assert "calf_scale =" not in file.text
    assert "strength" not in file.text
    assert loaded(tmp_path, file.text) == file.patient
