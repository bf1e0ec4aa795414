"""How much the foot detector loses to bad sensors: one JSON line on stdout, a table on stderr.

    python benchmarks/defects.py [DATA] [--seeds N]

Each foot recording of ``gait/`` is turned about at random (the sensor strapped on anyhow), slips
from there by a degree a second, is taken at another rate, bereft of 5 % of its rows and of two
seconds somewhere in the middle, N times over.
Mean aligned F1 by cohort and kind stands beside that of the recording as it is, from the same run;
two seconds of truth around the hole are not scored.
"""

import argparse
import json
import math
import os
import statistics
import sys
from pathlib import Path
from random import Random

from fes_ctrl.analysis.score import score
from fes_ctrl.gait import DetectorConfig, make_detector
from fes_ctrl.model import FOOT_IMU, LEFT, Sample
from fes_ctrl.recordings import ReferenceEvent, read_events, read_index, read_recording

KINDS = ("ic", "ho", "tc")
RATES_HZ = (0, 50, 100, 200)
SLIPS = -1
SLIP_DEG_PER_S = 1.0
LOST = 0.05
HOLE_US = 2_000_000
ASKED = 0.02

Span = tuple[int, int]
Matrix = tuple[tuple[float, ...], ...]


def turned(random: Random) -> Matrix:
    """Return a random rotation (Shoemake 1992)."""
    u, v, w = random.random(), 2 * math.pi * random.random(), 2 * math.pi * random.random()
    a, b = math.sqrt(1 - u), math.sqrt(u)
    x, y, z, s = a * math.sin(v), a * math.cos(v), b * math.sin(w), b * math.cos(w)
    return (
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * s), 2 * (x * z + y * s)),
        (2 * (x * y + z * s), 1 - 2 * (x * x + z * z), 2 * (y * z - x * s)),
        (2 * (x * z - y * s), 2 * (y * z + x * s), 1 - 2 * (x * x + y * y)),
    )


def about(axis: tuple[float, float, float], angle: float) -> Matrix:
    """Return the rotation by an angle (rad) about a unit vector (Rodrigues)."""
    x, y, z = axis
    c, s = math.cos(angle), math.sin(angle)
    d = 1.0 - c
    return (
        (c + x * x * d, x * y * d - z * s, x * z * d + y * s),
        (y * x * d + z * s, c + y * y * d, y * z * d - x * s),
        (z * x * d - y * s, z * y * d + x * s, c + z * z * d),
    )


def applied(matrix: Matrix, sample: Sample) -> Sample:
    """Return a reading of a sensor that is turned."""
    parts = (sample.values[:3], sample.values[3:])
    values = tuple(sum(row[k] * part[k] for k in range(3)) for part in parts for row in matrix)
    return sample._replace(values=values)


def slipping(samples: list[Sample], random: Random) -> list[Sample]:
    """Return a recording whose sensor turns under its strap all the while."""
    first = turned(random)
    axis = (first[0][0], first[1][0], first[2][0])
    start_us = samples[0].t_meas_us
    slip = math.radians(SLIP_DEG_PER_S) / 1e6
    return [
        applied(about(axis, slip * (sample.t_meas_us - start_us)), sample) for sample in samples
    ]


def spoilt(samples: list[Sample], rate_hz: int, random: Random) -> tuple[list[Sample], list[Span]]:
    """Return a recording as a worse sensor would have made it, and what not to score."""
    matrix = turned(random)
    start_us = samples[0].t_meas_us
    third_us = (samples[-1].t_meas_us - start_us) // 3
    hole_us = start_us + third_us + random.randrange(third_us) if rate_hz else 0
    found: list[Sample] = []
    due_us = start_us
    for sample in samples:
        t_us = sample.t_meas_us
        if rate_hz:
            if t_us < due_us:
                continue
            due_us += 1_000_000 // rate_hz * max(1, (t_us - due_us) * rate_hz // 1_000_000 + 1)
            if random.random() < LOST or hole_us <= t_us < hole_us + HOLE_US:
                continue
        found.append(applied(matrix, sample))
    spans = [(hole_us - HOLE_US, hole_us + 2 * HOLE_US)] if rate_hz else []
    return found, spans


def f1(samples: list[Sample], true: list[ReferenceEvent], spans: list[Span]) -> dict[str, float]:
    """Return the aligned F1 of each kind."""
    detector = make_detector("foot-imu", DetectorConfig(), LEFT)
    events = [event for sample in samples for event in detector.update(sample)]
    found = [ReferenceEvent(e.t_event_us, e.kind, -1, e.t_emit_us) for e in events]
    scored = score(found, true, exclude_us=tuple(spans))
    known = {event.kind for event in true}
    return {kind: scored[kind]["aligned"]["f1"] for kind in KINDS if kind in known}


def main() -> None:
    """Measure every foot recording."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", help="the folder that holds gait/")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    root = Path(__file__).resolve().parents[1]
    data = arguments.data or os.environ.get("FES_DATA") or root.parent / "shared" / "data"
    folder = Path(data) / "gait"
    rows: dict[tuple[str, str, int], list[float]] = {}
    for name, entry in read_index(folder / "recordings.csv").items():
        recording = read_recording(folder / f"{name}.csv.gz")
        samples = [sample for sample in recording.samples() if sample.sensor == FOOT_IMU]
        if not samples:
            continue
        true = read_events(folder / f"{name}.events.csv")
        cohort = f"{name.partition('-')[0]} {entry.cohort}"
        for seed in range(arguments.seeds):
            for rate_hz in RATES_HZ:
                worse, spans = spoilt(samples, rate_hz, Random(f"{name} {seed} {rate_hz}"))
                for kind, value in f1(worse, true, [*entry.exclude_us, *spans]).items():
                    rows.setdefault((cohort, kind, rate_hz), []).append(value or 0.0)
            slips = slipping(samples, Random(f"{name} {seed} slips"))
            for kind, value in f1(slips, true, list(entry.exclude_us)).items():
                rows.setdefault((cohort, kind, SLIPS), []).append(value or 0.0)
    cohorts = sorted({(cohort, kind) for cohort, kind, _ in rows})
    table = {}
    rates = "".join(f"{rate:>7} Hz" for rate in RATES_HZ[1:])
    print(f"{'':18}{'turned':>10}{'slips':>10}{rates}", file=sys.stderr)
    for cohort, kind in cohorts:
        columns = (RATES_HZ[0], SLIPS, *RATES_HZ[1:])
        means = {column: statistics.fmean(rows[cohort, kind, column]) for column in columns}
        table[f"{cohort} {kind}"] = {
            "slips" if column == SLIPS else str(column): round(means[column], 4)
            for column in columns
        }
        cells = "".join(f"{means[column]:>10.3f}" for column in columns)
        print(f"{cohort + ' ' + kind:18}{cells}", file=sys.stderr)
    line = {"benchmark": "defects", "asked_loss": ASKED, "lost": LOST, "f1": table}
    print(json.dumps(line))


if __name__ == "__main__":
    main()
