"""A run's folder read back is what the run was, whether it came to its end or not."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from fes_ctrl.analysis.account import Account
from fes_ctrl.analysis.run import RunError, read_run
from fes_ctrl.analysis.walk import Charge, LegWalk, Walk
from fes_ctrl.cli.walk import command as walk
from fes_ctrl.model import RIGHT, Sample
from hil.scenarios import load_scenario
from hil.simulate import WalkResult, simulate
from hil.trace import truth_of


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "walk"
    arguments = ["moderate_stroke", "--duration", "12", "--set", "program.delay_ms=20"]
    done = CliRunner().invoke(walk, [*arguments, "--out", str(folder), "--json"])
    assert done.exception is None or done.exit_code == 1, done.output
    return folder


@pytest.fixture(scope="module")
def walked() -> WalkResult:
    options = {"duration_s": 12.0}
    scenario = load_scenario("moderate_stroke", options, ("program.delay_ms=20",))
    return simulate(replace(scenario.walk, trace=True))


def test_the_folder_gives_back_the_walk(kept: Path, walked: WalkResult) -> None:
    run = read_run(kept)
    (then,), (now,) = walked.walk.legs, run.walk.legs
    assert run.ended == "finished"
    assert now.leg == then.leg == RIGHT
    assert now.detected == then.detected
    assert now.swings == then.swings
    assert now.truth == then.truth
    assert [(b.start, b.setpoints, b.end) for b in now.bursts] == [
        (b.start, b.setpoints, b.end) for b in then.bursts
    ]
    assert now.skipped == then.skipped
    assert run.walk.settled_from_us == walked.walk.settled_from_us
    assert len(run.written) == len(then.written_late_us)


def test_its_setpoints_are_those_that_were_hashed(kept: Path) -> None:
    run = read_run(kept)
    account = Account(Walk(0, 0, [LegWalk(RIGHT)], Charge()))
    for setpoint in run.setpoints:
        account.setpoint(setpoint)
    assert run.summary is not None
    assert account.setpoints_sha256 == run.summary["setpoints_sha256"]


def test_the_series_are_the_patients(kept: Path, walked: WalkResult) -> None:
    run = read_run(kept)
    assert run.truth is not None
    (then,), (now,) = truth_of(walked).legs, run.truth.legs
    assert now.t_us.tolist() == then.t_us.tolist()
    for name, values in now.series.items():
        assert values.tolist() == pytest.approx(then.series[name].tolist(), abs=0.06), name
    assert max(now.series["heel_n"]) > 100.0
    assert 0.9 < min(now.series["fitness"]) < 1.0


def test_every_setting_has_its_origin(kept: Path) -> None:
    run = read_run(kept)
    assert run.origin("program.delay_ms") == "--set program.delay_ms=20"
    assert run.origin("program.fall_ms").startswith("configs/programs/standard.toml:")
    assert run.origin("program.trigger_lead_ms") == "default"
    assert run.settings is not None
    assert run.settings["values"]["program"]["delay_ms"] == 20
    assert run.summary is not None
    assert run.settings["config_sha256"] == run.summary["config_sha256"]


def test_samples_are_by_leg_and_sensor(kept: Path) -> None:
    run = read_run(kept)
    heel = run.samples[RIGHT, "heel_switch"]
    assert all(isinstance(sample, Sample) for sample in heel)
    assert [sample.t_arrive_us for sample in heel] == sorted(s.t_arrive_us for s in heel)
    assert run.start_us <= heel[0].t_arrive_us <= run.end_us


def cut(kept: Path, folder: Path, lines: int) -> Path:
    """Leave what a kill leaves: the beginning of the log, and half a line."""
    folder.mkdir()
    whole = (kept / "log.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "log.jsonl").write_bytes(b"".join(whole[:lines]) + whole[lines][:20])
    return folder


def test_a_run_that_was_killed_is_read_to_where_it_came(kept: Path, tmp_path: Path) -> None:
    whole = read_run(kept)
    run = read_run(cut(kept, tmp_path / "killed", 2000))
    assert run.ended == ""
    assert run.summary is None
    assert run.truth is None
    assert 0 < len(run.setpoints) < len(whole.setpoints)
    assert run.setpoints == whole.setpoints[: len(run.setpoints)]


def test_the_log_names_its_folder_too(kept: Path) -> None:
    assert read_run(kept / "log.jsonl").folder == kept


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("summary.json", "{", "summary.json: damaged"),
        ("settings.json", "[]", "settings.json: damaged"),
        ("strides.csv", "leg,stride\nright,1\n", "strides.csv:1: not a table"),
        ("truth.csv.gz", "no gzip", "truth.csv.gz:"),
        ("truth.events.csv", "t_s,event,leg\n1.0,hop,right\n", "truth.events.csv:2: event 'hop'"),
        ("truth.events.csv", "t_s,event,leg\nx,ic,right\n", "truth.events.csv:2: could not"),
        ("log.jsonl", '{"kind":"header","format":1}\n', "log.jsonl:1: the header does not say"),
    ],
)
def test_what_is_damaged_is_named(
    kept: Path, tmp_path: Path, file: str, text: str, told: str
) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(kept, folder)
    (folder / file).write_text(text)
    with pytest.raises(RunError, match=told):
        read_run(folder)


def test_a_line_that_lacks_a_field_is_named(kept: Path, tmp_path: Path) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(kept, folder)
    lines = (folder / "log.jsonl").read_text().splitlines()
    number = next(n for n, line in enumerate(lines) if json.loads(line)["kind"] == "burst")
    burst = json.loads(lines[number])
    del burst["trigger_t"]
    lines[number] = json.dumps(burst)
    (folder / "log.jsonl").write_text("\n".join(lines) + "\n")
    with pytest.raises(RunError, match=f"log.jsonl:{number + 1}: a burst record lacks"):
        read_run(folder)


def test_a_folder_without_a_log_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="give the folder that --out named"):
        read_run(tmp_path)
