"""Nonlinear least squares with numpy alone: Levenberg-Marquardt, and the foot from its releases."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hil.identification.model import HangingFoot, fall, recruited

Array = NDArray[np.float64]
Function = Callable[[Array], tuple[Array, Array]]

ITERATIONS: Final = 60
SETTLED: Final = 1e-10
"""A step that lowers the sum of squares by less than this share ends the search."""

STARTS: Final = ((300.0, 3.0, 30.0), (800.0, 5.0, 60.0))
"""Stiffness (1/s2), stiffening (1/rad) and damping (1/s) that the search sets out from: the bare
foot of an adult, soft and stiff."""


class FitError(ValueError):
    """The search found no minimum."""


@dataclass(frozen=True, slots=True)
class Minimum:
    """Where a search ended.

    Attributes
    ----------
    values : ndarray, shape (parameters,)
        The parameters.
    residuals : ndarray, shape (rows,)
        Data less model.
    slopes : ndarray, shape (rows, parameters)
        Of the model.
    """

    values: Array
    residuals: Array
    slopes: Array

    @property
    def squares(self) -> float:
        """Sum of the squared residuals."""
        return float(self.residuals @ self.residuals)


def least_squares(function: Function, start: Array) -> Minimum:
    """Return the nearest minimum of a sum of squares (Levenberg 1944, Marquardt 1963).

    Parameters
    ----------
    function : callable
        Takes the parameters; returns residuals (data less model) and slopes of the model.
    start : ndarray, shape (parameters,)
        Where to begin.

    Raises
    ------
    FitError
        If the model has no finite value there.
    """
    values = start.copy()
    residuals, slopes = function(values)
    squares = float(residuals @ residuals)
    if not np.isfinite(squares):
        message = "the model has no finite value at the start of the search"
        raise FitError(message)
    damping = 1e-3
    for _ in range(ITERATIONS):
        normal = slopes.T @ slopes
        gradient = slopes.T @ residuals
        scale = np.maximum(np.diag(normal), 1e-300)
        step = np.linalg.solve(normal + damping * np.diag(scale), gradient)
        tried = values + step
        new_residuals, new_slopes = function(tried)
        new_squares = float(new_residuals @ new_residuals)
        if np.isfinite(new_squares) and new_squares <= squares:
            settled = squares - new_squares <= SETTLED * squares
            values, residuals, slopes, squares = tried, new_residuals, new_slopes, new_squares
            damping = max(damping / 10.0, 1e-12)
            if settled:
                break
        else:
            damping *= 10.0
            if damping > 1e12:
                break
    return Minimum(values, residuals, slopes)


def fit_releases(falls: Array, step_s: float, weight: float, rest_rad: float) -> Minimum:
    """Return the foot that falls as it was seen to fall.

    Parameters
    ----------
    falls : ndarray, shape (releases, samples)
        Angle from letting go to rest, rad; its zero does not matter.
    step_s : float
        Between the samples.
    weight : float
        Moment of the foot's weight over its inertia, 1/s2.
    rest_rad : float
        Pitch of the foot at rest.

    Returns
    -------
    Minimum
        Logarithms of stiffness, stiffening and damping, then height (rad), rate (rad/s) and rest
        (rad) of each release; rows by release.
    """
    count, samples = falls.shape
    rest = falls[:, -samples // 4 :].mean(axis=1)
    local = np.stack([falls[:, 0] - rest, np.zeros(count), rest], axis=1)
    best: Minimum | None = None
    for shared in STARTS:
        start = np.concatenate([np.log(shared), local.ravel()])
        found = least_squares(lambda values: _falls(values, falls, step_s, weight, rest_rad), start)
        if best is None or found.squares < best.squares:
            best = found
    assert best is not None  # noqa: S101 - there are starts
    return best


def _falls(
    values: Array, falls: Array, step_s: float, weight: float, rest_rad: float
) -> tuple[Array, Array]:
    """Return residuals and slopes of all releases; one simulation has all its neighbours too."""
    count, samples = falls.shape
    shared, local = values[:3], values[3:].reshape(count, 3)
    small = np.array([1e-5, 1e-5, 1e-5, 1e-6, 1e-5])
    # One row for the model itself, and one for each parameter moved a little.
    moved = np.zeros((6, 5))
    moved[1:] = np.diag(small)
    with np.errstate(over="ignore", invalid="ignore"):
        k, a, b = (np.exp(shared[i] + moved[:, i, None]) for i in range(3))
        height = local[:, 0] + moved[:, 3, None]
        rate = local[:, 1] + moved[:, 4, None]
        path = fall((k, a, b), (height, rate), weight, rest_rad, samples, step_s)
        model = path[:, 0, :].T
        slopes = np.zeros((count, samples, 3 + 3 * count))
        for i in range(5):
            slope = (path[:, 1 + i, :].T - model) / small[i]
            if i < 3:
                slopes[:, :, i] = slope
            else:
                for release in range(count):
                    slopes[release, :, 3 + 3 * release + i - 3] = slope[release]
        for release in range(count):
            slopes[release, :, 3 + 3 * release + 2] = 1.0
        residuals = falls - model - local[:, 2, None]
    return residuals.ravel(), slopes.reshape(count * samples, -1)


def foot_of(found: Minimum, weight: float, rest_rad: float) -> HangingFoot:
    """Return the foot of a fit of releases."""
    k, a, b = (float(part) for part in np.exp(found.values[:3]))
    return HangingFoot(k, a, b, weight, rest_rad)


def hinge(current: Array, moment: Array, weight: Array, powers: int) -> float:
    """Return the threshold of a recruitment that rises from it in powers of the current.

    Parameters
    ----------
    current : ndarray, shape (bursts,)
        mA.
    moment : ndarray, shape (bursts,)
        Steady; any unit.
    weight : ndarray, shape (bursts,)
        One over the standard deviation, to a factor.
    powers : int
        Of the current above the threshold that are fitted.
    """
    low, high = float(current.min()), float(current.max())
    step = (high - low) / 100.0
    best = low
    for _ in range(3):
        tried = np.arange(max(low, best - 100 * step), min(high, best + 100 * step), step)
        squares = []
        for at in tried:
            columns = recruited(current, float(at), powers) * weight[:, None]
            q, _ = np.linalg.qr(columns)
            wanted = moment * weight
            rest = wanted - q @ (q.T @ wanted)
            squares.append(float(rest @ rest))
        best = float(tried[int(np.argmin(squares))])
        low, high = max(low, best - 2 * step), min(high, best + 2 * step)
        step /= 25.0
    return best
