"""The signals of a leg that a page shows: the truth's where it is known, else the sensors'."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fes_ctrl.analysis.run import Run
from fes_ctrl.analysis.stride_course import channels_of, envelope
from fes_ctrl.analysis.truth import TruthLeg
from fes_ctrl.model import (
    FOOT_IMU,
    FORE_FORCE,
    FOREFOOT_SWITCH,
    HEEL_FORCE,
    HEEL_SWITCH,
    SHANK_IMU,
    Sample,
)
from fes_ctrl.report.run_view import LegView


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal of a leg.

    Attributes
    ----------
    title, unit, name : str
        Signals of equal titles share a picture; the name tells them apart.
    t_us, values : ndarray, shape (n,)
        In order of time.
    resolution : float
        Of its values on a page.
    zero : bool
        Its axis reaches to zero.
    least : float
        The least height of its axis.
    """

    title: str
    unit: str
    name: str
    t_us: NDArray[np.int64]
    values: NDArray[np.float64]
    resolution: float
    zero: bool = False
    least: float = 1.0


TRUE: Final = (
    ("ankle_deg", "Ankle angle, dorsiflexion positive", "deg", "ankle", 0.1, False, 4.0),
    ("toe_mm", "Toe height, negative where the floor holds it", "mm", "toe", 0.2, True, 10.0),
    ("pitch_deg", "Foot pitch, toe-up positive", "deg", "pitch", 0.1, False, 4.0),
    ("heel_n", "Load under the foot", "N", "heel", 1.0, True, 50.0),
    ("fore_n", "Load under the foot", "N", "forefoot", 1.0, True, 50.0),
)

FORCES: Final = {HEEL_FORCE: "heel, as sensed", FORE_FORCE: "forefoot, as sensed"}
SWITCHES: Final = {HEEL_SWITCH: "heel", FOREFOOT_SWITCH: "forefoot"}
RATES: Final = {FOOT_IMU: "foot", SHANK_IMU: "shank"}


def stimulation_of(run: Run, leg: LegView) -> list[Signal]:
    """Return the current of each channel that gave pulses."""
    found = []
    channels = channels_of(leg.walk)
    for channel in channels:
        t_us, current_mA = envelope(leg.walk, channel, run.start_us, run.end_us)
        name = "current" if len(channels) == 1 else f"channel {channel}"
        found.append(
            Signal("Stimulation, a point a pulse", "mA", name, t_us, current_mA, 0.1, zero=True)
        )
    return found


def movement_of(leg: LegView) -> list[Signal]:
    """Return what the leg truly did; nothing where that is not known."""
    return _true(leg.truth)


def untreated_of(leg: LegView) -> dict[str, Signal]:
    """Return, by title, what the leg would have done on the same steps without stimulation."""
    return {signal.title: signal for signal in _true(leg.twin)}


def _true(truth: TruthLeg | None) -> list[Signal]:
    if truth is None or not len(truth.t_us):
        return []
    return [
        Signal(title, unit, name, truth.t_us, truth.series[key], resolution, zero, least)
        for key, title, unit, name, resolution, zero, least in TRUE
        if key in truth.series
    ]


def sensors_of(run: Run, leg: LegView) -> list[Signal]:
    """Return what the leg's sensors told."""
    found = []
    for (number, sensor), samples in sorted(run.samples.items()):
        if number != leg.walk.leg:
            continue
        t_us, order = _times(samples)
        values = np.array([sample.values for sample in samples], dtype=np.float64)[order]
        if sensor in SWITCHES:
            name, one = SWITCHES[sensor], values[:, 0]
            found.append(Signal("Switch, 1 is loaded", "", name, t_us, one, 1.0, zero=True))
        elif sensor in FORCES:
            name, one = FORCES[sensor], values[:, 0]
            found.append(
                Signal("Load under the foot", "N", name, t_us, one, 1.0, zero=True, least=50.0)
            )
        elif sensor in RATES:
            rate = np.sqrt(np.square(values[:, 3:6]).sum(axis=1))
            title = f"Angular rate of the {RATES[sensor]}, whatever the axis"
            found.append(Signal(title, "deg/s", "rate", t_us, rate, 1.0, zero=True, least=50.0))
    return found


def _times(samples: list[Sample]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return when readings were measured, in order, and that order."""
    t_us = np.array([sample.t_meas_us for sample in samples], dtype=np.int64)
    order = np.argsort(t_us, kind="stable")
    return t_us[order], order


def shown_of(run: Run, leg: LegView) -> list[Signal]:
    """Return everything there is to show of a leg, stimulation first."""
    return [*stimulation_of(run, leg), *movement_of(leg), *sensors_of(run, leg)]
