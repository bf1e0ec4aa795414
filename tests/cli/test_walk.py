"""``fes-ctrl walk`` as a user meets it: the table, the run folder, refusals, interruptions."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fes_ctrl.analysis.run import read_run
from fes_ctrl.model import LEG_NAMES
from fes_ctrl.runlog.reader import read_log
from helpers.here import fes_ctrl_here

COMMAND = [sys.executable, "-m", "fes_ctrl", "walk"]


def walk(*arguments: str) -> subprocess.CompletedProcess[str]:
    return fes_ctrl_here("walk", *arguments)


def walk_apart(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Walk in a process of its own, as a user does."""
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=120
    )


def test_the_standard_walk_passes_and_says_so_in_a_table() -> None:
    done = walk_apart("--duration", "20", "--twin", "evaluation")
    assert done.returncode == 0, done.stderr
    for word in ("strides", "toe clearance", "drags", "ankle at contact", "onset delay", "charge"):
        assert word in done.stdout
    assert "passed" in done.stdout


def test_json_is_one_object_on_stdout_and_everything_else_is_elsewhere(tmp_path: Path) -> None:
    done = walk("--duration", "10", "--json", "--out", str(tmp_path / "run"))
    summary = json.loads(done.stdout)
    assert summary == json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["stimulator"] == "sim+p24"
    assert summary["legs"]["right"]["pulses"] > 0


def test_a_run_folder_holds_log_summary_and_picture(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert walk("--duration", "10", "--twin", "evaluation", "--out", str(folder)).returncode == 0
    assert {file.name for file in folder.iterdir()} == {
        *("log.jsonl", "settings.json", "summary.json", "strides.svg"),
        *("strides.csv", "truth.csv.gz", "truth.events.csv", "twin.csv.gz"),
    }
    records = list(read_log(folder / "log.jsonl"))
    assert records[0]["kind"] == "header"
    assert records[-1]["kind"] == "footer"
    svg = (folder / "strides.svg").read_text()
    assert svg.count("<polyline") == 4, "ankle and toe, with stimulation and without"


def test_equal_walks_differ_in_nothing_but_how_they_were_run() -> None:
    first, second = (
        json.loads(walk("--duration", "10", "--json", "--clock", clock).stdout)
        for clock in ("stepper", "virtual")
    )
    assert first.pop("run") != second.pop("run")
    assert first == second


def test_the_evaluation_twin_walks_the_same_steps_without_stimulation() -> None:
    summary = json.loads(walk("--duration", "20", "--twin", "evaluation", "--json").stdout)
    treated, twin = summary["legs"]["right"], summary["twins"]["evaluation"]["legs"]["right"]
    assert treated["strides"] == twin["strides"]
    assert twin["pulses"] == 0
    assert summary["twins"]["evaluation"]["charge"]["total_mC"] == 0
    assert twin["toe_clearance_mm"]["median"] < 0 < treated["toe_clearance_mm"]["median"]


def test_each_leg_has_its_own_charge_in_table_summary_and_page(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    done = walk("both_legs", "--duration", "14", "--seed", "2", "--out", str(folder))
    lines = [line for line in done.stdout.splitlines() if "charge, mC" in line]
    printed = [re.search(r"(\d+\.\d\d) \((\d+\.\d)\)", line) for line in lines]
    summary = json.loads((folder / "summary.json").read_text())
    run = read_run(folder)
    # Every allowed setpoint was given: what the log commands is what the electrodes saw.
    given = {LEG_NAMES[leg.leg]: leg.charge_pc / 1e9 for leg in run.walk.legs}
    known = {side: leg["charge"]["total_mC"] for side, leg in summary["legs"].items()}
    assert known == pytest.approx(given, abs=0.03)
    assert known["left"] != known["right"]
    assert sum(known.values()) == pytest.approx(summary["charge"]["total_mC"], abs=2e-4)
    assert [each and each[1] for each in printed] == [f"{value:.2f}" for value in known.values()]
    assert f"charge of both legs, mC: {summary['charge']['total_mC']:.2f}" in done.stdout
    assert fes_ctrl_here("report", str(folder)).returncode == 0
    page = (folder / "report.html").read_text()
    assert all(f"<td>{value:.2f}<" in page for value in known.values())


def test_several_scenarios_give_a_list_and_the_worst_exit_code() -> None:
    done = walk("standard", "late_onset", "--duration", "12", "--json")
    assert [w["scenario"] for w in json.loads(done.stdout)["walks"]] == ["standard", "late_onset"]
    assert done.returncode == 1, "late_onset asks for 20 drags, which 12 s cannot give"


def test_a_bound_that_is_not_met_fails_with_its_name() -> None:
    done = walk("--duration", "12", "--set", "program.delay_ms=380")
    assert done.returncode == 1
    assert "legs.right.drag_strides" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere"], "scenario 'nowhere' is unknown; choose"),
        (["./nowhere.toml"], "does not exist"),
        (["--program", "nowhere"], "program 'nowhere' is unknown; choose"),
        (["--set", "program.delay_ms=nan"], "--set program.delay_ms=nan"),
        (["--set", "program.delay_ms=inf"], "--set program.delay_ms=inf"),
        (["--set", "program.delay_ms=true"], "program.delay_ms = true"),
        (["--set", "program.dealy_ms=5"], "did you mean delay_ms?"),
        (["--set", "program.delay_ms"], "SECTION.KEY=VALUE"),
        (["--set", "limits.current_mA=90"], "limits come from files only"),
        (["--set", "program.channel.0.current_mA=95"], "limits.current_mA"),
        (["--set", "program.channel.0.rate_hz=60"], "limits.rate_hz"),
        (["--set", "stimulator.mode=mid_level"], "max_unattended_ms"),
        (["--set", "program.trigger=tilt"], "set detector.name = 'shank-imu'"),
        (["--set", "program.trigger_side=contralateral"], "only the right leg is sensed"),
        (["--set", "patient.mass_kg=-3"], "patient.mass_kg = -3"),
        (["--set", "walk.segment.0.kind=sit"], "'0' is no index; none is written there yet"),
        (["standard", "standard", "--out", "/dev/null/x"], "would both be kept in /dev/null/x/s"),
        (["--duration", "0"], "walk.duration_s = 0.0: must be above 0 (--duration)"),
        (["--duration", "abc"], "--duration"),
        (["--seed", "-1"], "walk.seed = -1"),
        (["--inject", "nonsense@3"], "injection 'nonsense' is unknown"),
        (["--inject", "cable_pulled@999"], "after the end of the walk"),
        (["--link", "pty"], "add --clock real"),
        (["--evaluation", "--twin", "evaluation"], "leave one out"),
        (["--clock", "sundial"], "sundial"),
        (["--nonsense"], "--nonsense"),
        (["--out", "/dev/null/x"], "--out /dev/null/x"),
        (["--baseline", "/none"], "--baseline /none"),
        (["--baseline", "/dev/null"], "--baseline /dev/null: not the summary of a walk"),
        (["standard", "late_onset", "--baseline", "/none"], "/none/standard"),
        (["standard", "x/standard.toml", "--baseline", "/none"], "--baseline /none: standard and"),
        (["--duration", "1", "--json", "--junit", "/none/x.xml"], "--junit /none/x.xml"),
    ],
)
def test_a_refusal_is_one_line_with_what_where_and_what_to_do(
    arguments: list[str], says: str
) -> None:
    done = walk(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_process_of_its_own_says_and_leaves_with_the_same() -> None:
    for arguments in (["nowhere"], ["--duration", "0"]):
        apart, here = walk_apart(*arguments), walk(*arguments)
        assert (apart.returncode, apart.stdout, apart.stderr) == (
            here.returncode,
            here.stdout,
            here.stderr,
        )


def test_a_walk_is_held_against_an_earlier_one(tmp_path: Path) -> None:
    run = str(tmp_path / "run")
    assert walk("--duration", "12", "--out", run).returncode == 0
    assert walk("--duration", "12", "--baseline", run).returncode == 0
    moved = walk("--duration", "12", "--baseline", run, "--set", "program.delay_ms=40", "--json")
    assert moved.returncode == 1
    reasons = json.loads(moved.stdout)["verdict"]["reasons"]
    assert all(reason.startswith("baseline out of tolerance: ") for reason in reasons)
    assert any("toe_clearance_mm" in reason and "was" in reason for reason in reasons)


def test_several_walks_are_held_against_the_folder_that_they_were_kept_in(tmp_path: Path) -> None:
    names, run = ("standard", "foot_imu"), str(tmp_path / "run")
    walk(*names, "--duration", "12", "--out", run)
    file = tmp_path / "run" / "foot_imu" / "summary.json"
    before = json.loads(file.read_text())
    before["legs"]["right"]["detection"]["ho"]["f1"] -= 0.05
    file.write_text(json.dumps(before))
    junit = tmp_path / "walks.xml"
    done = walk(*names, "--duration", "12", "--baseline", run, "--junit", str(junit), "--json")
    first, second = (found["verdict"]["reasons"] for found in json.loads(done.stdout)["walks"])
    assert done.returncode == 1
    assert first == []
    assert [reason.split(" = ")[0] for reason in second] == [
        "baseline out of tolerance: legs.right.detection.ho.f1"
    ]
    assert second[0] in junit.read_text()


def test_verdicts_are_written_for_ci_systems(tmp_path: Path) -> None:
    from xml.etree import ElementTree as ET

    file = tmp_path / "walks.xml"
    walk("standard", "late_onset", "--duration", "12", "--junit", str(file))
    suite = ET.parse(file).getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert "drag_strides" in (failure.get("message") or "")


def test_a_file_with_a_mistake_is_refused_with_its_line(tmp_path: Path) -> None:
    program = tmp_path / "mine.toml"
    program.write_text("[program]\nrise_ms = 200\nfall_ms = 1e9\n")
    done = walk("--program", str(program))
    assert done.returncode == 2
    assert f"{program}:3" in done.stderr
    program.write_text("[program\n")
    assert f"{program}:1" in walk("--program", str(program)).stderr
    program.write_bytes(b"\xff\xfe")
    assert "UTF-8" in walk("--program", str(program)).stderr


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("percent = -5", "bad_strides.percent = -5: must be at least 0"),
        ("percent = 101", "bad_strides.percent = 101: must be at most 50"),
        ('kinds = ["hop"]', "bad_strides.kinds.0 = \"hop\": must be 'short', 'long', 'hesitation'"),
        ("kinds = []", "bad_strides.kinds = []: must have at least 1"),
        ("per_cent = 20", "bad_strides.per_cent: unknown"),
        ("hesitation_percent = 90", "bad_strides.hesitation_percent = 90: must be at least 100"),
    ],
)
def test_bad_strides_that_cannot_be_are_refused_with_their_line(
    line: str, said: str, tmp_path: Path
) -> None:
    scenario = tmp_path / "mine.toml"
    scenario.write_text(f"[walk]\nduration_s = 10\n\n[bad_strides]\n{line}\n")
    done = walk(str(scenario))
    assert done.returncode == 2
    assert said in done.stderr
    assert f"({scenario}:5)" in done.stderr
    assert done.stderr.count("\n") == 1


def started(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for_lines(log: Path, lines: int) -> None:
    """Wait until a log has so many lines; the deadline is the test's own."""
    deadline = time.monotonic() + 60
    while not log.is_file() or log.read_bytes().count(b"\n") < lines:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("clock", ["stepper", "real"])
def test_control_c_closes_the_log_and_leaves_with_130(clock: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    process = started("--duration", "3000", "--clock", clock, "--out", str(folder))
    wait_for_lines(folder / "log.jsonl", 200)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert list(read_log(folder / "log.jsonl"))[-1]["ended"] == "interrupted"
    left = {file.name for file in folder.iterdir()}
    assert left == {"log.jsonl", "settings.json"}, "nothing half-written"


def test_a_killed_run_leaves_a_log_that_can_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    process = started("--duration", "3000", "--clock", "real", "--out", str(folder))
    wait_for_lines(folder / "log.jsonl", 300)
    process.kill()
    process.communicate(timeout=30)
    records = list(read_log(folder / "log.jsonl"))
    assert len(records) >= 299
    assert records[0]["kind"] == "header"
    assert records[-1]["kind"] != "footer"


def test_the_log_of_a_real_run_is_at_most_half_a_second_behind(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    process = started("--duration", "3000", "--clock", "real", "--out", str(folder))
    log = folder / "log.jsonl"
    wait_for_lines(log, 200)
    sizes = []
    for _ in range(4):
        sizes.append(log.stat().st_size)
        time.sleep(0.6)
    process.kill()
    process.communicate(timeout=30)
    assert sizes == sorted(set(sizes)), "it grew in every span of 0.6 s"


def test_walks_work_away_from_the_repository(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "--duration", "3", "--json"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ},
    )
    assert done.returncode in (0, 1), done.stderr
    assert json.loads(done.stdout)["duration_s"] == 3
