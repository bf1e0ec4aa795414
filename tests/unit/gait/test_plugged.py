"""A detector of somebody else's package is taken, or refused with the reason."""

from collections.abc import Iterator

import pytest

from fes_ctrl import gait
from fes_ctrl.config.errors import ConfigError
from fes_ctrl.config.layers import Layers
from fes_ctrl.gait import DetectorConfig, add, make_detector, read_by, reads_both_feet, sensors_of
from fes_ctrl.gait.heel import HeelDetector
from fes_ctrl.gait.plugged import PLUGGED, UNUSABLE, DetectorKind
from fes_ctrl.model import FOOT_IMU, HEEL_SWITCH, RIGHT, SHANK_IMU, Detector


def make(leg: int) -> Detector:
    return HeelDetector(DetectorConfig().heel, leg)


GOOD = DetectorKind(make, ((HEEL_SWITCH,),), (SHANK_IMU,), both_feet=True)


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    tables = (gait.NEEDS, gait.HELPED_BY, PLUGGED, UNUSABLE)
    before = [dict(table) for table in tables]
    yield
    for table, old in zip(tables, before, strict=True):
        table.clear()  # type: ignore[attr-defined]
        table.update(old)  # type: ignore[attr-defined]


def test_it_is_a_detector_like_any_other_and_never_taken_unasked() -> None:
    add("mine", GOOD)
    config = DetectorConfig(name="mine")
    made = make_detector("mine", config, RIGHT)
    assert isinstance(made, HeelDetector)
    assert made.leg == RIGHT
    assert sensors_of("mine") == (HEEL_SWITCH,)
    assert read_by("mine") == (HEEL_SWITCH, SHANK_IMU)
    assert reads_both_feet("mine")
    assert gait.detector_for((HEEL_SWITCH,)) == "heel"


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (GOOD._replace(needs=()), "needs no sensor"),
        (GOOD._replace(needs=((),)), "needs no sensor"),
        (GOOD._replace(needs=(("heal_switch",),)), "'heal_switch'.*heel_switch"),
        (GOOD._replace(helped_by=("knee",)), "'knee'"),
        (GOOD._replace(make=lambda _: object()), "object, which has no update and no snapshot"),
    ],
)
def test_one_that_cannot_work_is_refused(kind: DetectorKind, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        add("mine", kind)
    with pytest.raises(ValueError, match="no such detector"):
        DetectorConfig(name="mine")


def test_nobody_takes_the_name_of_a_detector_that_there_is() -> None:
    with pytest.raises(ValueError, match="already"):
        add("fused", GOOD)
    assert sensors_of("fused") != (FOOT_IMU,)


def test_an_unusable_one_is_refused_with_its_reason_and_place() -> None:
    UNUSABLE["mine"] = "the detector 'mine:DETECTOR' cannot be loaded"
    layers = Layers({"detector": DetectorConfig})
    layers.set("detector.name=mine")
    with pytest.raises(ConfigError) as refused:
        layers.get("detector")
    assert "cannot be loaded; choose heel or foot-imu" in str(refused.value)
    assert "--set detector.name=mine" in str(refused.value)
    with pytest.raises(ValueError, match=r"detector 'mine': the detector .* cannot be loaded; ch"):
        sensors_of("mine")
