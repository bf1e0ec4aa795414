"""How soon the foot detector knows a walker: one JSON line on stdout, a table on stderr.

    python benchmarks/locking.py [DATA] [--starts N]

Strides are numbered from an instant at which nothing is known (the recording is begun anywhere,
its sensor turned at random), and from the end of a hole of two seconds in a walk that is known.
Shares are of strides whose event is told within 100 ms, once the constant that separates the
reference of the whole recording is taken off; beside them stands the share in the whole recording,
which no start can exceed. Instants whose next strides touch an excluded span are not taken.
"""

import argparse
import json
import statistics
import sys
from bisect import bisect_left
from random import Random

from defects import HOLE_US, applied, turned
from labelled import Labelled, folder_of, read_all

from fes_ctrl.analysis.score import score
from fes_ctrl.gait import DetectorConfig, make_detector
from fes_ctrl.model import FOOT_IMU, LEFT, GaitEvent, Sample
from fes_ctrl.recordings import ReferenceEvent

KINDS = ("ic", "ho", "tc")
STRIDES = 5
REACH_US = 16_000_000
LEARNT_US = 12_000_000
NEAR_US = 100_000

Told = dict[tuple[str, str, int], list[bool]]


def detected(samples: list[Sample]) -> list[GaitEvent]:
    """Return what a new detector tells."""
    detector = make_detector("foot-imu", DetectorConfig(), LEFT)
    return [event for sample in samples for event in detector.update(sample)]


def mounted(samples: list[Sample], random: Random) -> list[Sample]:
    """Return the samples of a sensor that was strapped on anyhow."""
    matrix = turned(random)
    return [applied(matrix, sample) for sample in samples]


def note(
    told: Told,
    how: str,
    recording: Labelled,
    events: list[GaitEvent],
    from_us: int,
    shift: dict[str, int],
) -> None:
    """Write down which of the next strides were told."""
    for kind, removed_us in shift.items():
        found = [e.t_event_us - removed_us for e in events if e.kind == kind]
        true = [e.t_us for e in recording.true if e.kind == kind and e.t_us >= from_us]
        for stride, t_us in enumerate(true[:STRIDES]):
            hit = any(abs(one - t_us) <= NEAR_US for one in found)
            told.setdefault((recording.cohort, f"{how} {kind}", stride), []).append(hit)


def measure(
    recording: Labelled, starts: int, told: Told, whole: dict[tuple[str, str], list[float]]
) -> None:
    """Begin one recording anywhere, and tear holes into it anywhere."""
    samples = recording.samples
    found = [ReferenceEvent(e.t_event_us, e.kind, -1, e.t_emit_us) for e in detected(samples)]
    figures = score(found, recording.true, exclude_us=recording.exclude)
    shift = {
        kind: round(1000 * figures[kind]["removed_ms"]) for kind in KINDS if kind in recording.kinds
    }
    for kind in shift:
        share = figures[kind]["aligned"]["sensitivity"]
        whole.setdefault((recording.cohort, kind), []).append(share)
    stamps = [sample.t_meas_us for sample in samples]
    random = Random(recording.name)
    last_us = stamps[-1] - REACH_US - LEARNT_US
    done = 0
    for _ in range(100 * starts):
        if done == starts or last_us <= stamps[0]:
            break
        at_us = random.randrange(stamps[0], last_us)
        end_us = at_us + LEARNT_US + HOLE_US + REACH_US
        if any(a < end_us and b > at_us for a, b in recording.exclude):
            continue
        done += 1
        some = mounted(samples[bisect_left(stamps, at_us) : bisect_left(stamps, end_us)], random)
        events = detected(some)
        note(told, "start", recording, events, at_us, shift)
        hole = range(at_us + LEARNT_US, at_us + LEARNT_US + HOLE_US)
        torn = [sample for sample in some if sample.t_meas_us not in hole]
        note(told, "hole", recording, detected(torn), hole.stop, shift)


def main() -> None:
    """Measure every foot recording that is long enough."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", help="the folder that holds gait/")
    parser.add_argument("--starts", type=int, default=12)
    arguments = parser.parse_args()
    told: Told = {}
    whole: dict[tuple[str, str], list[float]] = {}
    for recording in read_all(folder_of(arguments.data)):
        if recording.detector == "foot-imu" and recording.samples[0].sensor == FOOT_IMU:
            measure(recording, arguments.starts, told, whole)
    head = "".join(f"{f'stride {k + 1}':>10}" for k in range(STRIDES))
    print(f"{'':24}{head}     whole", file=sys.stderr)
    table: dict[str, list[float]] = {}
    for cohort, what in sorted({(cohort, what) for cohort, what, _ in told}):
        strides = [told[cohort, what, k] for k in range(STRIDES) if (cohort, what, k) in told]
        row = [round(statistics.fmean(hits), 3) for hits in strides]
        table[f"{cohort} {what}"] = row
        cells = "".join(f"{share:>10.3f}" for share in row)
        ceiling = statistics.fmean(whole[cohort, what.split()[1]])
        print(f"{cohort + ' ' + what:24}{cells}{ceiling:>10.3f}", file=sys.stderr)
    print(json.dumps({"benchmark": "locking", "starts": arguments.starts, "told": table}))


if __name__ == "__main__":
    main()
