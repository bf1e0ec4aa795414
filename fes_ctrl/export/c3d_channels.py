"""What a C3D file holds over time: analog channels of sensors and stimulation, truth as points.

All of it is on one regular grid (``resample``). A channel cannot say where it has no value, so each
sensor has one besides that does: ``OK`` is 1 where the others are measured.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fes_ctrl.analysis.run import Run
from fes_ctrl.export.envelope import channels, envelope
from fes_ctrl.export.learnt import LINES, learnt_lines
from fes_ctrl.export.resample import SWITCHES, Grid, onto, readings, steps_onto
from fes_ctrl.model import (
    FOOT_IMU,
    FORE_FORCE,
    FOREFOOT_SWITCH,
    HEEL_FORCE,
    HEEL_SWITCH,
    SENSOR_CHANNELS,
    SHANK_IMU,
)

SIDES: Final = ("L", "R")
SITES: Final = {
    HEEL_SWITCH: "HeelSwitch",
    FOREFOOT_SWITCH: "ForeSwitch",
    HEEL_FORCE: "HeelForce",
    FORE_FORCE: "ForeForce",
    FOOT_IMU: "FootIMU",
    SHANK_IMU: "ShankIMU",
}
VALUES: Final = {
    "heel": ("State", "", "heel switch, 1 loaded"),
    "fore": ("State", "", "forefoot switch, 1 loaded"),
    "heel_n": ("F", "N", "force under the heel"),
    "fore_n": ("F", "N", "force under the forefoot"),
    **{f"acc_{axis}": (f"Acc{axis.upper()}", "m/s2", "specific force") for axis in "xyz"},
    **{f"gyr_{axis}": (f"Gyr{axis.upper()}", "deg/s", "angular rate") for axis in "xyz"},
}
ANGLES: Final = {
    "ankle_deg": ("AnkleAngles", "true ankle angle, X dorsiflexion positive"),
    "pitch_deg": ("FootPitch", "true foot against the floor, X toe-up positive"),
}
SCALARS: Final = {
    "toe_mm": ("ToeHeight", "mm", "true height of the toe, X"),
    "fitness": ("Fitness", "", "what fatigue has left of the dorsiflexors, X, 1 is rested"),
}
LOADS: Final = {"heel_n": "Heel", "fore_n": "Fore"}


class Channel(NamedTuple):
    """One analog channel."""

    label: str
    unit: str
    says: str
    values: Grid


class Point(NamedTuple):
    """One trajectory of numbers: the first coordinate is the value, the others are 0."""

    label: str
    group: str
    says: str
    values: Grid
    valid: NDArray[np.bool_]


def analog(run: Run, grid: Grid) -> list[Channel]:
    """Return the analog channels of a run.

    Parameters
    ----------
    run : Run
        As read.
    grid : ndarray, shape (frames,)
        Instants, microseconds.
    """
    found: list[Channel] = []
    for (leg, sensor), listed in sorted(run.samples.items()):
        site = SIDES[leg] + SITES[sensor]
        measured = np.ones(len(grid), dtype=np.bool_)
        for place, name in enumerate(SENSOR_CHANNELS[sensor]):
            label, unit, says = VALUES[name]
            values, valid = onto(grid, *readings(listed, place), hold=sensor in SWITCHES)
            found.append(Channel(f"{site}.{label}", unit, says, values))
            measured &= valid
        says = "1 where this sensor was measured, 0 in gaps"
        found.append(Channel(f"{site}.OK", "", says, measured.astype(np.float64)))
    for leg, channel in channels(run):
        walk = next(each for each in run.walk.legs if each.leg == leg)
        steps = envelope(walk, channel)
        t_us = np.array([step.t_us for step in steps], dtype=np.int64)
        current = np.array([step.current_ua / 1e3 for step in steps])
        width = np.array([step.width_us for step in steps], dtype=np.float64)
        site = f"{SIDES[leg]}Stim{channel}"
        says = "commanded current, held from pulse to pulse"
        found.append(Channel(f"{site}.Current", "mA", says, steps_onto(grid, t_us, current)))
        says = "commanded width of the first phase, held"
        found.append(Channel(f"{site}.Width", "us", says, steps_onto(grid, t_us, width)))
    for walk in sorted(run.walk.legs, key=lambda each: each.leg):
        if walk.adaptations:
            t_us, lines = learnt_lines(run, walk)
            for label, (unit, says) in LINES.items():
                site = f"{SIDES[walk.leg]}Learnt.{label}"
                found.append(Channel(site, unit, says, steps_onto(grid, t_us, lines[label])))
    for true in run.truth.legs if run.truth else ():
        for name, label in LOADS.items():
            values, _ = onto(grid, true.t_us, true.series[name], hold=False)
            says = f"true load under the {label.lower()}"
            found.append(Channel(f"{SIDES[true.leg]}True{label}.F", "N", says, values))
    return found


def points(run: Run, grid: Grid) -> list[Point]:
    """Return what a simulated patient did, as points; none where none was simulated.

    Parameters
    ----------
    run : Run
        As read.
    grid : ndarray, shape (frames,)
        Instants, microseconds.
    """
    found: list[Point] = []
    for true in run.truth.legs if run.truth else ():
        named = [(name, label, "ANGLES", says) for name, (label, says) in ANGLES.items()]
        named += [(name, label, "SCALARS", says) for name, (label, _, says) in SCALARS.items()]
        for name, label, group, says in named:
            values, valid = onto(grid, true.t_us, true.series[name], hold=False)
            found.append(Point(SIDES[true.leg] + label, group, says, values, valid))
    return found
