"""One short session of a virtual patient, shared by the tests of identification."""

from dataclasses import replace
from random import Random

import pytest

from hil.identification.identify import Identified, identify
from hil.identification.protocol import Protocol
from hil.identification.seated import GoniometerConfig
from hil.identification.session import Recording
from hil.identification.trial import Trial, draw_patient, perform, recorded
from hil.patient.muscle.config import FatigueConfig

SHORT = Protocol(
    releases=6,
    ascending_from_mA=12.0,
    ascending_to_mA=28.0,
    ascending_every_s=2.5,
    references=6,
    reference_every_s=4.5,
    fatigue_bursts=10,
)


@pytest.fixture(scope="session")
def short() -> Protocol:
    """A protocol that is simulated in a quarter of a second."""
    return SHORT


@pytest.fixture(scope="session")
def trial() -> Trial:
    """The session of one patient, with the truth."""
    patient, knee_deg = draw_patient(Random("a patient of the tests"), "ding2003")
    leg = patient.leg[0]
    # Who tires enough for a short series to show it.
    muscle = replace(leg.muscle, fatigue=FatigueConfig(scale=0.8))
    return perform(replace(patient, leg=(replace(leg, muscle=muscle),)), knee_deg, SHORT)


@pytest.fixture(scope="session")
def recording(trial: Trial) -> Recording:
    """What a goniometer made of it."""
    return recorded(trial.session, GoniometerConfig(bias_deg=2.0), Random("its noise"))


@pytest.fixture(scope="session")
def found(trial: Trial, recording: Recording) -> Identified:
    """What it tells of the patient."""
    return identify(recording, trial.body)
