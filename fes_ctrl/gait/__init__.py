"""Causal gait-event detectors, one per leg: which there are, and how to make one."""

from dataclasses import dataclass
from typing import Final

from fes_ctrl.gait.config import FootImuConfig, FusedConfig, HeelConfig, ShankImuConfig
from fes_ctrl.gait.either import EitherImu
from fes_ctrl.gait.foot_imu import FootImuDetector
from fes_ctrl.gait.fused import FusedDetector
from fes_ctrl.gait.heel import HeelDetector
from fes_ctrl.gait.plugged import PLUGGED, UNUSABLE, DetectorKind, problem_of
from fes_ctrl.gait.shank_imu import ShankImuDetector
from fes_ctrl.model import (
    FOOT_IMU,
    FORE_FORCE,
    FOREFOOT_SWITCH,
    HEEL_FORCE,
    HEEL_SWITCH,
    LEFT,
    RIGHT,
    SHANK_IMU,
    Detector,
)

HEEL: Final = "heel"
FOOT: Final = "foot-imu"
SHANK: Final = "shank-imu"
FUSED: Final = "fused"
DETECTORS: Final = (HEEL, FOOT, SHANK, FUSED)

NEEDS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    HEEL: ((HEEL_SWITCH, HEEL_FORCE),),
    FOOT: ((FOOT_IMU,),),
    SHANK: ((SHANK_IMU,),),
    FUSED: ((HEEL_SWITCH, HEEL_FORCE), (FOOT_IMU, SHANK_IMU)),
}
"""What a detector has to have: of each group any one. Detectors from elsewhere add theirs."""

HELPED_BY: Final[dict[str, tuple[str, ...]]] = {
    HEEL: (FOREFOOT_SWITCH, FORE_FORCE),
    FOOT: (),
    SHANK: (),
    FUSED: (FOREFOOT_SWITCH, FORE_FORCE),
}
"""What a detector also reads where it is worn, and does without where it is not."""

READS_BOTH_FEET: Final = (FUSED,)
"""Detectors of a leg that look at the other one's sensors too."""


@dataclass(frozen=True, slots=True)
class DetectorConfig:
    """Which detector a leg has, and its dials.

    Attributes
    ----------
    name : str
        The detector: one of this program's, or one that was installed beside it.
    heel : HeelConfig
        Read where ``name`` is ``heel``.
    foot_imu : FootImuConfig
        Read where ``name`` is ``foot-imu``.
    shank_imu : ShankImuConfig
        Read where ``name`` is ``shank-imu``.
    fused : FusedConfig
        Read where ``name`` is ``fused``, with those of the detectors that it is made of.
    """

    name: str = HEEL
    heel: HeelConfig = HeelConfig()
    foot_imu: FootImuConfig = FootImuConfig()
    shank_imu: ShankImuConfig = ShankImuConfig()
    fused: FusedConfig = FusedConfig()

    def __post_init__(self) -> None:
        """Refuse a detector that there is not."""
        if self.name not in NEEDS:
            why = UNUSABLE.get(self.name, "there is no such detector")
            message = f"name = {self.name!r}: {why}; choose {' or '.join(NEEDS)}"
            raise ValueError(message)


def add(name: str, kind: DetectorKind) -> None:
    """Take a detector into the tables, beside those of this program.

    Raises
    ------
    ValueError
        If it cannot be taken: why.
    """
    problem = "there is a detector of that name already" if name in NEEDS else problem_of(kind)
    if problem:
        raise ValueError(problem)
    NEEDS[name] = kind.needs
    HELPED_BY[name] = kind.helped_by
    PLUGGED[name] = kind


def needs_of(name: str) -> tuple[tuple[str, ...], ...]:
    """Return the groups of sensor kinds of which a detector has to have one each.

    Raises
    ------
    ValueError
        If there is no such detector.
    """
    if name not in NEEDS:
        why = f": {UNUSABLE[name]}; choose" if name in UNUSABLE else " does not exist: choose"
        message = f"detector {name!r}{why} {' or '.join(NEEDS)}"
        raise ValueError(message)
    return NEEDS[name]


def sensors_of(name: str) -> tuple[str, ...]:
    """Return the sensor kinds that a detector can do with, helpers apart.

    Raises
    ------
    ValueError
        If there is no such detector.
    """
    return tuple([sensor for group in needs_of(name) for sensor in group])


def works_with(name: str, sensors: tuple[str, ...]) -> bool:
    """Return whether a detector has what it needs among these sensor kinds."""
    return all(any(sensor in sensors for sensor in group) for group in needs_of(name))


def read_by(name: str) -> tuple[str, ...]:
    """Return every sensor kind that a detector looks at: those it needs one of, and its helpers.

    Raises
    ------
    ValueError
        If there is no such detector.
    """
    return sensors_of(name) + HELPED_BY[name]


def reads_both_feet(name: str) -> bool:
    """Return whether a detector of a leg looks at the other one's sensors too."""
    return name in READS_BOTH_FEET or (name in PLUGGED and PLUGGED[name].both_feet)


def make_detector(name: str, config: DetectorConfig, leg: int) -> Detector:
    """Return a new detector of one leg.

    Parameters
    ----------
    name : str
        One of ``DETECTORS``, or of those that were added.
    config : DetectorConfig
        The dials; its own ``name`` is not looked at.
    leg : int
        ``model.LEFT`` or ``model.RIGHT``.

    Raises
    ------
    ValueError
        If there is no such detector.
    """
    needs_of(name)
    if name in PLUGGED:
        return PLUGGED[name].make(leg)
    if name == HEEL:
        return HeelDetector(config.heel, leg)
    if name == FOOT:
        return FootImuDetector(config.foot_imu, leg)
    if name == SHANK:
        return ShankImuDetector(config.shank_imu, leg)
    other = RIGHT if leg == LEFT else LEFT
    return FusedDetector(
        config.fused,
        leg,
        HeelDetector(config.heel, leg),
        either_imu(config, leg),
        HeelDetector(config.heel, other),
        either_imu(config, other),
    )


def either_imu(config: DetectorConfig, leg: int) -> EitherImu:
    """Return a detector on the foot IMU of a leg, or on its shank IMU where there is no other."""
    return EitherImu(FootImuDetector(config.foot_imu, leg), ShankImuDetector(config.shank_imu, leg))


def detector_for(sensors: tuple[str, ...]) -> str:
    """Return the detector to take where the user named none.

    A heel switch or force tells a contact directly, so it goes before the foot's motion, and
    that before the shank's; several sensors are brought together only where the user says so.

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
        if works_with(name, sensors):
            return name
    have = ", ".join(sensors) if sensors else "no sensor"
    message = (
        f"no detector works with {have}: a heel switch (heel), a heel force (heel_n) or an IMU "
        f"on foot or shank (acc_x..z, gyr_x..z) is needed"
    )
    raise ValueError(message)
