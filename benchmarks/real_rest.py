"""Real feet at rest, from the recordings: pieces of motion, and walks on which they are laid.

The recordings are looked for as the tests do: in ``$FES_DATA`` or ``../shared/data``. Without them
simulated walks keep the tremor and the noise of their own.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fes_ctrl.analysis.walk import Walk
from fes_ctrl.model import FOOT_IMU, LEFT, SHANK_IMU, Sample
from fes_ctrl.recordings import read_events, read_index, read_recording
from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.stepper import Stepper
from fes_ctrl.units import us_from_s
from hil.config import WalkConfig
from hil.patient.config import LegConfig
from hil.patient.sensors.overlay import Overlay, joined
from hil.rig import Rig
from hil.streams import stream

Array = NDArray[np.float64]

ROWS_PER_S = 100
STRETCH_S = 60.0
LEAST_S = 0.22
TRIMMED = 0.25
"""A span between foot flat and heel-off is taken without so much at either end."""

MIDDLE = (0.3, 0.65)
"""Where there are contacts only, this part of stance is taken."""

STILL_S = 3.0
"""Before the first step, and longer than this: standing."""

AT_REST_DEG_PER_S = 60.0
"""A foot that turns faster is not at rest: the label was displaced."""

HIGH_PASS_S = 0.5
"""What is slower than this belongs to the step and not to the rest."""


class RealRest(NamedTuple):
    """What the recordings give.

    Attributes
    ----------
    pieces : list of array, shape (n, 6)
        Force and rate in the foot's frame, 100 rows a second, about 0.
    said : dict
        What they come from, for the result.
    """

    pieces: list[Array]
    said: dict[str, object]


def gait_folder() -> Path | None:
    """Return where the recordings are, if they are."""
    data = os.environ.get("FES_DATA")
    root = Path(data) if data else Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = root / "gait"
    return folder if (folder / "recordings.csv").exists() else None


def foot_frame(values: Array, still: Array) -> Array:
    """Return the rotation from a recording's axes to the foot's.

    Up is where gravity pulls a foot that lies flat; the axis to the side is that about which it
    turns most. Forwards may be backwards: of motion at rest that does not matter.
    """
    up = still[:, :3].mean(axis=0)
    up /= np.linalg.norm(up)
    rates = values[:, 3:]
    side = np.linalg.eigh(rates.T @ rates)[1][:, -1]
    side -= up * (side @ up)
    side /= np.linalg.norm(side)
    return np.stack((np.cross(side, up), side, up))


def spans_of(path: Path, events: str) -> list[tuple[float, float]]:
    """Return the spans in which a recorded foot is at rest, seconds."""
    labels = [(event.t_us / 1e6, event.kind) for event in read_events(path.with_name(events))]
    kinds = {kind for _, kind in labels}
    spans = []
    for (a, first), (b, second) in pairwise(labels):
        if (first, second) == ("ff", "ho"):
            spans.append((a + TRIMMED * (b - a), b - TRIMMED * (b - a)))
        elif (first, second) == ("ic", "tc") and "ff" not in kinds and b - a < 2.0:
            spans.append((a + MIDDLE[0] * (b - a), a + MIDDLE[1] * (b - a)))
    if "ff" not in kinds and labels[0][0] > STILL_S - 0.5:
        spans.append((0.2, labels[0][0] - 1.0))
    return spans


def pieces_of(folder: Path, name: str, exclude_us: tuple[tuple[int, int], ...]) -> list[Array]:
    """Return the pieces of one recording."""
    path = folder / f"{name}.csv.gz"
    samples = list(read_recording(path).samples())
    times_s = np.array([sample.t_meas_us for sample in samples]) / 1e6
    values = np.array([sample.values for sample in samples])
    found = []
    for begin_s, end_s in spans_of(path, f"{name}.events.csv"):
        if any(a / 1e6 < end_s and begin_s < b / 1e6 for a, b in exclude_us):
            continue
        inside = (times_s >= begin_s) & (times_s <= end_s)
        if end_s - begin_s < LEAST_S or inside.sum() < LEAST_S * ROWS_PER_S:
            continue
        at = np.arange(begin_s, end_s, 1.0 / ROWS_PER_S)
        piece = np.stack(
            [np.interp(at, times_s[inside], column[inside]) for column in values.T], axis=1
        )
        if np.abs(piece[:, 3:] - np.median(piece[:, 3:], axis=0)).max() < AT_REST_DEG_PER_S:
            found.append(piece)
    if not found:
        return []
    frame = foot_frame(values, np.concatenate(found))
    return [np.hstack((rest[:, :3] @ frame.T, rest[:, 3:] @ frame.T)) for rest in map(quick, found)]


def quick(piece: Array) -> Array:
    """Return a piece less its slow part: a running mean, or the line where it is shorter."""
    n = len(piece)
    x = np.linspace(-1.0, 1.0, n)
    line = np.stack([np.polyval(np.polyfit(x, column, 1), x) for column in piece.T], axis=1)
    rest = piece - line
    width = round(HIGH_PASS_S * ROWS_PER_S)
    if n <= width:
        return rest
    kernel = np.ones(width)
    weight = np.convolve(np.ones(n), kernel, "same")
    slow = np.stack([np.convolve(column, kernel, "same") / weight for column in rest.T], axis=1)
    return np.asarray(rest - slow)


def real_rest() -> RealRest | None:
    """Return what the recordings have of feet at rest; nothing where there are none."""
    folder = gait_folder()
    if folder is None:
        return None
    pieces: list[Array] = []
    used = []
    for name, entry in read_index(folder / "recordings.csv").items():
        if name.startswith("pd-"):
            continue
        some = pieces_of(folder, name, entry.exclude_us)
        if some:
            used.append(name)
            pieces += some
    if not pieces:
        return None
    everything = np.concatenate(pieces)
    said = {
        "recordings": used,
        "pieces": len(pieces),
        "seconds": round(len(everything) / ROWS_PER_S, 1),
        "rms_deg_per_s": round(float(np.sqrt((everything[:, 3:] ** 2).sum(axis=1).mean())), 2),
        "rms_m_per_s2": round(float(np.sqrt((everything[:, :3] ** 2).sum(axis=1).mean())), 3),
        "laid_on": "foot and shank; own tremor and noise off",
    }
    return RealRest(pieces, said)


def quiet_sensors(leg: LegConfig) -> LegConfig:
    """Return a leg whose inertial sensors have neither tremor nor noise of their own."""
    sensors = leg.sensors
    silent = {"gyro_noise_deg_per_s": 0.0, "acc_noise_m_per_s2": 0.0}
    return replace(
        leg,
        sensors=replace(
            sensors,
            tremor_deg_per_s=0.0,
            foot_imu=replace(sensors.foot_imu, **silent),
            shank_imu=replace(sensors.shank_imu, **silent),
        ),
    )


def walked(
    config: WalkConfig,
    rest: RealRest | None,
    listen: Callable[[Sample], None] | None = None,
) -> Walk:
    """Walk, with real motion at rest laid on the inertial sensors.

    Parameters
    ----------
    config : WalkConfig
        The walk.
    rest : RealRest or None
        What is laid over; nothing: the sensors' own tremor and noise stay.
    listen : callable or None
        Also takes every sample as it arrives.
    """
    if rest is not None:
        legs = tuple(quiet_sensors(leg) for leg in config.patient.leg)
        config = replace(config, patient=replace(config.patient, leg=legs))
    stepper = Stepper()
    overlays: dict[tuple[int, str], Overlay] = {}
    bears: dict[int, bool] = {}

    def deliver(sample: Sample) -> None:
        overlay = overlays.get((sample.leg, sample.sensor))
        if overlay is not None:
            for leg in rig.patient.legs:
                bears[leg.leg] = leg.standing_or_stance
            sample = overlay.laid_on(sample, bears=bears[sample.leg])
        if listen is not None:
            listen(sample)
        rig.session.take(sample)

    rig = Rig(config, stepper, NullLog(), deliver)
    if rest is not None:
        for leg in config.patient.leg:
            side = LEFT if leg.side == "left" else 1 - LEFT
            for kind, imu in (
                (FOOT_IMU, leg.sensors.foot_imu),
                (SHANK_IMU, leg.sensors.shank_imu),
            ):
                random = stream(config.seed, f"{leg.side}.{kind}.rest")
                rows = joined(rest.pieces, round(STRETCH_S * ROWS_PER_S), random)
                overlays[side, kind] = Overlay(rows, imu, random)
    rig.session.open()
    stepper.run_until_us(us_from_s(config.duration_s))
    return rig.finish()
