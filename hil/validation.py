"""The virtual patient against what is published: every number with its target and its source.

Three kinds of check, which prove different things. *Equation*: the code computes what the
published equations say. *Table*: the able stride that everything is made of is the able stride of
the literature. *Evidence*: one patient, ``stroke_moderate`` under the standard program, answers as
patients in trials did, in all respects together.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from random import Random
from statistics import fmean, median
from typing import Final, Literal

import numpy as np

from fes_ctrl.analysis.walk import Swing, Walk
from fes_ctrl.model import RIGHT
from hil.config import WalkConfig
from hil.patient.config import LegConfig, OrthosisConfig, PatientConfig
from hil.patient.foot import Foot
from hil.patient.gait_data import ANKLE_Y_M, PITCH_DEG, TOE_OFF_PHASE
from hil.patient.gait_table import (
    CALF,
    FLOOR_M,
    SHIN,
    GaitStyle,
    gait_rows,
    series,
    toe_height,
)
from hil.patient.leg import PatientLeg
from hil.patient.muscle import DingMuscle, MuscleConfig
from hil.patient.muscle.config import FatigueConfig
from hil.patient.muscle.recruitment import by_amplitude, by_width, threshold_ma
from hil.patient.open_loop import drive
from hil.patient.outcome import TraceRow, mid_swing_clearance
from hil.patient.pace import steps_of
from hil.patient.plan import stand_then_walk
from hil.patient.train import Train
from hil.scenarios import load_scenario
from hil.simulate import simulate

Kind = Literal["equation", "table", "evidence"]

FRESH: Final = MuscleConfig(delay_ms=1.0, fatigue=FatigueConfig(scale=0.0))
"""A muscle that neither tires nor waits longer than one step."""

TABLE_STRIDE_S: Final = 0.987
KNEE_DEG: Final = 75.0
"""Posture of the passive measurements: seated."""

STILL: Final = (
    "patient.stride_cv_percent=0",
    "patient.leg.0.compensation.rate=0",
    "patient.leg.0.compensation.noise_mm=0",
)


@dataclass(frozen=True, slots=True)
class Check:
    """One published number, and how the patient's own is measured.

    Attributes
    ----------
    name : str
        As in the table of targets; a letter after it tells several numbers of one target apart.
    kind : str
        What it proves.
    quantity : str
        What is measured, with its unit.
    low, high : float
        Accepted range, both ends included.
    source : str
        Of the target.
    measure : callable
        Returns the patient's own number.
    """

    name: str
    kind: Kind
    quantity: str
    low: float
    high: float
    source: str
    measure: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Finding:
    """A check, carried out."""

    check: Check
    got: float

    @property
    def passed(self) -> bool:
        """Whether the number lies in the accepted range."""
        return self.check.low <= self.got <= self.check.high


def findings(checks: Sequence[Check] = ()) -> list[Finding]:
    """Carry out checks, all by default, in order."""
    return [Finding(check, check.measure()) for check in checks or CHECKS]


# -- equations ------------------------------------------------------------------------------------


def fresh_muscle(fatigue: FatigueConfig = FRESH.fatigue) -> DingMuscle:
    """Return a Ding 2003 muscle at rest."""
    config = replace(FRESH, fatigue=fatigue)
    return DingMuscle(config, threshold_ma(config.ding2003), 200.0)


def force_under(
    muscle: DingMuscle, pulses_us: Sequence[int], to_ms: int, from_ms: int = 0
) -> list[float]:
    """Return the force at every millisecond under pulses of full recruitment, newton."""
    for t_us in pulses_us:
        muscle.excite(t_us, 1.0)
    return [muscle.step(1000 * ms, 0.0) for ms in range(from_ms + 1, to_ms + 1)]


def _calcium(pulses_us: Sequence[int], to_ms: int) -> list[float]:
    muscle = fresh_muscle()
    for t_us in pulses_us:
        muscle.excite(t_us, 1.0)
    found = []
    for ms in range(1, to_ms + 1):
        muscle.step(1000 * ms, 0.0)
        found.append(muscle.snapshot()["calcium"])
    return found


def _mean_calcium() -> float:
    return fmean(_calcium(range(0, 3_000_000, 30_000), 3000)[-300:])


def _peak(period_us: int) -> float:
    return max(force_under(fresh_muscle(), range(0, 1_000_000, period_us), 1000))


def _relative_force(rate_hz: float) -> float:
    return _peak(round(1e6 / rate_hz)) / _peak(10_000)


@cache
def _fatigued() -> tuple[float, float, float]:
    """Return the peaks at 60 and 180 s of walking bursts, and what is lost after 127 s of rest."""
    muscle = fresh_muscle(FatigueConfig(scale=1.0))
    peaks = []
    for burst in range(165):
        start_ms = 1100 * burst
        pulses = range(1000 * start_ms, 1000 * start_ms + 500_000, 30_000)
        peaks.append(max(force_under(muscle, pulses, start_ms + 1100, start_ms)))
    # The deficit of A decays by itself once the last force has gone.
    end_ms = 165 * 1100 + 1000
    force_under(muscle, (), end_ms, 165 * 1100)
    lost = 1.0 - muscle.fitness()
    force_under(muscle, (), end_ms + 127_000, end_ms)
    return peaks[54] / peaks[0], peaks[163] / peaks[0], (1.0 - muscle.fitness()) / lost


def _rise_ms() -> float:
    force = force_under(fresh_muscle(), range(0, 1_200_000, 30_000), 1200)
    top = max(force)
    first = next(ms for ms, newton in enumerate(force) if newton >= 0.1 * top)
    return next(ms for ms, newton in enumerate(force) if newton >= 0.9 * top) - float(first)


def _first_force_ms() -> float:
    """Return when a walking burst's first answer is there: a tenth of that of its first 100 ms."""
    muscle = DingMuscle(MuscleConfig(), threshold_ma(FRESH.ding2003), 200.0)
    for t_us in range(0, 500_000, 25_000):
        muscle.stimulate(t_us, 40_000, 300)
    force = [muscle.step(1000 * ms, 0.0) for ms in range(1, 501)]
    top = max(force[:100])
    return 1.0 + next(ms for ms, newton in enumerate(force) if newton >= 0.1 * top)


# -- the passive ankle ----------------------------------------------------------------------------


def _passive_moment(calf_scale: float, angle_deg: float) -> float:
    """Return the plantarflexing moment of an adult's ankle, seated."""
    leg = LegConfig()
    ankle = replace(leg.ankle, calf_scale=calf_scale)
    foot = Foot(ankle, OrthosisConfig(), 1.75, 75.0, 0.0)
    calf = math.exp(CALF[0] + CALF[1] * KNEE_DEG)
    shin = math.exp(SHIN[0] + SHIN[1] * KNEE_DEG)
    return foot.passive(math.radians(angle_deg), calf, shin)


def _stiffness(calf_scale: float) -> float:
    return (_passive_moment(calf_scale, 10.5) - _passive_moment(calf_scale, 9.5)) / 1.0


def _moderate() -> PatientConfig:
    return load_scenario("moderate_stroke").walk.patient


def _spastic_scale() -> float:
    return _moderate().leg[0].ankle.calf_scale


# -- the able stride ------------------------------------------------------------------------------


def _able_toe_mm() -> list[float]:
    phase = np.linspace(TOE_OFF_PHASE, 1.0, 1001)
    pitch = np.radians(series(PITCH_DEG, phase))
    height: list[float] = (
        1000.0 * (toe_height(series(ANKLE_Y_M, phase), pitch) - FLOOR_M)
    ).tolist()
    return height


def _clearance_instant() -> float:
    toe = _able_toe_mm()
    return 100.0 * (200 + toe[200:800].index(min(toe[200:800]))) / (len(toe) - 1)


def _shank_rates() -> list[float]:
    rows = gait_rows(GaitStyle())
    return [math.degrees(row[1]) / TABLE_STRIDE_S for row in (*rows.stance, *rows.swing)]


# -- evidence -------------------------------------------------------------------------------------


@cache
def _walked(untreated: bool, *sets: str, scenario: str = "moderate_stroke") -> Walk:  # noqa: FBT001
    config: WalkConfig = load_scenario(scenario, {}, sets).walk
    return simulate(replace(config, evaluation=untreated)).walk


def _settled(walk: Walk) -> list[Swing]:
    return [s for s in walk.legs[0].swings if s.heel_off_us >= walk.settled_from_us]


def _of(field: str, untreated: bool = False, *sets: str) -> float:  # noqa: FBT001, FBT002
    return median(float(getattr(s, field)) for s in _settled(_walked(untreated, *sets)))


def _gain(field: str) -> float:
    return _of(field) - _of(field, untreated=True)


def _current_ma() -> float:
    return max(_walked(untreated=False).legs[0].pulses_ua) / 1000.0


def _late_onset_cost_mm() -> float:
    """Return how much lower the toe swings with an onset 150 ms after toe-off, hike held."""
    swings = _settled(_walked(True, *STILL))
    swing = swings[len(swings) // 2]
    delay_ms = (swing.toe_off_us - swing.heel_off_us) / 1000.0 + 150.0
    early = _of("clearance_mm", False, *STILL)
    return early - _of("clearance_mm", False, *STILL, f"program.delay_ms={delay_ms:.0f}")


def _traced(current_ua: int) -> tuple[list[TraceRow], int, int]:
    patient = replace(_moderate(), stride_cv_percent=0.0)
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


def _clearance_per_angle_cm() -> float:
    """Return how much higher the toe is for a radian at the ankle, when it is lowest.

    From two walks whose currents differ a little and nothing else does, at 51 % of swing.
    """
    low, toe_off_us, contact_us = _traced(36_000)
    high, _, _ = _traced(44_000)
    at_us = toe_off_us + 0.51 * (contact_us - toe_off_us)
    a, b = min(zip(low, high, strict=True), key=lambda pair: abs(pair[0].t_us - at_us))
    return (b.toe_mm - a.toe_mm) / 10.0 / math.radians(b.ankle_deg - a.ankle_deg)


def _healthy(field: str) -> float:
    walk = _walked(True, "walk.patient=healthy", scenario="standard")
    return median(float(getattr(s, field)) for s in _settled(walk))


@cache
def _healthy_rates() -> tuple[float, float]:
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


DING: Final = "equations of Ding 2003"
KESAR: Final = "Kesar 2010"
CHUNG: Final = "Chung 2004"
CRUZ: Final = "Cruz and Dhaher 2009"
WINTER: Final = "Winter, table of one adult at 1.43 m/s"
ROBISON: Final = "Robison 2022"
MOOSABHOY: Final = "Moosabhoy and Gard 2006"

CHECKS: Final = (
    Check(
        "D1a",
        "equation",
        "calcium after one pulse, peak",
        0.3675,
        0.3683,
        DING,
        lambda: max(_calcium((0,), 60)),
    ),
    Check(
        "D1b",
        "equation",
        "calcium after one pulse, instant of peak, ms",
        20,
        20,
        DING,
        lambda: 1.0 + max(range(60), key=_calcium((0,), 60).__getitem__),
    ),
    Check("D2", "equation", "mean calcium at 33 Hz", 0.6845, 0.6914, DING, _mean_calcium),
    Check(
        "D3", "equation", "peak force of 1 s at 33 Hz, N", 268.9, 274.3, DING, lambda: _peak(30_000)
    ),
    Check(
        "D4a",
        "equation",
        "force at 10 against 100 Hz",
        0.519,
        0.539,
        DING,
        lambda: _relative_force(10),
    ),
    Check(
        "D4b",
        "equation",
        "force at 20 against 100 Hz",
        0.743,
        0.763,
        DING,
        lambda: _relative_force(20),
    ),
    Check(
        "D4c",
        "equation",
        "force at 33.3 against 100 Hz",
        0.855,
        0.875,
        DING,
        lambda: _relative_force(33.3),
    ),
    Check(
        "D4d",
        "equation",
        "force at 50 against 100 Hz",
        0.919,
        0.939,
        DING,
        lambda: _relative_force(50),
    ),
    Check(
        "D5a",
        "equation",
        "force left after 60 s of walking bursts",
        0.532,
        0.572,
        DING,
        lambda: _fatigued()[0],
    ),
    Check("D5b", "equation", "force left after 180 s", 0.326, 0.366, DING, lambda: _fatigued()[1]),
    Check(
        "D6",
        "equation",
        "deficit left after 127 s of rest",
        0.3643,
        0.3717,
        DING,
        lambda: _fatigued()[2],
    ),
    Check(
        "D7a",
        "equation",
        "threshold, mA",
        17.02,
        17.04,
        "Hmed 2018",
        lambda: threshold_ma(FRESH.ding2003),
    ),
    Check(
        "D7b",
        "equation",
        "recruitment at 60 mA",
        0.439,
        0.443,
        "Hmed 2018",
        lambda: by_amplitude(FRESH.ding2003, 60),
    ),
    Check(
        "D7c",
        "equation",
        "recruitment at 100 mA",
        0.922,
        0.926,
        "Hmed 2018",
        lambda: by_amplitude(FRESH.ding2003, 100),
    ),
    Check(
        "D8a",
        "equation",
        "recruitment at 131.4 us",
        0,
        0,
        "Ding 2007",
        lambda: by_width(FRESH.ding2007, 131.4),
    ),
    Check(
        "D8b",
        "equation",
        "recruitment at 200 us",
        0.293,
        0.303,
        "Ding 2007",
        lambda: by_width(FRESH.ding2007, 200),
    ),
    Check(
        "D8c",
        "equation",
        "recruitment at 400 us",
        0.744,
        0.754,
        "Ding 2007",
        lambda: by_width(FRESH.ding2007, 400),
    ),
    Check(
        "D8d",
        "equation",
        "recruitment at 600 us",
        0.906,
        0.916,
        "Ding 2007",
        lambda: by_width(FRESH.ding2007, 600),
    ),
    Check("D9", "equation", "10 to 90 % of the rise at 33 Hz, ms", 233, 243, DING, _rise_ms),
    Check(
        "D10",
        "evidence",
        "first pulse to a tenth of the force, ms",
        10,
        30,
        "evoked delay of knee extensors, 17.2 ms",
        _first_force_ms,
    ),
    Check(
        "D11a",
        "evidence",
        "passive moment at 10 deg, healthy, Nm",
        2.6,
        9.8,
        CHUNG,
        lambda: _passive_moment(1.0, 10),
    ),
    Check(
        "D11b",
        "evidence",
        "passive moment at 10 deg, spastic, Nm",
        4.7,
        14.3,
        CHUNG,
        lambda: _passive_moment(_spastic_scale(), 10),
    ),
    Check(
        "D12a",
        "evidence",
        "stiffness at 10 deg, healthy, Nm/deg",
        0.15,
        0.55,
        CHUNG,
        lambda: _stiffness(1.0),
    ),
    Check(
        "D12b",
        "evidence",
        "stiffness at 10 deg, spastic, Nm/deg",
        0.35,
        0.73,
        CHUNG,
        lambda: _stiffness(_spastic_scale()),
    ),
    Check(
        "D13",
        "table",
        "able toe clearance, mm",
        9,
        24,
        "Winter 1992; " + MOOSABHOY,
        lambda: mid_swing_clearance(_able_toe_mm()),
    ),
    Check("D14", "table", "its instant, % of swing", 43, 59, MOOSABHOY, _clearance_instant),
    Check(
        "D15",
        "evidence",
        "clearance for a radian at the ankle, cm",
        11.1,
        23.1,
        MOOSABHOY,
        _clearance_per_angle_cm,
    ),
    Check(
        "D16a",
        "evidence",
        "peak swing dorsiflexion without, deg",
        -4.1,
        -1.7,
        KESAR,
        lambda: _of("peak_dorsiflexion_deg", True),
    ),
    Check(
        "D16b",
        "evidence",
        "its gain under stimulation, deg",
        2,
        8,
        KESAR,
        lambda: _gain("peak_dorsiflexion_deg"),
    ),
    Check(
        "D17",
        "evidence",
        "clearance lost to an onset 150 ms after toe-off, mm",
        20,
        80,
        "clinical direction",
        _late_onset_cost_mm,
    ),
    Check(
        "D18a",
        "table",
        "shank rate, mid-swing peak, deg/s",
        311,
        381,
        WINTER,
        lambda: max(_shank_rates()),
    ),
    Check(
        "D18b",
        "table",
        "shank rate, negative peak, deg/s",
        -219,
        -179,
        WINTER,
        lambda: min(_shank_rates()),
    ),
    Check("D19", "table", "toe-off, % of the stride", 59, 63, WINTER, lambda: 100 * TOE_OFF_PHASE),
    Check(
        "E1",
        "evidence",
        "current of the program, mA",
        25,
        45,
        "surface stimulators in trials",
        _current_ma,
    ),
    Check(
        "E2",
        "evidence",
        "toe clearance without, mm",
        8,
        20,
        CRUZ,
        lambda: _of("clearance_mm", True),
    ),
    Check("E3", "evidence", "toe clearance with, mm", 8, 20, CRUZ, lambda: _of("clearance_mm")),
    Check(
        "E4",
        "evidence",
        "gain at contact, deg",
        3,
        8,
        ROBISON + ": 5.2; others 3 to 8",
        lambda: _gain("ankle_at_contact_deg"),
    ),
    Check(
        "E5",
        "evidence",
        "change of compensation, mm",
        -80,
        -1,
        CRUZ + ": direction",
        lambda: _gain("compensation_mm"),
    ),
    Check(
        "E6",
        "evidence",
        "push-off work lost, %",
        0.5,
        30,
        "Kesar 2009: direction",
        lambda: _gain("lost_push_off_percent"),
    ),
    Check(
        "E7",
        "evidence",
        "change of eversion at contact, deg",
        1,
        7,
        ROBISON + ": 3.6 in swing",
        lambda: _gain("eversion_at_contact_deg"),
    ),
    Check(
        "E8",
        "evidence",
        "change of contact to foot flat, ms",
        1,
        100,
        ROBISON + ": direction",
        lambda: _gain("foot_flat_ms"),
    ),
    Check(
        "E9",
        "evidence",
        "change of the ankle at toe-off, deg",
        0.1,
        15,
        "Kesar 2009: direction",
        lambda: _gain("ankle_at_toe_off_deg"),
    ),
    Check(
        "E10",
        "evidence",
        "change of peak knee flexion in swing, deg",
        -15,
        -0.1,
        "Kesar 2009: direction",
        lambda: _gain("peak_knee_flexion_deg"),
    ),
    Check(
        "E11",
        "evidence",
        "walking speed, m/s",
        0.4,
        1.2,
        "community walkers after stroke: range from memory",
        lambda: _of("speed_m_per_s"),
    ),
    Check(
        "E12",
        "evidence",
        "healthy: toe clearance, mm",
        9,
        24,
        "Winter 1992; " + MOOSABHOY,
        lambda: _healthy("clearance_mm"),
    ),
    Check(
        "E13",
        "evidence",
        "healthy: ankle at contact, deg",
        -5,
        5,
        "neutral",
        lambda: _healthy("ankle_at_contact_deg"),
    ),
    Check(
        "E14",
        "evidence",
        "healthy: fall of the forefoot, deg/s",
        150,
        884,
        "19 able walkers: median 378, 95 % below 884",
        lambda: _healthy("fall_deg_per_s"),
    ),
    Check(
        "E15",
        "evidence",
        "healthy: foot rate at push-off, deg/s",
        -777,
        -381,
        "19 able walkers: 5 to 95 %",
        lambda: _healthy_rates()[0],
    ),
    Check(
        "E16",
        "evidence",
        "healthy: foot rate in swing, deg/s",
        269,
        471,
        "19 able walkers: 5 to 95 %",
        lambda: _healthy_rates()[1],
    ),
)
"""D1 to D19, then what else the same patient must show at once."""
