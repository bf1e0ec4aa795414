"""Motion of real feet at rest on simulated readings: how it is turned, and when it is left out."""

from random import Random

import numpy as np
import pytest

from fes_ctrl.model import FOOT_IMU, RIGHT, Sample
from hil.patient.sensors.config import ImuConfig
from hil.patient.sensors.overlay import FADE_ROWS, Array, Overlay, joined

BARE = Sample(1000, 2000, 1, RIGHT, FOOT_IMU, (0.0, 0.0, 9.75, 0.0, 0.0, 0.0))
STRAIGHT = ImuConfig(mount_deg=(0.0, 0.0, 0.0))


def waves(hz: float, rows: int = 3000) -> Array:
    """Return a foot that turns about the axis to its side, 10 deg/s to and fro."""
    found = np.zeros((rows, 6))
    found[:, 4] = 10.0 * np.sin(2.0 * np.pi * hz * np.arange(rows) / 100.0)
    return found


def read(overlay: Overlay, *, bears: bool, rows: int = 600) -> Array:
    samples = [overlay.laid_on(BARE, bears=bears) for _ in range(rows)]
    return np.array([sample.values for sample in samples])


def test_it_is_added_as_the_sensor_is_mounted() -> None:
    straight = read(Overlay(waves(2.0), STRAIGHT, Random(1)), bears=True)
    assert np.abs(straight[:, 4]).max() == pytest.approx(10.0, abs=0.1)
    assert (straight[:, [3, 5]] == 0.0).all()
    assert (straight[:, :3] == BARE.values[:3]).all()
    turned = ImuConfig(mount_deg=(0.0, 0.0, 90.0))
    assert np.abs(read(Overlay(waves(2.0), turned, Random(1)), bears=True)[:, 3]).max() > 9.9


def test_in_swing_only_what_is_too_quick_for_a_foot_is_left() -> None:
    slow = read(Overlay(waves(2.0), STRAIGHT, Random(1)), bears=False)[50:]
    quick = read(Overlay(waves(40.0), STRAIGHT, Random(1)), bears=False)[50:]
    assert np.abs(slow[:, 4]).max() < 0.7
    assert np.abs(quick[:, 4]).max() > 8.0


def test_readings_stay_whole_steps_within_the_range() -> None:
    narrow = ImuConfig(mount_deg=(0.0, 0.0, 0.0), gyro_range_deg_per_s=10.0)
    values = read(Overlay(3.0 * waves(2.0), narrow, Random(1)), bears=True)
    assert np.abs(values[:, 4]).max() == 10.0
    assert (values[:, 3:] * 16 == np.round(values[:, 3:] * 16)).all()


def test_pieces_are_joined_without_a_jump_and_are_as_large_as_they_were() -> None:
    pieces = [waves(1.0, rows) for rows in (130, 77, 210)]
    rows = joined(pieces, 5000, Random(3))
    assert rows.shape == (5000, 6)
    assert np.abs(np.diff(rows[:, 4])).max() < 3.0, "of 20"
    assert rows[:, 4].std() == pytest.approx(10.0 / 2.0**0.5, rel=0.15)
    assert (joined(pieces, 5000, Random(3)) == rows).all()
    assert abs(rows[-1, 4]) < 1.0, "it is read round and round"


def test_pieces_too_short_to_join_are_refused() -> None:
    with pytest.raises(ValueError, match="no piece is longer than"):
        joined([waves(1.0, 2 * FADE_ROWS)], 100, Random(1))
