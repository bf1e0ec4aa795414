"""``detect``: CSV on stdout or in a file, and one line where it cannot."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fes_ctrl.cli.detect import command


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
        ("heel", ("--detector", "fused"), "--detector: detector 'fused' does not exist"),
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
