"""``fes-ctrl report``: one file, where it was asked for, or one line that says why not."""

import json
import shutil
from pathlib import Path

import pytest

from helpers.here import fes_ctrl_here


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    kept = tmp_path_factory.mktemp("runs") / "walk"
    done = fes_ctrl_here("walk", "standard", "--duration", "5", "--out", str(kept), "--json")
    assert done.returncode in {0, 1}
    return kept


def test_the_page_is_in_the_folder_unless_told_otherwise(folder: Path, tmp_path: Path) -> None:
    done = fes_ctrl_here("report", str(folder))
    assert done.returncode == 0
    assert done.stdout.startswith(f"{folder / 'report.html'}: 0.")
    elsewhere = tmp_path / "page.html"
    done = fes_ctrl_here("report", str(folder), "--out", str(elsewhere), "--json")
    assert json.loads(done.stdout) == {"file": str(elsewhere), "bytes": elsewhere.stat().st_size}
    assert elsewhere.read_bytes() == (folder / "report.html").read_bytes()


def test_a_page_made_again_is_the_same(folder: Path) -> None:
    pages = []
    for _ in range(2):
        assert fes_ctrl_here("report", str(folder)).returncode == 0
        pages.append((folder / "report.html").read_bytes())
    assert pages[0] == pages[1]


def test_it_says_which_bound_was_not_met(folder: Path) -> None:
    fes_ctrl_here("report", str(folder))
    page = (folder / "report.html").read_text()
    bounds = json.loads((folder / "settings.json").read_text())["pass"]
    assert bounds
    summary = json.loads((folder / "summary.json").read_text())
    reasons = summary["verdict"]["reasons"]
    assert page.count(">not met<") == len(reasons)
    assert page.count(">met<") + page.count(">not met<") == len(bounds)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere"], "nowhere: no log.jsonl there; give the folder that --out named"),
        (["{folder}", "--out", "{folder}"], "is a folder; name a file"),
        (["{folder}", "--out", "{folder}/log.jsonl"], "that is the run itself"),
        (["{folder}", "--out", "/nowhere/page.html"], "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_one_line(folder: Path, arguments: list[str], told: str) -> None:
    before = (folder / "log.jsonl").read_bytes()
    done = fes_ctrl_here("report", *[each.format(folder=folder) for each in arguments])
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert told in done.stderr
    assert (folder / "log.jsonl").read_bytes() == before


def test_a_folder_used_again_shows_nothing_of_the_run_before(folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    shutil.copytree(folder, again)
    (again / "report.html").write_text("old")
    recording = tmp_path / "walk.csv"
    rows = [f"{k / 100:.2f},{int(k % 100 < 60)}" for k in range(500)]
    recording.write_text("\n".join(["t_s,heel", *rows]) + "\n")
    done = fes_ctrl_here("replay", str(recording), "--out", str(again))
    assert done.returncode == 0, done.stderr
    assert {file.name for file in again.iterdir()} == {"log.jsonl", "settings.json", "summary.json"}
    assert fes_ctrl_here("report", str(again)).returncode == 0
    assert "What the foot truly did is not known" in (again / "report.html").read_text()


def test_a_run_is_never_kept_over_what_it_is_made_of(folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    shutil.copytree(folder, again)
    truth = again / "truth.events.csv"
    recording = tmp_path / "walk.csv"
    # As long as the walk whose events it is held against.
    rows = [f"{i / 100:.2f},{int(i / 100 % 1.2 < 0.7)}" for i in range(6000)]
    recording.write_text("\n".join(["t_s,heel", *rows]) + "\n")
    done = fes_ctrl_here("replay", str(recording), "--events", str(truth), "--out", str(again))
    assert done.returncode == 2
    assert "that is the source of this run itself" in done.stderr
    assert truth.exists()
    assert (again / "truth.csv.gz").exists()
