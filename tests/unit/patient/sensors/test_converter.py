"""What a converter makes of a value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.patient.sensors.converter import ACC_STEPS, FORCE_STEPS, GYRO_STEPS, converted

HIGHEST = 32_000


@given(
    st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-9999, 9999).map(lambda n: n / 8),
    st.sampled_from([GYRO_STEPS, ACC_STEPS, FORCE_STEPS]),
)
def test_a_reading_is_the_nearest_step_of_the_range(value: float, steps: float) -> None:
    steps_off = max(-float(HIGHEST), min(float(HIGHEST), value * steps))
    assert converted(value, steps, -HIGHEST, HIGHEST) == round(steps_off) / steps


@pytest.mark.parametrize(("halves", "whole"), [(1, 0), (3, 2), (5, 2), (-1, 0), (-3, -2)])
def test_half_a_step_goes_to_the_even_one(halves: int, whole: int) -> None:
    reading = converted(halves / 2 / GYRO_STEPS, GYRO_STEPS, -HIGHEST, HIGHEST)
    assert str(reading) == str(whole / GYRO_STEPS)  # nor is there a zero below zero
