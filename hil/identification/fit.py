"""Two nonlinear least-squares fits: the foot from its releases, the threshold from its bursts."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares, minimize_scalar

from hil.identification.model import HangingFoot, fall

Array = NDArray[np.float64]

STARTS: Final = ((300.0, 3.0, 30.0), (800.0, 5.0, 60.0))
"""Stiffness (1/s2), stiffening (1/rad) and damping (1/s) that the search sets out from: the bare
foot of an adult, soft and stiff."""

LEAST: Final = (20.0, 0.05, 1.0)
MOST: Final = (20_000.0, 60.0, 1000.0)
"""No foot lies outside: a hundredth and thirty times of an adult's."""

TRIED: Final = 200
"""Thresholds that are tried before the best of them is made exact."""


@dataclass(frozen=True, slots=True)
class FallFit:
    """Where the search for a foot ended.

    Attributes
    ----------
    foot : HangingFoot
        The best.
    residuals : ndarray, shape (rows,)
        Data less model, by release.
    slopes : ndarray, shape (rows, parameters)
        Of the model: by the logarithms of stiffness, stiffening and damping, then by height (rad),
        rate (rad/s) and rest (rad) of each release.
    at_bound : bool
        One of the first three ended where no foot lies.
    """

    foot: HangingFoot
    residuals: Array
    slopes: Array
    at_bound: bool


def fit_releases(falls: Array, step_s: float, weight: float, rest_rad: float) -> FallFit:
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
    """
    count, samples = falls.shape
    rest = falls[:, -samples // 4 :].mean(axis=1)
    local = np.stack([falls[:, 0] - rest, np.zeros(count), rest], axis=1)

    def residuals(values: Array) -> Array:
        return _falls(values, count, samples, step_s, weight, rest_rad)[0] - falls.ravel()

    def slopes(values: Array) -> Array:
        return _falls(values, count, samples, step_s, weight, rest_rad)[1]

    free = np.full(3 * count, np.inf)
    bounds = (np.r_[np.log(LEAST), -free], np.r_[np.log(MOST), free])
    best = min(
        (
            least_squares(
                residuals,
                np.concatenate([np.log(shared), local.ravel()]),
                jac=slopes,
                bounds=bounds,
                x_scale="jac",
            )
            for shared in STARTS
        ),
        key=lambda found: float(found.cost),
    )
    k, a, b = (float(part) for part in np.exp(best.x[:3]))
    return FallFit(
        foot=HangingFoot(k, a, b, weight, rest_rad),
        residuals=-best.fun,
        slopes=best.jac,
        at_bound=bool(best.active_mask[:3].any()),
    )


def _falls(
    values: Array, count: int, samples: int, step_s: float, weight: float, rest_rad: float
) -> tuple[Array, Array]:
    """Return all falls and their slopes; one simulation has all neighbours too."""
    shared, local = values[:3], values[3:].reshape(count, 3)
    small = np.array([1e-4, 1e-4, 1e-4, 1e-5, 1e-4])
    # One row for the model itself, and one for each parameter moved a little.
    moved = np.zeros((6, 5))
    moved[1:] = np.diag(small)
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
                slopes[release, :, 3 * release + i] = slope[release]
    for release in range(count):
        slopes[release, :, 3 * release + 5] = 1.0
    angles = model + local[:, 2, None]
    return angles.ravel(), slopes.reshape(count * samples, -1)


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
    wanted = moment * weight

    def squares(threshold: float) -> float:
        above = np.maximum(0.0, current - threshold)
        columns = np.stack([above**power for power in range(1, powers + 1)], axis=1)
        q, _ = np.linalg.qr(columns * weight[:, None])
        rest = wanted - q @ (q.T @ wanted)
        return float(rest @ rest)

    # The sum of squares has a kink at every current: first everywhere, then about the best.
    tried = np.linspace(float(current.min()), float(current.max()), TRIED, endpoint=False)
    best = int(np.argmin([squares(float(at)) for at in tried]))
    around = (float(tried[max(0, best - 1)]), float(tried[min(TRIED - 1, best + 1)]))
    exact = minimize_scalar(squares, bounds=around, method="bounded", options={"xatol": 1e-4})
    return float(exact.x)
