"""The fitted model: a hanging foot, turned by a moment that recruitment and activation make.

Hammerstein in form: static recruitment from a threshold, then the activation's dynamics, then the
foot. Nothing in it knows calcium, motor units or the muscle models of the virtual patient. The
foot is known up to three numbers, since body height gives its weight and inertia for each kilogram
of it; its motion then tells the moment that acts on it, whatever muscle made that.

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
from scipy.integrate import solve_ivp
from scipy.signal import savgol_filter

from hil.patient.config import AnkleConfig

Array = NDArray[np.float64]

GRAVITY: Final = 9.81

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
        smooth, rate, acceleration = (
            savgol_filter(x, 2 * half + 1, 3, deriv=order, delta=step_s, mode="nearest")
            for order in range(3)
        )
        return np.asarray(acceleration + self.damping * rate + self.resistance(smooth))


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
    start : tuple of ndarray
        Dorsiflexion from rest (rad) and rate (rad/s) of the first sample.
    weight, rest_rad : float
        As in ``HangingFoot``.
    samples, step_s
        How many samples, and the time between them.

    Returns
    -------
    ndarray, shape (samples, ...)
        Dorsiflexion from rest, rad.
    """
    stiffness, stiffening, damping = shared
    x, v = np.broadcast_arrays(*start)

    def motion(_: float, state: Array) -> Array:
        x, v = state.reshape(2, *shape)
        pull = -damping * v - resistance(x, stiffness, stiffening, weight, rest_rad)
        return np.stack([v, pull]).ravel()

    shape = x.shape
    times = step_s * np.arange(samples)
    # One run for all of them: neighbours take the same steps, so their differences are smooth.
    path = solve_ivp(
        motion,
        (0.0, float(times[-1])),
        np.stack([x, v]).ravel(),
        method="DOP853",
        t_eval=times,
        rtol=1e-7,
        atol=1e-9,
    )
    return np.asarray(path.y.T.reshape(samples, 2, *shape)[:, 0])
