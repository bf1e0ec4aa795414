"""False bursts in whatever is no step, beside first steps caught: one JSON line on stdout.

    python benchmarks/false_triggers.py [--seeds N] [--jobs J] [--patients P,P] [--detectors D,D]

Each patient walks up, stops, does something that is no step, and walks off, again and again: shifts
his weight, sits down and fidgets and rises, taps toes and heels standing and seated, pivots, stands
for ten minutes, and just stops and starts. A burst in any of that is false. Steps on the spot are
steps: there, a burst without one is extra, and one without a burst is missed. A first step is
caught by a burst from 0.3 s before its true heel-off to 0.3 s after it. The two belong together:
whoever hears nothing is never wrong.

Every detector that is registered takes part, on the sensors that it reads; ``heel+forefoot`` is
the heel detector with a second switch. Where the recordings are at hand, the motion of real feet at
rest is laid on the inertial sensors (``real_rest.py``); the result says so. A table goes to stderr.
"""

import argparse
import json
import sys
import time
from bisect import bisect_left
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import product
from multiprocessing import get_context
from typing import Any, NamedTuple

from real_rest import RealRest, real_rest, walked

from fes_ctrl.analysis.walk import Walk
from fes_ctrl.gait import DETECTORS, read_by, sensors_of
from fes_ctrl.model import FORE_FORCE, FOREFOOT_SWITCH, HEEL_SWITCH
from hil.config import WalkConfig
from hil.patient.sensors.worn import worn_by_default
from hil.patient.way import SegmentConfig as Part
from hil.scenarios import load_scenario

PATIENTS = ("healthy", "stroke_moderate", "stroke_severe_spastic", "cerebral_palsy_child")
HEEL_AND_FOREFOOT = "heel+forefoot"
WALK_S, NEAR_US, SETTLE_US = 6.0, 300_000, 200_000
STARTS, STAND_S = 12, 5.0
ASKED = {
    "false_per_ten_shifts": 1,
    "false_in_ten_minutes": 0,
    "first_steps_caught": {"heel": 1.0, "imu": 0.9},
}

ACTS: dict[str, tuple[Part, ...]] = {
    "shifts": (Part("stand", 120.0, weight_shifts_per_min=12.0),),
    "sit": (Part("sit", 30.0, fidgets_per_min=6.0), Part("stand", 3.0)) * 2,
    "toe_taps": (Part("tap", 20.0),),
    "toe_taps_seated": (Part("tap", 25.0, on_chair=True),),
    "heel_taps": (Part("tap", 20.0, taps_with="heel"),),
    "heel_taps_seated": (Part("tap", 25.0, taps_with="heel", on_chair=True),),
    "pivots": (Part("turn_on_spot", 60.0, pivots_per_min=12.0),),
    "on_spot": (Part("turn_on_spot", 30.0),),
    "quiet": (Part("stand", 600.0),),
    "start": (Part("stand", STAND_S),),
}
DONE = {"shifts": 24, "sit": 2, "toe_taps": 33, "heel_taps": 33, "pivots": 12}
"""How often it is done in one walk, about."""


class Act(NamedTuple):
    """What is done, and from when to when; seconds."""

    name: str
    begin_s: float
    end_s: float


def way_of(stop_s: float) -> tuple[list[Part], list[Act]]:
    """Return a way through all acts, and when each is done.

    Parameters
    ----------
    stop_s : float
        Time to finish the last stride in.
    """
    way = [Part("stand", 2.0), Part("walk", 12.0)]
    acts: list[Act] = []
    now_s = 14.0
    for name, parts in [*ACTS.items(), *[("start", ACTS["start"])] * (STARTS - 1)]:
        for part in (Part("stand", stop_s), *parts, Part("walk", WALK_S)):
            way.append(part)
            now_s += part.duration_s
        took_s = sum(part.duration_s for part in parts)
        acts.append(Act(name, now_s - WALK_S - took_s, now_s - WALK_S))
    return way, acts


def configured(patient: str, detector: str, seed: int) -> WalkConfig:
    """Return a walk of a patient who wears what a detector reads."""
    name = detector.partition("+")[0]
    options = {"patient": patient, "seed": seed}
    config = load_scenario("standard", options, (f"detector.name={name}",)).walk
    if detector == HEEL_AND_FOREFOOT:
        worn: tuple[str, ...] = (HEEL_SWITCH, FOREFOOT_SWITCH)
    elif name == "heel":
        worn = worn_by_default(sensors_of(name))
    else:
        worn = tuple(kind for kind in worn_by_default(read_by(name)) if kind != FORE_FORCE)
    legs = tuple(
        replace(leg, sensors=replace(leg.sensors, worn=worn)) for leg in config.patient.leg
    )
    return replace(config, patient=replace(config.patient, leg=legs))


def counted(walk: Walk, acts: list[Act], told: list[str], stride_s: float) -> Counter[str]:
    """Return what was right and wrong in one walk."""
    leg = walk.legs[0]
    bursts = sorted({burst.start.t_us for burst in leg.bursts if burst.setpoints})
    offs = [event.t_us for event in leg.truth if event.kind == "ho"]
    contacts = [event.t_us for event in leg.truth if event.kind == "ic"]
    found: Counter[str] = Counter()
    for name, begin_s, end_s in acts:
        begin_us, end_us = round(1e6 * begin_s), round(1e6 * end_s)
        stood_us = contacts[bisect_left(contacts, begin_us) - 1] + SETTLE_US
        first_us = offs[bisect_left(offs, end_us)]
        on_spot = name == "on_spot"
        for t_us in bursts[bisect_left(bursts, stood_us) :]:
            if t_us >= (begin_us if on_spot else min(end_us, first_us - NEAR_US)):
                break
            what = "stops" if t_us < begin_us else name
            found[what] += 1
            told.append(f"{what} {t_us / 1e6:.2f} s, {(t_us - begin_us) / 1e6:+.2f} s of the act")
        if on_spot:
            inside = [b for b in bursts if begin_us <= b < end_us + 2e6 * stride_s]
            swings = [(s.heel_off_us - NEAR_US, s.contact_us) for s in leg.swings]
            swings = [s for s in swings if begin_us <= s[0] and s[1] < end_us]
            found["on_spot_steps"] += len(swings)
            found["on_spot_missed"] += sum(not any(a <= t <= b for t in inside) for a, b in swings)
            last_us = swings[-1][1] if swings else begin_us
            found["on_spot_extra"] += sum(
                not any(a <= t <= b for a, b in swings) for t in inside if t <= last_us
            )
        else:
            found["starts"] += 1
            caught = any(abs(t_us - first_us) <= NEAR_US for t_us in bursts)
            found["caught"] += caught
            if not caught:
                told.append(f"start after {name} missed, heel-off {first_us / 1e6:.2f} s")
    return found


def measure(job: tuple[str, str, int, RealRest | None]) -> dict[str, Any]:
    """Return the figures of one patient, detector and seed."""
    patient, detector, seed, rest = job
    config = configured(patient, detector, seed)
    stride_s = config.patient.stride_s
    way, acts = way_of(2.0 * stride_s + 1.5)
    duration_s = sum(part.duration_s for part in way)
    walk = walked(replace(config, way=tuple(way), duration_s=duration_s), rest)
    told: list[str] = []
    found = counted(walk, acts, told, stride_s)
    return {"patient": patient, "detector": detector, "seed": seed, "found": found, "told": told}


COLUMNS = (
    *[name for name in ACTS if name not in {"on_spot", "start"}],
    "stops",
    "start",
    "on_spot_extra",
    "on_spot_missed",
    "on_spot_steps",
    "caught",
    "starts",
)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--patients", default=",".join(PATIENTS))
    parser.add_argument("--detectors", default=",".join((HEEL_AND_FOREFOOT, *DETECTORS)))
    parser.add_argument("--verbose", action="store_true", help="say when, for each that is wrong")
    parser.add_argument("--plain", action="store_true", help="lay nothing over")
    arguments = parser.parse_args()
    started_s = time.perf_counter()
    rest = None if arguments.plain else real_rest()
    patients = arguments.patients.split(",")
    detectors = arguments.detectors.split(",")
    jobs = [(*job, rest) for job in product(patients, detectors, range(1, arguments.seeds + 1))]
    with ProcessPoolExecutor(arguments.jobs, mp_context=get_context("spawn")) as pool:
        rows = list(pool.map(measure, jobs))
    heads = "".join(f"{key.replace('_seated', '_sat'):>15}" for key in COLUMNS)
    print(f"{'detector':15}{'patient':24}{heads}", file=sys.stderr)
    totals: dict[str, dict[str, int]] = {}
    for detector in detectors:
        for patient in (*patients, ""):
            sums: Counter[str] = Counter()
            for row in rows:
                if row["detector"] == detector and patient in {"", row["patient"]}:
                    sums.update(row["found"])
            cells = "".join(f"{sums[key]:>15}" for key in COLUMNS)
            print(f"{detector:15}{patient or 'all':24}{cells}", file=sys.stderr)
        totals[detector] = {key: sums[key] for key in COLUMNS}
        totals[detector]["shifts_done"] = DONE["shifts"] * len(patients) * arguments.seeds
    if arguments.verbose:
        for row in rows:
            for line in row["told"]:
                print(f"{row['detector']} {row['patient']} {row['seed']}: {line}", file=sys.stderr)
    result = {
        "benchmark": "false_triggers",
        "asked": ASKED,
        "seeds": arguments.seeds,
        "overlay": None if rest is None else rest.said,
        "detectors": totals,
        "wall_s": round(time.perf_counter() - started_s, 1),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
