"""The batch wrapper: gaitmap's frames and containers in, the same walk found in each of them."""

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from fes_ctrl.analysis.batch import CausalEventDetection, as_frame
from fes_ctrl.analysis.strides import COLUMNS
from fes_ctrl.gait import DetectorConfig
from fes_ctrl.gait.config import FootImuConfig

RATE_HZ = 102.4
STRIDE_S = 1.25
STRIDES = 12
# Half-sines of the sagittal rate within a stride: begin, length (s), peak (deg/s, toe-up).
LOBES = ((0.45, 0.25, -400.0), (0.70, 0.35, 330.0), (1.05, 0.10, -155.0))
AHEAD = (0.60, 0.48, 1.2)  # the way: from, for so long (s), metres
Foot = dict[str, NDArray[np.float64]]


def walking(side: str) -> Foot:
    """Return the motion of a foot in its own sensor frame: x to the toe, y left, z up.

    Feet also roll and turn a little, mirrored between left and right.
    """
    outwards = 1.0 if side == "left" else -1.0
    t = np.arange(round(STRIDES * STRIDE_S * RATE_HZ)) / RATE_HZ
    within = t % STRIDE_S
    tilt = np.zeros_like(t)
    rate = np.zeros_like(t)
    for begin, length, peak in LOBES:
        u = np.clip((within - begin) / length, 0.0, 1.0)
        tilt += np.radians(peak * length / math.pi * (1.0 - np.cos(math.pi * u)))
        rate += np.where((u > 0.0) & (u < 1.0), peak * np.sin(math.pi * u), 0.0)
    begin, length, way = AHEAD
    u = (within - begin) / length
    swing = np.where((u > 0.0) & (u < 1.0), np.sin(2.0 * math.pi * u), 0.0)
    ahead = way / length**2 * 2.0 * math.pi * swing
    return {
        "acc_x": np.cos(tilt) * ahead + np.sin(tilt) * 9.81,
        "acc_y": outwards * 1.5 * swing,
        "acc_z": np.cos(tilt) * 9.81 - np.sin(tilt) * ahead,
        "gyr_x": outwards * 70.0 * swing,
        "gyr_y": -rate,
        "gyr_z": outwards * 40.0 * swing,
    }


def in_body_frame(foot: Foot, side: str) -> Foot:
    """Return the same in gaitmap's body frame, by what its axes mean.

    Accelerations point ahead, to the foot's own side, and down; rates are positive where the foot
    turns its sole inwards, lifts its toe, and turns its toe inwards.
    """
    left = side == "left"
    return {
        "acc_pa": foot["acc_x"],
        "acc_ml": foot["acc_y"] if left else -foot["acc_y"],
        "acc_si": -foot["acc_z"],
        "gyr_pa": -foot["gyr_x"] if left else foot["gyr_x"],
        "gyr_ml": -foot["gyr_y"],
        "gyr_si": -foot["gyr_z"] if left else foot["gyr_z"],
    }


def detect(data: Any, **params: Any) -> CausalEventDetection:
    return CausalEventDetection(**params).detect(data, sampling_rate_hz=RATE_HZ)


def same(one: dict[str, NDArray[Any]], other: dict[str, NDArray[Any]]) -> bool:
    return list(one) == list(other) and all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("stride_type", sorted(COLUMNS))
def test_every_stride_but_the_first_and_last_is_found_where_it_is(stride_type: str) -> None:
    found = detect(walking("left"), stride_type=stride_type)
    strides = found.stride_list_
    assert tuple(strides) == COLUMNS[stride_type]
    assert len(strides["s_id"]) >= STRIDES - 2
    toe_off = strides["tc"] / RATE_HZ % STRIDE_S
    contact = strides["ic"] / RATE_HZ % STRIDE_S
    assert np.abs(toe_off - 0.70).max() < 0.03
    assert np.abs(contact - 1.05).max() < 0.03
    lasts = (strides["end"] - strides["start"]) / RATE_HZ
    assert np.abs(lasts - STRIDE_S).max() < 0.06 if stride_type != "min_vel" else lasts.max() < 2.0


def test_the_events_say_when_they_could_be_known() -> None:
    events = detect(walking("left")).events_
    assert {"ic", "ff", "ho", "tc"} == set(events["event"].tolist())
    assert (events["t_emit_s"] >= events["t_event_s"]).all()
    assert (events["t_emit_s"] > events["t_event_s"]).any()
    assert (np.abs(events["sample"] / RATE_HZ - events["t_event_s"]) <= 0.5001 / RATE_HZ).all()


def test_nothing_is_known_before_its_time() -> None:
    whole = walking("left")
    half = {name: column[: len(column) // 2] for name, column in whole.items()}
    late, early = detect(whole).events_, detect(half).events_
    told = len(early["event"])
    assert told
    assert same({name: column[:told] for name, column in late.items()}, early)
    assert late["t_emit_s"][told] > (len(half["acc_x"]) - 1) / RATE_HZ


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_body_frame_is_the_same_walk(side: str) -> None:
    foot = walking(side)
    body = in_body_frame(foot, side)
    expected = detect(foot)
    for params in ({"side": side}, {"side": side, "frame": "body"}):
        found = detect(body, **params)
        assert same(found.stride_list_, expected.stride_list_)
        assert same(found.events_, expected.events_)


def test_left_and_right_feet_are_alike_in_the_body_frame() -> None:
    left, right = (in_body_frame(walking(side), side) for side in ("left", "right"))
    for name in left:
        assert np.allclose(left[name], right[name])


def test_a_sensor_in_any_mounting_is_not_aligned_first() -> None:
    foot = walking("left")
    turned = {
        f"{kind}_{axis}": sign * foot[f"{kind}_{was}"]
        for kind in ("acc", "gyr")
        for axis, was, sign in (("x", "z", 1), ("y", "x", -1), ("z", "y", -1))
    }
    expected = detect(foot).stride_list_
    found = detect(turned).stride_list_
    for name, column in expected.items():
        assert np.abs(column - found[name]).max() <= 1, name


def test_several_sensors_are_told_apart_by_name() -> None:
    feet = {f"{side}_sensor": in_body_frame(walking(side), side) for side in ("left", "right")}
    found = detect(feet)
    assert list(found.stride_list_) == ["left_sensor", "right_sensor"]
    for side in ("left", "right"):
        alone = detect(feet[f"{side}_sensor"], side=side)
        assert same(found.stride_list_[f"{side}_sensor"], alone.stride_list_)


@pytest.mark.parametrize("stride_type", sorted(COLUMNS))
def test_data_frames_in_give_data_frames_out(stride_type: str) -> None:
    foot = walking("left")
    expected = detect(foot, stride_type=stride_type)
    found = detect(pd.DataFrame(foot), stride_type=stride_type)
    strides = found.stride_list_
    assert isinstance(strides, pd.DataFrame)
    assert strides.index.names == ["s_id"]
    assert tuple(strides.columns) == COLUMNS[stride_type][1:]
    assert all(kind == np.int64 for kind in strides.dtypes)
    assert strides.equals(as_frame(expected.stride_list_))
    assert found.events_.equals(as_frame(expected.events_))


def test_a_frame_with_two_levels_is_several_sensors() -> None:
    feet = {name: pd.DataFrame(walking(name)) for name in ("left", "right")}
    several = detect(feet).stride_list_
    wide = detect(pd.concat(feet, axis=1)).stride_list_
    assert list(wide) == ["left", "right"]
    assert all(wide[name].equals(several[name]) for name in several)


def test_heel_and_forefoot_beside_the_motion_can_tell_the_events() -> None:
    foot = walking("left")
    t = np.arange(len(foot["acc_x"])) / RATE_HZ % STRIDE_S
    foot["heel"] = ((t < 0.45) | (t > 1.05)).astype(float)
    foot["fore"] = ((t < 0.70) | (t > 1.10)).astype(float)
    found = detect(foot, detector="heel", stride_type="ic")
    assert len(found.stride_list_["s_id"]) >= STRIDES - 2
    assert np.abs(found.stride_list_["tc"] / RATE_HZ % STRIDE_S - 0.70).max() < 0.02


def test_rows_that_are_not_finite_are_no_readings() -> None:
    foot = walking("left")
    expected = detect(foot).stride_list_
    for column in foot.values():
        column[[200, 700]] = np.nan
    found = detect(foot).stride_list_
    assert len(found["s_id"]) == len(expected["s_id"])


def test_parameters_are_kept_as_given_and_a_clone_has_no_results() -> None:
    config = DetectorConfig(foot_imu=FootImuConfig(still_dps=30.0))
    used = detect(walking("left"), stride_type="ic", config=config)
    assert used.get_params()["config"] is config
    fresh = used.clone()
    assert fresh.get_params() == used.get_params()
    assert not hasattr(fresh, "stride_list_")
    fresh.set_params(stride_type="segmented")
    assert fresh.stride_type == "segmented"
    assert used.stride_type == "ic"
    with pytest.raises(ValueError, match="colour is no parameter"):
        fresh.set_params(colour="red")


def test_the_dials_reach_the_detector() -> None:
    longest = DetectorConfig(foot_imu=FootImuConfig(min_swing_ms=500.0))
    assert "ic" in detect(walking("left")).events_["event"]
    with_dial = detect(walking("left"), config=longest).events_
    assert not same(with_dial, detect(walking("left")).events_)


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"detector": "nose"}, "detector 'nose' does not exist"),
        ({"stride_type": "tc"}, "'tc' does not exist"),
        ({"frame": "world"}, "frame 'world' does not exist"),
        ({"frame": "body"}, "no columns acc_pa"),
        ({"side": "up"}, "side 'up'"),
        ({"detector": "heel"}, "needs heel or heel_n"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(params: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        detect(walking("left"), **params)


def test_data_that_cannot_be_used_are_refused() -> None:
    foot = walking("left")
    body = in_body_frame(foot, "left")
    with pytest.raises(ValueError, match="the body frame is mirrored"):
        detect(body)
    with pytest.raises(ValueError, match="both: the body frame is mirrored"):
        detect({"both": body})
    with pytest.raises(ValueError, match="bright_left: the body frame is mirrored"):
        detect({"bright_left": body})
    with pytest.raises(ValueError, match="say frame='sensor' or frame='body'"):
        detect({**foot, **body})
    with pytest.raises(ValueError, match="columns beside sensors"):
        detect({"left": foot, "acc_x": foot["acc_x"]})
    with pytest.raises(ValueError, match="not of one length"):
        detect({**foot, "gyr_z": foot["gyr_z"][1:]})
    with pytest.raises(ValueError, match="data of type ndarray"):
        detect(np.zeros((10, 6)))
    for rate_hz in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="sampling_rate_hz"):
            CausalEventDetection().detect(foot, sampling_rate_hz=rate_hz)


def test_pandas_is_wanted_only_for_data_frames_and_the_extra_is_named() -> None:
    code = (
        "import sys\n"
        "sys.modules['pandas'] = None\n"
        "import numpy as np\n"
        "from fes_ctrl.analysis.batch import CausalEventDetection, as_frame\n"
        "foot = {f'{k}_{a}': np.zeros(9) for k in ('acc', 'gyr') for a in 'xyz'}\n"
        "found = CausalEventDetection().detect(foot, sampling_rate_hz=100)\n"
        "try:\n"
        "    as_frame(found.stride_list_)\n"
        "except ModuleNotFoundError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'fes-ctrl[gaitmap]'" in done.stdout
