"""What a run, or many, is read from is written by its like alone, whatever else is asked for."""

import shutil
from pathlib import Path

import pytest

from helpers.here import fes_ctrl_here
from helpers.runs import kept_walk


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kept_walk(tmp_path_factory.mktemp("files") / "run", "standard", "--duration", "8")


COMMANDS = {
    "report": ("report", "RUN", "--out"),
    "compare": ("compare", "RUN", "RUN", "--html"),
    "explain": ("explain", "RUN", "--stride", "4", "--html"),
    "export": ("export", "RUN", "--to", "mcap", "--out"),
    "parquet": ("export", "RUN", "--to", "parquet", "--table", "setpoints", "--out"),
    "walk": ("walk", "standard", "--duration", "3", "--json", "--junit"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_of_another_run_is_not_written_over(
    command: str, walked: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(walked, other)
    # A run that was killed has no summary; what would be one afterwards is no less harm.
    (other / "summary.json").unlink()
    before = {each.name: each.read_bytes() for each in other.iterdir()}
    words = [str(walked) if word == "RUN" else word for word in COMMANDS[command]]
    for name in ("log.jsonl", "summary.json", "settings.json", "truth.csv.gz", "strides.csv"):
        done = fes_ctrl_here(*words, str(other / name))
        assert done.returncode == 2, name
        assert f"{other / name}: the run in {other} is read from it" in done.stderr
        assert {each.name: each.read_bytes() for each in other.iterdir()} == before
    assert fes_ctrl_here(*words, str(other / "page.html")).returncode in {0, 1}


HOLDING = {
    "sweep": ("sweep.json", "rows.jsonl", "results.parquet", "candidates.csv"),
    "search": ("study.journal", "tune.json", "rows-1.jsonl", "trials.csv", "chosen.toml"),
    "campaign": ("walks.jsonl", "campaign.json"),
}


@pytest.mark.parametrize("kind", HOLDING)
@pytest.mark.parametrize("command", ["report", "parquet"])
def test_nor_is_one_of_many_walks(command: str, kind: str, walked: Path, tmp_path: Path) -> None:
    names = HOLDING[kind]
    (tmp_path / names[0]).write_text("kept")
    words = [str(walked) if word == "RUN" else word for word in COMMANDS[command]]
    for name in names:
        done = fes_ctrl_here(*words, str(tmp_path / name))
        assert done.returncode == 2, name
        assert f"{tmp_path / name}: the {kind} in {tmp_path} is read from it" in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == [names[0]]
    assert (tmp_path / names[0]).read_text() == "kept"
    # By another name, or where there is nothing of the kind, it is nobody's.
    assert fes_ctrl_here(*words, str(tmp_path / "page.html")).returncode == 0
    (tmp_path / names[0]).unlink()
    assert fes_ctrl_here(*words, str(tmp_path / names[-1])).returncode == 0


@pytest.mark.parametrize(
    ("file", "what"),
    [
        ("sweep.json", "a sweep"),
        ("tune.json", "a search for a program"),
        ("study.journal", "a search for a program"),
    ],
)
def test_a_folder_of_many_walks_is_no_run_and_says_what_it_is(
    file: str, what: str, walked: Path, tmp_path: Path
) -> None:
    (tmp_path / file).write_text("{}")
    for words in (
        ("compare", str(walked), str(tmp_path)),
        ("explain", str(tmp_path), "--stride", "1"),
        ("export", str(tmp_path), "--to", "mcap"),
    ):
        done = fes_ctrl_here(*words)
        assert done.returncode == 2
        assert f"{tmp_path}: is {what}, many walks and no run; 'fes-ctrl report" in done.stderr
        assert done.stderr.count("\n") == 1
