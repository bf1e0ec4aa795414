"""Angles out of rates: as exact between readings as at them."""

from itertools import pairwise
from math import cos, pi, sin

import pytest

from fes_ctrl.gait.turned import turned_deg

PERIOD_US = 10_000


def rate_dps(t_us: float) -> float:
    """Return the rate of a foot that turns by 40 deg and back in 0.8 s."""
    return 40.0 * 2.5 * pi * cos(2.5 * pi * t_us * 1e-6)


def angle_deg(t_us: float) -> float:
    return 40.0 * sin(2.5 * pi * t_us * 1e-6)


TIMES = [k * PERIOD_US for k in range(81)]
RATES = [rate_dps(t_us) for t_us in TIMES]


@pytest.mark.parametrize("until_us", [0, 1_000, 95_000, 203_700, 400_000, 799_000, 800_000])
def test_it_is_the_angle_at_any_instant(until_us: int) -> None:
    assert turned_deg(TIMES, RATES, until_us) == pytest.approx(angle_deg(until_us), abs=0.02)


def test_straight_lines_between_readings_would_cut_off_more() -> None:
    lines = sum(0.5e-6 * PERIOD_US * (a + b) for a, b in pairwise(RATES[:21]))
    off_deg = abs(lines - angle_deg(200_000))
    assert abs(turned_deg(TIMES, RATES, 200_000) - angle_deg(200_000)) < 0.1 * off_deg


def test_lost_readings_are_bridged() -> None:
    kept = [k for k in range(81) if k % 7 not in {3, 4}]
    times, rates = [TIMES[k] for k in kept], [RATES[k] for k in kept]
    assert turned_deg(times, rates, 203_700) == pytest.approx(angle_deg(203_700), abs=0.1)


def test_before_the_first_reading_and_of_one_there_is_no_turn() -> None:
    assert turned_deg(TIMES[10:], RATES[10:], 90_000) == 0.0
    assert turned_deg([5], [400.0], 5) == 0.0
