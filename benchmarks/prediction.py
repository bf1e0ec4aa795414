"""What prediction buys and what it risks: one JSON line on stdout, tables on stderr.

    python benchmarks/prediction.py [DATA] [--jobs J] [--patients A,B] [--leads 0,100] [--seeds 7]

First, simulated walks: patients, sensors and leads, on steady and variable strides, on many stops
with shifting weight, and on an errand with turns, slopes and stairs. Onset delays are those of the
first pulse against the true heel-off, after the warm-up. A burst is extra where no swing follows
it; those without any lead stand beside them, for a detector alone is sometimes wrong too. A burst
that began on a prediction and is extra is a step that did not come: asked for is none.

Then, the errors of the predictions of events as the detectors tell them, and how many lie within
one and two standard deviations: in the simulated walks, and in real recordings. The recordings are
replayed with a lead too: how many bursts would have begun ahead, how far ahead of the told
heel-off, and how many would have been given up. DATA is the folder that holds ``gait/``, by default
``$FES_DATA`` or ``../shared/data``.
"""

import argparse
import json
import os
import statistics
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import product
from multiprocessing import get_context
from pathlib import Path

from fes_ctrl.analysis.percentiles import percentile
from fes_ctrl.analysis.replay import replay
from fes_ctrl.analysis.summary import burst_of
from fes_ctrl.analysis.walk import LegWalk, Walk
from fes_ctrl.assembly import ControlConfig
from fes_ctrl.gait import DetectorConfig, detector_for, make_detector, read_by
from fes_ctrl.gait.prediction import StridePredictor
from fes_ctrl.model import LEFT, GaitEvent
from fes_ctrl.recordings import read_index, read_recording
from fes_ctrl.runtime.operator import OperatorConfig
from fes_ctrl.stim.config import ProgramConfig
from hil.config import WalkConfig
from hil.patient.sensors.config import SensorName
from hil.patient.way import SegmentConfig
from hil.scenarios import load_scenario
from hil.simulate import simulate

PATIENTS = ("flaccid", "stroke_moderate", "stroke_severe_spastic", "cerebral_palsy_child")
KITS: dict[str, tuple[str, tuple[SensorName, ...]]] = {
    "heel switch": ("heel", ("heel_switch",)),
    "heel+fore force": ("heel", ("heel_force", "fore_force")),
    "foot IMU": ("foot-imu", ("foot_imu",)),
    "switch+foot IMU": ("heel", ("heel_switch", "foot_imu")),
    "switch+shank IMU": ("heel", ("heel_switch", "shank_imu")),
}
LEADS_MS = (0, 50, 100, 150)
WAYS = ("steady", "variable", "stopping", "errand")
VARIABLE_CV_PERCENT = 10.0
STOPS = 12
REPLAYED_LEAD_MS = 100.0
ASKED = {"not_come": 0}

Job = tuple[str, str, int, str, int]
Errors = dict[str, list[tuple[float, float]]]
"""For each kind of event: error and standard deviation of its predictions, ms."""


def way_of(way: str, stride_s: float) -> tuple[SegmentConfig, ...]:
    """Return where to go."""
    begin = SegmentConfig("stand", 2.0)
    if way == "stopping":
        stand = SegmentConfig("stand", 3.0, weight_shifts_per_min=15.0)
        walks = [SegmentConfig("walk", (7.0 + 0.37 * k % 2.0) * stride_s) for k in range(STOPS)]
        return (begin, *[part for walk in walks for part in (walk, stand)])
    if way == "errand":
        return load_scenario("errand").walk.way
    return (begin, SegmentConfig("walk", 60.0))


def config_of(job: Job) -> WalkConfig:
    """Return the walk of one patient, set of sensors, lead and way."""
    patient, kit, lead_ms, way, seed = job
    detector, worn = KITS[kit]
    sets = [f"detector.name={detector}", f"program.trigger_lead_ms={lead_ms}"]
    if way == "variable":
        sets.append(f"patient.stride_cv_percent={VARIABLE_CV_PERCENT}")
    walk = load_scenario("standard", {"patient": patient, "seed": seed}, sets).walk
    legs = tuple(replace(leg, sensors=replace(leg.sensors, worn=worn)) for leg in walk.patient.leg)
    parts = way_of(way, walk.patient.stride_s)
    return replace(
        walk,
        patient=replace(walk.patient, leg=legs),
        way=parts,
        duration_s=sum(part.duration_s for part in parts),
    )


def onsets_ms(walk: Walk, leg: LegWalk) -> list[float]:
    """Return true heel-off to the first pulse, swing by swing."""
    found = []
    for swing in walk.settled(leg):
        burst = burst_of(swing, leg.bursts)
        if burst is not None:
            found.append((burst.setpoints[0].at_us - swing.heel_off_us) / 1000.0)
    return found


def measure(job: Job) -> tuple[dict[str, object], Errors]:
    """Walk, and return the figures, and once for all leads the errors."""
    walk = simulate(config_of(job)).walk
    leg = walk.legs[0]
    given = [burst for burst in leg.bursts if burst.setpoints]
    used = {id(burst_of(swing, given)) for swing in leg.swings}
    over_us = leg.swings[-1].contact_us
    extra = [b for b in given if id(b) not in used and b.start.t_us <= over_us]
    extra += [b for b in given if b.start.t_us > over_us and b.end and b.end.ended_by == "no_step"]
    settled = walk.settled(leg)
    delays = onsets_ms(walk, leg)
    row: dict[str, object] = {
        "patient": job[0],
        "sensors": job[1],
        "lead_ms": job[2],
        "way": job[3],
        "seed": job[4],
        "swings": len(settled),
        "ahead": sum(burst.start.trigger.startswith("predicted") for burst in given),
        "onset_p50_ms": percentile(delays, 50),
        "onset_p95_ms": percentile(delays, 95),
        "missed": sum(burst_of(swing, given) is None for swing in settled),
        "extra": len(extra),
        "not_come": sum(burst.start.trigger.startswith("predicted") for burst in extra),
        "lost_push_off_percent": percentile([s.lost_push_off_percent for s in settled], 50),
    }
    return row, errors_of(leg.detected) if job[2] == 0 else {}


def errors_of(events: list[GaitEvent]) -> Errors:
    """Return error and standard deviation of every sure prediction of events of one leg."""
    found: Errors = {"ho": [], "ic": []}
    predictor = StridePredictor(events[0].leg) if events else StridePredictor(LEFT)
    for event in events:
        if event.kind in found:
            coming = predictor.next(event.kind)
            if coming is not None and coming.confidence >= 1.0:
                error_us = event.t_event_us - coming.t_us
                found[event.kind].append((error_us / 1000.0, coming.sd_us / 1000.0))
        predictor.update(event)
    return found


def coverage(found: list[tuple[float, float]]) -> dict[str, object]:
    """Return how large errors are, and which share lies within one and two sd."""
    if not found:
        return {"n": 0}
    within = [abs(error) / sd for error, sd in found]
    return {
        "n": len(found),
        "error_p50_ms": round(statistics.median(error for error, _ in found), 1),
        "abs_p50_ms": round(statistics.median(abs(error) for error, _ in found), 1),
        "sd_ms": round(statistics.median(sd for _, sd in found), 1),
        "within_1_sd": round(sum(share <= 1.0 for share in within) / len(within), 3),
        "within_2_sd": round(sum(share <= 2.0 for share in within) / len(within), 3),
    }


def replayed(folder: Path) -> dict[str, dict[str, object]]:
    """Return what a lead would have done in every recording."""
    found: dict[str, dict[str, object]] = {}
    for name in read_index(folder / "recordings.csv"):
        recording = read_recording(folder / f"{name}.csv.gz")
        chosen = detector_for(recording.sensors(LEFT))
        samples = [s for s in recording.samples() if s.sensor in read_by(chosen)]
        control = ControlConfig(
            program=ProgramConfig(trigger_lead_ms=REPLAYED_LEAD_MS),
            detector=DetectorConfig(name=chosen),
        )
        walk = replay(samples, (LEFT,), control, OperatorConfig(level_from_s=1.0)).walk
        leg = walk.legs[0]
        told_us = [event.t_emit_us for event in leg.detected if event.kind == "ho"]
        ahead = [b for b in leg.bursts if b.start.trigger.startswith("predicted")]
        given_up = [b for b in ahead if b.end is not None and b.end.ended_by == "no_step"]
        gains = [
            min(t for t in told_us if t >= b.start.t_us) - b.start.t_us
            for b in ahead
            if b not in given_up and told_us[-1] >= b.start.t_us
        ]
        gain_ms = [gain / 1000.0 for gain in gains]
        found[name] = {
            "bursts": len(leg.bursts),
            "ahead": len(ahead),
            "given_up": len(given_up),
            "ahead_by_p50_ms": percentile(gain_ms, 50),
        }
        print(f"{name:22}" + "  ".join(f"{k} {v}" for k, v in found[name].items()), file=sys.stderr)
    return found


def recorded(folder: Path) -> dict[str, Errors]:
    """Return the errors in every recording, of events as its detector tells them."""
    found = {}
    for name in read_index(folder / "recordings.csv"):
        recording = read_recording(folder / f"{name}.csv.gz")
        chosen = detector_for(recording.sensors(LEFT))
        detector = make_detector(chosen, DetectorConfig(), LEFT)
        read = read_by(chosen)
        events = [
            event
            for sample in recording.samples()
            if sample.sensor in read
            for event in detector.update(sample)
        ]
        found[name] = errors_of(events)
    return found


def show_walks(rows: list[dict[str, object]]) -> None:
    """Print the table of walks."""
    keys = ("swings", "ahead", "onset_p50_ms", "onset_p95_ms", "missed", "extra", "not_come")
    head = f"{'way':10}{'sensors':18}{'patient':24}{'lead':>5}"
    print(head + "".join(f"{key:>14}" for key in keys), file=sys.stderr)
    for row in rows:
        cells = "".join(f"{row[key] if row[key] is not None else '-':>14}" for key in keys)
        print(
            f"{row['way']:10}{row['sensors']:18}{row['patient']:24}{row['lead_ms']:>5}{cells}",
            file=sys.stderr,
        )


def pooled(named: list[tuple[str, Errors]]) -> dict[str, dict[str, object]]:
    """Return the coverage of each group and kind, and print it."""
    groups: Errors = {}
    for group, errors in named:
        for kind, found in errors.items():
            groups.setdefault(f"{group} {kind}", []).extend(found)
    table = {name: coverage(found) for name, found in sorted(groups.items())}
    for name, row in table.items():
        print(f"{name:36}" + "  ".join(f"{k} {v}" for k, v in row.items()), file=sys.stderr)
    return table


def totals(rows: list[dict[str, object]]) -> dict[str, dict[str, object]]:
    """Return sums and medians over patients, for each way, sensors and lead."""
    found: dict[str, dict[str, object]] = {}
    for way, kit, lead in dict.fromkeys((r["way"], r["sensors"], r["lead_ms"]) for r in rows):
        some = [r for r in rows if (r["way"], r["sensors"], r["lead_ms"]) == (way, kit, lead)]
        sums: dict[str, object] = {
            key: sum(int(str(row[key])) for row in some)
            for key in ("swings", "ahead", "missed", "extra", "not_come")
        }
        medians = [float(str(r["onset_p50_ms"])) for r in some if r["onset_p50_ms"] is not None]
        found[f"{way}, {kit}, {lead} ms"] = {
            **sums,
            "onset_p50_ms": round(statistics.median(medians), 1) if medians else None,
        }
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("data", nargs="?", default=os.environ.get("FES_DATA", str(default)))
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--patients", default=",".join(PATIENTS))
    parser.add_argument("--leads", default=",".join(map(str, LEADS_MS)))
    parser.add_argument("--seeds", default="7")
    parser.add_argument("--ways", default=",".join(WAYS))
    arguments = parser.parse_args()
    leads = [int(lead) for lead in arguments.leads.split(",")]
    jobs = list(
        product(
            arguments.patients.split(","),
            KITS,
            leads,
            arguments.ways.split(","),
            map(int, arguments.seeds.split(",")),
        )
    )
    # A heel switch shows no foot that leaves: one lead shows that it changes nothing.
    jobs = [job for job in jobs if job[1] != "heel switch" or job[2] in {0, 100}]
    jobs.sort(key=lambda job: (job[3], job[1], job[0], job[2]))
    with ProcessPoolExecutor(arguments.jobs, mp_context=get_context("spawn")) as pool:
        measured = list(pool.map(measure, jobs))
    rows = [row for row, _ in measured]
    show_walks(rows)
    named = [(f"simulated, {row['way']}", errors) for row, errors in measured]
    folder = Path(arguments.data) / "gait"
    real = recorded(folder) if (folder / "recordings.csv").is_file() else {}
    cohorts = {"hmm": "foot IMU, treadmill", "gaitmap": "foot IMU, level", "pd": "heel force"}
    named += [(f"real, {cohorts[name.partition('-')[0]]}", found) for name, found in real.items()]
    found: dict[str, object] = {
        "benchmark": "prediction",
        "asked": ASKED,
        "not_come": sum(int(str(row["not_come"])) for row in rows),
        "ahead": sum(int(str(row["ahead"])) for row in rows),
        "walks": totals(rows),
        "coverage": pooled(named),
        "replayed": replayed(folder) if real else {},
        "recordings": {
            name: {kind: coverage(errors) for kind, errors in kinds.items()}
            for name, kinds in real.items()
        },
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
