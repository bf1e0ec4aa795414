"""Identification put to the proof: patients drawn at random, sessions, and the truth of them."""

import math
from dataclasses import dataclass, replace
from random import Random
from typing import Final

import numpy as np

from hil.identification.model import Body
from hil.identification.protocol import Protocol
from hil.identification.seated import GoniometerConfig, SeatedPatient, Session, measured
from hil.identification.session import Recording
from hil.identification.truth import true_figures
from hil.patient.config import AnkleConfig, ElectrodeConfig, LegConfig, PatientConfig
from hil.patient.muscle.config import Ding2003Config, FatigueConfig, MuscleConfig, VeltinkConfig

SENSOR_S: Final = 0.01


@dataclass(frozen=True, slots=True)
class Trial:
    """One patient's session and what is true of it.

    Attributes
    ----------
    session : Session
        Without errors of measurement.
    body : Body
        Height and mass.
    truth : dict of str to float
        The figures, from the patient's own equations.
    """

    session: Session
    body: Body
    truth: dict[str, float]


def draw_patient(random: Random, model: str) -> tuple[PatientConfig, float]:
    """Return a patient, and the knee flexion in degrees at which he happens to sit.

    All ranges are assumptions about the numbers in print: strength 0.6 to 1.4 times, time
    constants of either muscle 0.5 to 1.6 times, healthy to spastic calves (Chung 2004: 1.5),
    damping 0.25 to 0.6 Nms/rad, fatigue from half a nerve's to a muscle point's. Nobody's foot is
    what height and mass let one expect: its mass differs by 8 %, its radius of gyration by 3 %
    (standard deviations), and so its inertia by 10 %.

    Parameters
    ----------
    random : random.Random
        Where everything comes from.
    model : str
        ``ding2003`` or ``veltink``.
    """
    u = random.uniform
    ding = Ding2003Config(
        tau1_rest_s=0.050957 * u(0.7, 1.5),
        tau2_s=u(0.04, 0.10),
        km_rest=0.103 * u(0.8, 1.4),
        tau_c_s=u(0.015, 0.025),
        recruitment_slope_per_mA=u(0.022, 0.032),
    )
    veltink = VeltinkConfig(
        tau_s=u(0.12, 0.35),
        saturation_per_threshold=u(2.4, 3.6),
        tau_fatigue_s=u(20.0, 45.0),
        tau_recovery_s=u(35.0, 70.0),
    )
    fatigued = FatigueConfig(scale=10.0 ** u(-1.3, 0.0), tau_s=u(90.0, 250.0))
    muscle = MuscleConfig(
        model="veltink" if model == "veltink" else "ding2003",
        strength=u(0.6, 1.4),
        delay_ms=u(7.0, 15.0),
        ding2003=ding,
        veltink=veltink,
        fatigue=fatigued,
    )
    ankle = AnkleConfig()
    leg = LegConfig(
        electrode=ElectrodeConfig(motor_mA=u(12.0, 24.0)),
        muscle=muscle,
        ankle=AnkleConfig(
            calf_scale=u(0.8, 1.8),
            damping_Nms_per_rad=u(0.25, 0.6),
            foot_mass_fraction=ankle.foot_mass_fraction * math.exp(random.gauss(0.0, 0.08)),
            gyration_fraction=ankle.gyration_fraction * math.exp(random.gauss(0.0, 0.03)),
        ),
    )
    height_m = random.gauss(1.72, 0.09)
    mass_kg = min(115.0, max(48.0, random.gauss(24.5, 3.5) * height_m**2))
    return PatientConfig(height_m=height_m, mass_kg=mass_kg, leg=(leg,)), u(75.0, 90.0)


def perform(
    patient: PatientConfig,
    knee_deg: float,
    protocol: Protocol,
    random: Random | None = None,
    vary_percent: float = 0.0,
) -> Trial:
    """Return the session of a patient, with the truth.

    Parameters
    ----------
    patient : PatientConfig
        The first leg is stimulated.
    knee_deg : float
        Knee flexion.
    protocol : Protocol
        What is done.
    random : random.Random or None
        For what varies.
    vary_percent : float
        Each burst reaches the nerve as if its current differed by this standard deviation from
        what is recorded; truth is the session in which it does not.
    """
    seated = SeatedPatient(patient, patient.leg[0], knee_deg)
    releases, bursts = protocol.schedule()
    session = seated.perform(releases, bursts, protocol.rate_hz)
    rest = len(bursts) - protocol.fatigue_bursts
    truth = true_figures(
        seated, session, bursts[rest - protocol.references : rest], bursts[rest:], protocol.rate_hz
    )
    if random is not None and vary_percent > 0.0:
        varied = [
            replace(burst, current_mA=burst.current_mA * random.gauss(1.0, vary_percent / 100.0))
            for burst in bursts
        ]
        other = SeatedPatient(patient, patient.leg[0], knee_deg)
        session = replace(
            other.perform(releases, varied, protocol.rate_hz), stim_mA=session.stim_mA
        )
    return Trial(session, Body(patient.height_m, patient.mass_kg), truth)


def recorded(session: Session, sensor: GoniometerConfig, random: Random | None) -> Recording:
    """Return what a sensor makes of a session; without randomness, its angles as they were.

    Parameters
    ----------
    session : Session
        What happened.
    sensor : GoniometerConfig
        How it is measured.
    random : random.Random or None
        For the noise.
    """
    angle = session.ankle_deg if random is None else measured(session, sensor, random)
    known = np.ones(len(angle), dtype=bool)
    return Recording(SENSOR_S, session.stim_mA, angle * (math.pi / 180.0), known)
