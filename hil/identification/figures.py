"""The figures of a session, each with its 95 % interval, or why it cannot be told."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hil.identification.fit import fit_releases, hinge
from hil.identification.intervals import (
    Spread,
    cluster_covariance,
    jackknife,
    linear_spread,
    together,
)
from hil.identification.model import Body, HangingFoot
from hil.identification.protocol import REST_S, STEADY_S
from hil.identification.session import Answer, Recording

Array = NDArray[np.float64]

ZERO_DEG: Final = 3.0
"""Standard deviation of a goniometer's zero; it hides how far the weight's lever has turned.
Assumption."""

INERTIA_SHARE: Final = 0.1
"""Standard deviation of a foot's inertia about what height and mass let one expect. Assumption; the
sets in print differ by more."""

WINDOWS_S: Final = {0.1: 0.04, 0.9: 0.14}
"""Of the cubics that differentiate the ankle angle, for each crossing: short where the moment sets
in with a corner, long where it creeps towards its level and noise would cross first."""

CURRENT_MA: Final = 0.01
"""Standard deviation of what a stimulator says it gives, at the very least. Assumption."""

WELL_KNOWN: Final = 100.0
"""Degrees of freedom of a variance that is stated and not measured."""

CLEAR_DEG: Final = 0.5
"""A burst that lifts the foot by less may as well be noise."""

FEWEST: Final = 3
"""Answers that a threshold is read from at least."""

LOW_SHARE: Final = 0.7
"""The threshold is read from bursts that get less than this of the largest moment: above that a
recruitment may saturate."""


class IdentificationError(ValueError):
    """Something that a session does not tell, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and where it lies with 95 % confidence.

    Attributes
    ----------
    value, low, high : float
        In the unit that its name says.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class FittedFoot:
    """The foot of the releases.

    Attributes
    ----------
    foot : HangingFoot
        The best.
    covariance : ndarray, shape (3, 3)
        Of the logarithms of stiffness, stiffening and damping.
    freedom : float
        Degrees of freedom of the covariance.
    """

    foot: HangingFoot
    covariance: Array
    freedom: float

    def spread(self, figure: Callable[[HangingFoot], float]) -> Spread:
        """Return how far a figure moves with what is not known of the foot."""
        foot = self.foot
        step = 0.02
        gradient = []
        for part in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)):
            ends = [
                figure(
                    HangingFoot(
                        foot.stiffness * math.exp(sign * step * part[0]),
                        foot.stiffening * math.exp(sign * step * part[1]),
                        foot.damping * math.exp(sign * step * part[2]),
                        foot.weight,
                        foot.rest_rad,
                    )
                )
                for sign in (1.0, -1.0)
            ]
            gradient.append((ends[0] - ends[1]) / (2.0 * step))
        slope = np.array(gradient)
        return Spread(float(slope @ self.covariance @ slope), self.freedom)


def fitted_foot(falls: Array, step_s: float, body: Body) -> FittedFoot:
    """Return the foot that falls like that."""
    rest = float(falls[:, -falls.shape[1] // 4 :].mean())
    found = fit_releases(falls, step_s, body.weight_per_inertia, rest)
    if found.at_bound:
        message = (
            "the releases fall as no foot would; lift it higher, hold it still, let go at once"
        )
        raise IdentificationError(message)
    covariance = cluster_covariance(found.slopes, found.residuals, len(falls))[:3, :3]
    return FittedFoot(found.foot, covariance, max(1.0, len(falls) - 1.0))


def stiffness(fitted: FittedFoot, body: Body) -> Figure:
    """Return the passive stiffness at rest, Nm/deg."""
    per_deg = body.inertia_kg_m2 * math.pi / 180.0
    value = fitted.foot.stiffness * per_deg
    lever = body.weight_per_inertia * math.cos(fitted.foot.rest_rad) * math.radians(ZERO_DEG)
    zero = Spread((lever / fitted.foot.stiffness) ** 2, WELL_KNOWN)
    foot = Spread(INERTIA_SHARE**2, WELL_KNOWN)
    falls = Spread(float(fitted.covariance[0, 0]), fitted.freedom)
    half = together([falls, zero, foot]).half_width
    return Figure(value, value * math.exp(-half), value * math.exp(half))


def threshold(found: list[Answer], fitted: FittedFoot | None) -> Figure:
    """Return the current at which the foot begins to answer, mA.

    Parameters
    ----------
    found : list of Answer
        Bursts from too little to enough.
    fitted : FittedFoot or None
        Tells moments from angles, so that the recruitment bends less; it need not be exact.

    Raises
    ------
    IdentificationError
        If too few of them got no answer, or an answer.
    """
    if not found:
        message = "no bursts of rising current; go up from below the threshold in steps of 1 mA"
        raise IdentificationError(message)
    rising = sorted(found, key=lambda answer: answer.current_mA)
    current = np.array([answer.current_mA for answer in rising])
    response = np.array([answer.response_rad for answer in rising])
    moment = response if fitted is None else fitted.foot.resistance(response)
    # The angle's noise, seen through a foot that stiffens.
    bend = 0.0 if fitted is None else fitted.foot.stiffening
    weight = np.exp(-bend * np.maximum(response, 0.0))
    low = moment < LOW_SHARE * moment.max(initial=0.0)
    count = len(moment) if low.all() else int(np.argmin(low))
    clear = response > math.radians(CLEAR_DEG)
    if not clear.any():
        message = (
            f"no burst of the search, up to {current[-1]:.3g} mA, got an answer; go on in small "
            f"steps to the current that does"
        )
        raise IdentificationError(message)
    if count == 0:
        message = (
            f"the weakest burst, {current[0]:.3g} mA, already got nearly the largest answer; "
            f"begin below the threshold and go up in steps of 1 mA"
        )
        raise IdentificationError(message)
    answered = int(np.sum(clear[:count]))
    if answered < FEWEST or count - answered < FEWEST - 1:
        message = (
            f"{answered} bursts of the search got a small answer and {count - answered} none, "
            f"where {FEWEST} and {FEWEST - 1} are needed; go up from below the threshold in "
            f"smaller steps"
        )
        raise IdentificationError(message)
    powers = min(3, answered - 1)
    value = hinge(current[:count], moment[:count], weight[:count], powers)

    def without(kept: NDArray[np.intp]) -> float:
        return hinge(current[kept], moment[kept], weight[kept], powers)

    bursts = jackknife(without, count, max(2.0, answered - powers))
    half = together([bursts, Spread(CURRENT_MA**2, WELL_KNOWN)]).half_width
    return Figure(value, value - half, value + half)


def gain(found: list[Answer]) -> Figure:
    """Return the steady dorsiflexion, the mean over equal bursts, degrees."""
    response = np.degrees([answer.response_rad for answer in found])
    value = float(response.mean())
    weights = np.full(len(found), 1.0 / len(found))
    half = linear_spread(weights, _course(np.arange(len(found))), response).half_width
    return Figure(value, value - half, value + half)


def fatigue(found: list[Answer], step_s: float) -> Figure:
    """Return the loss of gain per minute over a series, percent of the gain at its beginning."""
    _require_answers(found)
    response = np.array([answer.response_rad for answer in found])
    minutes = np.array([answer.first for answer in found]) * step_s / 60.0
    minutes = minutes - minutes[0]
    line = np.linalg.pinv(np.stack([np.ones_like(minutes), minutes], axis=1))
    start, slope = float(line[0] @ response), float(line[1] @ response)
    value = -100.0 * slope / start
    weights = -100.0 * (line[1] / start - slope * line[0] / start**2)
    half = linear_spread(weights, _course(minutes), response).half_width
    return Figure(value, value - half, value + half)


def _require_answers(found: list[Answer]) -> None:
    mean = math.degrees(sum(answer.response_rad for answer in found) / len(found))
    if mean < CLEAR_DEG:
        message = (
            f"the equal bursts of {found[0].current_mA:.3g} mA got no answer; repeat a current "
            f"that lifts the foot"
        )
        raise IdentificationError(message)


def _course(at: NDArray[Any]) -> Array:
    """Return the basis of the smooth course that fatigue takes: what follows it is no scatter."""
    return np.vander(at / at[-1], min(4, len(at) - 2))


def rise_time(recording: Recording, found: list[Answer], fitted: FittedFoot) -> Figure:
    """Return how long the moment takes from 10 to 90 % of its steady value, ms."""
    _require_answers(found)
    rest = recording.samples(REST_S)
    length = min(answer.last - answer.first for answer in found)
    traces = []
    for answer in found:
        part = recording.ankle_rad[answer.first - rest : answer.first + length]
        traces.append(part - part[:rest].mean())
    stack = np.array(traces)

    def read(foot: HangingFoot, kept: NDArray[np.intp] | None = None) -> float:
        mean = stack.mean(axis=0) if kept is None else stack[kept].mean(axis=0)
        crossings = [
            crossing(foot.moment(mean, recording.step_s, window_s), share, recording.step_s)
            for share, window_s in WINDOWS_S.items()
        ]
        return crossings[1] - crossings[0]

    value = read(fitted.foot)
    bursts = jackknife(lambda kept: read(fitted.foot, kept), len(found), len(found) - 1.0)
    # Nothing is read finer than the samples stand apart.
    grain = Spread(recording.step_s**2 / 12.0, WELL_KNOWN)
    half = together([bursts, grain, fitted.spread(read)]).half_width
    return Figure(1000.0 * value, 1000.0 * (value - half), 1000.0 * (value + half))


def crossing(moment: Array, share: float, step_s: float) -> float:
    """Return when a moment first reaches a share of its last level, seconds.

    Parameters
    ----------
    moment : ndarray, shape (samples,)
        From rest to the steady level.
    share : float
        Of that level.
    step_s : float
        Between the samples.
    """
    level = float(moment[-max(1, round(STEADY_S / step_s)) :].mean())
    after = int(np.argmax(moment >= share * level))
    if after == 0:
        return 0.0
    before, here = float(moment[after - 1]), float(moment[after])
    return (after - 1 + (share * level - before) / (here - before)) * step_s
