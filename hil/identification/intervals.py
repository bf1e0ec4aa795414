"""95 % intervals that hold although the model is wrong: blocks are left out, residuals not pooled.

A block is a burst or a release: errors within one may hang together as they like, since the foot
does what the model does not. The spread of the estimates with one block left out (the jackknife,
or its linearised form) is what another session would show. Where equal bursts are repeated, their
scatter about a smooth course tells it more simply.

References
----------
Leave-one-block-out variance: Efron and Stein, Ann Stat 9:586, 1981; as a sandwich "CR3", Bell and
McCaffrey, Surv Methodol 28:169, 2002. Degrees of freedom of a sum: Satterthwaite, Biometrics
2:110, 1946.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spread:
    """A variance and how well it is known.

    Attributes
    ----------
    variance : float
        Of the estimate.
    freedom : float
        Degrees of freedom of that variance.
    """

    variance: float
    freedom: float

    @property
    def half_width(self) -> float:
        """Half of the 95 % interval."""
        return float(t.ppf(0.975, self.freedom)) * math.sqrt(self.variance)


def together(parts: Sequence[Spread]) -> Spread:
    """Return the spread of a sum of independent errors."""
    variance = sum(part.variance for part in parts)
    if variance <= 0.0:
        return Spread(0.0, min((part.freedom for part in parts), default=1.0))
    share = sum((part.variance / variance) ** 2 / part.freedom for part in parts)
    return Spread(variance, 1.0 / share)


def jackknife(estimate: Callable[[NDArray[np.intp]], float], blocks: int, freedom: float) -> Spread:
    """Return the spread of an estimate over what it is with one block left out.

    Parameters
    ----------
    estimate : callable
        Takes the indices of the blocks to use.
    blocks : int
        How many there are.
    freedom : float
        Degrees of freedom of the variance; the blocks less what was fitted to them.
    """
    every = np.arange(blocks)
    found = np.array([estimate(np.delete(every, block)) for block in range(blocks)])
    variance = (blocks - 1) / blocks * float(np.sum((found - found.mean()) ** 2))
    return Spread(variance, freedom)


def cluster_covariance(slopes: Array, residuals: Array, blocks: int) -> Array:
    """Return the covariance of a least-squares fit with blocks left out in turn, linearised.

    Parameters
    ----------
    slopes : ndarray, shape (rows, parameters)
        Rows by block, as many for each.
    residuals : ndarray, shape (rows,)
        Data less model.
    blocks : int
        How many there are; more than one parameter may belong to one block alone.
    """
    rows = len(residuals) // blocks
    normal = slopes.T @ slopes
    moves = []
    for block in range(blocks):
        part = slice(block * rows, (block + 1) * rows)
        own = slopes[part]
        # What belongs to the block alone is lost with it; the others do not mind.
        moves.append(np.linalg.pinv(normal - own.T @ own) @ (own.T @ residuals[part]))
    spread = np.array(moves)
    spread = spread - spread.mean(axis=0)
    return np.asarray((blocks - 1) / blocks * spread.T @ spread)


def linear_spread(weights: Array, design: Array, values: Array) -> Spread:
    """Return the spread of a weighted sum of repeats that scatter alike about a smooth curve.

    Parameters
    ----------
    weights : ndarray, shape (values,)
        Of the sum.
    design : ndarray, shape (values, parameters)
        The curve's basis; bends of it are no scatter.
    values : ndarray, shape (values,)
        One a repeat.
    """
    q, _ = np.linalg.qr(design)
    residuals = values - q @ (q.T @ values)
    freedom = len(values) - design.shape[1]
    scatter = float(residuals @ residuals) / freedom
    return Spread(scatter * float(weights @ weights), float(freedom))
