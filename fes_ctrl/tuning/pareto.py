"""Which of many candidates no other one beats, and the one in the bend of that front.

Costs are rows of numbers, one for each objective, of which less is better. Differences below the
least that counts decide nothing: costs are compared in whole steps (Laumanns et al. 2002), so
that noise does not put everything on the front.

References
----------
Laumanns M. et al., Combining convergence and diversity in evolutionary multiobjective
optimization, Evol Comput 10:263, 2002. Zeleny M., Compromise programming, 1973.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Costs = NDArray[np.float64]


def in_steps(costs: Costs, steps: Sequence[float]) -> NDArray[np.int64]:
    """Return costs in whole steps, rounded down; a hair below a whole step is that step."""
    return np.asarray(np.floor(costs / np.asarray(steps) + 1e-9), dtype=np.int64)


def dominates(one: NDArray[np.int64], other: NDArray[np.int64]) -> bool:
    """Return whether one is nowhere worse than the other, and somewhere better."""
    return bool((one <= other).all() and (one < other).any())


def front(costs: Costs, steps: Sequence[float]) -> list[int]:
    """Return the candidates that none dominates, in order.

    Parameters
    ----------
    costs : ndarray, shape (candidates, objectives)
        Less is better.
    steps : sequence of float
        The least difference that counts, for each objective; above 0.

    Returns
    -------
    list of int
        Rows. Of those alike in every step, the one with the least sum of steps; of equals the
        first.
    """
    if not len(costs):
        return []
    cells = in_steps(costs, steps)
    sums = (costs / np.asarray(steps)).sum(axis=1)
    best: dict[tuple[int, ...], int] = {}
    for row, cell in enumerate(map(tuple, cells.tolist())):
        if cell not in best or sums[row] < sums[best[cell]]:
            best[cell] = row
    rows = sorted(best.values())
    kept = []
    for row in rows:
        nowhere_worse = (cells[rows] <= cells[row]).all(axis=1)
        better = (cells[rows] < cells[row]).any(axis=1)
        if not (nowhere_worse & better).any():
            kept.append(row)
    return kept


def distances(costs: Costs, steps: Sequence[float]) -> NDArray[np.float64]:
    """Return how far each member of a front is from the ideal that none reaches.

    The ideal has the best of each objective; each is scaled by its range over the front, so
    that units do not matter. An objective that ranges over less than a step decides nothing.

    Parameters
    ----------
    costs : ndarray, shape (members, objectives)
        Of the front's members.
    steps : sequence of float
        The least difference that counts.

    Returns
    -------
    ndarray, shape (members,)
        Euclidean.
    """
    ranges = np.ptp(costs, axis=0)
    counts = ranges >= np.asarray(steps)
    scaled = (costs - costs.min(axis=0)) / np.where(counts, ranges, 1.0)
    scaled[:, ~counts] = 0.0
    return np.asarray(np.sqrt(np.square(scaled).sum(axis=1)))


def knee(costs: Costs, steps: Sequence[float]) -> int:
    """Return the member of a front that is nearest to the ideal; of equals the first.

    Parameters
    ----------
    costs : ndarray, shape (members, objectives)
        At least one.
    steps : sequence of float
        The least difference that counts.
    """
    return int(np.argmin(np.round(distances(costs, steps), 12)))
