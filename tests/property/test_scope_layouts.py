"""Whoever made the oscilloscope and wherever it stood: the same samples are the same numbers."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.scope_traces import LAYOUTS, TEXTS
from hil.scope.read import Options, read_trace


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("layout", LAYOUTS)
@settings(max_examples=3, deadline=None)
@given(
    volts=st.lists(st.integers(-8000, 8000), min_size=30, max_size=90),
    start_ms=st.integers(-1000, 1000),
    step_us=st.sampled_from([1, 5, 20, 100]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "latin-1", "utf-16"]),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_any_layout_in_any_style_gives_the_same_samples(
    layout: str,
    text: str,
    volts: list[int],
    start_ms: int,
    step_us: int,
    encoding: str,
    line_end: str,
) -> None:
    start_s, step_s = start_ms / 1e3, step_us / 1e6
    written = LAYOUTS[layout](TEXTS[text], start_s, step_s, [volt / 100 for volt in volts])
    said = {"time_unit": "s", "unit": "V"} if layout == "without_units" else {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.csv"
        path.write_bytes(written.replace("\n", line_end).encode(encoding))
        trace = read_trace(path, Options(ohm=1000.0, **said))
    assert trace.current_mA.tolist() == pytest.approx([volt / 100 for volt in volts], abs=1e-4)
    assert trace.times_s is None
    assert trace.dt_s == pytest.approx(step_s, rel=1e-6)
    times = [trace.time_s(place) for place in (0, len(volts) - 1)]
    assert times == pytest.approx([start_s, start_s + (len(volts) - 1) * step_s], abs=1e-8)
    assert np.isfinite(trace.current_mA).all()
