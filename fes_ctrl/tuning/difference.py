"""Paired differences: the same patients and seeds under two programs, with their interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Difference:
    """A mean of paired differences and its interval.

    Attributes
    ----------
    mean : float
        Of one less the other.
    low, high : float or None
        Ends of the 95 % interval (Student's t); ``None`` of one pair, which tells no spread.
    pairs : int
        How many.
    """

    mean: float
    low: float | None
    high: float | None
    pairs: int

    @property
    def beyond_noise(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def paired(one: Sequence[float], other: Sequence[float]) -> Difference:
    """Return the mean of ``one - other``, pair by pair, and its interval.

    Parameters
    ----------
    one, other : sequence of float
        Of the same walks, in the same order; at least one.
    """
    return interval(np.asarray(one, dtype=np.float64) - np.asarray(other, dtype=np.float64))


def interval(values: "Sequence[float] | np.ndarray") -> Difference:
    """Return the mean of values and its interval."""
    from scipy.stats import t

    values = np.asarray(values, dtype=np.float64)
    mean, pairs = float(values.mean()), len(values)
    if pairs < 2:
        return Difference(mean, None, None, pairs)
    half = float(t.ppf(0.5 + CONFIDENCE / 2, pairs - 1) * values.std(ddof=1) / np.sqrt(pairs))
    return Difference(mean, mean - half, mean + half, pairs)
