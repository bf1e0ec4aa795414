"""Walks with a program that learns or with a fixed one, and what the feet really did in them.

Pitch is the patient's own here, not the sensor's, at the instants at which the detector saw toe-off
and contact.
"""

import statistics
from dataclasses import replace
from math import asin, degrees
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fes_ctrl.analysis.walk import LegWalk
from fes_ctrl.model import INITIAL_CONTACT, LEG_NAMES, TERMINAL_CONTACT, Adaptation, Record
from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.stepper import Stepper
from hil.config import WalkConfig
from hil.patient.config import LegConfig
from hil.patient.gait_table import FLAT_RAD
from hil.patient.way import SegmentConfig
from hil.rig import Rig
from hil.scenarios import load_scenario
from hil.streams import stream

STAND_S = 3.0
SETTLED = 10
"""Strides after the level has come to 100 %, from which on a walk is judged."""

MET_DEG = 0.5
"""How far below the target it still is met: judged is half a degree."""
JUST_DEG = 3.0
STAYS = 5
LEAST_SHARE = 0.02
HOLDS = 0.95
WINDOW_US = 300_000_000

TARGETS = {"standard": (12.0, -23.0), "firmer": (16.0, -20.0)}

Series = NDArray[np.float64]
Job = tuple[str, tuple[str, ...], int, float]


class Stride(NamedTuple):
    """What the foot really did in one stride."""

    t_us: int
    mid_deg: float
    contact_deg: float


class Seen(NamedTuple):
    """What is known of one leg after a walk."""

    strides: list[Stride]
    learnt: list[Adaptation]
    bursts_us: list[int]
    full_from_us: int
    clearance_mm: float
    compensation_mm: float
    lost_push_off_percent: float


class Walked(NamedTuple):
    """What a walk amounts to."""

    legs: dict[str, Seen]
    charge_mC: float
    clipped: int
    refused: int
    violations: int


def worn(leg: LegConfig, seed: int) -> LegConfig:
    """Return a leg with its IMU mounted any way, and with a bias of up to 3 deg/s on each axis."""
    random = stream(seed, f"{leg.side}.adaptive")
    mount_deg = (
        random.uniform(-180.0, 180.0),
        degrees(asin(random.uniform(-1.0, 1.0))),
        random.uniform(-180.0, 180.0),
    )
    bias = (random.uniform(-3.0, 3.0), random.uniform(-3.0, 3.0), random.uniform(-3.0, 3.0))
    imu = replace(leg.sensors.foot_imu, mount_deg=mount_deg, gyro_bias_deg_per_s=bias)
    return replace(leg, sensors=replace(leg.sensors, foot_imu=imu))


def configured(patient: str, sets: tuple[str, ...], seed: int, duration_s: float) -> WalkConfig:
    """Return a level walk after a short stand."""
    options = {"patient": patient, "seed": seed, "program": "adaptive", "setup": "patient"}
    config = load_scenario("adaptive", options, sets).walk
    legs = tuple(worn(leg, seed) for leg in config.patient.leg)
    way = (SegmentConfig("stand", STAND_S), SegmentConfig("walk", duration_s))
    return replace(
        config,
        patient=replace(config.patient, leg=legs),
        way=way,
        duration_s=STAND_S + duration_s,
    )


def walk(job: Job) -> Walked:
    """Walk, and look at what the feet really do."""
    patient, sets, seed, duration_s = job
    config = configured(patient, sets, seed, duration_s)
    clock = Stepper()
    rig = Rig(config, clock, NullLog())
    learnt: dict[int, list[Adaptation]] = {leg: [] for leg in config.legs}

    def listen(_now_us: int, records: tuple[Record, ...]) -> None:
        for record in records:
            if isinstance(record, Adaptation):
                learnt[record.leg].append(record)

    rig.session.listeners.append(listen)
    for hub in rig.patient.hubs:
        hub.keep_truth = True
    rig.session.open()
    clock.run_until_us(round(config.duration_s * 1e6))
    done = rig.finish()
    operator = config.operator
    steps = len(operator.level_percent) - 1
    full_from_us = round(1e6 * (operator.level_from_s + steps * operator.level_every_s))
    legs = {}
    for about, hub in zip(done.legs, rig.patient.hubs, strict=False):
        times = np.array([row.t_us for row in hub.truth], dtype=np.float64)
        pitch = np.degrees(np.array([row.pitch_rad for row in hub.truth]) - FLAT_RAD)
        late = [swing for swing in about.swings if swing.contact_us > full_from_us]
        late = late[SETTLED:]
        legs[LEG_NAMES[about.leg]] = Seen(
            strides_of(about, times, pitch),
            learnt[about.leg],
            [burst.start.t_us for burst in about.bursts],
            full_from_us,
            statistics.median(swing.clearance_mm for swing in late),
            statistics.median(swing.compensation_mm for swing in late),
            statistics.median(swing.lost_push_off_percent for swing in late),
        )
    return Walked(
        legs,
        (done.charge.total_pc or 0) / 1e9,
        len(done.clips),
        len(done.refusals),
        len(done.violations),
    )


def strides_of(about: LegWalk, times: Series, pitch: Series) -> list[Stride]:
    """Return how the foot really was held when its detector saw it in mid-swing and land."""
    found = []
    toe_off_us = -1
    for event in about.detected:
        if event.kind == TERMINAL_CONTACT:
            toe_off_us = event.t_event_us
        elif event.kind == INITIAL_CONTACT and toe_off_us >= 0:
            middle_us = (toe_off_us + event.t_event_us) // 2
            mid_deg, contact_deg = np.interp([middle_us, event.t_event_us], times, pitch)
            found.append(Stride(event.t_event_us, float(mid_deg), float(contact_deg)))
            toe_off_us = -1
    return found


def is_met(stride: Stride, target: tuple[float, float], within_deg: float = MET_DEG) -> bool:
    """Return whether the foot was held as wanted, or better."""
    contact_deg, mid_deg = target
    landed = stride.contact_deg >= contact_deg - within_deg
    return landed and stride.mid_deg >= mid_deg - within_deg


def is_just_met(
    stride: Stride, target: tuple[float, float], share: float, within_deg: float
) -> bool:
    """Return whether it was so, and not by more than needed."""
    if not is_met(stride, target, within_deg):
        return False
    spare = min(stride.contact_deg - target[0], stride.mid_deg - target[1])
    return spare <= JUST_DEG or share <= LEAST_SHARE


def strides_to_target(
    seen: Seen, target: tuple[float, float], within_deg: float = MET_DEG
) -> int | None:
    """Return after how many strides at the full level the target is just met, and stays so."""
    full = [stride for stride in seen.strides if stride.t_us > seen.full_from_us]
    run = 0
    for count, stride in enumerate(full):
        share = next((a.share for a in reversed(seen.learnt) if a.t_us < stride.t_us), 1.0)
        run = run + 1 if is_just_met(stride, target, share, within_deg) else 0
        if run == STAYS:
            return count + 1 - STAYS
    return None


def held(seen: Seen, target: tuple[float, float], within_deg: float = MET_DEG) -> float:
    """Return the share of strides, once settled, in which the target was met."""
    late = [stride for stride in seen.strides if stride.t_us > seen.full_from_us][SETTLED:]
    return sum(is_met(stride, target, within_deg) for stride in late) / len(late)


def held_always(seen: Seen, target: tuple[float, float]) -> float:
    """Return the same of the worst five minutes: who fails in the end does not hold it."""
    late = [stride for stride in seen.strides if stride.t_us > seen.full_from_us][SETTLED:]
    windows: dict[int, list[bool]] = {}
    for stride in late:
        windows.setdefault(stride.t_us // WINDOW_US, []).append(is_met(stride, target))
    return min(sum(met) / len(met) for met in windows.values() if len(met) > SETTLED)


def wanting(target: tuple[float, float]) -> tuple[str, ...]:
    """Return the settings of a target."""
    return (
        f"program.adaptive.contact_deg={target[0]}",
        f"program.adaptive.mid_deg={target[1]}",
    )


def fixed(
    intensity: float, later_ms: int, extension_ms: int, rise_ms: int = 200
) -> tuple[str, ...]:
    """Return the settings of a fixed program."""
    return (
        "program.adaptive.learn=false",
        f"program.channel.0.intensity={intensity:.4f}",
        f"program.delay_ms={later_ms}",
        f"program.extension_ms={extension_ms}",
        f"program.rise_ms={rise_ms}",
    )


def rounded(value: float | None, digits: int = 2) -> float | None:
    """Return a figure as it is printed."""
    return None if value is None else round(value, digits)
