"""Signals on the gait cycle: what every stride shares comes out, and no hole is filled."""

from itertools import pairwise

import numpy as np
import pytest

from fes_ctrl.analysis.cycle_bands import GRID, cycle_bands, lift_percent
from fes_ctrl.analysis.stride_spans import StrideSpan


def spans(*borders_us: int) -> list[StrideSpan]:
    return [
        StrideSpan(number, start, end, start + 6 * (end - start) // 10, whole=True)
        for number, (start, end) in enumerate(pairwise(borders_us), 1)
    ]


def test_strides_of_different_lengths_lie_over_each_other() -> None:
    borders = (0, 1_000_000, 2_300_000, 3_200_000)
    t_us = np.arange(0, 3_200_001, 10_000)
    share = np.interp(t_us, borders, (0.0, 1.0, 2.0, 3.0)) % 1.0
    bands = cycle_bands(t_us, np.sin(2 * np.pi * share), spans(*borders))
    assert bands.strides == (1, 2, 3)
    expected = np.sin(2 * np.pi * np.linspace(0, 1, GRID))
    assert bands.median == pytest.approx(expected, abs=0.06)


def test_the_band_holds_nine_strides_in_ten() -> None:
    borders = tuple(range(0, 102_000_000, 1_000_000))
    t_us = np.arange(0, borders[-1] + 1, 100_000)
    values = np.minimum(t_us // 1_000_000, 100).astype(float)  # each stride has its number less one
    bands = cycle_bands(t_us, values, spans(*borders))
    middle = GRID // 2
    assert bands.median[middle] == 50
    assert (bands.p05[middle], bands.p95[middle]) == (5, 95)


def test_over_a_hole_nothing_is_known_and_beside_it_everything() -> None:
    t_us = np.concatenate((np.arange(0, 400_001, 10_000), np.arange(700_000, 1_000_001, 10_000)))
    bands = cycle_bands(t_us, np.ones(len(t_us)), spans(0, 1_000_000))
    assert np.isnan(bands.median[41:70]).all()
    assert (bands.median[:41] == 1.0).all()
    assert (bands.median[70:] == 1.0).all()


def test_strides_that_are_not_whole_or_not_covered_are_left_out() -> None:
    first, second, third = spans(0, 1_000_000, 2_000_000, 3_000_000)
    t_us = np.arange(500_000, 3_000_001, 10_000)
    bands = cycle_bands(t_us, np.ones(len(t_us)), [first, second._replace(whole=False), third])
    assert bands.strides == (3,)


def test_of_nothing_nothing_is_known() -> None:
    nothing = np.array([], dtype=np.int64)
    bands = cycle_bands(nothing, np.array([]), spans(0, 1_000_000))
    assert bands.strides == ()
    assert np.isnan(bands.median).all()
    assert lift_percent([]) is None


def test_the_swing_begins_where_most_strides_lift() -> None:
    assert lift_percent(spans(0, 1_000_000, 2_100_000)) == pytest.approx(60.0)
