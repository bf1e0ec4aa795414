"""Each person with every constant fixed without that person: a JSON line, a table on stderr.

    python benchmarks/leave_one_out.py [DATA] [--draws N] [--jobs J]

Dials of the detectors are drawn at random about their defaults (a factor of up to 1.6 either way).
For each person the draw is taken that serves all the other people of the same sensor best (mean of
aligned F1 over kinds, persons weighing the same), and the person is scored with that draw. Beside
it stand the defaults, and the draw that would have been best for the person, which nobody can know.
"""

import argparse
import json
import math
import statistics
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

from labelled import Labelled, folder_of, read_all

from fes_ctrl.analysis.pooling import Scored, pooled
from fes_ctrl.analysis.score import score
from fes_ctrl.gait import DetectorConfig, make_detector
from fes_ctrl.gait.config import FootImuConfig, HeelConfig
from fes_ctrl.model import LEFT
from fes_ctrl.recordings import ReferenceEvent

SPREAD = 1.6
DIALS = {
    "foot-imu": (
        "still_dps",
        "still_ms",
        "heel_off_deg",
        "min_swing_ms",
        "push_share",
        "toe_share",
        "swing_share",
        "back_share",
        "lift_share",
    ),
    "heel": ("on_N", "off_N", "min_loaded_ms", "min_unloaded_ms"),
}
LARGEST_SHARE = 0.95

Dials = dict[str, float]
Row = dict[str, Any]


def draws(detector: str, count: int) -> list[Dials]:
    """Return the defaults, and draws about them; the same for everybody."""
    config = FootImuConfig() if detector == "foot-imu" else HeelConfig()
    default = {name: float(getattr(config, name)) for name in DIALS[detector]}
    random = Random(f"dials of {detector}")
    found = [default]
    while len(found) < count:
        drawn = {
            name: min(
                value * SPREAD ** random.uniform(-1, 1),
                LARGEST_SHARE if name.endswith("share") else math.inf,
            )
            for name, value in default.items()
        }
        if detector != "heel" or drawn["off_N"] < drawn["on_N"]:
            found.append(drawn)
    return found


def scored(recording: Labelled, dials: Dials) -> dict[str, Row]:
    """Return the figures of one recording under one draw."""
    config = DetectorConfig()
    if recording.detector == "foot-imu":
        config = replace(config, foot_imu=replace(config.foot_imu, **dials))
    else:
        config = replace(config, heel=replace(config.heel, **dials))
    detector = make_detector(recording.detector, config, LEFT)
    events = [event for sample in recording.samples for event in detector.update(sample)]
    found = [ReferenceEvent(e.t_event_us, e.kind, -1, e.t_emit_us) for e in events]
    figures = score(found, recording.true, exclude_us=recording.exclude)
    return {kind: figures[kind] for kind in recording.kinds if kind != "ff"}


def all_draws(recording: Labelled, count: int) -> list[dict[str, Row]]:
    """Return the figures of one recording under every draw."""
    return [scored(recording, dials) for dials in draws(recording.detector, count)]


def worth(rows: dict[str, Row]) -> float:
    """Return the mean aligned F1 of a recording."""
    return statistics.fmean(row["aligned"]["f1"] or 0.0 for row in rows.values())


def best_draw(
    recordings: list[Labelled], figures: dict[str, list[dict[str, Row]]], people: set[str]
) -> int:
    """Return the draw that serves these people best, each person weighing the same."""
    count = len(next(iter(figures.values())))

    def value(draw: int) -> float:
        return statistics.fmean(
            statistics.fmean(worth(figures[r.name][draw]) for r in recordings if r.person == person)
            for person in people
        )

    return max(range(count), key=value)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", help="the folder that holds gait/")
    parser.add_argument("--draws", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    arguments = parser.parse_args()
    recordings = read_all(Path(folder_of(arguments.data)))
    with ProcessPoolExecutor(arguments.jobs, mp_context=get_context("spawn")) as pool:
        rows = pool.map(partial(all_draws, count=arguments.draws), recordings)
        figures = dict(zip([r.name for r in recordings], rows, strict=True))
    ways: dict[str, list[Scored]] = {"without the person": [], "defaults": [], "in hindsight": []}
    chosen: dict[str, Dials] = {}
    head = f"{'person':10}{'kind':5}" + "".join(f"{way:>20}" for way in ways)
    print(head + "   aligned F1 (sd, ms), means of the person's recordings", file=sys.stderr)
    for detector in sorted({r.detector for r in recordings}):
        same = [r for r in recordings if r.detector == detector]
        people = {r.person for r in same}
        for person in sorted(people):
            mine = [r for r in same if r.person == person]
            without = best_draw(same, figures, people - {person})
            picks = (without, 0, best_draw(mine, figures, {person}))
            chosen[person] = draws(detector, arguments.draws)[without]
            for way, pick in zip(ways, picks, strict=True):
                ways[way] += [Scored(r.cohort, person, figures[r.name][pick]) for r in mine]
            for kind in ("ic", "ho", "tc"):
                cells = [cell(mine, figures, pick, kind) for pick in picks]
                if any(cells):
                    line = f"{person:10}{kind:5}" + "".join(f"{text:>20}" for text in cells)
                    print(line, file=sys.stderr)
    table = {way: pooled(found) for way, found in ways.items()}
    for cohort, kinds in table["without the person"].items():
        for kind in kinds:
            means = [table[way][cohort][kind] for way in ways]
            cells = [f"{m['aligned_f1_mean']:.3f} ({m['aligned_sd_ms_mean']:.0f})" for m in means]
            line = f"{cohort:16}{kind:5}" + "".join(f"{text:>20}" for text in cells)
            print(line, file=sys.stderr)
    line = {
        "benchmark": "leave_one_out",
        "draws": arguments.draws,
        "cohorts": table,
        "dials_without": {p: {k: round(v, 3) for k, v in d.items()} for p, d in chosen.items()},
    }
    print(json.dumps(line))


def cell(
    mine: list[Labelled], figures: dict[str, list[dict[str, Row]]], pick: int, kind: str
) -> str:
    """Return a person's mean F1 and spread of one kind; nothing where the reference has none."""
    rows = [figures[r.name][pick][kind]["aligned"] for r in mine if kind in r.kinds]
    if not rows:
        return ""
    spread = statistics.fmean(row["sd_ms"] or 0.0 for row in rows)
    return f"{statistics.fmean(row['f1'] or 0.0 for row in rows):.3f} ({spread:.0f})"


if __name__ == "__main__":
    main()
