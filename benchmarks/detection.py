"""How well and how fast the detectors work on real recordings: one JSON line on stdout.

Force recordings go through the heel detector (``heel_n``, ``fore_n``), foot recordings through the
foot-gyro detector, sample by sample. Nothing is scored inside the spans that the index excludes.
In recordings with unlabelled strides only sensitivity says something. The cost of a sample is
stated beside that of handing it to a detector that does nothing, measured in the same run.

Usage: ``python benchmarks/detection.py [DATA]``; DATA is the folder that holds ``gait/``, by
default ``$FES_DATA`` or ``../shared/data``. A table for people goes to stderr.
"""

import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from fes_ctrl.analysis.score import score
from fes_ctrl.gait import DetectorConfig, detector_for, make_detector, read_by
from fes_ctrl.model import LEFT, Detector, GaitEvent, Sample
from fes_ctrl.recordings import ReferenceEvent, read_events, read_index, read_recording

REPEATS = 3
TOLD = {
    "heel": ("ic", "ho", "tc"),
    "foot-imu": ("ic", "ff", "ho", "tc"),
    "shank-imu": ("ic", "ho", "tc"),
}
"""What a detector can tell at all: a heel knows of the toe only where the forefoot helps it."""


class Idle:
    """A detector that does nothing: what the loop itself costs."""

    def update(self, _sample: Sample) -> tuple[GaitEvent, ...]:
        """Return no event."""
        return ()

    def snapshot(self) -> dict[str, object]:
        """Return nothing."""
        return {}


def run(detector: Detector, samples: list[Sample]) -> tuple[list[GaitEvent], float]:
    """Return the events of one pass, and its microseconds per sample."""
    events: list[GaitEvent] = []
    update = detector.update
    started = time.perf_counter()
    for sample in samples:
        events.extend(update(sample))
    return events, (time.perf_counter() - started) / len(samples) * 1e6


def measure(folder: Path, name: str, exclude_us: tuple[tuple[int, int], ...]) -> dict[str, Any]:
    """Return the figures of one recording."""
    recording = read_recording(folder / f"{name}.csv.gz")
    chosen = detector_for(recording.sensors(LEFT))
    read = read_by(chosen)
    samples = [sample for sample in recording.samples() if sample.sensor in read]
    costs = []
    idle = []
    events: list[GaitEvent] = []
    for _ in range(REPEATS):
        events, cost_us = run(make_detector(chosen, DetectorConfig(), LEFT), samples)
        costs.append(cost_us)
        idle.append(run(Idle(), samples)[1])
    found = [ReferenceEvent(e.t_event_us, e.kind, -1, e.t_emit_us) for e in events]
    true = read_events(folder / f"{name}.events.csv")
    known = {event.kind for event in true if event.kind in TOLD[chosen]}
    kinds = score(found, true, exclude_us=exclude_us)
    return {
        "detector": chosen,
        "us_per_sample": round(min(costs), 3),
        "idle_us_per_sample": round(min(idle), 3),
        "kinds": {kind: row for kind, row in kinds.items() if kind in known},
    }


def line(name: str, kind: str, row: dict[str, Any]) -> str:
    """Return one line of the table."""
    raw, aligned, latency = row["raw"], row["aligned"], row["latency_ms"]
    cells = [
        raw["f1"],
        raw["sensitivity"],
        raw["sd_ms"],
        raw["mae_ms"],
        aligned["f1"],
        aligned["sd_ms"],
        row["removed_ms"],
        latency["p50"],
        latency["p95"],
    ]
    digits = (3, 3, 0, 0, 3, 0, 0, 0, 0)
    text = "".join(
        f"{'-' if cell is None else f'{cell:.{places}f}':>8}"
        for cell, places in zip(cells, digits, strict=True)
    )
    return f"{name:<22}{kind:<4}{row['n']:>5}{row['detected']:>6}{text}"


def pooled(rows: dict[str, dict[str, Any]]) -> dict[str, dict[str, dict[str, float]]]:
    """Return mean and worst F1, raw and aligned, and mean sensitivity by cohort and kind."""
    values: dict[str, dict[str, list[tuple[float, float, float]]]] = {}
    for row in rows.values():
        for kind, figures in row["kinds"].items():
            raw, aligned = figures["raw"], figures["aligned"]
            if raw["f1"] is not None and raw["sensitivity"] is not None:
                values.setdefault(row["cohort"], {}).setdefault(kind, []).append(
                    (raw["f1"], aligned["f1"], raw["sensitivity"])
                )
    return {
        cohort: {
            kind: {
                "raw_f1_mean": round(statistics.fmean(row[0] for row in found), 4),
                "raw_f1_worst": min(row[0] for row in found),
                "aligned_f1_mean": round(statistics.fmean(row[1] for row in found), 4),
                "aligned_f1_worst": min(row[1] for row in found),
                "raw_sensitivity_mean": round(statistics.fmean(row[2] for row in found), 4),
            }
            for kind, found in kinds.items()
        }
        for cohort, kinds in values.items()
    }


def main() -> None:
    """Measure every recording of the index."""
    root = Path(__file__).resolve().parents[1]
    data = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("FES_DATA")
    folder = (Path(data) if data else root.parent / "shared" / "data") / "gait"
    rows: dict[str, dict[str, Any]] = {}
    print(
        f"{'recording':<22}{'':<4}{'n':>5}{'found':>6}{'F1':>8}{'sens.':>8}{'sd':>8}{'MAE':>8}"
        f"{'al.F1':>8}{'al.sd':>8}{'remov.':>8}{'lat50':>8}{'lat95':>8}   ms",
        file=sys.stderr,
    )
    for name, entry in read_index(folder / "recordings.csv").items():
        row = measure(folder, name, entry.exclude_us)
        row["cohort"] = f"{name.partition('-')[0]} {entry.cohort}"
        rows[name] = row
        for kind, figures in row["kinds"].items():
            print(line(name, kind, figures), file=sys.stderr)
    cost = {
        chosen: {
            "us_per_sample": max(
                r["us_per_sample"] for r in rows.values() if r["detector"] == chosen
            ),
            "idle_us_per_sample": max(
                r["idle_us_per_sample"] for r in rows.values() if r["detector"] == chosen
            ),
        }
        for chosen in sorted({row["detector"] for row in rows.values()})
    }
    print(json.dumps({"cohorts": pooled(rows), "cost": cost, "recordings": rows}))


if __name__ == "__main__":
    main()
