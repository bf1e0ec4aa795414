"""Installed away from the repository, the named configurations are those of the wheel."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path


def test_names_are_found_in_what_the_wheel_installs(root: Path, tmp_path: Path) -> None:
    build = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    wheel = build["targets"]["wheel"]
    site = tmp_path / "site"
    for package in wheel["packages"]:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(root / package, site / package, ignore=ignored)
    for source, target in wheel["force-include"].items():
        shutil.copytree(root / source, site / target)
    done = subprocess.run(
        [sys.executable, "-m", "fes_ctrl", "config", "show", "--json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    origins = json.loads(done.stdout)["origins"]
    installed = "site/fes_ctrl/_configs"
    assert origins["program.delay_ms"].startswith(f"{installed}/programs/standard.toml:")
    assert origins["limits.current_mA"].startswith(f"{installed}/limits/bench.toml:")
