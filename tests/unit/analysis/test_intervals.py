"""Intervals over strides hold what they promise, though strides on end are alike."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.analysis.intervals import LEAST, of_difference, of_mean


def alike(rng: np.random.Generator, count: int, carried: float) -> list[float]:
    """Return values of which each keeps a share of the one before."""
    noise = rng.standard_normal(count + 50)
    value, values = 0.0, []
    for each in noise:
        value = carried * value + float(each)
        values.append(value)
    return values[50:]


@pytest.mark.parametrize(("count", "carried"), [(12, 0.0), (20, 0.3), (60, 0.3), (60, 0.5)])
def test_the_true_mean_is_inside_in_about_95_of_100_cases(count: int, carried: float) -> None:
    rng = np.random.default_rng(1)
    found = [of_mean(alike(rng, count, carried)) for _ in range(600)]
    inside = sum(each is not None and each.holds_zero for each in found) / len(found)
    assert 0.90 <= inside <= 0.99


def test_two_unlike_lengths_of_the_same_are_no_different() -> None:
    rng = np.random.default_rng(2)
    found = [of_difference(alike(rng, 15, 0.3), alike(rng, 50, 0.3)) for _ in range(400)]
    inside = sum(each is not None and each.holds_zero for each in found) / len(found)
    assert inside >= 0.90


def test_a_shift_beyond_the_noise_is_seen_with_its_size() -> None:
    rng = np.random.default_rng(3)
    first, second = alike(rng, 40, 0.2), [3.0 + value for value in alike(rng, 40, 0.2)]
    found = of_difference(first, second)
    assert found is not None
    assert 2.0 < found.low < 3.0 < found.high < 4.0


def test_few_strides_say_nothing() -> None:
    assert of_mean([1.0] * (LEAST - 1)) is None
    assert of_difference([1.0] * 50, [1.0] * (LEAST - 1)) is None


@given(st.lists(st.floats(-1e3, 1e3), min_size=LEAST, max_size=80))
def test_the_mean_is_in_its_interval_and_one_value_needs_no_room(values: list[float]) -> None:
    found = of_mean(values)
    assert found is not None
    assert found.low <= found.mean <= found.high
    same = of_mean([values[0]] * len(values))
    assert same is not None
    assert same.high - same.low == pytest.approx(0.0, abs=1e-9)
