"""What a sample costs each detector: one JSON line on stdout, a table on stderr.

    python benchmarks/cost.py [--runs N] [--patient NAME]

A minute of simulated walking and standing, read by everything that may be worn, goes through each
detector sample by sample; only those samples that it reads are counted. Processor time, median
(least, most) of the runs; beside it that of a detector that does nothing, from the same runs.
"""

import argparse
import heapq
import json
import statistics
import sys
import time
from dataclasses import replace

from fes_ctrl.gait import DETECTORS, DetectorConfig, make_detector, read_by
from fes_ctrl.model import SENSOR_CHANNELS, Detector, GaitEvent, Remark, Sample
from hil.patient.patient import VirtualPatient
from hil.patient.way import SegmentConfig
from hil.scenarios import load_scenario

ASKED_US = 8.0
WAY = (
    SegmentConfig("stand", 5.0),
    SegmentConfig("walk", 40.0),
    SegmentConfig("stand", 10.0, weight_shifts_per_min=12.0),
    SegmentConfig("walk", 5.0),
)


class Idle:
    """A detector that does nothing."""

    turn_deg = 0.0

    def update(self, _sample: Sample) -> tuple[GaitEvent, ...]:
        """Return no event."""
        return ()

    def snapshot(self) -> dict[str, object]:
        """Return nothing."""
        return {}

    def remarks(self) -> tuple[Remark, ...]:
        """Return none."""
        return ()


def walked(name: str) -> list[Sample]:
    """Return what every sensor of a patient's first leg reads on the way."""
    patient = load_scenario("standard", {"patient": name}).walk.patient
    worn = tuple(SENSOR_CHANNELS)
    legs = tuple(replace(leg, sensors=replace(leg.sensors, worn=worn)) for leg in patient.leg)
    body = VirtualPatient(replace(patient, leg=legs), 1, WAY, worn)
    end_us = sum(part.duration_s for part in WAY) * 1e6
    queue = [(hub.next_arrival_us(), index) for index, hub in enumerate(body.hubs)]
    samples: list[Sample] = []
    while queue:
        at_us, index = heapq.heappop(queue)
        if at_us <= end_us:
            samples += body.hubs[index].read()
            heapq.heappush(queue, (body.hubs[index].next_arrival_us(), index))
    return samples


def cost_us(detector: Detector, samples: list[Sample]) -> float:
    """Return the microseconds of processor time that a sample takes."""
    update, remarks = detector.update, detector.remarks
    started = time.process_time()
    for sample in samples:
        update(sample)
        remarks()
    return (time.process_time() - started) / len(samples) * 1e6


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--patient", default="stroke_moderate")
    arguments = parser.parse_args()
    samples = walked(arguments.patient)
    leg = samples[0].leg
    table = {}
    print(f"{'detector':12}{'us/sample':>22}{'idle':>8}   asked {ASKED_US:g}", file=sys.stderr)
    for name in DETECTORS:
        read = read_by(name)
        mine = [sample for sample in samples if sample.sensor in read]
        runs, idle = [], []
        for _ in range(arguments.runs):
            runs.append(cost_us(make_detector(name, DetectorConfig(), leg), mine))
            idle.append(cost_us(Idle(), mine))
        row = [statistics.median(runs), min(runs), max(runs), statistics.median(idle)]
        table[name] = dict(
            zip(("median", "least", "most", "idle"), [round(x, 3) for x in row], strict=True)
        )
        cell = f"{row[0]:.2f} ({row[1]:.2f}-{row[2]:.2f})"
        print(f"{name:12}{cell:>22}{row[3]:>8.2f}", file=sys.stderr)
    print(json.dumps({"benchmark": "cost", "asked_us": ASKED_US, "us_per_sample": table}))


if __name__ == "__main__":
    main()
