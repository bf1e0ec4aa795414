"""The two searches give back what made their data; intervals hold what they say."""

import math
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hil.identification.fit import fit_releases, hinge
from hil.identification.intervals import (
    Spread,
    cluster_covariance,
    jackknife,
    linear_spread,
    together,
)
from hil.identification.model import Body, HangingFoot, fall


@settings(max_examples=30)
@given(
    threshold=st.floats(8.0, 24.0),
    linear=st.floats(0.5, 5.0),
    square=st.floats(0.0, 0.2),
)
def test_a_noiseless_hinge_gives_its_threshold_back(
    threshold: float, linear: float, square: float
) -> None:
    current = np.arange(5.0, 35.0)
    above = np.maximum(0.0, current - threshold)
    moment = linear * above + square * above**2
    found = hinge(current, moment, np.ones_like(current), 2)
    assert found == pytest.approx(threshold, abs=0.01)


@pytest.mark.parametrize("stiffness", [250.0, 900.0])
def test_falls_without_noise_give_the_foot_back(stiffness: float) -> None:
    weight = Body().weight_per_inertia
    starts = np.radians([10.0, 14.0, 18.0])
    shared = (np.array(stiffness), np.array(4.0), np.array(40.0))
    falls = fall(shared, (starts, np.full(3, -0.2)), weight, -0.3, 80, 0.01).T + 0.07
    found = fit_releases(falls, 0.01, weight, -0.3)
    assert not found.at_bound
    assert found.foot.stiffness == pytest.approx(stiffness, rel=1e-3)
    assert found.foot.stiffening == pytest.approx(4.0, rel=1e-2)
    assert found.foot.damping == pytest.approx(40.0, rel=1e-3)


def test_a_motion_tells_the_moment_that_made_it() -> None:
    foot = HangingFoot(500.0, 4.0, 45.0, 100.0, -0.2)
    t = np.arange(0.0, 2.0, 0.01)
    x = 0.2 * np.sin(2.0 * math.pi * t) ** 2
    rate = 0.4 * math.pi * np.sin(4.0 * math.pi * t)
    acceleration = 1.6 * math.pi**2 * np.cos(4.0 * math.pi * t)
    true = acceleration + 45.0 * rate + foot.resistance(x)
    found = foot.moment(x, 0.01, 0.06)
    assert np.max(np.abs(found - true)[10:-10]) < 0.01 * np.max(np.abs(true))


def test_the_linearised_jackknife_is_the_jackknife_of_a_mean() -> None:
    random = np.random.default_rng(7)
    values = random.normal(size=(8, 5))
    means = values.mean(axis=1)
    slopes = np.ones((40, 1))
    covariance = cluster_covariance(slopes, values.ravel() - values.mean(), 8)
    plain = jackknife(lambda kept: float(means[kept].mean()), 8, 7.0)
    assert covariance[0, 0] == pytest.approx(plain.variance, rel=1e-9)
    assert plain.variance == pytest.approx(np.var(means, ddof=1) / 8)


def test_the_interval_of_a_mean_is_students() -> None:
    values = np.array([1.0, 2.0, 4.0, 7.0])
    half = linear_spread(np.full(4, 0.25), np.ones((4, 1)), values).half_width
    assert half == pytest.approx(3.182446 * np.std(values, ddof=1) / 2.0, rel=1e-6)


def test_a_trend_is_no_scatter() -> None:
    number = np.arange(8.0)
    spread = linear_spread(np.full(8, 0.125), np.vander(number, 2), 3.0 - 0.2 * number)
    assert spread.half_width < 1e-9


@given(variances=st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=5))
def test_joined_spreads_are_wider_than_each_and_known_no_better_than_all(
    variances: list[float],
) -> None:
    parts = [Spread(variance, 5.0) for variance in variances]
    whole = together(parts)
    assert whole.variance >= max(variances)
    assert 5.0 - 1e-6 <= whole.freedom <= 5.0 * len(parts) + 1e-6


def test_intervals_of_repeats_hold_the_truth_as_often_as_they_say() -> None:
    random = Random(11)
    held = 0
    for _ in range(400):
        values = np.array([5.0 - 0.1 * k + random.gauss(0.0, 1.0) for k in range(8)])
        half = linear_spread(np.full(8, 0.125), np.vander(np.arange(8.0), 3), values).half_width
        held += abs(values.mean() - (5.0 - 0.35)) <= half
    # Of 400 at 95 %, fewer than 362 or more than 396 come once in ten thousand times.
    assert 362 <= held <= 396
