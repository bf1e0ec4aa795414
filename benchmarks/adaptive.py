"""What a program that learns reaches, and what it costs: one JSON line on stdout, tables on stderr.

    python benchmarks/adaptive.py [--jobs J] [--parts presets,fatigue] [--patients A,B] [--seed N]

*presets*: every patient preset, its foot IMU mounted at random and with another bias on each axis,
with the learning program from a start that is too weak (the motor threshold) and from one that is
too strong (the highest tolerated current). Counted are the strides at the full level until the
target is just met and stays so. A patient can be helped where the target comes at all with a fixed
program at the highest tolerated current. Where it does not, the leg is walked again with a target
of its own, two degrees below what that program gives.

*fatigue*: 30 minutes of the fatiguing preset. The learning program against fixed ones: for each of
some onsets and ends the least intensity is sought that holds the target as well over the same 30
minutes, of the same seed; the best of them is the one with the least charge.

Pitch is the patient's own here, not the sensor's, at the instants at which the detector saw toe-off
and contact. In *presets* the target is met from one degree below it on, beside it also from half a
degree, and just met up to three above; in *fatigue* from half a degree, and a program holds it as
well as in its worst five minutes.
"""

import argparse
import json
import statistics
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import product
from math import asin, degrees
from multiprocessing import get_context
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fes_ctrl.analysis.walk import LegWalk
from fes_ctrl.config.files import names_of
from fes_ctrl.model import INITIAL_CONTACT, LEG_NAMES, TERMINAL_CONTACT, Adaptation, Record
from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.operator import OperatorConfig
from fes_ctrl.runtime.stepper import Stepper
from hil.config import WalkConfig
from hil.patient.config import LegConfig
from hil.patient.gait_table import FLAT_RAD
from hil.patient.way import SegmentConfig
from hil.rig import Rig
from hil.scenarios import load_scenario
from hil.streams import stream

STAND_S = 3.0
PRESET_S = 75.0
FATIGUE_S = 1800.0
SETTLED = 10
"""Strides after the level has come to 100 %, from which on a walk is judged."""

NEAR_DEG = 1.0
MET_DEG = 0.5
"""How far below the target it still is met: judged is half a degree. How soon a start comes within
one, as far as a sensor that is mounted at random may be off, stands beside it."""
JUST_DEG = 3.0
STAYS = 5
LEAST_SHARE = 0.02
HOLDS = 0.95
WINDOW_US = 300_000_000

STARTS = {"too weak": 0.0, "too strong": 1.0}
FATIGUING = "ms_fatigue"
OWN_DEG = 2.0
LATER_MS = (0, 60)
EXTENSIONS_MS = (100, 30)
"""Of the fixed programs."""

TARGETS = {"standard": (12.0, -23.0), "firmer": (16.0, -20.0)}

ASKED = {"strides_to_target": 10, "charge_percent_of_best_fixed": 100}

OPERATOR = OperatorConfig(
    level_percent=(10, 20, 30, 40, 50, 60, 70, 80, 90, 100), level_from_s=3.0, level_every_s=2.0
)
"""Raises the level by less in a stride than guards allow."""

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
        operator=OPERATOR,
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
    full_from_us = round(1e6 * (OPERATOR.level_from_s + 9 * OPERATOR.level_every_s))
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


def fixed(intensity: float, later_ms: int, extension_ms: int) -> tuple[str, ...]:
    """Return the settings of a fixed program."""
    return (
        "program.adaptive.learn=false",
        f"program.channel.0.intensity={intensity:.4f}",
        f"program.delay_ms={later_ms}",
        f"program.extension_ms={extension_ms}",
    )


def rounded(value: float | None, digits: int = 2) -> float | None:
    """Return a figure as it is printed."""
    return None if value is None else round(value, digits)


# -- presets --------------------------------------------------------------------------------------


def from_bad_starts(
    patient: str, side: str, target: tuple[float, float], walks: dict[str, Walked]
) -> dict[str, object]:
    """Return how soon the target was met from each start."""
    row: dict[str, object] = {}
    for name, walked in walks.items():
        seen = walked.legs[side]
        row[name] = {
            "strides_to_target": strides_to_target(seen, target),
            "within_a_degree": strides_to_target(seen, target, NEAR_DEG),
            "held": rounded(held(seen, target), 3),
            "share": rounded(seen.learnt[-1].share, 3),
            "later_ms": seen.learnt[-1].later_us // 1000,
            "clearance_mm": rounded(seen.clearance_mm, 1),
            "compensation_mm": rounded(seen.compensation_mm, 1),
            "frozen": sum(each.verdict == "frozen" for each in seen.learnt),
            "clipped": walked.clipped,
            "refused": walked.refused,
            "violations": walked.violations,
        }
        print(f"  {patient} {side}, {name}: {row[name]}", file=sys.stderr)
    return row


def presets(pool: ProcessPoolExecutor, patients: list[str], seed: int) -> list[dict[str, object]]:
    """Walk every preset from both starts."""
    standard = TARGETS["standard"]
    strong = list(pool.map(walk, [(name, fixed(1.0, 0, 100), seed, PRESET_S) for name in patients]))
    starts = [f"program.adaptive.start={start}" for start in STARTS.values()]
    both = list(
        pool.map(
            walk,
            [
                (name, (start, *wanting(standard)), seed, PRESET_S)
                for name, start in product(patients, starts)
            ],
        )
    )
    rows: list[dict[str, object]] = []
    again: list[tuple[str, str, tuple[float, float]]] = []
    for index, name in enumerate(patients):
        for side, seen in strong[index].legs.items():
            late = [stride for stride in seen.strides if stride.t_us > seen.full_from_us][SETTLED:]
            can = held(seen, standard) >= HOLDS
            most = (
                statistics.median(stride.contact_deg for stride in late),
                statistics.median(stride.mid_deg for stride in late),
            )
            walks = dict(zip(STARTS, both[2 * index : 2 * index + 2], strict=True))
            rows.append(
                {
                    "patient": name,
                    "side": side,
                    "contact_deg": standard[0],
                    "mid_deg": standard[1],
                    "at_the_most": [round(most[0], 1), round(most[1], 1)],
                    "can_be_helped": can,
                    **from_bad_starts(name, side, standard, walks),
                }
            )
            if not can:
                own = (
                    min(standard[0], most[0] - OWN_DEG),
                    min(standard[1], most[1] - OWN_DEG),
                )
                again.append((name, side, own))
    jobs: list[Job] = [
        (name, (start, *wanting(target)), seed, PRESET_S)
        for (name, _, target), start in product(again, starts)
    ]
    jobs += [
        (name, ("program.adaptive.start=0", "operator.arm_at_s=3600"), seed, PRESET_S)
        for name, _, _ in again
    ]
    lower = list(pool.map(walk, jobs))
    bare = lower[2 * len(again) :]
    for index, (name, side, target) in enumerate(again):
        without = held(bare[index].legs[side], target) if bare[index].legs[side].strides else 0.0
        walks = dict(zip(STARTS, lower[2 * index : 2 * index + 2], strict=True))
        rows.append(
            {
                "patient": name,
                "side": side,
                "contact_deg": round(target[0], 1),
                "mid_deg": round(target[1], 1),
                "met_without": rounded(without, 3),
                "can_be_helped": without < HOLDS,
                "own_target": True,
                **from_bad_starts(name, side, target, walks),
            }
        )
    return rows


# -- fatigue --------------------------------------------------------------------------------------


def least_intensity(
    job: tuple[int, int, tuple[float, float], float, int, float],
) -> tuple[float, Walked] | None:
    """Return the weakest fixed program of one onset and end that holds the target, to 2 %.

    It is sought about a guess, upwards and downwards in steps of 8 %, and halved from there.
    """
    later_ms, extension_ms, target, wanted, seed, guess = job
    found: dict[float, Walked] = {}
    low, high = 0.0, 2.0
    tried = min(1.0, guess)
    while high - low > 0.02:
        walked = walk((FATIGUING, fixed(tried, later_ms, extension_ms), seed, FATIGUE_S))
        (seen,) = walked.legs.values()
        good = held_always(seen, target)
        print(f"  {later_ms}, {extension_ms} ms, {tried:.3f}: held {good:.3f}", file=sys.stderr)
        if good >= wanted:
            found[tried], high = walked, tried
        elif tried == 1.0:
            return None
        else:
            low = tried
        step = 0.08
        if high > 1.0:
            tried = min(1.0, low + step)
        elif low == 0.0 and high > step:
            tried = high - step
        else:
            tried = 0.5 * (low + high)
    return high, found[high]


def fatigue(pool: ProcessPoolExecutor, target: tuple[float, float], seed: int) -> dict[str, object]:
    """Walk for half an hour, learning and fixed."""
    learning = pool.submit(walk, (FATIGUING, wanting(target), seed, FATIGUE_S)).result()
    (seen,) = learning.legs.values()
    got = held_always(seen, target)
    wanted = min(HOLDS, got)
    quarters = [
        statistics.fmean(a.share for a in seen.learnt if k * 450 <= a.t_us / 1e6 < (k + 1) * 450)
        for k in range(4)
    ]
    grid = list(product(LATER_MS, EXTENSIONS_MS))
    found = list(
        pool.map(least_intensity, [(*each, target, wanted, seed, max(quarters)) for each in grid])
    )
    fixed_rows = []
    for (later_ms, extension_ms), best in zip(grid, found, strict=True):
        if best is None:
            continue
        intensity, walked = best
        (fixed_seen,) = walked.legs.values()
        fixed_rows.append(
            {
                "delay_ms": later_ms,
                "extension_ms": extension_ms,
                "intensity": round(intensity, 3),
                "held": rounded(held(fixed_seen, target), 3),
                "held_always": rounded(held_always(fixed_seen, target), 3),
                "charge_mC": rounded(walked.charge_mC, 1),
                "clearance_mm": rounded(fixed_seen.clearance_mm, 1),
                "compensation_mm": rounded(fixed_seen.compensation_mm, 1),
            }
        )
        print(f"  fixed: {fixed_rows[-1]}", file=sys.stderr)
    standard = [row for row in fixed_rows if (row["delay_ms"], row["extension_ms"]) == (0, 100)]
    best_row = min(fixed_rows, key=lambda row: row["charge_mC"] or 0.0) if fixed_rows else None
    row: dict[str, object] = {
        "contact_deg": target[0],
        "mid_deg": target[1],
        "held": rounded(held(seen, target), 3),
        "held_always": rounded(got, 3),
        "charge_mC": rounded(learning.charge_mC, 1),
        "clearance_mm": rounded(seen.clearance_mm, 1),
        "compensation_mm": rounded(seen.compensation_mm, 1),
        "share_by_quarter": [round(share, 3) for share in quarters],
        "frozen": sum(each.verdict == "frozen" for each in seen.learnt),
        "refused": learning.refused,
        "violations": learning.violations,
        "best_fixed": best_row,
        "charge_percent_of_best_fixed": None,
        "charge_percent_of_fixed_intensity": None,
    }
    for key, other in (
        ("charge_percent_of_best_fixed", best_row),
        ("charge_percent_of_fixed_intensity", standard[0] if standard else None),
    ):
        if other is not None and other["charge_mC"]:
            row[key] = round(100.0 * learning.charge_mC / other["charge_mC"], 1)
    print(f"  learning: {row}", file=sys.stderr)
    return row


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--parts", default="presets,fatigue")
    parser.add_argument("--patients", default=",".join(names_of("patient")))
    parser.add_argument("--targets", default=",".join(TARGETS))
    parser.add_argument("--seed", type=int, default=5)
    arguments = parser.parse_args()
    parts = arguments.parts.split(",")
    found: dict[str, object] = {"benchmark": "adaptive", "seed": arguments.seed, "asked": ASKED}
    with ProcessPoolExecutor(arguments.jobs, mp_context=get_context("spawn")) as pool:
        if "presets" in parts:
            rows = presets(pool, arguments.patients.split(","), arguments.seed)
            helped = [row for row in rows if row["can_be_helped"]]
            counts = [row[start]["strides_to_target"] for row in helped for start in STARTS]
            found["strides_to_target"] = None if None in counts else max(counts, default=None)
            found["presets"] = rows
        if "fatigue" in parts:
            found["fatigue"] = {
                name: fatigue(pool, TARGETS[name], arguments.seed)
                for name in arguments.targets.split(",")
            }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
