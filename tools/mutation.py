"""Run mutmut on one package after the other, each in a copy, and print what became of it.

    python tools/mutation.py [--jobs N] [PACKAGE ...]

A mutant is one small change of a function. One that the tests notice is killed; ``fes_ctrl/safety``
may have no other: else the run fails, and says which. Where to change is put into ``[tool.mutmut]``
of the copy's pyproject.toml, for mutmut reads nothing else. Tables, caps and defaults are changed
by ``tools/mutate_tables.py``.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
LEFT_OUT = (".*", "build", "dist", "runs", "mutants", "__pycache__")


class Package(NamedTuple):
    """What is changed, and which tests have to notice."""

    path: str
    changed: tuple[str, ...]
    tests: tuple[str, ...]
    all_killed: bool


PACKAGES = (
    Package("fes_ctrl/safety", ("fes_ctrl/safety/*",), ("tests/unit/safety",), all_killed=True),
    Package(
        "firmware_sim",
        ("firmware_sim/limiter.py", "firmware_sim/ceilings.py", "firmware_sim/outlet.py"),
        ("tests/unit/firmware_sim",),
        all_killed=False,
    ),
)
"""Those that are run where none is named."""


def copy_for(package: Package, folder: Path) -> None:
    """Copy the repository, and write into its pyproject.toml what is to be changed."""
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
    file = folder / "pyproject.toml"
    text = file.read_text()
    for key, values in (
        ("source_paths", [package.path]),
        ("only_mutate", package.changed),
        ("pytest_add_cli_args_test_selection", package.tests),
    ):
        text, count = re.subn(
            rf"^{key} = .*$", f"{key} = {json.dumps(list(values))}", text, flags=re.MULTILINE
        )
        if count != 1:
            sys.exit(f"pyproject.toml: [tool.mutmut] {key}: must stand there once")
    file.write_text(text)


def judged(package: Package, folder: Path, jobs: int) -> tuple[dict[str, int], list[str]]:
    """Run mutmut in a copy; return its counts, and each change that was not noticed."""

    def mutmut(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "mutmut", *arguments],
            cwd=folder,
            env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"{package.path}: mutmut {arguments[0]}: {done.stdout[-2000:]}{done.stderr}")
        return done.stdout

    mutmut("run", "--max-children", str(jobs))
    mutmut("export-cicd-stats")
    counts = json.loads((folder / "mutants" / "mutmut-cicd-stats.json").read_text())
    named = [line.strip() for line in mutmut("results").splitlines() if ": " in line]
    left = [f"{line}\n{mutmut('show', line.split(': ')[0])}" for line in named]
    return counts, left


def main() -> None:
    """Judge every package that is named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("packages", nargs="*", help="only these, as fes_ctrl/safety")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    chosen = [p for p in PACKAGES if not arguments.packages or p.path in arguments.packages]
    if not chosen:
        sys.exit(f"no such package; there are {', '.join(p.path for p in PACKAGES)}")
    failed = False
    for package in chosen:
        with tempfile.TemporaryDirectory(prefix="mutation-") as scratch:
            folder = Path(scratch) / "copy"
            copy_for(package, folder)
            counts, left = judged(package, folder, arguments.jobs)
        for change in left:
            print(change, file=sys.stderr)
        print(json.dumps({"package": package.path, **counts}), flush=True)
        failed |= package.all_killed and not 0 < counts["killed"] == counts["total"]
    sys.exit(failed)


if __name__ == "__main__":
    main()
