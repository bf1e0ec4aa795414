"""Foot and shank IMU on one leg: the foot's tells, and the shank's where the foot's is gone."""

from fes_ctrl.gait.config import FusedConfig, HeelConfig
from fes_ctrl.gait.either import EitherImu
from fes_ctrl.gait.fused import FusedDetector
from fes_ctrl.gait.heel import HeelDetector
from fes_ctrl.gait.witness import UNSURE
from fes_ctrl.model import FOOT_IMU, HEEL_OFF, LEFT, SHANK_IMU, GaitEvent, Remark, Sample

SECOND_US = 1_000_000


class Echo:
    """A witness that tells a heel-off with every reading, with its own confidence."""

    turn_deg = 0.0
    says = UNSURE

    def __init__(self, confidence: float) -> None:
        self.confidence = confidence

    def update(self, sample: Sample) -> tuple[GaitEvent, ...]:
        t_us, arrive_us = sample.t_meas_us, sample.t_arrive_us
        return (GaitEvent(HEEL_OFF, sample.leg, t_us, arrive_us, self.confidence),)

    def snapshot(self) -> dict[str, object]:
        return {"who": self.confidence}

    def remarks(self) -> tuple[Remark, ...]:
        return ()


FOOT, SHANK = 1.0, 0.5


def reading(sensor: str, t_s: float) -> Sample:
    t_us = round(t_s * SECOND_US)
    return Sample(t_us, t_us + 2_000, 0, LEFT, sensor, (0.0,) * 6)


def told(either: EitherImu, sensor: str, t_s: float) -> list[float]:
    return [event.confidence for event in either.update(reading(sensor, t_s))]


def test_the_shank_stands_in_for_a_foot_imu_that_has_died_until_it_is_back() -> None:
    either = EitherImu(Echo(FOOT), Echo(SHANK))
    assert told(either, SHANK_IMU, 1.0) == [SHANK], "the foot's starts late"
    assert told(either, FOOT_IMU, 1.1) == [FOOT]
    assert told(either, SHANK_IMU, 1.2) == []
    assert told(either, SHANK_IMU, 2.0) == [], "a stall is no death"
    assert told(either, SHANK_IMU, 2.2) == [SHANK]
    assert either.snapshot() == {"who": SHANK}
    assert told(either, FOOT_IMU, 9.0) == [FOOT]
    assert told(either, SHANK_IMU, 9.1) == []
    assert either.snapshot() == {"who": FOOT}


def test_heel_and_imu_together_hear_the_shank_once_the_foot_imu_is_gone() -> None:
    imu = EitherImu(Echo(FOOT), Echo(SHANK))
    heels = [HeelDetector(HeelConfig(), leg) for leg in (LEFT, 1)]
    other = EitherImu(Echo(FOOT), Echo(SHANK))
    fused = FusedDetector(FusedConfig(), LEFT, heels[0], imu, heels[1], other)
    assert fused.update(reading(FOOT_IMU, 0.0))
    assert not fused.update(reading(SHANK_IMU, 0.5))
    assert fused.update(reading(SHANK_IMU, 5.0))
