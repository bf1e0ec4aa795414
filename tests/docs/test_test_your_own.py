"""The how-to's tests, as they stand on its page, in a project of their own."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "how-to" / "test-your-own.md").read_text()
BLOCKS = dict(re.findall(r"```(?:python|toml)\n# (\S+)\n(.*?)```", PAGE, re.DOTALL))


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "fes_ctrl.testing.plugin", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_pages_tests_pass_and_its_golden_walk_is_written_and_kept(tmp_path: Path) -> None:
    for name, text in BLOCKS.items():
        (tmp_path / name).write_text(text)
    assert {"test_program.py", "test_faults.py", "mine.toml"} == set(BLOCKS)
    first = run(tmp_path)
    assert "1 failed, 6 passed" in first.stdout, first.stdout
    assert "there is no golden yet" in first.stdout
    assert "7 passed" in run(tmp_path, "--fes-update").stdout
    again = run(tmp_path, "--fes-exact")
    assert "7 passed" in again.stdout, again.stdout


def test_a_golden_walk_that_moved_is_told_as_on_the_page(tmp_path: Path) -> None:
    (tmp_path / "test_program.py").write_text(BLOCKS["test_program.py"])
    (tmp_path / "mine.toml").write_text(BLOCKS["mine.toml"])
    run(tmp_path, "--fes-update")
    (tmp_path / "mine.toml").write_text(BLOCKS["mine.toml"] + "delay_ms = 45\n")
    moved = run(tmp_path, "-k", "approved")
    assert moved.returncode == 1
    assert re.search(r"figure +golden +now +tolerance\n", moved.stdout), moved.stdout
    assert re.search(r"legs\.right\.toe_clearance_mm\.p05( +[\d.]+){3}\n", moved.stdout)
