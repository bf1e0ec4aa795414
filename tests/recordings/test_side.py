"""Which foot a sensor is on: known for two real feet, the same in all recordings of another."""

from pathlib import Path

import pytest

from fes_ctrl.gait import DetectorConfig
from fes_ctrl.gait.foot_imu import FootImuDetector
from fes_ctrl.gait.side import UNKNOWN
from fes_ctrl.model import FOOT_IMU, LEFT, RIGHT, Sample
from fes_ctrl.recordings import read_recording

PEOPLE = ("H02", "H03", "H07", "P02", "P03", "P05", "P08")


def sides(path: Path, *, turned: bool = False) -> list[int]:
    """Return every side that was told, in order."""
    detector = FootImuDetector(DetectorConfig().foot_imu, LEFT)
    told: list[int] = []
    for sample in read_recording(path).samples():
        if sample.sensor != FOOT_IMU:
            continue
        detector.update(upside_down(sample) if turned else sample)
        leg = detector.side.leg
        if leg != UNKNOWN and leg not in told:
            told.append(leg)
    return told


def upside_down(sample: Sample) -> Sample:
    """Mount the sensor backwards and on its head: a rotation, not a mirror."""
    ax, ay, az, wx, wy, wz = sample.values
    values = (-ax, ay, -az, -wx, wy, -wz)
    return sample._replace(leg=LEFT, values=values)


@pytest.mark.parametrize("turned", [False, True])
def test_both_feet_of_the_walker_whose_sides_are_known(gait: Path, *, turned: bool) -> None:
    assert sides(gait / "gaitmap-left.csv.gz", turned=turned) == [LEFT]
    assert sides(gait / "gaitmap-right.csv.gz", turned=turned) == [RIGHT]


def test_two_recordings_of_a_foot_agree_and_neither_ever_says_the_other(gait: Path) -> None:
    for person in PEOPLE:
        first = sides(gait / f"hmm-{person}-1.csv.gz")
        second = sides(gait / f"hmm-{person}-2.csv.gz")
        assert len(first) == 1, person
        assert first == second, person
