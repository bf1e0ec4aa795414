"""What patients do: ``stroke_moderate`` with the standard program and without, and ``healthy``."""

import math
from dataclasses import replace
from functools import cache
from random import Random
from statistics import median
from typing import Final

from fes_ctrl.analysis.walk import Swing, Walk
from fes_ctrl.model import RIGHT
from hil.config import WalkConfig
from hil.patient.config import PatientConfig
from hil.patient.leg import PatientLeg
from hil.patient.open_loop import drive
from hil.patient.outcome import TraceRow
from hil.patient.pace import steps_of
from hil.patient.plan import stand_then_walk
from hil.patient.train import Train
from hil.scenarios import load_scenario
from hil.simulate import simulate

STILL: Final = (
    "patient.stride_cv_percent=0",
    "patient.leg.0.compensation.rate=0",
    "patient.leg.0.compensation.noise_mm=0",
)
"""The same stride over and over, and a hike that is held."""


def moderate() -> PatientConfig:
    """Return the moderate patient."""
    return load_scenario("moderate_stroke").walk.patient


def spastic_scale() -> float:
    """Return how much stiffer the moderate patient's calf is."""
    return moderate().leg[0].ankle.calf_scale


@cache
def walked(untreated: bool, *sets: str, scenario: str = "moderate_stroke") -> Walk:  # noqa: FBT001 - keys of the cache
    """Return a walk of a scenario under changed settings, with stimulation or without."""
    config: WalkConfig = load_scenario(scenario, {}, sets).walk
    return simulate(replace(config, evaluation=untreated)).walk


def settled(walk: Walk) -> list[Swing]:
    """Return the swings that outcomes are stated of."""
    return walk.settled(walk.legs[0])


def of(field: str, untreated: bool = False, *sets: str) -> float:  # noqa: FBT001, FBT002 - keys of the cache
    """Return the median of an outcome of the moderate patient."""
    return median(float(getattr(s, field)) for s in settled(walked(untreated, *sets)))


def gain(field: str) -> float:
    """Return what stimulation changes of an outcome."""
    return of(field) - of(field, untreated=True)


def current_ma() -> float:
    """Return the highest current that reached the electrode."""
    return max(walked(untreated=False).legs[0].pulses_ua) / 1000.0


def late_onset_cost_mm() -> float:
    """Return how much lower the toe swings with an onset 150 ms after toe-off, hike held."""
    swings = settled(walked(True, *STILL))
    swing = swings[len(swings) // 2]
    delay_ms = (swing.toe_off_us - swing.heel_off_us) / 1000.0 + 150.0
    early = of("clearance_mm", False, *STILL)
    return early - of("clearance_mm", False, *STILL, f"program.delay_ms={delay_ms:.0f}")


def _traced(current_ua: int) -> tuple[list[TraceRow], int, int]:
    patient = replace(moderate(), stride_cv_percent=0.0)
    leg = patient.leg[0]
    still = replace(leg.compensation, rate=0.0, noise_mm=0.0)
    body = PatientLeg(
        patient,
        replace(leg, compensation=still),
        Random(1),
        steps_of(patient, stand_then_walk(1.0), Random(1)),
        RIGHT,
    )
    body.keep_trace = True
    drive(body, Train(current_ua=current_ua), 15_000_000)
    return body.trace, body.swings[-1].toe_off_us, body.swings[-1].contact_us


def clearance_per_angle_cm() -> float:
    """Return how much higher the toe is for a radian at the ankle, when it is lowest.

    From two walks whose currents differ a little and nothing else does, at 51 % of swing.
    """
    low, toe_off_us, contact_us = _traced(36_000)
    high, _, _ = _traced(44_000)
    at_us = toe_off_us + 0.51 * (contact_us - toe_off_us)
    a, b = min(zip(low, high, strict=True), key=lambda pair: abs(pair[0].t_us - at_us))
    return (b.toe_mm - a.toe_mm) / 10.0 / math.radians(b.ankle_deg - a.ankle_deg)


def healthy(field: str) -> float:
    """Return the median of an outcome of the healthy patient."""
    walk = walked(True, "walk.patient=healthy", scenario="standard")
    return median(float(getattr(s, field)) for s in settled(walk))


@cache
def healthy_rates() -> tuple[float, float]:
    """Return lowest and highest foot pitch rate of a healthy walk, deg/s."""
    patient = load_scenario("standard", {"patient": "healthy"}).walk.patient
    body = PatientLeg(
        patient,
        patient.leg[0],
        Random(1),
        steps_of(patient, stand_then_walk(1.0), Random(1)),
        RIGHT,
    )
    rates = []
    for ms in range(3000, 20_000):
        body.advance_to(1000 * ms)
        rates.append(math.degrees(body.motion()[1]))
    return min(rates), max(rates)
