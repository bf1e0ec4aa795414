"""Paired differences: the same patients and seeds under two programs, with their interval."""

import math
from collections.abc import Sequence
from statistics import fmean, stdev

from fes_ctrl.tuning.statistics import Difference, quantile


def beyond_noise(difference: Difference) -> bool:
    """Return whether the interval leaves 0 out."""
    low, high = difference.low, difference.high
    return low is not None and high is not None and (low > 0 or high < 0)


def paired(one: Sequence[float], other: Sequence[float]) -> Difference:
    """Return the mean of ``one - other``, seed by seed, and its interval.

    Parameters
    ----------
    one, other : sequence of float
        By the same seeds, in the same order; at least one.
    """
    return interval([mine - theirs for mine, theirs in zip(one, other, strict=True)])


def interval(values: Sequence[float]) -> Difference:
    """Return the mean of values over seeds, and its interval; none of a single one."""
    mean, seeds = fmean(values), len(values)
    if seeds < 2:
        return Difference(mean, None, None, seeds)
    half = quantile(seeds - 1) * stdev(values) / math.sqrt(seeds)
    return Difference(mean, mean - half, mean + half, seeds)
