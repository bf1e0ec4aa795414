"""Signals over the gait cycle: stride by stride on one grid, their median, and where most lie."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fes_ctrl.analysis.cycle import GRID, Stride, over_strides
from fes_ctrl.analysis.stride_spans import StrideSpan
from fes_ctrl.units import Us

GAP_US: Final = 100_000
"""Over a longer hole in a signal nothing is interpolated: what happened in it is not known."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CycleBands:
    """One signal over the gait cycle, from contact (0) to contact (100 %).

    Attributes
    ----------
    strides : tuple of int
        Numbers of those that are in it.
    curves : ndarray, shape (strides, 101)
        NaN where a stride's signal is not known.
    p05, median, p95 : ndarray, shape (101,)
        Over the strides, linear between order statistics; NaN where no stride is known.
    """

    strides: tuple[int, ...]
    curves: Floats
    p05: Floats
    median: Floats
    p95: Floats


def cycle_bands(
    t_us: NDArray[np.int64],
    values: Floats,
    spans: Sequence[StrideSpan],
    gap_us: Us = GAP_US,
) -> CycleBands:
    """Return a signal over the gait cycle.

    Parameters
    ----------
    t_us, values : ndarray, shape (n,)
        The signal, in order; NaN is not known.
    spans : sequence of StrideSpan
        Whole strides; others are left out, and so is one that the signal does not reach across.
    gap_us : int
        Between readings further apart than that nothing is known.
    """
    known = np.isfinite(values)
    t_us, values = t_us[known], values[known]
    inside = [
        span
        for span in spans
        if span.whole and len(t_us) and t_us[0] <= span.start_us and span.end_us <= t_us[-1]
    ]
    if not inside:
        nothing = np.full(GRID, np.nan)
        return CycleBands((), np.empty((0, GRID)), nothing, nothing, nothing)
    strides = [Stride(span.number, span.start_us, span.end_us) for span in inside]
    curves = over_strides(t_us, values, strides)
    if len(t_us) > 1:
        at = np.stack([np.linspace(stride.start_us, stride.end_us, GRID) for stride in strides])
        after = np.searchsorted(t_us, at, side="left").clip(1, len(t_us) - 1)
        exact = (t_us[after] == at) | (t_us[after - 1] == at)
        curves[(t_us[after] - t_us[after - 1] > gap_us) & ~exact] = np.nan
    low, middle, high = (_percentile(curves, q) for q in (5.0, 50.0, 95.0))
    return CycleBands(tuple(span.number for span in inside), curves, low, middle, high)


def _percentile(curves: Floats, q: float) -> Floats:
    out = np.full(curves.shape[1], np.nan)
    some = np.isfinite(curves).any(axis=0)
    out[some] = np.nanpercentile(curves[:, some], q, axis=0)
    return out


def lift_percent(spans: Sequence[StrideSpan]) -> float | None:
    """Return where in the cycle the swing begins: the median of whole strides, per cent."""
    shares = [
        100.0 * (span.lift_us - span.start_us) / (span.end_us - span.start_us)
        for span in spans
        if span.whole and span.lift_us is not None and span.end_us > span.start_us
    ]
    return float(np.median(shares)) if shares else None
