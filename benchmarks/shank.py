"""How well and how fast the shank detector works: one JSON line on stdout, a table on stderr.

    python benchmarks/shank.py [--seeds N] [--walk SECONDS] [--patients NAME ...]

Every preset walks with an IMU on the shank, strapped on anyhow (by seed), and without stimulation;
what is told by rate and by tilt is held against what the simulated foot did, from the second
contact on. Errors are found minus true, within 0.1 s; *aligned* removes one constant per walk and
kind, which is stated. Latency is from the true event to the instant at which it was told. The cost
of a sample is stated beside that of handing it to a detector that does nothing, in the same run.
No recording of a shank IMU with reference events could be had: these are simulated shanks, all of
one able stride's shape.
"""

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from fes_ctrl.analysis.score import score
from fes_ctrl.gait.config import ShankImuConfig
from fes_ctrl.gait.shank_imu import ShankImuDetector
from fes_ctrl.model import SHANK_IMU, Detector, GaitEvent, Sample
from fes_ctrl.recordings import ReferenceEvent
from hil.patient.leg import LegEvent
from hil.patient.patient import VirtualPatient
from hil.patient.way import SegmentConfig
from hil.scenarios import load_scenario

PRESETS = Path(__file__).resolve().parents[1] / "configs" / "patients"
KINDS = ("ic", "ho", "tc")
STAND_S = 3.0
NEAR_US = 300_000
REPEATS = 3
ASKED = {"f1_aligned": {"ic": 0.99, "ho": 0.99}, "ho_latency_p95_ms": 80, "us_per_sample": 8}

By = Literal["rate", "tilt"]
HOW: tuple[By, By] = ("rate", "tilt")


class Idle:
    """A detector that does nothing: what the loop itself costs."""

    def update(self, _sample: Sample) -> tuple[GaitEvent, ...]:
        """Return no event."""
        return ()

    def snapshot(self) -> dict[str, object]:
        """Return nothing."""
        return {}


def walked(patient: str, seed: int, walk_s: float) -> tuple[list[Sample], list[LegEvent], int]:
    """Return the samples of the first leg's shank, what its foot did, and which leg it is."""
    draw = random.Random(f"{patient} {seed}")
    mount_deg = (draw.uniform(-180, 180), draw.uniform(-90, 90), draw.uniform(-180, 180))
    config = load_scenario("standard", {"patient": patient, "seed": seed}).walk.patient
    legs = []
    for leg in config.leg:
        imu = replace(leg.sensors.shank_imu, mount_deg=mount_deg)
        legs.append(replace(leg, sensors=replace(leg.sensors, worn=(SHANK_IMU,), shank_imu=imu)))
    way = (SegmentConfig("stand", STAND_S), SegmentConfig("walk", walk_s))
    simulated = VirtualPatient(replace(config, leg=tuple(legs)), seed, way, (SHANK_IMU,))
    hub = simulated.hubs[0]
    samples: list[Sample] = []
    while hub.next_arrival_us() < (STAND_S + walk_s) * 1e6:
        samples.extend(hub.read())
    return samples, simulated.legs[0].events, simulated.legs[0].leg


def run(detector: Detector, samples: list[Sample]) -> tuple[list[GaitEvent], float]:
    """Return the events of one pass, and its microseconds of processor time per sample."""
    events: list[GaitEvent] = []
    update = detector.update
    started = time.process_time()
    for sample in samples:
        events.extend(update(sample))
    return events, (time.process_time() - started) / len(samples) * 1e6


def latencies_ms(events: list[GaitEvent], true_us: list[int], kind: str) -> list[float]:
    """Return how long after each true event it was told, where it was."""
    told = [event for event in events if event.kind == kind]
    found = []
    for t_us in true_us:
        near = [e.t_emit_us - t_us for e in told if abs(e.t_event_us - t_us) < NEAR_US]
        if near:
            found.append(min(near, key=abs) / 1000)
    return found


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value that this share does not exceed."""
    return sorted(values)[round(share * (len(values) - 1))] if values else None


def measure(patient: str, seed: int, walk_s: float) -> list[dict[str, Any]]:
    """Return the figures of one walk, a row for each way of telling heel-off."""
    samples, truth, leg = walked(patient, seed, walk_s)
    contacts_us = [event.t_us for event in truth if event.kind == "ic"]
    from_us = contacts_us[1] - 100_000
    reference = [ReferenceEvent(e.t_us, e.kind, -1, e.t_us) for e in truth if e.kind in KINDS]
    idle_us = min(run(Idle(), samples)[1] for _ in range(REPEATS))
    rows = []
    for by in HOW:
        costs = []
        events: list[GaitEvent] = []
        for _ in range(REPEATS):
            events, cost_us = run(ShankImuDetector(ShankImuConfig(by=by), leg), samples)
            costs.append(cost_us)
        told = [ReferenceEvent(e.t_event_us, e.kind, -1, e.t_emit_us) for e in events]
        kinds = score(told, reference, exclude_us=((0, from_us),))
        figures: dict[str, Any] = {}
        for kind in KINDS:
            true_us = [e.t_us for e in truth if e.kind == kind and e.t_us > from_us]
            late_ms = latencies_ms(events, true_us, kind)
            row = kinds[kind]
            figures[kind] = {
                "n": row["n"],
                "f1": row["raw"]["f1"],
                "mean_ms": row["raw"]["mean_ms"],
                "sd_ms": row["raw"]["sd_ms"],
                "f1_aligned": row["aligned"]["f1"],
                "removed_ms": row["removed_ms"],
                "latency_ms": {"p50": percentile(late_ms, 0.5), "p95": percentile(late_ms, 0.95)},
            }
        rows.append(
            {
                "patient": patient,
                "seed": seed,
                "by": by,
                "kinds": figures,
                "first_told_s": events[0].t_emit_us / 1e6 if events else None,
                "second_contact_s": contacts_us[1] / 1e6,
                "us_per_sample": round(min(costs), 2),
                "idle_us_per_sample": round(idle_us, 2),
            }
        )
    return rows


def cell(value: object, digits: int) -> str:
    """Return one cell of the table."""
    return f"{value:>8.{digits}f}" if isinstance(value, int | float) else f"{'-':>8}"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--walk", type=float, default=60.0, help="seconds")
    presets = sorted(path.stem for path in PRESETS.glob("*.toml"))
    parser.add_argument("--patients", nargs="+", default=presets)
    arguments = parser.parse_args()
    heads = ("n", "F1", "mean", "sd", "al.F1", "remov.", "lat50", "lat95")
    print(f"{'patient':27}{'by':6}{'':4}" + "".join(f"{h:>8}" for h in heads), file=sys.stderr)
    rows: list[dict[str, Any]] = []
    worst: dict[str, dict[str, float]] = {by: {} for by in HOW}
    for patient in arguments.patients:
        for seed in range(1, arguments.seeds + 1):
            for row in measure(patient, seed, arguments.walk):
                rows.append(row)
                note(row, worst)
    cost = {
        name: round(statistics.median(row[name] for row in rows), 2)
        for name in ("us_per_sample", "idle_us_per_sample")
    }
    result = {"benchmark": "shank", "asked": ASKED, "worst": worst, "cost": cost, "walks": rows}
    print(json.dumps(result))


def note(row: dict[str, Any], worst: dict[str, dict[str, float]]) -> None:
    """Print one walk's lines, and keep the worst figures."""
    by = str(row["by"])
    for kind, found in row["kinds"].items():
        late = found["latency_ms"]
        cells = (
            cell(found["n"], 0)
            + cell(found["f1"], 3)
            + cell(found["mean_ms"], 0)
            + cell(found["sd_ms"], 0)
            + cell(found["f1_aligned"], 3)
            + cell(found["removed_ms"], 0)
            + cell(late["p50"], 0)
            + cell(late["p95"], 0)
        )
        print(f"{row['patient']:27}{by:6}{kind:4}{cells}", file=sys.stderr)
        least = worst[by]
        for name in ("f1", "f1_aligned"):
            key = f"{kind}_{name}"
            least[key] = min(least.get(key, 1.0), found[name] or 0.0)
        key = f"{kind}_latency_p95_ms"
        if late["p95"] is not None:
            least[key] = max(least.get(key, late["p95"]), late["p95"])


if __name__ == "__main__":
    main()
