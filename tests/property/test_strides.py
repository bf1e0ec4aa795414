"""Whatever a detector tells of whatever signal, a stride list keeps gaitmap's rules."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.analysis.strides import COLUMNS, GAP_US, ORDER, nearest_rows, stride_list
from fes_ctrl.model import LEFT, GaitEvent

STEPS = (("ic", "ff", "ho", "tc"), ("ic", "tc"), ("ho", "tc"), ("ic",), ("tc", "ho"))
HOLES_US = (0, GAP_US, GAP_US + 1, 700_000)


@st.composite
def signals(draw: st.DrawFn) -> tuple[list[GaitEvent], np.ndarray, np.ndarray]:
    """Draw what is told and how the signal is broken; where things lie comes from a seed."""
    stream = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = draw(st.integers(2, 500))
    steps_us = stream.integers(4_000, 11_000, rows - 1)
    broken = stream.random(rows - 1) < draw(st.sampled_from([0.0, 0.0, 0.01, 0.2]))
    steps_us[broken] = stream.choice(HOLES_US, int(broken.sum()))
    stamps = np.cumsum([0, *steps_us]).astype(np.int64)
    if draw(st.booleans()):
        told = list(STEPS[0]) * draw(st.integers(1, 6))
    else:
        told = [kind for _ in range(draw(st.integers(0, 8))) for kind in STEPS[stream.integers(5)]]
    instants = np.sort(stream.integers(0, int(stamps[-1]), len(told), endpoint=True)).tolist()
    events = [
        GaitEvent(kind, LEFT, t_us, t_us, 1.0) for kind, t_us in zip(told, instants, strict=True)
    ]
    rates = stream.normal(0.0, 100.0, (rows, 3))
    rates[stream.random(rows) < draw(st.sampled_from([0.0, 0.0, 0.1]))] = np.nan
    return events, stamps, rates


@given(signal=signals(), stride_type=st.sampled_from(sorted(COLUMNS)))
def test_strides_are_ordered_apart_and_made_of_told_events(
    signal: tuple[list[GaitEvent], np.ndarray, np.ndarray], stride_type: str
) -> None:
    events, stamps, rates = signal
    found = stride_list(events, stamps, rates, stride_type, window_ms=10.0)
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
    for event in ("ic", "tc", "min_vel"):
        assert ((found["start"] <= found[event]) & (found[event] < found["end"])).all()
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
    found = stride_list(events, stamps, rates, stride_type, window_ms=10.0)
    heard = np.flatnonzero(np.isfinite(rates).all(axis=1))
    for start, end in zip(found["start"], found["end"], strict=True):
        inside = heard[(heard > start) & (heard < end)]
        if len(inside) > 1:
            assert np.diff(stamps[inside]).max() <= GAP_US
