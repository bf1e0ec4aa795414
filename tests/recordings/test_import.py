"""Real walks, written in other units and layouts, come back with the events they had."""

import math
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from fes_ctrl.cli import group
from fes_ctrl.recordings import read_events, read_recording

FIRST_COLUMNS = {"heel_n": 1, "mid_n": 2, "fore_n": 6}
"""In gaitpdb, counted from the foot's first sensor, the one that stands for its group here."""


def run(*arguments: object) -> None:
    result = CliRunner().invoke(group, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.stderr


def events(recording: Path, out: Path) -> list[tuple[int, int | None, str, int]]:
    run("detect", recording, "--out", out)
    found = [(e.t_us, e.t_emit_us, e.kind, e.leg) for e in read_events(out)]
    assert len(found) > 50
    return found


def test_a_walk_in_g_radians_and_milliseconds_has_the_same_events(
    shared_data: Path, tmp_path: Path
) -> None:
    source = shared_data / "gait" / "gaitmap-left.csv.gz"
    recording = read_recording(source)
    lines = ["stamp;a_x;a_y;a_z;w_x;w_y;w_z"]
    for t_us, row in zip(
        recording.t_meas_us.tolist(), recording.streams[0].values.tolist(), strict=True
    ):
        cells = [f"{t_us / 1000:.1f}"]
        cells += [f"{value / 9.80665:.7f}" for value in row[:3]]
        cells += [f"{math.radians(value):.8f}" for value in row[3:]]
        lines.append(";".join(cells).replace(".", ","))
    foreign = tmp_path / "lab.txt"
    foreign.write_text("\n".join(lines) + "\n")
    run(
        *("import", foreign, "--map", "acc=a_{xyz}", "--map", "gyr=w_{xyz}", "--map", "time=stamp"),
        *("--acc-unit", "g", "--gyr-unit", "rad/s", "--time-unit", "ms"),
    )
    again = read_recording(tmp_path / "lab.recording.csv")
    np.testing.assert_allclose(again.streams[0].values, recording.streams[0].values, atol=1e-4)
    before, after = events(source, tmp_path / "a"), events(again.path, tmp_path / "b")
    assert [(kind, leg) for _, _, kind, leg in after] == [(kind, leg) for _, _, kind, leg in before]
    for (t, emit, _, _), (t_was, emit_was, _, _) in zip(after, before, strict=True):
        assert t == pytest.approx(t_was, abs=2)
        assert emit == pytest.approx(emit_was, abs=2)


def test_both_feet_of_gaitmap_have_the_events_of_each(shared_data: Path, tmp_path: Path) -> None:
    sides = {
        side: read_recording(shared_data / "gait" / f"gaitmap-{side}.csv.gz")
        for side in ("left", "right")
    }
    six = [f"{kind}_{axis}" for kind in ("acc", "gyr") for axis in "xyz"]
    upper = [f"{side}_sensor" for side in sides for _ in six]
    lines = [",".join(["sensor", *upper]), ",".join(["axis", *six, *six])]
    both = np.hstack([recording.streams[0].values for recording in sides.values()])
    lines += [f"{n}," + ",".join(f"{v:.6g}" for v in row) for n, row in enumerate(both.tolist())]
    foreign = tmp_path / "imu_sample.csv"
    foreign.write_text("\n".join(lines) + "\n")
    run("import", foreign, "--map", "gaitmap", "--rate-hz", 204.8)
    found = events(tmp_path / "imu_sample.recording.csv", tmp_path / "both")
    for leg, recording in enumerate(sides.values()):
        single = events(recording.path, tmp_path / "one")
        of_leg = [event for event in found if event[3] == leg]
        assert [event[2] for event in of_leg] == [event[2] for event in single]
        for event, was in zip(of_leg, single, strict=True):
            # The stamps of these recordings are rounded to 0.1 ms and 204.8 Hz is exact, so what
            # is held against them (a foot still for 80 ms) may end a row sooner or later.
            assert event[0] == pytest.approx(was[0], abs=1e6 / 204.8 + 500)
        same = [abs(e[0] - w[0]) <= 500 for e, w in zip(of_leg, single, strict=True)]
        assert sum(same) >= len(same) - 2


def test_gaitpdb_has_the_events_of_each_foot(shared_data: Path, tmp_path: Path) -> None:
    sides = [shared_data / "gait" / f"pd-GaCo02_01-{side}.csv.gz" for side in ("left", "right")]
    tables = [np.loadtxt(path, delimiter=",", skiprows=1) for path in sides]
    rows = len(tables[0])
    assert len(tables[1]) == rows
    columns = np.zeros((rows, 19))
    columns[:, 0] = tables[0][:, 0]
    for leg, table in enumerate(tables):
        for place, column in enumerate(FIRST_COLUMNS.values(), start=1):
            columns[:, 8 * leg + column] = table[:, place]
        columns[:, 17 + leg] = table[:, 1:4].sum(axis=1)
    foreign = tmp_path / "GaCo02_01.txt"
    np.savetxt(foreign, columns, fmt="%.4f", delimiter="\t")
    run("import", foreign, "--map", "gaitpdb")
    found = events(tmp_path / "GaCo02_01.recording.csv", tmp_path / "both")
    for leg, path in enumerate(sides):
        single = events(path, tmp_path / "one")
        assert [event[:3] for event in found if event[3] == leg] == [e[:3] for e in single]
