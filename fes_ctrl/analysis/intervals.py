"""How sure a mean over strides is: strides on end are alike, so they are reckoned in batches.

The values are cut in order into three to eight batches, and the means of the batches are taken for
independent: Student's interval over them. It holds where what one stride leaves to the next dies
away within a batch; where the walk drifts, as by fatigue, it is too narrow.

References
----------
Schmeiser, B. (1982). Batch size effects in the analysis of simulation output. Operations Research
30(3), 556-568: beyond some ten batches little is gained, and much may be lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

LEAST: Final = 6
"""Fewer strides are too few to say anything."""

MOST_BATCHES: Final = 8
STRIDES_A_BATCH: Final = 4

STUDENT: Final[dict[int, float]] = {2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365}
"""97.5 % quantile of Student's distribution by degrees of freedom."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and the interval that holds the true one in 95 of 100 cases."""

    mean: float
    low: float
    high: float
    n: int

    @property
    def holds_zero(self) -> bool:
        """Whether nothing may be behind it."""
        return self.low <= 0.0 <= self.high


def batches(values: Sequence[float]) -> NDArray[np.float64]:
    """Return the means of batches of values, in order; three to eight of them."""
    count = max(3, min(MOST_BATCHES, len(values) // STRIDES_A_BATCH))
    parts = np.array_split(np.asarray(values, dtype=np.float64), count)
    return np.array([part.mean() for part in parts])


def of_mean(values: Sequence[float]) -> Interval | None:
    """Return the interval of the mean of values that follow each other; ``None`` of too few."""
    if len(values) < LEAST:
        return None
    means = batches(values)
    half = STUDENT[len(means) - 1] * float(means.std(ddof=1)) / float(np.sqrt(len(means)))
    mean = float(np.mean(values))
    return Interval(mean, mean - half, mean + half, len(values))


def of_difference(first: Sequence[float], second: Sequence[float]) -> Interval | None:
    """Return the interval of the second mean less the first, of strides that are no pairs.

    Its degrees of freedom are those of the shorter one: wider than Welch's, never narrower.
    """
    if min(len(first), len(second)) < LEAST:
        return None
    a, b = batches(first), batches(second)
    variance = float(a.var(ddof=1)) / len(a) + float(b.var(ddof=1)) / len(b)
    half = STUDENT[min(len(a), len(b)) - 1] * float(np.sqrt(variance))
    mean = float(np.mean(second) - np.mean(first))
    return Interval(mean, mean - half, mean + half, min(len(first), len(second)))
