"""The fitted model: a hanging foot, turned by a moment that recruitment and activation make.

Hammerstein in form: static recruitment from a threshold, then the activation's dynamics, then the
foot. Nothing in it knows calcium, motor units or the muscle models of the virtual patient. The
foot is known up to three numbers, since body height and mass give its weight and inertia; its
motion then tells the moment that acts on it, whatever muscle made that.

References
----------
Foot: Winter/Dempster shares of body height and mass, as ``hil.patient.config.AnkleConfig``.
Exponential stiffening of passive tissue: Riener and Edrich, J Biomech 32:539, 1999.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hil.patient.config import AnkleConfig

Array = NDArray[np.float64]

GRAVITY: Final = 9.81
SUBSTEPS: Final = 2
"""Runge-Kutta steps in a sample; a foot's poles lie below 60 rad/s."""

STRAIGHT: Final = 1e-6
"""Stiffening below this (1/rad) is none; the exponential would lose its digits."""


@dataclass(frozen=True, slots=True)
class Body:
    """Weight and inertia of a bare foot, from anthropometry.

    Attributes
    ----------
    height_m, mass_kg : float
        Of the body.
    """

    height_m: float = 1.75
    mass_kg: float = 75.0

    @property
    def inertia_kg_m2(self) -> float:
        """Moment of inertia about the ankle."""
        config = AnkleConfig()
        foot_kg = config.foot_mass_fraction * self.mass_kg
        return float(foot_kg * (config.gyration_fraction * self.height_m) ** 2)

    @property
    def weight_per_inertia(self) -> float:
        """Moment of the foot's weight over its inertia, 1/s2; the mass cancels."""
        config = AnkleConfig()
        radius_m = config.gyration_fraction * self.height_m
        return float(GRAVITY * config.com_forward_fraction * self.height_m / radius_m**2)


@dataclass(frozen=True, slots=True)
class HangingFoot:
    """A foot about its rest, per unit of its inertia.

    Attributes
    ----------
    stiffness : float
        Passive, at rest, 1/s2.
    stiffening : float
        Passive stiffness grows by this share for each rad of dorsiflexion, 1/rad.
    damping : float
        1/s.
    weight : float
        Moment of the weight, 1/s2.
    rest_rad : float
        Pitch of the foot at rest; sets how its weight's lever changes.
    """

    stiffness: float
    stiffening: float
    damping: float
    weight: float
    rest_rad: float

    def resistance(self, x: Array) -> Array:
        """Return what must be overcome to hold the foot there, 1/s2; 0 at rest.

        Parameters
        ----------
        x : ndarray
            Dorsiflexion from rest, rad.
        """
        return resistance(x, self.stiffness, self.stiffening, self.weight, self.rest_rad)

    def moment(self, x: Array, step_s: float, window_s: float) -> Array:
        """Return the moment that makes a motion, per unit of inertia, 1/s2.

        Parameters
        ----------
        x : ndarray, shape (samples,)
            Dorsiflexion from rest, rad, evenly sampled.
        step_s, window_s : float
            Between the samples; of the cubics that smooth and differentiate.
        """
        half = max(2, round(0.5 * window_s / step_s))
        smooth, rate, acceleration = cubics(x, half, step_s)
        return acceleration + self.damping * rate + self.resistance(smooth)


def resistance(
    x: Array,
    stiffness: Array | float,
    stiffening: Array | float,
    weight: float,
    rest_rad: float,
) -> Array:
    """Return the static moment of tissue and weight about rest, 1/s2; arrays broadcast."""
    bend = np.maximum(stiffening, STRAIGHT)
    tissue = stiffness * np.expm1(np.minimum(bend * x, 50.0)) / bend
    return np.asarray(tissue + weight * (np.cos(rest_rad + x) - math.cos(rest_rad)))


def fall(
    shared: tuple[Array, Array, Array],
    start: tuple[Array, Array],
    weight: float,
    rest_rad: float,
    samples: int,
    step_s: float,
) -> Array:
    """Return how feet fall back to rest when the hand lets go.

    Parameters
    ----------
    shared : tuple of ndarray
        Stiffness, stiffening and damping; broadcast against the starts.
    start : tuple of ndarray, shape (feet,)
        Dorsiflexion from rest (rad) and rate (rad/s) of the first sample.
    weight, rest_rad : float
        As in ``HangingFoot``.
    samples, step_s
        How many samples, and the time between them.

    Returns
    -------
    ndarray, shape (samples, feet)
        Dorsiflexion from rest, rad.
    """
    stiffness, stiffening, damping = shared
    x, v = (np.array(part, dtype=np.float64) for part in start)

    def pull(x: Array, v: Array) -> Array:
        return -damping * v - resistance(x, stiffness, stiffening, weight, rest_rad)

    h = step_s / SUBSTEPS
    path = [x]
    for step in range((samples - 1) * SUBSTEPS):
        a1 = pull(x, v)
        v2 = v + 0.5 * h * a1
        a2 = pull(x + 0.5 * h * v, v2)
        v3 = v + 0.5 * h * a2
        a3 = pull(x + 0.5 * h * v2, v3)
        v4 = v + h * a3
        a4 = pull(x + h * v3, v4)
        x = x + h / 6.0 * (v + 2.0 * v2 + 2.0 * v3 + v4)
        v = v + h / 6.0 * (a1 + 2.0 * a2 + 2.0 * a3 + a4)
        if step % SUBSTEPS == SUBSTEPS - 1:
            path.append(x)
    return np.array(path)


def recruited(current: Array, threshold: float, powers: int) -> Array:
    """Return the columns of static recruitment: powers of the current above a threshold."""
    above = np.maximum(0.0, current - threshold)
    return np.stack([above**power for power in range(1, powers + 1)], axis=1)


def cubics(x: Array, half: int, step_s: float) -> tuple[Array, Array, Array]:
    """Return value, first and second derivative of running least-squares cubics.

    Parameters
    ----------
    x : ndarray, shape (samples,)
        Evenly sampled; at both ends it is taken to go on as it is.
    half : int
        Samples to either side of the middle.
    step_s : float
        Between the samples.
    """
    offsets = np.arange(-half, half + 1)
    basis = np.vander(offsets * step_s, 4, increasing=True)
    weights = np.linalg.pinv(basis)
    padded = np.pad(x, half, mode="edge")
    value, rate, second = (np.correlate(padded, weights[k], mode="valid") for k in range(3))
    return value, rate, 2.0 * second
