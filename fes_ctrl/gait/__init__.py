"""Causal gait-event detectors, one per leg: which there are, and how to make one."""

from dataclasses import dataclass
from typing import Final, Literal

from fes_ctrl.gait.config import FootImuConfig, HeelConfig, ShankImuConfig
from fes_ctrl.gait.explain import ExplainingDetector
from fes_ctrl.gait.foot_imu import FootImuDetector
from fes_ctrl.gait.heel import HeelDetector
from fes_ctrl.gait.shank_imu import ShankImuDetector
from fes_ctrl.model import (
    FOOT_IMU,
    FORE_FORCE,
    FOREFOOT_SWITCH,
    HEEL_FORCE,
    HEEL_SWITCH,
    SHANK_IMU,
)

HEEL: Final = "heel"
FOOT: Final = "foot-imu"
SHANK: Final = "shank-imu"
DETECTORS: Final = (HEEL, FOOT, SHANK)

SENSORS_OF: Final[dict[str, tuple[str, ...]]] = {
    HEEL: (HEEL_SWITCH, HEEL_FORCE),
    FOOT: (FOOT_IMU,),
    SHANK: (SHANK_IMU,),
}


HELPED_BY: Final[dict[str, tuple[str, ...]]] = {
    HEEL: (FOREFOOT_SWITCH, FORE_FORCE),
    FOOT: (),
    SHANK: (),
}
"""What a detector also reads where it is worn, and does without where it is not."""


@dataclass(frozen=True, slots=True)
class DetectorConfig:
    """Which detector a leg has, and its dials.

    Attributes
    ----------
    name : str
        The detector.
    heel : HeelConfig
        Read where ``name`` is ``heel``.
    foot_imu : FootImuConfig
        Read where ``name`` is ``foot-imu``.
    shank_imu : ShankImuConfig
        Read where ``name`` is ``shank-imu``.
    """

    name: Literal["heel", "foot-imu", "shank-imu"] = "heel"
    heel: HeelConfig = HeelConfig()
    foot_imu: FootImuConfig = FootImuConfig()
    shank_imu: ShankImuConfig = ShankImuConfig()


def sensors_of(name: str) -> tuple[str, ...]:
    """Return the sensor kinds that a detector reads; any one of them will do.

    Raises
    ------
    ValueError
        If there is no such detector.
    """
    if name not in SENSORS_OF:
        message = f"detector {name!r} does not exist: choose {' or '.join(DETECTORS)}"
        raise ValueError(message)
    return SENSORS_OF[name]


def read_by(name: str) -> tuple[str, ...]:
    """Return every sensor kind that a detector looks at: those it needs one of, and its helpers.

    Raises
    ------
    ValueError
        If there is no such detector.
    """
    return sensors_of(name) + HELPED_BY[name]


def make_detector(name: str, config: DetectorConfig, leg: int) -> ExplainingDetector:
    """Return a new detector of one leg.

    Parameters
    ----------
    name : str
        ``heel``, ``foot-imu`` or ``shank-imu``.
    config : DetectorConfig
        The dials; its own ``name`` is not looked at.
    leg : int
        ``model.LEFT`` or ``model.RIGHT``.

    Raises
    ------
    ValueError
        If there is no such detector.
    """
    sensors_of(name)
    if name == HEEL:
        return HeelDetector(config.heel, leg)
    if name == SHANK:
        return ShankImuDetector(config.shank_imu, leg)
    return FootImuDetector(config.foot_imu, leg)


def detector_for(sensors: tuple[str, ...]) -> str:
    """Return the detector to take where the user named none.

    A heel switch or force tells a contact directly, so it goes before the foot's motion, and
    that before the shank's.

    Parameters
    ----------
    sensors : tuple of str
        The sensor kinds at hand.

    Raises
    ------
    ValueError
        If none of the detectors can work with them.
    """
    for name in DETECTORS:
        if any(sensor in SENSORS_OF[name] for sensor in sensors):
            return name
    have = ", ".join(sensors) if sensors else "no sensor"
    message = (
        f"no detector works with {have}: a heel switch (heel), a heel force (heel_n) or an IMU "
        f"on foot or shank (acc_x..z, gyr_x..z) is needed"
    )
    raise ValueError(message)
