"""Which detector is taken, and that one that does not exist is named as such."""

import pytest

from fes_ctrl.gait import DetectorConfig, detector_for, make_detector, sensors_of
from fes_ctrl.model import FOOT_IMU, FORE_FORCE, HEEL_FORCE, HEEL_SWITCH, LEFT, SHANK_IMU


@pytest.mark.parametrize(
    ("sensors", "name"),
    [
        ((HEEL_SWITCH,), "heel"),
        ((FORE_FORCE, HEEL_FORCE), "heel"),
        ((FOOT_IMU, SHANK_IMU), "foot-imu"),
        ((FORE_FORCE, SHANK_IMU), "shank-imu"),
        ((FOOT_IMU, HEEL_SWITCH), "heel"),
    ],
)
def test_the_sensors_at_hand_choose_the_detector(sensors: tuple[str, ...], name: str) -> None:
    assert detector_for(sensors) == name


@pytest.mark.parametrize("sensors", [(), (FORE_FORCE,)])
def test_sensors_that_no_detector_reads_are_refused(sensors: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"heel switch .* IMU .* is needed"):
        detector_for(sensors)


@pytest.mark.parametrize("name", ["shank", "both", "", "Heel"])
def test_a_detector_that_does_not_exist_is_refused_with_those_that_do(name: str) -> None:
    with pytest.raises(ValueError, match="choose heel or foot-imu or shank-imu or fused"):
        make_detector(name, DetectorConfig(), LEFT)
    with pytest.raises(ValueError, match="choose heel or foot-imu or shank-imu or fused"):
        sensors_of(name)
