"""What a run is read from is written by that run alone, whatever else is asked to be put there."""

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
