"""Strides from events: what a causal detector told becomes a stride list as gaitmap defines it.

Contacts and toe-offs stay those of the detector. What gaitmap also wants, the stillest instant of a
stance and the border between two segments, is looked up in the whole signal afterwards: a stride
list is a batch result, and no detector waits for it.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from fes_ctrl.model import (
    HEEL_OFF,
    INITIAL_CONTACT,
    LEG_NAMES,
    TERMINAL_CONTACT,
    GaitEvent,
)
from fes_ctrl.units import Us, us_from_ms

StrideList = dict[str, NDArray[np.int64]]

SEGMENTED: Final = "segmented"
MIN_VEL: Final = "min_vel"
IC: Final = "ic"
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    SEGMENTED: ("s_id", "start", "end", "ic", "tc", "min_vel"),
    MIN_VEL: ("s_id", "start", "end", "ic", "tc", "min_vel", "pre_ic"),
    IC: ("s_id", "start", "end", "ic", "tc", "min_vel"),
}
"""By type of stride. ``pre_ic`` is the contact before ``min_vel``, ``ic`` the one that follows."""

ORDER: Final[dict[str, tuple[str, ...]]] = {
    SEGMENTED: ("tc", "ic", "min_vel"),
    MIN_VEL: ("pre_ic", "min_vel", "tc", "ic"),
    IC: ("ic", "min_vel", "tc"),
}
"""The events of a stride must follow each other so, each later than the last."""

WINDOW_MS: Final = 100.0
"""The stillest instant is the middle of a window of this length, as in Rampp et al. 2015."""

LONGEST_S: Final = 3.0
"""Longer is no stride but a pause: the bound of gaitmap's stride segmentation."""

GAP_US: Final = 100_000
"""No stride spans a longer hole in the signal: what happened in it is not known."""

NONE: Final = -1


class _Stance(NamedTuple):
    """Rows of one stance; ``NONE`` where the detector or the signal does not tell.

    ``follows`` says that its contact ends the swing of the stance before it.
    """

    ic: int
    min_vel: int
    border: int
    tc: int
    follows: bool


def stride_list(
    events: Sequence[GaitEvent],
    stamps_us: NDArray[np.int64],
    rates_dps: NDArray[np.float64],
    stride_type: str = MIN_VEL,
    *,
    window_ms: float = WINDOW_MS,
    longest_s: float = LONGEST_S,
) -> StrideList:
    """Return the strides of one foot.

    A ``segmented`` stride runs from one push-off to the next, a ``min_vel`` stride from one
    stillest instant to the next, an ``ic`` stride from contact to contact. The stillest instant is
    the middle of the window of least angular energy between contact and heel-off; the push-off is
    the row of the highest rate between that (or the heel-off of a first step) and toe-off, where
    Barth et al. 2015 (Sensors 15:6419) have the borders of their segments. Both are looked for
    with the whole signal at hand and need no aligned sensor. A stride that lacks one of its
    events, has them out of order, spans a hole in the signal or lasts too long is left out.

    Parameters
    ----------
    events : sequence of GaitEvent
        Of one leg, in any order.
    stamps_us : ndarray of int64, shape (rows,)
        When each row was measured, not falling.
    rates_dps : ndarray, shape (rows, 3)
        Angular rate of the foot, deg/s, in any frame; rows that are not finite are no readings.
    stride_type : str
        ``segmented``, ``min_vel`` or ``ic``.
    window_ms : float
        Length of the window for the stillest instant.
    longest_s : float
        The longest stride, and the longest stance within one.

    Returns
    -------
    dict of ndarray of int64, shape (strides,)
        ``COLUMNS[stride_type]``, in rows from the start of the signal; a stride is the rows
        ``[start, end)``. ``s_id`` counts from 0.

    Raises
    ------
    ValueError
        If there is no such type of stride, or stamps and rates are of different lengths.
    """
    if stride_type not in COLUMNS:
        message = f"stride type {stride_type!r} does not exist: choose {', '.join(COLUMNS)}"
        raise ValueError(message)
    if rates_dps.shape != (len(stamps_us), 3):
        message = f"{len(stamps_us)} stamps need rates of 3 axes, not {rates_dps.shape}"
        raise ValueError(message)
    longest_us = round(longest_s * 1e6)
    stances = _stances(events, stamps_us, rates_dps, us_from_ms(window_ms), longest_us)
    wanted = COLUMNS[stride_type][1:]
    rows: list[list[int]] = []
    for one, other in itertools.pairwise(stances):
        if other.follows:
            row = _stride(one, other, stride_type)
            if _sound(row, stride_type, stamps_us, longest_us):
                rows.append([row[name] for name in wanted])
    table = np.array(rows, dtype=np.int64).reshape(len(rows), len(wanted))
    strides = {"s_id": np.arange(len(rows), dtype=np.int64)}
    strides.update({name: table[:, column] for column, name in enumerate(wanted)})
    return strides


def nearest_rows(stamps_us: NDArray[np.int64], instants_us: Sequence[Us]) -> NDArray[np.int64]:
    """Return the row that was measured nearest to each instant; of equals the earlier one."""
    instants = np.asarray(instants_us, dtype=np.int64)
    after = np.searchsorted(stamps_us, instants).clip(1, max(1, len(stamps_us) - 1))
    if len(stamps_us) < 2:
        return np.zeros(len(instants), dtype=np.int64)
    nearer = instants - stamps_us[after - 1] > stamps_us[after] - instants
    return np.where(nearer, after, after - 1).astype(np.int64)


def as_csv(strides: Mapping[int, StrideList], stamps_us: NDArray[np.int64]) -> str:
    """Return stride lists of one type as CSV: rows of the signal, then their times in seconds.

    Parameters
    ----------
    strides : mapping of leg to dict of ndarray
        What ``stride_list`` gave for each leg; ``s_id`` then counts through all of them.
    stamps_us : ndarray of int64, shape (rows,)
        When each row was measured.
    """
    with_leg = len(strides) > 1
    lines: list[str] = []
    for leg, columns in strides.items():
        names = [name for name in columns if name != "s_id"]
        if not lines:
            head = ["s_id", *names, *(f"{name}_s" for name in names)]
            lines.append(",".join([*head, "leg"] if with_leg else head))
        for row in zip(*(columns[name].tolist() for name in names), strict=True):
            cells = [str(len(lines) - 1), *map(str, row)]
            cells += [f"{stamps_us[sample] / 1e6:.6f}" for sample in row]
            lines.append(",".join([*cells, LEG_NAMES[leg]] if with_leg else cells))
    return "\n".join(lines) + "\n"


def _stances(
    events: Sequence[GaitEvent],
    stamps_us: NDArray[np.int64],
    rates_dps: NDArray[np.float64],
    window_us: Us,
    longest_us: Us,
) -> list[_Stance]:
    """Return the stances in order, split where the signal has a hole."""
    if len(stamps_us) < 2:
        return []
    ordered = sorted(events, key=lambda event: event.t_event_us)
    instants = [event.t_event_us for event in ordered]
    rows = nearest_rows(stamps_us, instants).tolist()
    heard = stamps_us[np.isfinite(rates_dps).all(axis=1)]
    holes = heard[:-1][np.diff(heard) > GAP_US]
    pieces = np.searchsorted(holes, instants, side="left").tolist()
    # Stamps are whole microseconds, so the true step may be half a one shorter.
    window = max(1, int(window_us / max(0.5, float(np.median(np.diff(stamps_us))) - 0.5)))

    stances: list[_Stance] = []
    ic = ho = NONE
    follows = in_swing = False
    piece = -1
    for event, row, at in zip(ordered, rows, pieces, strict=True):
        kind = event.kind
        if at != piece:
            if ic != NONE:
                stances.append(_Stance(ic, NONE, NONE, NONE, follows))
            piece, ic, ho, follows, in_swing = at, NONE, NONE, False, False
        if kind == INITIAL_CONTACT:
            if ic != NONE:
                stances.append(_Stance(ic, NONE, NONE, NONE, follows))
            ic, ho, follows, in_swing = row, NONE, in_swing, False
        elif kind == HEEL_OFF:
            ho = row
        elif kind == TERMINAL_CONTACT:
            if ic != NONE and stamps_us[row] - stamps_us[ic] > longest_us:
                stances.append(_Stance(ic, NONE, NONE, NONE, follows))
                ic, follows = NONE, False
            stances.append(_stance(ic, ho, row, rates_dps, window, follows=follows))
            ic, ho, follows, in_swing = NONE, NONE, False, True
    if ic != NONE:
        stances.append(_Stance(ic, NONE, NONE, NONE, follows))
    return stances


def _stance(
    ic: int, ho: int, tc: int, rates_dps: NDArray[np.float64], window: int, *, follows: bool
) -> _Stance:
    min_vel = NONE
    if ic != NONE:
        end = ho if ho - ic >= window else tc
        min_vel = _stillest(rates_dps, ic, end, window)
    begin = min_vel if min_vel != NONE else ho
    border = NONE
    if NONE != begin <= tc:
        energy = np.square(rates_dps[begin : tc + 1]).sum(axis=1)
        border = begin + int(np.argmax(np.where(np.isfinite(energy), energy, -1.0)))
    return _Stance(ic, min_vel, border, tc, follows)


def _stillest(rates_dps: NDArray[np.float64], begin: int, end: int, window: int) -> int:
    """Return the middle of the window of least energy in ``[begin, end)``, or ``NONE``."""
    energy = np.square(rates_dps[begin:end]).sum(axis=1)
    if len(energy) < window:
        return NONE
    sums = sliding_window_view(energy, window).sum(axis=1)
    sums = np.where(np.isfinite(sums), sums, np.inf)
    least = int(np.argmin(sums))
    return begin + least + window // 2 if np.isfinite(sums[least]) else NONE


def _stride(one: _Stance, other: _Stance, stride_type: str) -> dict[str, int]:
    """Return the stride that leads from one stance to the next."""
    if stride_type == IC:
        own = {"start": one.ic, "end": other.ic, "ic": one.ic, "min_vel": one.min_vel}
    elif stride_type == MIN_VEL:
        own = {"start": one.min_vel, "end": other.min_vel, "min_vel": one.min_vel}
        own |= {"pre_ic": one.ic, "ic": other.ic}
    else:
        own = {"start": one.border, "end": other.border, "ic": other.ic, "min_vel": other.min_vel}
    return {**own, "tc": one.tc}


def _sound(
    row: Mapping[str, int], stride_type: str, stamps_us: NDArray[np.int64], longest_us: Us
) -> bool:
    if NONE in row.values():
        return False
    ordered = [row[name] for name in ORDER[stride_type]]
    if any(one >= other for one, other in itertools.pairwise(ordered)):
        return False
    inner = [row[name] for name in row if name not in {"end", "pre_ic"}]
    if not (row["start"] == min(inner) and max(inner) < row["end"]):
        return False
    return bool(stamps_us[row["end"]] - stamps_us[row["start"]] <= longest_us)
