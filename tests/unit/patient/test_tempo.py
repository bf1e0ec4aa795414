"""A stride of another length is divided as walkers divide it, smoothly, and without end effects."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hil.patient.gait_data import TABLE_STRIDE_S, TOE_OFF_PHASE
from hil.patient.gait_table import GaitStyle, gait_rows
from hil.patient.rows import ROWS
from hil.patient.tempo import (
    HEEL_OFF_PHASE,
    LOADED_PHASE,
    PUSH_S,
    edges,
    stance_at,
    warped,
)

TIME = np.linspace(0.0, 1.0, 4001)


def test_the_tables_own_stride_is_not_warped() -> None:
    phase, first, second = warped(TIME, TOE_OFF_PHASE, TABLE_STRIDE_S)
    assert phase == pytest.approx(TIME, abs=1e-12)
    assert first == pytest.approx(np.ones_like(TIME), abs=1e-9)
    assert second == pytest.approx(np.zeros_like(TIME), abs=1e-6)


@settings(max_examples=40)
@given(st.floats(0.56, 0.76), st.floats(0.7, 3.0))
def test_every_part_falls_where_it_should_and_time_never_stands_still(
    stance_share: float, stride_s: float
) -> None:
    try:
        ends = edges(stance_share, stride_s)
    except ValueError:
        assume(False)
    phase, first, second = warped(TIME, stance_share, stride_s)
    marks = (LOADED_PHASE, HEEL_OFF_PHASE, TOE_OFF_PHASE)
    for end, mark in zip(ends, marks, strict=True):
        assert np.interp(end, TIME, phase) == pytest.approx(mark, abs=1e-5)
    assert phase[0] == pytest.approx(0.0, abs=1e-12)
    assert phase[-1] == pytest.approx(1.0, abs=1e-12)
    assert first.min() > 0.1
    # The next stride goes on as this one ends.
    assert first[0] == pytest.approx(first[-1])
    assert second[0] == pytest.approx(second[-1], abs=1e-9)
    assert np.gradient(phase, TIME)[1:-1] == pytest.approx(first[1:-1], abs=1e-3)
    assert np.gradient(first, TIME)[1:-1] == pytest.approx(second[1:-1], abs=2.0)


def test_a_slow_walker_stands_longer_and_pushes_off_as_fast() -> None:
    shares = [stance_at(0.62, factor) for factor in (0.8, 1.0, 1.3, 1.8)]
    assert shares == sorted(shares)
    assert shares[1] == pytest.approx(0.62)
    for factor in (1.0, 1.3, 1.8):
        stride_s = 1.1 * factor
        _, heel_off, toe_off = edges(stance_at(0.62, factor), stride_s)
        assert (toe_off - heel_off) * stride_s == pytest.approx(PUSH_S)


def test_what_cannot_be_made_of_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a stance of 20.0 % of a stride of 0.50 s"):
        edges(0.2, 0.5)


@pytest.mark.parametrize("stride_s", [1.1, 1.5, 2.2])
def test_the_ankle_of_a_standing_foot_feels_no_acceleration(stride_s: float) -> None:
    """Warping time must not push a foot that stands on the ground."""
    rows = gait_rows(GaitStyle(stance_at(0.609, stride_s / TABLE_STRIDE_S), stride_s=stride_s))
    flat = rows.stance[round(0.3 * ROWS) : round(0.5 * ROWS)]
    forward = max(abs(row.forward) for row in flat) / stride_s**2
    assert forward < 2.5, "the table's own, of a marker over a shoe"
    swing = max(abs(row.forward) for row in rows.swing) / stride_s**2
    assert swing > 8.0


def test_a_heel_lifts_when_its_load_has_gone() -> None:
    for stride_s in (1.0, 1.4, 2.0):
        share = stance_at(0.609, stride_s / TABLE_STRIDE_S)
        rows = gait_rows(GaitStyle(share, stride_s=stride_s))
        at = round(rows.heel_off / share * ROWS)
        assert rows.stance[at].heel_share < 0.25
        assert rows.stance[round(0.6 * at)].heel_share > 0.25
