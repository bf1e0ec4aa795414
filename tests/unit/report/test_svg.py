"""Pictures: round ticks within the range, and every mark where its value is."""

import math
import re

from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.report.svg import Axis, Chart, around, ticks

finite = st.floats(-1e6, 1e6, allow_subnormal=False)


@given(finite, st.floats(1e-3, 1e6), st.integers(3, 9))
def test_ticks_are_round_even_and_within(low: float, span: float, most: int) -> None:
    high = low + span
    found = ticks(low, high, most)
    assert len(found) <= most + 1
    room = 1e-6 * span + 1e-9 * max(abs(low), abs(high))
    assert all(low - room <= value <= high + room for value in found)
    if len(found) > 2:
        step = found[1] - found[0]
        power = 10.0 ** math.floor(math.log10(step * (1 + 1e-6)))
        assert min(abs(step / power - k) for k in (1, 2, 2.5, 5, 10)) < 1e-3


@given(st.lists(st.one_of(finite, st.just(math.nan)), max_size=9), st.booleans())
def test_a_range_holds_every_value_and_is_never_empty(values: list[float], zero: bool) -> None:
    low, high = around(values, zero=zero)
    assert low < high
    assert all(low <= value <= high for value in values if math.isfinite(value))
    if zero:
        assert low <= 0.0 <= high


def test_a_gap_in_a_line_is_a_gap_in_the_picture() -> None:
    chart = Chart("a", "b", (0, 3), (0, 1))
    chart.line([0, 1, 2, 3], [0.1, 0.2, math.nan, 0.3], "c1")
    (path,) = re.findall(r'<path class="line c1" d="([^"]*)"', chart.svg())
    assert path.count("M") == 2
    assert len(path.split()) == 2, "two points and one"


def test_bars_stand_on_zero_as_high_as_they_count() -> None:
    chart = Chart("a", "b", (0, 2), (0, 10))
    chart.bars([0, 1, 2], [5, 0], "c1")
    found = re.findall(
        r'<rect class="bar c1"[^>]* y="([\d.]+)"[^>]* height="([\d.]+)"', chart.svg()
    )
    assert len(found) == 1, "no bar for nothing"
    top, height = map(float, found[0])
    assert math.isclose(top + height, chart.y.at(0.0), abs_tol=0.11)
    assert math.isclose(height, chart.y.at(0.0) - chart.y.at(5.0), abs_tol=0.11)


def test_titles_and_labels_are_escaped() -> None:
    drawn = Chart("<b>", 'x" onload="y', (0, 1), (0, 1), "<i>", remark="&").svg()
    assert "<b>" not in drawn
    assert "<i>" not in drawn
    assert 'onload="' not in drawn


def test_an_axis_maps_its_ends_to_its_ends() -> None:
    axis = Axis(-2.0, 6.0, 100.0, 20.0)
    assert axis.at(-2.0) == 100.0
    assert axis.at(6.0) == 20.0
    assert axis.at(2.0) == 60.0
