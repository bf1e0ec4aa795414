"""Readings on a regular grid: exact where they stand, marked where there are none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.analysis.walk import Burst, LegWalk
from fes_ctrl.export.envelope import envelope
from fes_ctrl.export.resample import instants, onto, rate_of, readings, steps_onto
from fes_ctrl.model import FOOT_IMU, HEEL_SWITCH, NEVER_US, BurstEnd, BurstStart, Sample, Setpoint


def switch(t_us: int, value: float, seq: int = 0) -> Sample:
    return Sample(t_us, t_us + 2_000, seq, 1, HEEL_SWITCH, (value,))


@given(
    steps=st.lists(st.integers(8_000, 12_000), min_size=2, max_size=60),
    start_us=st.integers(-1_000_000, 1_000_000_000),
    rate_hz=st.sampled_from([50.0, 100.0, 204.8, 2000.0]),
    hold=st.booleans(),
)
def test_a_valid_value_lies_between_its_neighbours_and_a_reading_is_kept(
    steps: list[int], start_us: int, rate_hz: float, hold: bool
) -> None:
    t_us = start_us + np.concatenate([[0], np.cumsum(steps)])
    values = np.sin(np.arange(len(t_us)))
    grid = instants(start_us, int(t_us[-1]), rate_hz)
    found, valid = onto(grid, t_us, values, hold=hold)
    assert valid.all(), "no two readings are far apart"
    assert found[0] == values[0]
    before = np.clip(np.searchsorted(t_us, np.rint(grid), side="right") - 1, 0, None)
    after = np.minimum(before + 1, len(t_us) - 1)
    low, high = np.minimum(values[before], values[after]), np.maximum(values[before], values[after])
    assert ((found >= low - 1e-12) & (found <= high + 1e-12)).all()
    if hold:
        assert (found == values[before]).all()


def test_a_gap_is_zero_and_says_so_and_one_lost_reading_is_bridged() -> None:
    t_us = np.array([0, 10_000, 30_000, 40_000, 50_000, 60_000, 200_000, 210_000])
    values = np.array([1.0, 2.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0])
    found, valid = onto(instants(0, 250_000, 100.0), t_us, values, hold=False)
    assert found[:7].tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert found[7:20].tolist() == [0] * 13
    assert found[20:22].tolist() == [8, 9]
    assert np.flatnonzero(valid).tolist() == [*range(7), 20, 21]


def test_a_sensor_that_says_nothing_is_valid_nowhere() -> None:
    none = np.array([], dtype=np.int64)
    found, valid = onto(instants(0, 30_000, 100.0), none, none.astype(float), hold=True)
    assert found.tolist() == [0] * 4
    assert not valid.any()
    assert steps_onto(instants(0, 30_000, 100.0), none, none.astype(float)).tolist() == [0] * 4


def test_late_doubled_and_missing_readings_are_put_in_order() -> None:
    listed = [switch(20_000, 1), switch(10_000, 0), switch(20_000, 1), switch(30_000, np.nan)]
    t_us, values = readings(listed, 0)
    assert t_us.tolist() == [10_000, 20_000]
    assert values.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("period_us", "holes", "rate_hz"),
    [
        (10_000, [], 100.0),
        (10_000, [50, 51, 52, 90], 100.0),
        (4_882.8125, [10], 204.8),
        (500_000, [], 50.0),
    ],
)
def test_the_rate_is_the_sensors_whatever_was_lost(
    period_us: float, holes: list[int], rate_hz: float
) -> None:
    there = [number for number in range(300) if number not in holes]
    listed = [
        Sample(round(number * period_us), 0, number, 0, FOOT_IMU, (0.0,) * 6) for number in there
    ]
    slow = [switch(number * 20_000, 0.0) for number in range(100)]
    assert rate_of([slow, listed]) == rate_hz
    assert rate_of([]) == 50.0


def burst(*at_us: int, current_ua: int = 20_000) -> Burst:
    start = BurstStart(at_us[0], 1, 0, "ho", at_us[0], current_ua)
    given = [Setpoint(t_us, 1, 0, current_ua, 300, t_us + 10_000, 0) for t_us in at_us]
    return Burst(start, given, BurstEnd(at_us[-1], 1, 0, "no_step", at_us[0], NEVER_US))


def test_a_current_is_held_to_the_next_pulse_and_ends_a_period_after_the_last() -> None:
    leg = LegWalk(1, bursts=[burst(0, 25_000, 50_000), burst(200_000), burst(205_000, 230_000)])
    steps = [(step.t_us, step.current_ua) for step in envelope(leg, 0)]
    assert steps == [
        *[(0, 20_000), (25_000, 20_000), (50_000, 20_000), (75_000, 0)],
        (200_000, 20_000),  # the next burst begins before this one's end: no zero between
        *[(205_000, 20_000), (230_000, 20_000), (255_000, 0)],
    ]
    assert envelope(leg, 1) == []
