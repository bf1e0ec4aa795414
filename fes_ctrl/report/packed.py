"""Series as short text for a page: rounded to a stated resolution, as differences, in base64.

A series that is too long for a page loses points, but no peak: of each bin its least and its
greatest value stay, at their own instants. Where it matters most every value stays, as far as
there is room.
"""

import base64
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

POINTS: Final = 60_000
"""Of a series at most: ten minutes at 100 Hz whole."""

DETAIL_SHARE: Final = 0.5
"""Of the points of a series that is thinned, for the spans in which every value stays."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def packed(values: Ints) -> str:
    """Return whole numbers as the base64 of their differences, each in as few bytes as it needs.

    Parameters
    ----------
    values : ndarray of int64, shape (n,)
        Below 2**52 in size, for whoever reads them counts in doubles.

    Returns
    -------
    str
        Differences (the first from 0) with the sign in the lowest bit, seven bits a byte from the
        lowest up; the eighth bit says that more follow.
    """
    deltas = np.diff(values, prepend=np.int64(0))
    zigzag = ((deltas << 1) ^ (deltas >> 63)).astype(np.uint64)
    groups = np.ones(len(zigzag), dtype=np.int64)
    for count in range(1, 10):
        groups += zigzag >= np.uint64(1 << (7 * count))
    most = int(groups.max(initial=1))
    shifts = np.arange(most, dtype=np.uint64) * np.uint64(7)
    parts = (zigzag[:, None] >> shifts[None, :]) & np.uint64(0x7F)
    place = np.arange(most)[None, :]
    parts = parts | np.where(place < groups[:, None] - 1, np.uint64(0x80), np.uint64(0))
    return base64.b64encode(parts[place < groups[:, None]].astype(np.uint8).tobytes()).decode()


def rounded(values: Floats, resolution: float) -> tuple[Ints, list[tuple[int, int]]]:
    """Return values in whole steps, and the spans of indices where they are not known.

    Parameters
    ----------
    values : ndarray, shape (n,)
        NaN is unknown.
    resolution : float
        One step.
    """
    known = np.isfinite(values)
    steps = np.zeros(len(values), dtype=np.int64)
    steps[known] = np.rint(values[known] / resolution).astype(np.int64)
    borders = np.flatnonzero(np.diff(np.concatenate(([True], known, [True])).astype(np.int8)))
    gaps = [(int(a), int(b)) for a, b in borders.reshape(-1, 2)]
    for start, end in gaps:
        steps[start:end] = steps[start - 1] if start else 0
    return steps, gaps


def thinned(
    t_us: Ints, values: Floats, most: int = POINTS, detail: Sequence[tuple[int, int]] = ()
) -> tuple[Ints, Floats, int]:
    """Return a series of no more points than that, which keeps every peak.

    Parameters
    ----------
    t_us, values : ndarray, shape (n,)
        The series, in order of time.
    most : int
        Points that may be left, at least 4.
    detail : sequence of (int, int)
        Spans in which every value stays, what matters most first; a span for which too few points
        are left is passed over.

    Returns
    -------
    tuple
        Instants, values, and how many points each pair of the others stands for; 1 where nothing
        was left out.
    """
    if len(t_us) <= most:
        return t_us, values, 1
    whole = _whole(t_us, detail, int(DETAIL_SHARE * most))
    rest = np.flatnonzero(~whole)
    room = most - (len(t_us) - len(rest))
    size = -(-2 * len(rest) // room)
    bins = -(-len(rest) // size)
    filled = np.full(bins * size, np.nan)
    filled[: len(rest)] = values[rest]
    table = filled.reshape(bins, size)
    unknown = np.isnan(table).all(axis=1)
    base = np.arange(bins) * size
    least = base + np.argmin(np.where(np.isnan(table), np.inf, table), axis=1)
    greatest = base + np.argmax(np.where(np.isnan(table), -np.inf, table), axis=1)
    greatest[unknown] = least[unknown]
    chosen = np.union1d(rest[np.concatenate((least, greatest))], np.flatnonzero(whole))
    return t_us[chosen], values[chosen], size


def _whole(t_us: Ints, detail: Sequence[tuple[int, int]], most: int) -> NDArray[np.bool_]:
    """Return where every value stays."""
    whole = np.zeros(len(t_us), dtype=np.bool_)
    for from_us, to_us in detail:
        first, last = np.searchsorted(t_us, (from_us, to_us))
        more = int((~whole[first:last]).sum())
        if more <= most:
            whole[first:last] = True
            most -= more
    return whole
