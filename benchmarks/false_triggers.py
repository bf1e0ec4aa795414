"""False bursts in standing, beside first steps caught: one JSON line on stdout, a table on stderr.

    python benchmarks/false_triggers.py [--seeds N] [--jobs J]

Each patient walks, stands for two minutes shifting his weight twelve times a minute, and stands
quietly for ten minutes; and walks off twenty times after five seconds of standing. A burst in
standing is false. A first step is caught by a burst from 0.3 s before its true heel-off to 0.3 s
after it. The two belong together: whoever hears nothing is never wrong.
"""

import argparse
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import pairwise, product
from multiprocessing import get_context

from fes_ctrl.analysis.walk import Walk
from hil.config import WalkConfig
from hil.patient.way import SegmentConfig
from hil.scenarios import load_scenario
from hil.simulate import simulate

PATIENTS = ("healthy", "stroke_moderate", "stroke_severe_spastic", "cerebral_palsy_child")
DETECTORS = ("heel", "foot-imu", "shank-imu")
SHIFTS_S, SHIFTS_PER_MIN, QUIET_S = 120.0, 12.0, 600.0
STARTS, STAND_S, WALK_S = 20, 5.0, 6.0
NEAR_US = 300_000
ASKED = {"false_per_ten_shifts": 1, "false_in_ten_minutes": 0, "caught": {"heel": 1, "imu": 0.9}}


def onsets_us(walk: Walk) -> list[int]:
    """Return when bursts began on the first leg."""
    return sorted({burst.start.t_us for burst in walk.legs[0].bursts if burst.setpoints})


def walked(config: WalkConfig, way: list[SegmentConfig]) -> Walk:
    """Walk a way to its end."""
    duration_s = sum(segment.duration_s for segment in way)
    return simulate(replace(config, way=tuple(way), duration_s=duration_s)).walk


def measure(job: tuple[str, str, int]) -> dict[str, object]:
    """Return the figures of one patient, detector and seed."""
    patient, detector, seed = job
    options = {"patient": patient, "seed": seed}
    config = load_scenario("standard", options, (f"detector.name={detector}",)).walk
    begin = [SegmentConfig("stand", 2.0), SegmentConfig("walk", 15.0)]
    shifts = SegmentConfig("stand", SHIFTS_S, weight_shifts_per_min=SHIFTS_PER_MIN)
    found = onsets_us(walked(config, [*begin, shifts, SegmentConfig("stand", QUIET_S)]))
    # The last stride is finished before one stands.
    stands_us = round(1e6 * (17.0 + 2.0 * config.patient.stride_s))
    quiet_us = round(1e6 * (17.0 + SHIFTS_S))
    start = [SegmentConfig("stand", STAND_S), SegmentConfig("walk", WALK_S)]
    walk = walked(config, begin + STARTS * start)
    heel_offs = [event.t_us for event in walk.legs[0].truth if event.kind == "ho"]
    firsts = [b for a, b in pairwise(heel_offs) if b - a > 1e6 * (STAND_S - 1.0)]
    bursts = onsets_us(walk)
    return {
        "patient": patient,
        "detector": detector,
        "false_in_shifts": sum(stands_us < t < quiet_us for t in found),
        "shifts": round(SHIFTS_S / 60.0 * SHIFTS_PER_MIN),
        "false_in_quiet": sum(t >= quiet_us for t in found),
        "caught": sum(any(abs(t - first) <= NEAR_US for t in bursts) for first in firsts),
        "starts": len(firsts),
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    arguments = parser.parse_args()
    jobs = list(product(PATIENTS, DETECTORS, range(1, arguments.seeds + 1)))
    with ProcessPoolExecutor(arguments.jobs, mp_context=get_context("spawn")) as pool:
        rows = list(pool.map(measure, jobs))
    keys = ("false_in_shifts", "shifts", "false_in_quiet", "caught", "starts")
    print(f"{'detector':10}{'patient':24}" + "".join(f"{k:>17}" for k in keys), file=sys.stderr)
    totals = {}
    for detector in DETECTORS:
        for patient in (*PATIENTS, ""):
            some = [
                row
                for row in rows
                if row["detector"] == detector and patient in {"", row["patient"]}
            ]
            sums = {key: sum(int(str(row[key])) for row in some) for key in keys}
            cells = "".join(f"{sums[key]:>17}" for key in keys)
            print(f"{detector:10}{patient or 'all':24}{cells}", file=sys.stderr)
        totals[detector] = sums
    print(json.dumps({"benchmark": "false_triggers", "asked": ASKED, "detectors": totals}))


if __name__ == "__main__":
    main()
