"""Designs of sweeps: each candidate once, within its ends, and the same each time."""

import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.tuning.config import AxisConfig, SweepConfig, WrongError
from fes_ctrl.tuning.design import candidates_of, levels_of, size_of

pytest.importorskip("scipy")

finite = st.floats(-1e6, 1e6, allow_nan=False)
values = st.lists(st.integers(-50, 50) | st.text("abc", max_size=3), min_size=1, max_size=5)


@st.composite
def ranges(draw: st.DrawFn, *, levels: bool) -> dict[str, Any]:
    low = draw(st.floats(0.01, 100) | st.integers(1, 100))
    high = low + draw(st.floats(0.1, 1000) | st.integers(1, 1000))
    axis: dict[str, Any] = {"min": low, "max": high}
    kind = draw(st.sampled_from(["points", "step"] if levels else ["plain", "points", "step"]))
    if kind == "points":
        axis["points"] = draw(st.integers(2, 9))
    if kind == "step":
        axis["step"] = (high - low) / draw(st.integers(1, 9))
    else:
        axis["scale"] = draw(st.sampled_from(["linear", "log"]))
    return axis


def axes(*, levels: bool) -> st.SearchStrategy[tuple[AxisConfig, ...]]:
    one = values.map(lambda some: {"values": tuple(dict.fromkeys(some))}) | ranges(levels=levels)
    return st.lists(one, min_size=1, max_size=3).map(
        lambda some: tuple(AxisConfig(f"program.k{n}", **each) for n, each in enumerate(some))
    )


def inside(axis: AxisConfig, value: Any) -> bool:
    if axis.values:
        return value in axis.values
    assert axis.min is not None
    assert axis.max is not None
    return bool(axis.min * (1 - 1e-9) <= value <= axis.max * (1 + 1e-9))


def all_inside(config: SweepConfig, candidate: Mapping[str, Any]) -> bool:
    return all(inside(axis, candidate[axis.key]) for axis in config.axis)


@given(axes(levels=True))
def test_a_grid_has_every_combination_once(some: tuple[AxisConfig, ...]) -> None:
    config = SweepConfig("standard", some, seed_count=1)
    found = candidates_of(config)
    assert len(set(found)) == len(found) == size_of(config)
    assert size_of(config) == math.prod(len(levels_of(axis) or ()) for axis in some)
    assert all(all_inside(config, dict(candidate)) for candidate in found)


@given(axes(levels=False), st.integers(1, 30), st.integers(0, 2**63 - 1))
def test_a_random_design_has_as_many_different_ones_as_asked(
    some: tuple[AxisConfig, ...], count: int, seed: int
) -> None:
    config = SweepConfig("standard", some, "random", count, seed, seed_count=1)
    size = size_of(config)
    if size is not None and size < count:
        with pytest.raises(WrongError, match=f"make {size} different ones"):
            candidates_of(config)
        return
    found = candidates_of(config)
    assert len(set(found)) == len(found) == count
    assert all(all_inside(config, dict(candidate)) for candidate in found)
    assert candidates_of(config) == found


@given(axes(levels=False), st.integers(1, 30), st.integers(0, 2**63 - 1))
def test_a_latin_hypercube_is_spread_evenly_along_each_axis(
    some: tuple[AxisConfig, ...], count: int, seed: int
) -> None:
    config = SweepConfig("standard", some, "latin_hypercube", count, seed, seed_count=1)
    found = [dict(candidate) for candidate in candidates_of(config)]
    assert len(found) <= count
    assert all(all_inside(config, candidate) for candidate in found)
    assert [dict(candidate) for candidate in candidates_of(config)] == found
    for axis in some:
        if levels_of(axis) is None:
            assert axis.min is not None
            assert axis.max is not None
            # One in each of as many slices; what is drawn is rounded to six digits.
            turn = math.log if axis.scale == "log" else float
            width = (turn(axis.max) - turn(axis.min)) / count
            for number, value in enumerate(sorted(each[axis.key] for each in found)):
                low = turn(axis.min) + number * width
                slack = 1e-5 * max(1.0, abs(low))
                assert low - slack <= turn(value) <= low + width + slack


@given(st.integers(1, 1000), st.integers(1, 20), st.integers(0, 200))
def test_whole_steps_from_a_whole_number_give_whole_numbers(low: int, step: int, more: int) -> None:
    axis = AxisConfig("program.k", min=low, max=low + more + 1, step=step)
    found = levels_of(axis)
    assert found is not None
    assert found == tuple(range(low, low + more + 2, step))
    assert all(isinstance(value, int) for value in found)


def test_steps_are_the_numbers_that_a_file_would_say() -> None:
    assert levels_of(AxisConfig("a.b", min=0.0, max=0.3, step=0.1)) == (0.0, 0.1, 0.2, 0.3)
    assert levels_of(AxisConfig("a.b", min=0.0, max=0.35, step=0.1)) == (0.0, 0.1, 0.2, 0.3)
    log = AxisConfig("a.b", min=1.0, max=100.0, points=3, scale="log")
    assert levels_of(log) == (1.0, 10.0, 100.0)
