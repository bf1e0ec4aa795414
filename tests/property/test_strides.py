"""Whatever a detector tells of whatever signal, a stride list keeps gaitmap's rules."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.analysis.strides import COLUMNS, GAP_US, ORDER, nearest_rows, stride_list
from fes_ctrl.model import EVENT_KINDS, LEFT, GaitEvent

steps_us = st.lists(
    st.one_of(st.integers(4_000, 11_000), st.sampled_from([0, GAP_US, GAP_US + 1, 700_000])),
    min_size=1,
    max_size=200,
)
kinds = st.one_of(
    st.lists(st.sampled_from(EVENT_KINDS), max_size=30),
    st.integers(0, 7).map(lambda strides: ["ic", "ff", "ho", "tc"] * strides),
)


@st.composite
def signals(draw: st.DrawFn) -> tuple[list[GaitEvent], np.ndarray, np.ndarray]:
    stamps = np.cumsum([0, *draw(steps_us)]).astype(np.int64)
    told = draw(kinds)
    instants = sorted(draw(st.integers(0, int(stamps[-1]))) for _ in told)
    events = [
        GaitEvent(kind, LEFT, t_us, t_us, 1.0) for kind, t_us in zip(told, instants, strict=True)
    ]
    stream = np.random.default_rng(draw(st.integers(0, 99)))
    rates = stream.normal(0.0, 100.0, (len(stamps), 3))
    rates[stream.random(len(stamps)) < draw(st.sampled_from([0.0, 0.1]))] = np.nan
    return events, stamps, rates


@given(signal=signals(), stride_type=st.sampled_from(sorted(COLUMNS)))
def test_strides_are_ordered_apart_and_made_of_told_events(
    signal: tuple[list[GaitEvent], np.ndarray, np.ndarray], stride_type: str
) -> None:
    events, stamps, rates = signal
    found = stride_list(events, stamps, rates, stride_type, window_ms=20.0)
    count = len(found["s_id"])
    assert found["s_id"].tolist() == list(range(count))
    for column in found.values():
        assert column.dtype == np.int64
        assert len(column) == count
        assert ((column >= 0) & (column < len(stamps))).all()

    for before, after in pairwise(ORDER[stride_type]):
        assert (found[before] < found[after]).all()
    if stride_type != "segmented":
        assert (found["start"] == found[stride_type]).all()
    else:
        assert (found["start"] <= found["tc"]).all()
        assert (found["min_vel"] < found["end"]).all()
    assert (found["start"] < found["end"]).all()
    assert (found["end"][:-1] <= found["start"][1:]).all()
    assert (stamps[found["end"]] - stamps[found["start"]] <= 3_000_000).all()

    for name, kind in (("ic", "ic"), ("pre_ic", "ic"), ("tc", "tc")):
        told = [event.t_event_us for event in events if event.kind == kind]
        rows = set(nearest_rows(stamps, told).tolist())
        assert rows.issuperset(found.get(name, np.array([], dtype=np.int64)).tolist())


@given(signal=signals(), stride_type=st.sampled_from(sorted(COLUMNS)))
def test_no_stride_holds_a_hole(
    signal: tuple[list[GaitEvent], np.ndarray, np.ndarray], stride_type: str
) -> None:
    events, stamps, rates = signal
    found = stride_list(events, stamps, rates, stride_type, window_ms=20.0)
    heard = np.flatnonzero(np.isfinite(rates).all(axis=1))
    for start, end in zip(found["start"], found["end"], strict=True):
        inside = heard[(heard > start) & (heard < end)]
        if len(inside) > 1:
            assert np.diff(stamps[inside]).max() <= GAP_US
