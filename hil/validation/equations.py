"""What the equations and tables of the patient give by themselves, without anybody walking."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from statistics import fmean
from typing import Final

import numpy as np

from hil.patient.config import LegConfig, OrthosisConfig
from hil.patient.foot import Foot
from hil.patient.gait_data import ANKLE_Y_M, PITCH_DEG, TABLE_STRIDE_S, TOE_OFF_PHASE
from hil.patient.gait_table import CALF, FLOOR_M, SHIN, GaitStyle, gait_rows, series, toe_height
from hil.patient.muscle import DingMuscle, MuscleConfig
from hil.patient.muscle.config import FatigueConfig
from hil.patient.muscle.recruitment import threshold_ma

FRESH: Final = MuscleConfig(delay_ms=1.0, fatigue=FatigueConfig(scale=0.0))
"""A muscle that neither tires nor waits longer than one step."""

KNEE_DEG: Final = 75.0
"""Posture of the passive measurements: seated."""


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


def calcium(pulses_us: Sequence[int], to_ms: int) -> list[float]:
    """Return the calcium at every millisecond under pulses of full recruitment."""
    muscle = fresh_muscle()
    for t_us in pulses_us:
        muscle.excite(t_us, 1.0)
    found = []
    for ms in range(1, to_ms + 1):
        muscle.step(1000 * ms, 0.0)
        found.append(muscle.snapshot()["calcium"])
    return found


def mean_calcium() -> float:
    """Return the mean calcium of a steady train at 33 Hz."""
    return fmean(calcium(range(0, 3_000_000, 30_000), 3000)[-300:])


def peak_force(period_us: int) -> float:
    """Return the peak force of a second of pulses, newton."""
    return max(force_under(fresh_muscle(), range(0, 1_000_000, period_us), 1000))


def relative_force(rate_hz: float) -> float:
    """Return the peak force at a rate against that at 100 Hz."""
    return peak_force(round(1e6 / rate_hz)) / peak_force(10_000)


@cache
def fatigued() -> tuple[float, float, float]:
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


def rise_ms() -> float:
    """Return how long 10 to 90 % of the rise takes at 33 Hz."""
    force = force_under(fresh_muscle(), range(0, 1_200_000, 30_000), 1200)
    top = max(force)
    first = next(ms for ms, newton in enumerate(force) if newton >= 0.1 * top)
    return next(ms for ms, newton in enumerate(force) if newton >= 0.9 * top) - float(first)


def first_force_ms() -> float:
    """Return when a walking burst's first answer is there: a tenth of that of its first 100 ms."""
    muscle = DingMuscle(MuscleConfig(), threshold_ma(FRESH.ding2003), 200.0)
    for t_us in range(0, 500_000, 25_000):
        muscle.stimulate(t_us, 40_000, 300)
    force = [muscle.step(1000 * ms, 0.0) for ms in range(1, 501)]
    top = max(force[:100])
    return 1.0 + next(ms for ms, newton in enumerate(force) if newton >= 0.1 * top)


# -- the passive ankle ----------------------------------------------------------------------------


def passive_moment(calf_scale: float, angle_deg: float) -> float:
    """Return the plantarflexing moment of an adult's ankle, seated."""
    leg = LegConfig()
    ankle = replace(leg.ankle, calf_scale=calf_scale)
    foot = Foot(ankle, OrthosisConfig(), 1.75, 75.0, 0.0)
    calf = math.exp(CALF[0] + CALF[1] * KNEE_DEG)
    shin = math.exp(SHIN[0] + SHIN[1] * KNEE_DEG)
    return foot.passive(math.radians(angle_deg), calf, shin)


def passive_stiffness(calf_scale: float) -> float:
    """Return the slope of the passive moment at 10 degrees, Nm/deg."""
    return passive_moment(calf_scale, 10.5) - passive_moment(calf_scale, 9.5)


# -- the able stride ------------------------------------------------------------------------------


def able_toe_mm() -> list[float]:
    """Return the toe's height over the able swing."""
    phase = np.linspace(TOE_OFF_PHASE, 1.0, 1001)
    pitch = np.radians(series(PITCH_DEG, phase))
    height: list[float] = (
        1000.0 * (toe_height(series(ANKLE_Y_M, phase), pitch) - FLOOR_M)
    ).tolist()
    return height


def clearance_instant() -> float:
    """Return when the able toe is lowest, percent of swing."""
    toe = able_toe_mm()
    return 100.0 * (200 + toe[200:800].index(min(toe[200:800]))) / (len(toe) - 1)


def shank_rates() -> list[float]:
    """Return the rates of the able shank, deg/s."""
    rows = gait_rows(GaitStyle())
    rates = [row.shank_rate for row in rows.stance] + [row.shank_rate for row in rows.swing]
    return [math.degrees(rate) / TABLE_STRIDE_S for rate in rates]
