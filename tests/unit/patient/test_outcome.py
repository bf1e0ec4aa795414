"""The toe clearance of one swing: the low point of mid-swing, not of its ends."""

from math import cos, pi

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.patient.outcome import mid_swing_clearance

HEIGHTS = st.lists(st.integers(-80, 200).map(float), min_size=1, max_size=120)


def test_the_low_point_between_two_peaks_is_found() -> None:
    """As Winter saw it: a peak after toe-off, the minimum in mid-swing, a peak before contact."""
    toe_mm = [40 - 25 * cos(4 * pi * k / 400) for k in range(401)]
    assert mid_swing_clearance(toe_mm) == pytest.approx(15)
    assert mid_swing_clearance(toe_mm[:101] + [h + 5 for h in toe_mm[101:]]) == pytest.approx(20)


def test_the_ends_of_a_swing_do_not_count() -> None:
    """The toe leaves the floor and comes back to it: that is no drag."""
    middle = [30.0, 25.0, 20.0, 25.0, 30.0, 31.0]
    assert mid_swing_clearance([0.0, -5.0, *middle, -5.0, 0.0]) == 20.0


def test_a_toe_that_only_rises_is_judged_where_mid_swing_begins() -> None:
    assert mid_swing_clearance([float(k) for k in range(100)]) == 20.0
    assert mid_swing_clearance([float(-k) for k in range(100)]) == -79.0


def test_a_drag_in_mid_swing_is_negative() -> None:
    assert mid_swing_clearance([40 - 60 * (1 - ((k - 50) / 50) ** 2) for k in range(101)]) == -20


def test_of_two_low_points_the_lower_counts() -> None:
    toe_mm = [50.0] * 100
    toe_mm[35], toe_mm[60] = 12.0, 9.0
    assert mid_swing_clearance(toe_mm) == 9.0


@given(HEIGHTS, st.integers(-50, 50))
def test_a_higher_floor_takes_its_height_from_the_clearance(
    toe_mm: list[float], floor_mm: int
) -> None:
    raised = mid_swing_clearance([height - floor_mm for height in toe_mm])
    assert raised == mid_swing_clearance(toe_mm) - floor_mm


@given(HEIGHTS)
def test_the_clearance_is_a_height_that_the_toe_had(toe_mm: list[float]) -> None:
    assert mid_swing_clearance(toe_mm) in toe_mm
