"""Contacts and heel-offs of every patient preset, told by inertial sensors: one JSON line.

    python benchmarks/presets.py [--seeds N] [--jobs J] [--patients P,P] [--verbose]

Each patient walks on the level, and goes the errand's way: stops, turns, slopes, stairs, shuffling.
He is stimulated by his heel switch; every other registered detector listens to the same samples of
sensors that are mounted at random, the heel detector beside them as the reference. Events are
scored against the patient's own within 100 ms, raw, aligned (one constant off the events of a kind
of each walk), and without the first three strides. Where the recordings are at hand, the motion of
real feet at rest is laid on the inertial sensors (``real_rest.py``). A table goes to stderr.
"""

import argparse
import json
import sys
import time
from bisect import bisect_right
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import accumulate, product
from math import asin, degrees
from multiprocessing import get_context
from typing import Any

import numpy as np
from real_rest import RealRest, real_rest, walked

from fes_ctrl.analysis.matching import match
from fes_ctrl.analysis.score import TOLERANCE_US, score
from fes_ctrl.config.files import find
from fes_ctrl.gait import DETECTORS, DetectorConfig, make_detector, read_by, sensors_of
from fes_ctrl.model import FOOT_IMU, FOREFOOT_SWITCH, HEEL_SWITCH, LEFT, RIGHT, SHANK_IMU, Sample
from fes_ctrl.recordings import ReferenceEvent
from hil.config import WalkConfig
from hil.patient.config import LegConfig
from hil.patient.way import SegmentConfig
from hil.scenarios import load_scenario
from hil.streams import stream

LEVEL_S, STAND_S = 70.0, 3.0
WORN = (HEEL_SWITCH, FOREFOOT_SWITCH, FOOT_IMU, SHANK_IMU)
KINDS = ("ic", "ho")
FIRST = 3
END_US = 300_000
ASKED = {"f1": 0.99, "ho_emitted_p95_ms": 80}


def presets() -> tuple[str, ...]:
    """Return the patients."""
    return tuple(sorted(path.stem for path in find("patient", "healthy").parent.glob("*.toml")))


def mounted(leg: LegConfig, seed: int) -> LegConfig:
    """Return a leg with its inertial sensors turned any way."""
    random = stream(seed, f"{leg.side}.mounting")
    turns = [
        (
            random.uniform(-180.0, 180.0),
            degrees(asin(random.uniform(-1.0, 1.0))),
            random.uniform(-180.0, 180.0),
        )
        for _ in range(2)
    ]
    sensors = leg.sensors
    return replace(
        leg,
        sensors=replace(
            sensors,
            worn=WORN,
            foot_imu=replace(sensors.foot_imu, mount_deg=turns[0]),
            shank_imu=replace(sensors.shank_imu, mount_deg=turns[1]),
        ),
    )


def configured(patient: str, block: str, seed: int) -> WalkConfig:
    """Return one walk of one patient."""
    name = "errand" if block == "errand" else "standard"
    config = load_scenario(name, {"patient": patient, "seed": seed}).walk
    legs = tuple(mounted(leg, seed) for leg in config.patient.leg)
    config = replace(config, patient=replace(config.patient, leg=legs))
    if block == "errand":
        return config
    way = (SegmentConfig("stand", STAND_S), SegmentConfig("walk", LEVEL_S))
    return replace(config, way=way, duration_s=STAND_S + LEVEL_S)


def emitted_ms(found: list[ReferenceEvent], true: list[ReferenceEvent], kind: str) -> list[float]:
    """Return how long after the true events they were told, ms."""
    late = []
    for leg in {event.leg for event in true}:
        told = sorted(
            (e.t_us, e.t_emit_us or e.t_us) for e in found if e.kind == kind and e.leg == leg
        )
        real = sorted(e.t_us for e in true if e.kind == kind and e.leg == leg)
        for i, j in match([t for t, _ in told], real, TOLERANCE_US):
            late.append((told[i][1] - real[j]) / 1000.0)
    return late


def wrong(
    found: list[ReferenceEvent], true: list[ReferenceEvent], kind: str, config: WalkConfig
) -> list[str]:
    """Return what was missed and what was told besides, and where on the way."""
    ends = list(accumulate(part.duration_s for part in config.way))
    said = []
    for leg in {event.leg for event in true}:
        told = sorted(e.t_us for e in found if e.kind == kind and e.leg == leg)
        real = sorted(e.t_us for e in true if e.kind == kind and e.leg == leg)
        pairs = match(told, real, TOLERANCE_US)
        for what, times, paired in (
            ("missed", real, {j for _, j in pairs}),
            ("extra", told, {i for i, _ in pairs}),
        ):
            other = told if times is real else real
            for k, t_us in enumerate(times):
                if k in paired:
                    continue
                near = min((o - t_us for o in other), key=abs, default=0) / 1000.0
                part = config.way[min(bisect_right(ends, t_us / 1e6), len(ends) - 1)].kind
                said.append(
                    f"{what} {kind} no. {k + 1} at {t_us / 1e6:.2f} s ({part}), nearest "
                    f"{'told' if times is real else 'true'} {near:+.0f} ms"
                )
    return said


def measure(job: tuple[str, str, int, RealRest | None]) -> dict[str, Any]:
    """Return what each detector made of one walk."""
    patient, block, seed, rest = job
    config = configured(patient, block, seed)
    samples: list[Sample] = []
    walk = walked(config, rest, samples.append)
    end_us = round(1e6 * config.duration_s) - END_US
    true = [
        ReferenceEvent(event.t_us, event.kind, leg.leg, None)
        for leg in walk.legs
        for event in leg.truth
        if event.kind in KINDS
    ]
    contacts = sorted(event.t_us for event in true if event.kind == "ic")
    early = (0, contacts[min(FIRST * len(walk.legs), len(contacts)) - 1])
    late = (end_us, end_us + 10 * END_US)
    rows: dict[str, Any] = {}
    for name in DETECTORS:
        read = sensors_of(name) if name == "heel" else read_by(name)
        found: list[ReferenceEvent] = []
        for side in (LEFT, RIGHT):
            detector = make_detector(name, DetectorConfig(), side)
            for sample in samples:
                if sample.leg == side and sample.sensor in read:
                    found += [
                        ReferenceEvent(e.t_event_us, e.kind, side, e.t_emit_us)
                        for e in detector.update(sample)
                        if e.kind in KINDS
                    ]
        whole = score(found, true, exclude_us=[late])
        settled = score(found, true, exclude_us=[early, late])
        rows[name] = {
            kind: {
                "n": whole[kind]["n"],
                "told": whole[kind]["detected"],
                "raw": whole[kind]["raw"],
                "aligned": whole[kind]["aligned"],
                "settled": settled[kind]["raw"],
                "removed_ms": whole[kind]["removed_ms"],
                "latency_ms": whole[kind]["latency_ms"],
                "emitted_ms": emitted_ms(found, true, kind),
                "wrong": wrong(found, true, kind, config),
            }
            for kind in KINDS
            if kind in whole
        }
    return {"patient": patient, "block": block, "seed": seed, "rows": rows}


def pooled(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of one kind over some walks: F1 of all, and the worst."""

    def f1(key: str) -> float:
        hits = [row[key]["sensitivity"] * row["n"] for row in rows if row[key]["sensitivity"]]
        both = sum(row["n"] + row["told"] for row in rows)
        if key == "settled":
            values = [row[key]["f1"] for row in rows if row[key]["f1"] is not None]
            return round(float(np.mean(values)), 4) if values else 0.0
        return round(2.0 * sum(hits) / both, 4) if both else 0.0

    def mean(values: list[Any]) -> float | None:
        known = [value for value in values if value is not None]
        return round(float(np.mean(known)), 1) if known else None

    emitted = [value for row in rows for value in row["emitted_ms"]]
    return {
        "n": sum(row["n"] for row in rows),
        "told": sum(row["told"] for row in rows),
        "f1": f1("raw"),
        "f1_aligned": f1("aligned"),
        "f1_settled": f1("settled"),
        "f1_worst": min(row["raw"]["f1"] or 0.0 for row in rows),
        "mean_ms": mean([row["raw"]["mean_ms"] for row in rows]),
        "sd_ms": mean([row["raw"]["sd_ms"] for row in rows]),
        "removed_ms": mean([row["removed_ms"] for row in rows]),
        "latency_p50_ms": mean([row["latency_ms"]["p50"] for row in rows]),
        "latency_p95_ms": mean([row["latency_ms"]["p95"] for row in rows]),
        "emitted_p50_ms": round(float(np.percentile(emitted, 50)), 1) if emitted else None,
        "emitted_p95_ms": round(float(np.percentile(emitted, 95)), 1) if emitted else None,
    }


DIGITS = {"n": 0, "told": 0, "f1": 3, "f1_aligned": 3, "f1_settled": 3, "f1_worst": 3}


def line(name: str, block: str, kind: str, figures: dict[str, Any]) -> str:
    """Return one line of the table."""
    cells = [
        "-" if value is None else f"{value:.{DIGITS.get(key, 0)}f}"
        for key, value in figures.items()
    ]
    return f"{name:40}{block:8}{kind:4}" + "".join(f"{cell:>12}" for cell in cells)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2, help="each with mountings of its own")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--patients", default=",".join(presets()))
    parser.add_argument("--verbose", action="store_true", help="say what was missed, and where")
    parser.add_argument("--plain", action="store_true", help="lay nothing over")
    arguments = parser.parse_args()
    started_s = time.perf_counter()
    rest = None if arguments.plain else real_rest()
    patients = arguments.patients.split(",")
    seeds = range(1, arguments.seeds + 1)
    blocks = ("level", "errand")
    jobs = [(*job, rest) for job in product(patients, blocks, seeds)]
    with ProcessPoolExecutor(arguments.jobs, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(measure, jobs))
    result: dict[str, Any] = {}
    head = ""
    for name, block, kind in product(DETECTORS, blocks, KINDS):
        for patient in (*patients, ""):
            some = [
                row["rows"][name][kind]
                for row in found
                if row["block"] == block
                and patient in {"", row["patient"]}
                and kind in row["rows"][name]
            ]
            if not some:
                continue
            figures = pooled(some)
            if not head:
                head = f"{'':52}" + "".join(f"{key.removesuffix('_ms'):>12}" for key in figures)
                print(head, file=sys.stderr)
            print(line(f"{name} {patient or 'all'}", block, kind, figures), file=sys.stderr)
        if some:
            result.setdefault(name, {}).setdefault(block, {})[kind] = figures
    if arguments.verbose:
        for row, name in product(found, DETECTORS):
            where = f"{name} {row['patient']} {row['block']} {row['seed']}"
            for figures in row["rows"][name].values():
                for said in figures["wrong"]:
                    print(f"{where}: {said}", file=sys.stderr)
    print(
        json.dumps(
            {
                "benchmark": "presets",
                "asked": ASKED,
                "patients": patients,
                "seeds": arguments.seeds,
                "overlay": None if rest is None else rest.said,
                "detectors": result,
                "wall_s": round(time.perf_counter() - started_s, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
