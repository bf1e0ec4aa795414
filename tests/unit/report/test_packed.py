"""Series as text: read back they are what they were, and what is left out hides no peak."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from fes_ctrl.report.packed import packed, rounded, thinned
from helpers.unpacked import unpacked


@given(st.lists(st.integers(-(2**51), 2**51)))
def test_whole_numbers_come_back(values: list[int]) -> None:
    assert unpacked(packed(np.array(values, dtype=np.int64))) == values


def test_a_smooth_series_takes_a_byte_a_value() -> None:
    values = np.rint(300 * np.sin(np.arange(60_000) / 20)).astype(np.int64)
    assert len(packed(values)) < 1.35 * len(values)


@given(
    hnp.arrays(
        np.float64, st.integers(0, 60), elements=st.one_of(st.floats(-1e4, 1e4), st.just(np.nan))
    )
)
def test_what_is_not_known_is_a_gap_and_the_rest_is_right_to_half_a_step(
    values: NDArray[np.float64],
) -> None:
    steps, gaps = rounded(values, 0.1)
    known = np.ones(len(values), dtype=bool)
    for start, end in gaps:
        assert start < end
        known[start:end] = False
    assert (known == np.isfinite(values)).all()
    assert (np.abs(steps[known] * 0.1 - values[known]) <= 0.0501).all()


@given(
    hnp.arrays(np.float64, st.integers(30, 400), elements=st.floats(-1e3, 1e3)),
    st.integers(10, 25),
)
def test_a_series_that_loses_points_keeps_its_peaks_and_their_instants(
    values: NDArray[np.float64], most: int
) -> None:
    t_us = np.arange(len(values), dtype=np.int64) * 10_000
    kept_us, kept, size = thinned(t_us, values, most)
    assert len(kept) <= most + 1
    assert size > 1
    assert kept.max() == values.max()
    assert kept.min() == values.min()
    assert (np.diff(kept_us) > 0).all()
    assert (values[kept_us // 10_000] == kept).all()


SPANS = st.tuples(st.integers(0, 400), st.integers(1, 30)).map(lambda each: (each[0], sum(each)))


@given(
    hnp.arrays(np.float64, st.integers(60, 400), elements=st.floats(-1e3, 1e3)),
    st.integers(40, 55),
    st.lists(SPANS, max_size=4),
)
def test_where_something_happened_nothing_is_left_out_and_peaks_stay_elsewhere(
    values: NDArray[np.float64], most: int, spans: list[tuple[int, int]]
) -> None:
    t_us = np.arange(len(values), dtype=np.int64) * 10_000
    detail = [(first * 10_000, last * 10_000) for first, last in spans]
    kept_us, kept, _ = thinned(t_us, values, most, detail)
    assert len(kept) <= most + 1
    assert (kept.max(), kept.min()) == (values.max(), values.min())
    assert (np.diff(kept_us) > 0).all()
    assert (values[kept_us // 10_000] == kept).all()
    at = set((kept_us // 10_000).tolist())
    if spans and spans[0][1] - spans[0][0] <= most // 2:
        first, last = spans[0]
        assert set(range(first, min(last, len(values)))) <= at


def test_a_series_that_fits_loses_nothing_and_one_without_values_is_no_error() -> None:
    t_us = np.arange(10, dtype=np.int64)
    values = np.full(10, np.nan)
    assert thinned(t_us, values, 10)[2] == 1
    _, kept, size = thinned(t_us, values, 4)
    assert size > 1
    assert np.isnan(kept).all()
