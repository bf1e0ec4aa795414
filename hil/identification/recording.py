"""The file of a session: columns of a CSV to samples on an even grid of time."""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fes_ctrl.recordings.files import RecordingError, dictionaries, instant, number
from hil.identification.session import Recording
from hil.patient.config import ElectrodeConfig
from hil.patient.muscle.recruitment import REFERENCE_WIDTH_US, equivalent_ma

Array = NDArray[np.float64]

NEEDED: Final = ("t_s", "stim_mA", "ankle_deg")
WIDTH: Final = "pulse_width_us"

SLOWEST_S: Final = 0.025
"""A foot falls back in 0.2 s; with fewer than eight readings its fall cannot be told."""

FINEST_S: Final = 0.005
"""Readings that come faster are taken at this step: no muscle is faster."""

GAP_STEPS: Final = 4.0
"""Readings further apart than so many steps leave a gap."""

SMALLEST_MA: Final = 0.5
LARGEST_MA: Final = 200.0
"""No surface electrode is driven with less, or with more."""

LARGEST_DEG: Final = 120.0
"""No ankle, and no goniometer's zero, is beyond that."""


def read_session(path: Path) -> Recording:
    """Return a recorded session.

    Parameters
    ----------
    path : Path
        CSV, plain or gzipped, with ``t_s``, ``stim_mA`` (of the pulse train that is on, 0 when
        off), ``ankle_deg`` (dorsiflexion positive, zero to a few degrees) and, where it is not
        300, ``pulse_width_us``.

    Raises
    ------
    RecordingError
        If a column, a line or a number of it cannot be used.
    """
    t_us, stim, width, ankle = _columns(path)
    if len(t_us) < 2:
        message = f"{path}: no session: {len(t_us)} rows; record it from before the first burst"
        raise RecordingError(message)
    steps = np.diff(t_us) * 1e-6
    moving = steps[steps > 0.0]
    step_s = float(np.median(moving)) if moving.size else 0.0
    if not 0.0 < step_s <= SLOWEST_S:
        message = (
            f"{path}: readings every {1000.0 * step_s:g} ms; record the ankle at "
            f"{1.0 / SLOWEST_S:g} Hz or more, and give t_s in seconds"
        )
        raise RecordingError(message)
    if not (stim > 0.0).any():
        message = (
            f"{path}: no stimulation at all, stim_mA is 0 in every row; record the current of the "
            f"pulse train while it is on"
        )
        raise RecordingError(message)
    if not SMALLEST_MA <= stim.max() <= LARGEST_MA:
        looks = "amperes" if stim.max() < SMALLEST_MA else "microamperes"
        message = (
            f"{path}: stim_mA reaches {stim.max():g}: that looks like {looks}; give milliamperes"
        )
        raise RecordingError(message)
    gaps = np.flatnonzero(steps > GAP_STEPS * step_s)
    step_s = max(step_s, FINEST_S)
    seconds = (t_us - t_us[0]) * 1e-6
    grid = np.arange(0.0, float(seconds[-1]) + 1e-9, step_s)
    # A reading holds until the next; half a microsecond spares the one at the very instant.
    at = np.searchsorted(seconds, grid + 5e-7, side="right") - 1
    equivalent = _at_reference_width(stim, width)
    known = np.ones(len(grid), dtype=bool)
    for gap in gaps:
        known[(grid > seconds[gap]) & (grid < seconds[gap + 1])] = False
    return Recording(
        step_s=step_s,
        stim_mA=equivalent[at],
        ankle_rad=np.radians(np.interp(grid, seconds, ankle)),
        known=known,
    )


def _columns(path: Path) -> tuple[NDArray[np.int64], Array, Array, Array]:
    stamps: list[int] = []
    rows: list[tuple[float, float, float]] = []
    names, lines = dictionaries(path)
    for name in NEEDED:
        if name not in names:
            message = (
                f"{path}:1: no column {name}; a session has {', '.join(NEEDED)}; "
                f"the columns are {', '.join(names)}"
            )
            raise RecordingError(message)
    for line, cells in lines:
        t_us = instant(path, line, "t_s", cells["t_s"])
        if stamps and t_us < stamps[-1]:
            message = (
                f"{path}:{line}: t_s goes back from {stamps[-1] / 1e6:.6f} to {t_us / 1e6:.6f} s; "
                f"sort the rows, or cut the file where its clock was set anew"
            )
            raise RecordingError(message)
        stim = number(path, line, "stim_mA", cells["stim_mA"])
        if stim < 0.0:
            message = f"{path}:{line}: stim_mA = {stim:g}: below 0; give the size of the current"
            raise RecordingError(message)
        width = number(path, line, WIDTH, cells[WIDTH]) if WIDTH in cells else REFERENCE_WIDTH_US
        if width <= 0.0 and stim > 0.0:
            message = f"{path}:{line}: {WIDTH} = {width:g} under a current; give it in microseconds"
            raise RecordingError(message)
        ankle = number(path, line, "ankle_deg", cells["ankle_deg"])
        if abs(ankle) > LARGEST_DEG:
            message = f"{path}:{line}: ankle_deg = {ankle:g}: no ankle's angle; give degrees"
            raise RecordingError(message)
        stamps.append(t_us)
        rows.append((stim, width, ankle))
    table = np.array(rows, dtype=np.float64).reshape(len(rows), 3)
    return np.array(stamps, dtype=np.int64), table[:, 0], table[:, 1], table[:, 2]


def _at_reference_width(stim: Array, width: Array) -> Array:
    """Return the currents that recruit as much at 300 us, by the usual chronaxie."""
    chronaxie_us = ElectrodeConfig().chronaxie_us
    found = np.zeros_like(stim)
    for current, us in {(float(a), float(b)) for a, b in zip(stim, width, strict=True)}:
        if current > 0.0:
            equivalent = equivalent_ma(round(1000.0 * current), round(us), chronaxie_us)
            found[(stim == current) & (width == us)] = equivalent
    return found
