"""How well and how fast the detectors work on real recordings: one JSON line on stdout.

Force recordings go through the heel detector (``heel_n``, ``fore_n``), foot recordings through the
foot-gyro detector, sample by sample. Nothing is scored inside the spans that the index excludes.
In recordings with unlabelled strides only sensitivity says something. Beside the whole stand the
strides whose labels agree with the others of their recording (``agr.``: ``analysis.contradictions``
asks the labels alone). The cost of a sample is stated beside that of handing it to a detector that
does nothing, measured in the same run.

Usage: ``python benchmarks/detection.py [DATA]``; DATA is the folder that holds ``gait/``, by
default ``$FES_DATA`` or ``../shared/data``. A table for people goes to stderr.
"""

import json
import sys
import time
from typing import Any

from labelled import Labelled, folder_of, read_all

from fes_ctrl.analysis.pooling import Scored, pooled
from fes_ctrl.analysis.score import score
from fes_ctrl.gait import DetectorConfig, make_detector
from fes_ctrl.model import LEFT, Detector, GaitEvent, Remark, Sample
from fes_ctrl.recordings import ReferenceEvent

REPEATS = 3


class Idle:
    """A detector that does nothing: what the loop itself costs."""

    def update(self, _sample: Sample) -> tuple[GaitEvent, ...]:
        """Return no event."""
        return ()

    turn_deg = 0.0

    def snapshot(self) -> dict[str, object]:
        """Return nothing."""
        return {}

    def remarks(self) -> tuple[Remark, ...]:
        """Return none."""
        return ()


def run(detector: Detector, samples: list[Sample]) -> tuple[list[GaitEvent], float]:
    """Return the events of one pass, and its microseconds per sample."""
    events: list[GaitEvent] = []
    update = detector.update
    started = time.perf_counter()
    for sample in samples:
        events.extend(update(sample))
    return events, (time.perf_counter() - started) / len(samples) * 1e6


def measure(recording: Labelled) -> dict[str, Any]:
    """Return the figures of one recording."""
    chosen = recording.detector
    costs = []
    idle = []
    events: list[GaitEvent] = []
    for _ in range(REPEATS):
        events, cost_us = run(make_detector(chosen, DetectorConfig(), LEFT), recording.samples)
        costs.append(cost_us)
        idle.append(run(Idle(), recording.samples)[1])
    found = [ReferenceEvent(e.t_event_us, e.kind, -1, e.t_emit_us) for e in events]
    kinds = score(found, recording.true, exclude_us=recording.exclude)
    agreeing = score(found, recording.true, exclude_us=(*recording.exclude, *recording.odd))
    return {
        "detector": chosen,
        "cohort": recording.cohort,
        "person": recording.person,
        "us_per_sample": round(min(costs), 3),
        "idle_us_per_sample": round(min(idle), 3),
        "odd_strides": len(recording.odd),
        "kinds": {kind: kinds[kind] for kind in recording.kinds},
        "where_labels_agree": {kind: agreeing[kind] for kind in recording.kinds},
    }


def line(name: str, kind: str, row: dict[str, Any]) -> str:
    """Return one line of the table."""
    figures, agreeing = row["kinds"][kind], row["where_labels_agree"][kind]
    raw, aligned, latency = figures["raw"], figures["aligned"], figures["latency_ms"]
    cells = [
        raw["f1"],
        raw["sensitivity"],
        raw["sd_ms"],
        raw["mae_ms"],
        aligned["f1"],
        aligned["sd_ms"],
        figures["removed_ms"],
        latency["p50"],
        latency["p95"],
        agreeing["aligned"]["f1"],
        agreeing["aligned"]["sd_ms"],
    ]
    digits = (3, 3, 0, 0, 3, 0, 0, 0, 0, 3, 0)
    text = "".join(
        f"{'-' if cell is None else f'{cell:.{places}f}':>8}"
        for cell, places in zip(cells, digits, strict=True)
    )
    return f"{name:<22}{kind:<4}{figures['n']:>5}{figures['detected']:>6}{text}"


def summary(cohorts: dict[str, Any], agreeing: dict[str, Any]) -> None:
    """Print a line for each cohort and kind."""
    print(
        f"\n{'cohort':<18}{'':<4}{'F1':>8}{'sens.':>8}{'al.F1':>8}{'worst':>8}{'al.sd':>8}"
        f"{'agr.F1':>8}{'worst':>8}{'agr.sd':>8}   worst person, aligned F1",
        file=sys.stderr,
    )
    for cohort, kinds in cohorts.items():
        for kind, row in kinds.items():
            agr = agreeing[cohort][kind]
            worst = row["worst_person"]["aligned"]
            print(
                f"{cohort:<18}{kind:<4}{row['raw_f1_mean']:>8.3f}"
                f"{row['raw_sensitivity_mean']:>8.3f}{row['aligned_f1_mean']:>8.3f}"
                f"{row['aligned_f1_worst']:>8.3f}{row['aligned_sd_ms_mean']:>8.1f}"
                f"{agr['aligned_f1_mean']:>8.3f}{agr['aligned_f1_worst']:>8.3f}"
                f"{agr['aligned_sd_ms_mean']:>8.1f}   {worst['person']} {worst['f1']:.3f}",
                file=sys.stderr,
            )


def main() -> None:
    """Measure every recording of the index."""
    data = sys.argv[1] if len(sys.argv) > 1 else None
    rows: dict[str, dict[str, Any]] = {}
    print(
        f"{'recording':<22}{'':<4}{'n':>5}{'found':>6}{'F1':>8}{'sens.':>8}{'sd':>8}{'MAE':>8}"
        f"{'al.F1':>8}{'al.sd':>8}{'remov.':>8}{'lat50':>8}{'lat95':>8}{'agr.F1':>8}{'agr.sd':>8}",
        file=sys.stderr,
    )
    for recording in read_all(folder_of(data)):
        row = rows[recording.name] = measure(recording)
        for kind in row["kinds"]:
            print(line(recording.name, kind, row), file=sys.stderr)
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
    cohorts, agreeing = (
        pooled(Scored(row["cohort"], row["person"], row[which]) for row in rows.values())
        for which in ("kinds", "where_labels_agree")
    )
    summary(cohorts, agreeing)
    line_ = {
        "benchmark": "detection",
        "cohorts": cohorts,
        "where_labels_agree": agreeing,
        "cost": cost,
        "recordings": rows,
    }
    print(json.dumps(line_))


if __name__ == "__main__":
    main()
