"""The page of a run that lacks something says so, and shows what there is."""

import json
import re
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from fes_ctrl.analysis.run import RunError, read_run
from fes_ctrl.report.run_page import run_page
from helpers.here import fes_ctrl_here


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "walk"
    arguments = ("standard", "--duration", "9", "--set", "program.delay_ms=20")
    done = fes_ctrl_here("walk", *arguments, "--out", str(folder), "--json")
    assert done.returncode in {0, 1}, done.stderr
    return folder


@pytest.fixture
def copied(walked: Path, tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "copied"
    shutil.copytree(walked, folder)
    return folder


def told(folder: Path) -> str:
    """Return the words of a page."""
    html = run_page(read_run(folder))
    body = re.sub(r"<(script|style).*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def with_header(folder: Path, **changes: Any) -> None:
    log = folder / "log.jsonl"
    first, _, rest = log.read_text().partition("\n")
    header = {**json.loads(first), **changes}
    log.write_text(json.dumps({key: v for key, v in header.items() if v is not None}) + f"\n{rest}")


def without(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).unlink()


TRUTH = ("truth.csv.gz", "strides.csv", "truth.events.csv")


def test_a_walk_says_that_it_was_simulated_and_where_a_setting_came_from(walked: Path) -> None:
    words = told(walked)
    assert words.count("Simulated: patient, sensors and stimulator are models") == 1
    assert "program.delay_ms 20.0 --set program.delay_ms=20" in words
    assert "configs/programs/standard.toml:" in words


def test_a_walk_that_was_killed_tells_how_far_it_came(copied: Path) -> None:
    log = copied / "log.jsonl"
    data = log.read_bytes()
    log.write_bytes(data[: len(data) // 2])
    without(copied, "summary.json", "settings.json", *TRUTH)
    words = told(copied)
    assert "no verdict" in words
    assert re.search(r"did not come to its end: its log just stops at \d\.\d s", words)
    assert "What the foot truly did is not known" in words
    assert "Where the values came from was not kept" in words
    assert "program.delay_ms 20.0 not kept" in words
    assert "passed" not in words


def test_a_summary_beside_a_log_that_is_cut_is_no_plain_pass(copied: Path) -> None:
    log = copied / "log.jsonl"
    data = log.read_bytes()
    log.write_bytes(data[: len(data) // 2])
    run = read_run(copied)
    assert run.summary is not None
    assert run.truth is not None
    left_s = run.end_us / 1e6
    passed = "passed" if run.summary["verdict"]["passed"] else "failed"
    words = told(copied)
    assert f"Verdict {passed} by its summary, but its log is cut" in words
    assert "Every bound of the scenario is met" not in words
    assert "summary is that of a run of 9.0 s which came to its end" in words
    assert f"but the log just stops at {left_s:.1f} s" in words
    assert f"9 s by its summary, {left_s:.1f} s by its log" in words
    # Nobody missed a contact that the log no longer holds, and no stride went without pulses.
    contacts = [each for each in run.truth.of(1).events if each.kind == "ic"]
    left = sum(each.t_us <= run.end_us for each in contacts)
    assert 0 < left < len(contacts)
    assert re.search(rf"initial contact {left} {left} 0 0 1\.000", words)
    assert f"{left} strides" in words


def test_a_walk_without_its_summary_has_its_figures_by_the_log(copied: Path) -> None:
    leg = json.loads((copied / "summary.json").read_text())["legs"]["right"]
    without(copied, "summary.json")
    words = told(copied)
    assert "came to its end, but left no summary" in words
    assert f"toe clearance, median {leg['toe_clearance_mm']['median']:.1f} mm" in words
    assert f"stimulation, median {leg['onset_delay_ms']['p50']:.0f} ms" in words


def as_of_a_run(folder: Path) -> None:
    """Make a walk's log that of a run: with a device at the end of a cable, and no patient."""
    without(folder, "summary.json", *TRUTH)
    control = read_run(folder).header["config"]["control"]
    with_header(folder, config={"control": control}, devices=["p24"], seed=None)


def test_a_run_whose_stimulator_says_that_it_is_a_model_says_so(copied: Path) -> None:
    as_of_a_run(copied)
    words = told(copied)
    assert "The stimulator was a simulated one, by its own word (p24 SIMP240001 " in words
    assert "no person walked" not in words, "that is more than is known"


def test_a_real_run_is_not_called_simulated_and_knows_no_truth(copied: Path) -> None:
    as_of_a_run(copied)
    log = copied / "log.jsonl"
    log.write_text(log.read_text().replace("SIMP240001", "1701240001"))
    words = told(copied)
    assert words.startswith("Run on p24")
    assert "imulated" not in words
    assert "neither are the errors" in words
    assert "Clearance, compensation and fatigue of this leg are not known." in words


def test_a_replay_tells_that_no_foot_followed_it_and_its_score(
    walked: Path, tmp_path: Path
) -> None:
    (samples,) = read_run(walked).samples.values()
    rows = [f"{each.t_meas_us / 1e6:.6f},{each.values[0]:g}" for each in samples]
    recording = tmp_path / "walk.csv"
    recording.write_text("\n".join(["t_s,heel", *rows]) + "\n")
    recording.with_name("walk.meta.toml").write_text('side = "right"\n')
    truth = (walked / "truth.events.csv").read_text().splitlines()
    events = tmp_path / "reference.csv"
    events.write_text("\n".join(line for line in truth if ",ho" not in line) + "\n")
    done = fes_ctrl_here(
        "replay", str(recording), "--events", str(events),
        "--out", str(tmp_path / "replay"), "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    words = told(tmp_path / "replay")
    assert "never what the foot would have done" in words
    assert "Replay of walk.csv, program standard" in words
    score = json.loads(done.stdout)["score"]["ic"]
    assert f"initial contact {score['n']} {score['detected']} {score['raw']['f1']:.3f}" in words
    assert "The reference has no heel-off: how well it was told cannot be known." in words
    assert not re.search(r"heel-off 0 \d+ 0\.000", words)


def test_an_evaluation_says_that_no_pulse_was_given(tmp_path: Path) -> None:
    folder = tmp_path / "evaluation"
    arguments = ("standard", "--duration", "6", "--evaluation", "--out", str(folder), "--json")
    assert fes_ctrl_here("walk", *arguments).returncode in {0, 1}
    words = told(folder)
    assert "evaluation: sensed and decided, never stimulated" in words
    assert "No pulse was given on this leg." in words
    assert "Stimulation, mA" not in words


def test_a_failed_walk_says_why(copied: Path) -> None:
    summary = json.loads((copied / "summary.json").read_text())
    summary["verdict"] = {"passed": False, "reasons": ["legs.right.drag_strides = 3: above 0"]}
    summary["safety"]["witness_violations"] = [{"t_s": 1.5, "rule": "charge", "channel": 0}]
    (copied / "summary.json").write_text(json.dumps(summary))
    words = told(copied)
    assert "failed legs.right.drag_strides = 3: above 0" in words
    assert "t_s 1.5, rule charge, channel 0" in words


def test_a_long_list_of_faults_is_cut_and_the_page_says_so(copied: Path) -> None:
    log = copied / "log.jsonl"
    lines = log.read_text().splitlines()
    fault = {"kind": "fault", "now": 8_000_000, "t": 8_000_000, "id": "F04", "reaction": "inhibit",
             "leg": 1, "detail": "<b>"}  # fmt: skip
    log.write_text("\n".join([*lines[:-1], *[json.dumps(fault)] * 321, lines[-1]]) + "\n")
    words = told(copied)
    assert "faults 321 " in words
    assert "and 21 more, in the run's log" in words
    assert "8.000 F04 sensor silent inhibit right <b>" in words


@pytest.fixture(scope="module")
def twinned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "twinned"
    arguments = ("standard", "--duration", "9", "--twin", "evaluation", "--out", str(folder))
    done = fes_ctrl_here("walk", *arguments, "--json")
    assert done.returncode in {0, 1}, done.stderr
    return folder


def test_the_gait_cycle_shows_what_the_foot_did_without_stimulation(twinned: Path) -> None:
    run = read_run(twinned)
    html = run_page(run)
    cycle = html[html.index('<section id="cycle"') : html.index('<section id="time"')]
    charts = re.findall(r"<svg class=\"chart\".*?</svg>", cycle, flags=re.DOTALL)
    with_twin = [re.findall(r'aria-label="(.*?),', each)[0] for each in charts if "c3 dash" in each]
    assert with_twin == ["Ankle angle", "Toe height", "Foot pitch"]
    assert "median without stimulation" in cycle
    # Without it the foot hangs at the end of the swing.
    lows = re.findall(r"median ankle goes from (\S+) to", cycle)
    treated, untreated = (float(each.replace("\N{MINUS SIGN}", "-")) for each in lows)
    assert run.truth is not None
    assert run.twin is not None
    assert untreated < treated - 5.0
    assert (run.twin.legs[0].t_us == run.truth.legs[0].t_us).all()


def test_a_walk_without_a_twin_shows_none_and_a_damaged_one_is_one_line(
    twinned: Path, copied: Path
) -> None:
    assert "without stimulation" not in told(copied)
    (copied / "twin.csv.gz").write_bytes((twinned / "twin.csv.gz").read_bytes()[:200])
    with pytest.raises(RunError, match=r"twin\.csv\.gz: .*walk anew"):
        read_run(copied)
