"""``detect``: CSV on stdout or in a file, and one line where it cannot."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from fes_ctrl.cli.detect import command
from fes_ctrl.recordings import read_events

FOOT = "acc_x,acc_y,acc_z,gyr_x,gyr_y,gyr_z"


def recording(folder: Path, columns: str = "heel", name: str = "walk.csv") -> Path:
    rows = ["t_s," + columns]
    width = columns.count(",") + 1
    for row in range(600):
        load = "1" if row % 120 < 70 else "0"
        rows.append(f"{row / 100:.2f}," + ",".join([load] * width))
    path = folder / name
    path.write_text("\n".join(rows) + "\n")
    return path


def detect(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_events_are_printed_as_they_were_told(tmp_path: Path) -> None:
    result = detect(recording(tmp_path))
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "t_emit_s,t_event_s,event"
    assert lines[1:4] == [
        "0.700000,0.700000,ho",
        "1.200000,1.200000,ic",
        "1.900000,1.900000,ho",
    ]


def test_two_legs_have_a_leg_column(tmp_path: Path) -> None:
    result = detect(recording(tmp_path, "left.heel,right.heel"))
    lines = result.stdout.splitlines()
    assert lines[0] == "t_emit_s,t_event_s,event,leg"
    assert lines[1:3] == ["0.700000,0.700000,ho,left", "0.700000,0.700000,ho,right"]


def test_out_writes_the_same_and_keeps_stdout_clear(tmp_path: Path) -> None:
    path = recording(tmp_path)
    out = tmp_path / "found.csv"
    result = detect(path, "--out", out)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert out.read_text() == detect(path).stdout


def test_explain_says_why_on_stderr(tmp_path: Path) -> None:
    path = recording(tmp_path)
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:200] + lines[300:]) + "\n")
    result = detect(path, "--explain")
    assert "gap of 1010 ms: state forgotten" in result.stderr
    assert "confidence" in result.stderr
    assert result.stdout == detect(path).stdout


@pytest.mark.parametrize(
    ("columns", "options", "says"),
    [
        ("knee", (), "no column of a sensor"),
        ("fore_n", (), "no detector works with fore_force"),
        (
            "heel",
            ("--detector", "foot-imu"),
            "left leg: --detector foot-imu needs foot_imu",
        ),
        (
            "heel",
            ("--detector", "fused"),
            "--detector fused needs heel_switch or heel_force, and foot_imu or shank_imu, and",
        ),
        ("heel", ("--detector", "toe"), "--detector: detector 'toe' does not exist: choose heel"),
    ],
)
def test_what_cannot_be_detected_is_refused_and_nothing_is_written(
    tmp_path: Path, columns: str, options: tuple[str, ...], says: str
) -> None:
    out = tmp_path / "found.csv"
    result = detect(recording(tmp_path, columns), *options, "--out", out)
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stderr.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["walk.csv"]


def test_a_missing_recording_and_an_impossible_out_are_refused(tmp_path: Path) -> None:
    result = detect(tmp_path / "none.csv")
    assert result.exit_code == 2
    assert "none.csv: no such file" in result.stderr
    result = detect(recording(tmp_path), "--out", tmp_path / "none" / "found.csv")
    assert result.exit_code == 2
    assert "--out" in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_existing_result_is_replaced_as_a_whole(tmp_path: Path) -> None:
    out = tmp_path / "found.csv"
    out.write_text("old\n" * 1000)
    assert detect(recording(tmp_path), "--out", out).exit_code == 0
    assert "old" not in out.read_text()


def test_what_is_no_file_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    path = recording(tmp_path)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert detect(path, "--out", pipe).exit_code == 0
        assert os.read(reader, 100_000).decode() == detect(path).stdout
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_several_recordings_go_into_a_folder_each_under_its_name(tmp_path: Path) -> None:
    paths = [recording(tmp_path, name=f"{name}.csv") for name in ("first", "second.walk")]
    out = tmp_path / "found" / "today"
    result = detect(*paths, "--out", out)
    assert result.exit_code == 0
    assert result.stdout == ""
    written = sorted(out.iterdir())
    assert [path.name for path in written] == ["first.detected.csv", "second.walk.detected.csv"]
    assert all(path.read_text() == detect(paths[0]).stdout for path in written)


def test_one_recording_goes_into_a_folder_that_is_there(tmp_path: Path) -> None:
    result = detect(recording(tmp_path), "--out", tmp_path)
    assert result.exit_code == 0
    assert read_events(tmp_path / "walk.detected.csv")


def test_several_recordings_need_a_folder_and_names_of_their_own(tmp_path: Path) -> None:
    one, other = recording(tmp_path), recording(tmp_path, name="other.csv")
    (tmp_path / "file").touch()
    (tmp_path / "again").mkdir()
    twin = recording(tmp_path / "again")
    for arguments, says in (
        ((one, other), "2 recordings: give --out FOLDER"),
        ((one, other, "--out", tmp_path / "file"), "no folder can be made there"),
        ((one, twin, "--out", tmp_path / "found"), "would both be walk.detected.csv"),
        ((one, other, "--out", tmp_path / "found", "--strides", "s.csv"), "for one recording"),
    ):
        result = detect(*arguments)
        assert result.exit_code == 2
        assert says in result.stderr
        assert result.stderr.count("\n") == 1
        assert result.stdout == ""
    assert not list(tmp_path.rglob("*.detected.csv"))


def walking_foot(path: Path, *sides: str) -> Path:
    """Write a foot that tips, swings ahead and comes to rest every 1.25 s, with lost rows."""
    t_s = np.delete(np.arange(0.0, 15.0, 0.01), slice(30, 33))
    within = t_s % 1.25
    rate = np.zeros_like(t_s)
    for begin, length, peak in ((0.45, 0.25, -400.0), (0.70, 0.35, 330.0), (1.05, 0.10, -155.0)):
        u = (within - begin) / length
        rate += np.where((u > 0.0) & (u < 1.0), peak * np.sin(np.pi * u), 0.0)
    u = (within - 0.60) / 0.48
    ahead = np.where((u > 0.0) & (u < 1.0), 33.0 * np.sin(2.0 * np.pi * u), 0.0)
    still = np.zeros_like(t_s)
    foot = np.column_stack([ahead, still, still + 9.81, still, -rate, still])
    channels = [f"{kind}_{axis}" for kind in ("acc", "gyr") for axis in "xyz"]
    names = [f"{side}.foot.{name}" if side else name for side in sides for name in channels]
    table = np.column_stack([t_s, *[foot] * len(sides)])
    np.savetxt(
        path, table, delimiter=",", fmt="%.4f", header=",".join(["t_s", *names]), comments=""
    )
    return path


def test_strides_are_written_beside_the_events_in_samples_and_seconds(tmp_path: Path) -> None:
    path = walking_foot(tmp_path / "walk.csv", "")
    events, strides = tmp_path / "found.csv", tmp_path / "strides.csv"
    result = detect(path, "--out", events, "--strides", strides, "--stride-type", "ic")
    assert result.exit_code == 0
    rows = list(csv.DictReader(strides.read_text().splitlines()))
    assert len(rows) >= 9
    stamps = np.loadtxt(path, delimiter=",", skiprows=1, usecols=0)
    told = {
        kind: [e.t_us / 1e6 for e in read_events(events) if e.kind == kind] for kind in ["ic", "tc"]
    }
    for row in rows:
        for name in ("start", "end", "ic", "tc", "min_vel"):
            assert float(row[f"{name}_s"]) == pytest.approx(stamps[int(row[name])], abs=1e-6)
        for kind, instants in told.items():
            assert min(abs(float(row[f"{kind}_s"]) - t_s) for t_s in instants) <= 0.0051
        assert row["start"] == row["ic"]
        assert float(row["end_s"]) - float(row["start_s"]) == pytest.approx(1.25, abs=0.05)


def test_strides_of_two_feet_say_whose_they_are(tmp_path: Path) -> None:
    strides = tmp_path / "strides.csv"
    path = walking_foot(tmp_path / "walk.csv", "left", "right")
    assert detect(path, "--strides", strides).exit_code == 0
    rows = list(csv.DictReader(strides.read_text().splitlines()))
    assert {row["leg"] for row in rows} == {"left", "right"}
    assert [int(row["s_id"]) for row in rows] == list(range(len(rows)))


def test_strides_without_a_foot_imu_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    out, strides = tmp_path / "found.csv", tmp_path / "strides.csv"
    result = detect(recording(tmp_path), "--out", out, "--strides", strides)
    assert result.exit_code == 2
    assert "--strides needs a foot IMU" in result.stderr
    assert not out.exists()
    assert not strides.exists()


@pytest.mark.parametrize("option", ["--out", "--strides"])
def test_the_recording_itself_is_never_written_over(tmp_path: Path, option: str) -> None:
    path = recording(tmp_path, FOOT)
    before = path.read_bytes()
    (tmp_path / "link.csv").symlink_to(path)
    for name in ("walk.csv", "link.csv"):
        result = detect(path, option, tmp_path / name)
        assert result.exit_code == 2
        assert f"{option} {tmp_path / name}: that is the recording itself" in result.stderr
        assert result.stderr.count("\n") == 1
    assert path.read_bytes() == before


def test_events_do_not_go_where_another_of_the_recordings_is(tmp_path: Path) -> None:
    paths = [recording(tmp_path, name=name) for name in ("walk.csv", "walk.detected.csv")]
    before = paths[1].read_bytes()
    result = detect(*paths, "--out", tmp_path)
    assert result.exit_code == 2
    assert "that is the recording itself" in result.stderr
    assert paths[1].read_bytes() == before


def test_strides_and_events_do_not_go_into_one_file(tmp_path: Path) -> None:
    out = tmp_path / "found.csv"
    result = detect(recording(tmp_path, FOOT), "--out", out, "--strides", out)
    assert result.exit_code == 2
    assert "the events go there already" in result.stderr
    assert not out.exists()


def test_an_empty_list_of_strides_says_which_detector_would_tell_them(tmp_path: Path) -> None:
    strides = tmp_path / "strides.csv"
    result = detect(recording(tmp_path, f"heel,{FOOT}"), "--strides", strides)
    assert result.exit_code == 0
    assert strides.read_text().count("\n") == 1
    assert "the detector told no tc; --detector foot-imu tells both" in result.stderr


def test_what_is_known_at_the_end_is_said_of_each_leg(tmp_path: Path) -> None:
    result = detect(recording(tmp_path, "left.heel,right.heel"), "--explain")
    assert "at the end, left: {" in result.stderr
    assert "at the end, right: {" in result.stderr


def test_a_dial_of_the_detector_can_be_turned_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    path = walking_foot(tmp_path / "walk.csv", "left")
    usual = detect(path)
    late = detect(path, "--set", "detector.foot_imu.heel_off_deg=15")
    assert late.exit_code == usual.exit_code == 0

    def first_off_s(text: str) -> float:
        rows = csv.DictReader(text.splitlines())
        return [float(row["t_event_s"]) for row in rows if row["event"] == "ho"][2]

    assert first_off_s(late.stdout) > first_off_s(usual.stdout)
    for option, says in (
        ("detector.foot_imu.heel_off_deg=50", "detector.foot_imu.heel_off_deg = 50"),
        ("detector.foot_imu.nothing=1", "nothing"),
        ("program.delay_ms=1", "program"),
        ("detector.name=heel", "--detector NAME"),
    ):
        refused = detect(path, "--set", option)
        assert refused.exit_code == 2, option
        assert says in refused.stderr
        assert refused.stderr.count("\n") == 1
