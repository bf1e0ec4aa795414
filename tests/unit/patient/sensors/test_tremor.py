"""The tremor of a foot on the ground: its size, its band, and that it goes nowhere."""

from random import Random

import numpy as np
import pytest

from hil.patient.sensors.tremor import Tremor

STILL = (0.0, 0.0, 0.0, 0.0, 0.0)


def course(rate_hz: float, seconds: float = 200.0, size: float = 1.0) -> np.ndarray:
    """Return pitch, rate and change, in degrees, a row a step."""
    tremor = Tremor(size, 1.0 / rate_hz, Random(5))
    rows = []
    for _ in range(round(seconds * rate_hz)):
        tremor.step()
        rows.append(tremor.laid_over(STILL)[:3])
    return np.degrees(np.array(rows))


@pytest.mark.parametrize("rate_hz", [20.0, 50.0, 100.0, 400.0])
def test_the_rate_has_the_size_asked_for_whatever_the_sampling(rate_hz: float) -> None:
    rate = course(rate_hz)[:, 1]
    assert rate.std() == pytest.approx(1.0, rel=0.15)
    assert abs(rate.mean()) < 0.05
    assert course(rate_hz, size=3.0)[:, 1].std() == pytest.approx(3.0, rel=0.15)


def test_the_rate_is_band_limited_to_a_few_hertz() -> None:
    rate = course(100.0)[:, 1]
    power = np.abs(np.fft.rfft(rate)) ** 2
    hertz = np.fft.rfftfreq(len(rate), 0.01)
    share = power / power.sum()
    assert share[(hertz > 0.8) & (hertz < 7.0)].sum() > 0.9
    assert share[hertz < 0.3].sum() < 0.02
    assert share[hertz > 10.0].sum() < 0.03


def test_the_foot_trembles_on_the_spot() -> None:
    pitch = course(100.0)[:, 0]
    assert 0.02 < pitch.std() < 0.2
    assert np.abs(pitch).max() < 0.5


def test_angle_rate_and_change_belong_together() -> None:
    pitch, rate, change = course(100.0, 5.0).T
    assert np.allclose(np.diff(pitch), 0.01 * rate[1:])
    assert np.allclose(np.diff(rate), 0.01 * change[1:])
