"""Simulated foot gyroscope against real recordings, stride by stride: one JSON line on stdout.

    python benchmarks/gyro.py [DATA] [--pictures FOLDER]

DATA is the folder that holds ``gait/``, by default ``$FES_DATA`` or ``../shared/data``. A table for
people goes to stderr.

The foot's rate is taken about the axis across the way that the foot went (its displacement from
rest to rest), toe-up positive; nothing is fitted. Healthy people are walked by ``healthy``; people
after a stroke by their speed, in the classes of Perry 1995: below 0.4 m/s
``stroke_severe_spastic``, to 0.8 ``stroke_moderate``, above ``stroke_mild``. The patient takes two
times from the recording, the stride's and when push-off turns into swing; the rest is the
preset's. Strides in the index's excluded spans are left out.

``corr`` is the median correlation of the simulated stride with every real one; ``ceiling`` that of
the recording's own median stride, which no model can pass; ``labels`` that of a patient whose share
of stance is the reference labels', which lead the motion where an insole made them; ``shifted``
that of the simulated stride moved by one constant for the recording (``lag``, percent of the
stride), since contacts are labelled early or late by a constant as well. ``push``, ``swing`` and
``fall`` are peaks, simulated against the median real one.
"""

import argparse
import csv
import gzip
import json
import math
import os
import statistics
import sys
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from fes_ctrl.gait.progression import ProgressionPlane
from fes_ctrl.model import RIGHT
from fes_ctrl.recordings import read_events, read_index
from hil.patient.leg import PatientLeg
from hil.patient.pace import steps_of
from hil.patient.plan import stand_then_walk
from hil.scenarios import load_scenario

Array = NDArray[np.float64]

POINTS = 201
STILL_DPS = 15.0
STILL_S = 0.08
LARGEST_LAG = 0.1
ASKED = {"corr": 0.95, "peaks": [0.85, 1.15]}


@dataclass
class Recorded:
    """One recording: its strides about the axis across its way, and what they are like."""

    strides: Array
    stride_s: float
    stance_share: float
    speed_m_per_s: float


def read(folder: Path, name: str, exclude_us: tuple[tuple[int, int], ...]) -> Recorded | None:
    """Return a recording's strides, or ``None`` where it has no foot gyroscope."""
    with gzip.open(folder / f"{name}.csv.gz", "rt") as file:
        rows = csv.DictReader(file)
        if "gyr_x" not in (rows.fieldnames or ()):
            return None
        table = [[float(row[k] or "nan") for k in COLUMNS] for row in rows]
    data = np.array(table)
    data = data[np.isfinite(data).all(axis=1)]
    plane, lengths = progression(data)
    t_s = data[:, 0]
    bias = np.median(data[:, 4:7], axis=0)
    rate = (data[:, 4:7] - bias) @ np.array([plane.x, plane.y, plane.z])
    events = read_events(folder / f"{name}.events.csv")
    contacts = [event.t_us / 1e6 for event in events if event.kind == "ic"]
    offs = np.array([event.t_us / 1e6 for event in events if event.kind == "tc"])
    strides, times, shares = [], [], []
    for start, end in pairwise(contacts):
        out = any(start < b / 1e6 and end > a / 1e6 for a, b in exclude_us)
        inside = (t_s >= start) & (t_s <= end)
        between = offs[(offs > start) & (offs < end)]
        if out or not 0.6 < end - start < 4.0 or inside.sum() < 40 or len(between) != 1:
            continue
        strides.append(np.interp(np.linspace(start, end, POINTS), t_s[inside], rate[inside]))
        times.append(end - start)
        shares.append((between[0] - start) / (end - start))
    stride_s = statistics.median(times)
    return Recorded(
        np.array(strides),
        stride_s,
        statistics.median(shares),
        statistics.median(lengths) / stride_s,
    )


COLUMNS = ("t_s", "acc_x", "acc_y", "acc_z", "gyr_x", "gyr_y", "gyr_z")


def progression(data: Array) -> tuple[ProgressionPlane, list[float]]:
    """Return the plane in which a foot went, and the lengths of its strides."""
    plane = ProgressionPlane()
    bias = np.median(data[:, 4:7], axis=0)
    lengths: list[float] = []
    still_from_s, last_s, moving = math.inf, -math.inf, False
    for row in data.tolist():
        t_s, ax, ay, az = row[:4]
        wx, wy, wz = (row[4 + k] - float(bias[k]) for k in range(3))
        if math.sqrt(wx * wx + wy * wy + wz * wz) < STILL_DPS:
            still_from_s = min(still_from_s, t_s)
        else:
            still_from_s = math.inf
        if t_s - last_s > 0.1:
            moving = False
        if t_s - still_from_s >= STILL_S:
            if moving and plane.rest(ax, ay, az):
                lengths.append(plane.stride_m)
            moving = True
            plane.start(wx, wy, wz, ax, ay, az)
        elif moving:
            plane.move(t_s - last_s, wx, wy, wz, ax, ay, az)
        last_s = t_s
    return plane, lengths


def preset_of(cohort: str, speed_m_per_s: float) -> str:
    """Return the patient that walks for a recording; see the module."""
    if cohort != "stroke":
        return "healthy"
    if speed_m_per_s < 0.4:
        return "stroke_severe_spastic"
    return "stroke_moderate" if speed_m_per_s < 0.8 else "stroke_mild"


def simulated(preset: str, recorded: Recorded) -> Array:
    """Return the preset's mean stride at a recording's stride time and share of stance, deg/s."""
    patient = load_scenario("standard", {"patient": preset}).walk.patient
    leg = patient.leg[0]
    # Step length follows cadence: the walk ratio of one walker is constant.
    amplitude = leg.gait.amplitude * patient.stride_s / recorded.stride_s
    gait = replace(
        leg.gait, stance_percent=100.0 * recorded.stance_share, amplitude=max(0.4, amplitude)
    )
    patient = replace(
        patient,
        stride_s=recorded.stride_s,
        stride_cv_percent=0.0,
        leg=(replace(leg, gait=gait),),
    )
    steps = steps_of(patient, stand_then_walk(1.0), Random(1))
    body = PatientLeg(patient, patient.leg[0], Random(1), steps, RIGHT)
    rates: list[float] = []
    while sum(event.kind == "ic" for event in body.events) < 16:
        body.advance_to(1000 * (len(rates) + 1))
        rates.append(math.degrees(body.motion()[1]))
    contacts = [event.t_us // 1000 for event in body.events if event.kind == "ic"][8:16]
    grid = np.arange(1, len(rates) + 1)
    strides = [np.interp(np.linspace(a, b, POINTS), grid, rates) for a, b in pairwise(contacts)]
    return np.asarray(np.mean(strides, axis=0))


def turn(stride: Array) -> float:
    """Return when push-off turns into swing, as a share of the stride."""
    low, high = 4 * POINTS // 10, 9 * POINTS // 10
    push = low + int(np.argmin(stride[low:high]))
    return (push + int(np.argmax(stride[push:] > 0.0))) / (POINTS - 1)


def matched(preset: str, recorded: Recorded) -> Array:
    """Return the preset's stride whose push-off turns when the recorded ones do, deg/s."""
    wanted = statistics.median(turn(stride) for stride in recorded.strides)
    share = recorded.stance_share
    for _ in range(4):
        model = simulated(preset, replace(recorded, stance_share=share))
        share = min(0.78, max(0.55, share + wanted - turn(model)))
    return simulated(preset, replace(recorded, stance_share=share))


def correlation(one: Array, strides: Array) -> float:
    """Return the median correlation of one stride with others."""
    return float(np.median([np.corrcoef(one, stride)[0, 1] for stride in strides]))


def peaks(stride: Array) -> tuple[float, float, float]:
    """Return push-off, swing and fall after contact, deg/s; the first and the last negative."""
    part = POINTS // 10
    return (
        float(stride[4 * part : 9 * part].min()),
        float(stride[6 * part :].max()),
        float(stride[: 3 * part].min()),
    )


def measure(recorded: Recorded, model: Array, labelled: Array) -> dict[str, float]:
    """Return the figures of one recording."""
    lags = range(-round(LARGEST_LAG * POINTS), round(LARGEST_LAG * POINTS) + 1)
    moved = {lag: correlation(np.roll(model, lag), recorded.strides) for lag in lags}
    best = max(moved, key=moved.__getitem__)
    real = np.median([peaks(stride) for stride in recorded.strides], axis=0)
    push, swing, fall = (m / r for m, r in zip(peaks(model), real.tolist(), strict=True))
    return {
        "corr": moved[0],
        "labels": correlation(labelled, recorded.strides),
        "shifted": moved[best],
        "lag": 100.0 * best / POINTS,
        "ceiling": correlation(np.median(recorded.strides, axis=0), recorded.strides),
        "push": push,
        "swing": swing,
        "fall": fall,
    }


def main() -> None:
    """Measure every recording of a foot."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", help="the folder that holds gait/")
    parser.add_argument("--pictures", type=Path, help="draw each recording there (matplotlib)")
    arguments = parser.parse_args()
    root = Path(__file__).resolve().parents[1]
    data = arguments.data or os.environ.get("FES_DATA") or root.parent / "shared" / "data"
    folder = Path(data) / "gait"
    rows = []
    names = ("corr", "labels", "shifted", "lag", "ceiling", "push", "swing", "fall")
    head = f"{'recording':16}{'preset':24}{'n':>4}{'s':>6}{'stance':>8}{'m/s':>6}"
    print(head + "".join(f"{name:>9}" for name in names), file=sys.stderr)
    for name, entry in read_index(folder / "recordings.csv").items():
        recorded = read(folder, name, entry.exclude_us)
        if recorded is None:
            continue
        preset = preset_of(entry.cohort, recorded.speed_m_per_s)
        model = matched(preset, recorded)
        figures = measure(recorded, model, simulated(preset, recorded))
        rows.append({"recording": name, "cohort": entry.cohort, "preset": preset, **figures})
        cells = "".join(f"{figures[key]:>9.2f}" for key in names)
        print(
            f"{name:16}{preset:24}{len(recorded.strides):>4}{recorded.stride_s:>6.2f}"
            f"{recorded.stance_share:>8.3f}{recorded.speed_m_per_s:>6.2f}{cells}",
            file=sys.stderr,
        )
        if arguments.pictures:
            draw(arguments.pictures / f"{name}.svg", recorded, model)
    medians = {
        cohort: {
            key: round(statistics.median(row[key] for row in rows if chosen(row, cohort)), 3)
            for key in names
        }
        for cohort in ("gaitmap", "healthy", "stroke")
    }
    for row in rows:
        row.update({key: round(row[key], 3) for key in names})
    line = {"benchmark": "gyro", "asked": ASKED, "medians": medians, "recordings": rows}
    print(json.dumps(line))


def chosen(row: dict[str, object], cohort: str) -> bool:
    """Tell whether a recording counts for a median: by optical reference, or by cohort."""
    if cohort == "gaitmap":
        return str(row["recording"]).startswith("gaitmap")
    return row["cohort"] == cohort and not str(row["recording"]).startswith("gaitmap")


def draw(path: Path, recorded: Recorded, model: Array) -> None:
    """Draw the real strides, their median and the simulated one."""
    import matplotlib.pyplot as plt

    path.parent.mkdir(parents=True, exist_ok=True)
    share = np.linspace(0.0, 100.0, POINTS)
    figure, axis = plt.subplots(figsize=(6, 3), layout="constrained")
    for stride in recorded.strides[::3]:
        axis.plot(share, stride, color="0.8", linewidth=0.5)
    axis.plot(share, np.median(recorded.strides, axis=0), "k", label="recorded, median")
    axis.plot(share, model, color="#0b6e99", label="simulated")
    axis.set_xlabel("% of the stride")
    axis.set_ylabel("toe-up rate, deg/s")
    axis.legend(fontsize=8)
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    main()
