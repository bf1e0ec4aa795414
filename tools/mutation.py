"""Run mutmut on one package after the other, each in a copy, and print what became of it.

    python tools/mutation.py [--jobs N] [--page] [--mend] [PACKAGE ...]

A mutant is one small change of a function. One that the tests notice is killed; ``fes_ctrl/safety``
may have no other: else the run fails, and says which. Where to change is put into ``[tool.mutmut]``
of the copy's pyproject.toml, for mutmut reads nothing else. Tables, caps and defaults are changed
by ``tools/mutate_tables.py``.

Elsewhere a change may survive for a reason that docs/safety/surviving-mutants.toml gives; one
without a reason fails the run as well. ``--page`` writes docs/safety/surviving-mutants.md.

What a package's run found is kept in build/mutation, under digests of the tests that had to notice
and of all code that they reach by imports: a run that was interrupted goes on, and what has not
changed is not run again. ``--mend``, for when tests were added and nothing else was touched, runs
only what survived on the same code; what was killed then was killed by the tests of then.
"""

import argparse
import ast
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import grimp

ROOT = Path(__file__).parents[1]
REASONS = ROOT / "docs" / "safety" / "surviving-mutants.toml"
PAGE = REASONS.with_suffix(".md")
HEAD = """\
# Changes that no test notices

mutmut changes one thing of a function at a time; a change that the tests notice is killed. Made by
`make mutation` from a run and from the reasons in `surviving-mutants.toml`: a change without a
reason fails it, and in `fes_ctrl/safety` any does. Rows, caps and defaults of the tables are
changed by `tools/mutate_tables.py`, and there none survives.
"""
KEPT = ROOT / "build" / "mutation"
CODE = ("fes_ctrl", "firmware_sim", "hil")
READ = ("configs", "tests/vectors", "docs/reference/feslink.md")
"""What tests depend on and do not import."""
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
    Package(
        "fes_ctrl/authority.py",
        ("fes_ctrl/authority.py",),
        ("tests/unit/test_authority.py",),
        all_killed=False,
    ),
    Package(
        "fes_ctrl/wire",
        ("fes_ctrl/wire/*",),
        (
            "tests/unit/wire",
            "tests/property/test_framing.py",
            "tests/property/test_sciencemode4.py",
            "tests/property/test_sciencemode2.py",
            "tests/property/test_feslink.py",
            "tests/property/test_probe_lines.py",
            "tests/unit/sensors/test_lines.py",
        ),
        all_killed=False,
    ),
    Package(
        "fes_ctrl/stimulators",
        ("fes_ctrl/stimulators/*",),
        ("tests/unit/stimulators",),
        all_killed=False,
    ),
    Package("fes_ctrl/stim", ("fes_ctrl/stim/*",), ("tests/unit/stim",), all_killed=False),
    Package(
        "fes_ctrl/telemetry",
        (
            "fes_ctrl/telemetry/requests.py",
            "fes_ctrl/telemetry/gate.py",
            "fes_ctrl/telemetry/parameters.py",
            "fes_ctrl/telemetry/remote.py",
            "fes_ctrl/telemetry/taken.py",
        ),
        (
            "tests/unit/telemetry/test_requests.py",
            "tests/unit/telemetry/test_gate.py",
            "tests/unit/telemetry/test_parameters.py",
            "tests/unit/telemetry/test_remote.py",
            "tests/unit/telemetry/test_remote_answers.py",
            "tests/unit/telemetry/test_remote_can_never.py",
            "tests/unit/telemetry/test_not_taken.py",
            "tests/unit/telemetry/test_taken.py",
        ),
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


class Survivor(NamedTuple):
    """One change that was not noticed: its name, what became of it, and the two lines."""

    mutant: str
    verdict: str
    was: str
    now: str

    @property
    def function(self) -> str:
        """The function that was changed."""
        return plain(self.mutant)


Result = tuple[dict[str, int], list[Survivor]]
"""Counts by verdict, and what was not noticed."""


def judged(package: Package, folder: Path, jobs: int, only: tuple[str, ...] = ()) -> Result:
    """Run mutmut in a copy, on all changes or on some; return what became of them."""

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

    mutmut("run", "--max-children", str(jobs), *only)
    mutmut("export-cicd-stats")
    counts = json.loads((folder / "mutants" / "mutmut-cicd-stats.json").read_text())
    left = []
    for line in mutmut("results").splitlines():
        name, colon, verdict = line.strip().partition(": ")
        if colon and (not only or name in only):
            shown = mutmut("show", name).splitlines()
            was, now = (
                " ".join(
                    text[1:].strip() for text in shown if re.match(rf"\{sign}(?!\{sign})", text)
                )
                for sign in "-+"
            )
            left.append(Survivor(name, verdict, was, now))
    return counts, left


def files_in(names: tuple[str, ...]) -> set[Path]:
    """Return the files that these names of the repository are or contain."""
    found: set[Path] = set()
    for name in names:
        place = ROOT / name
        found.update(place.rglob("*") if place.is_dir() else [place])
    return {file for file in found if file.is_file() and "__pycache__" not in file.parts}


def imported(file: Path) -> set[str]:
    """Return the modules that a file may import, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def reached(tests: set[Path]) -> set[Path]:
    """Return the tests, the helpers that they import, and the code that all of these do."""
    graph = grimp.build_graph(*CODE)
    files: set[Path] = set()
    modules: set[str] = set()
    waiting = [file for file in tests if file.suffix == ".py"]
    while waiting:
        file = waiting.pop()
        if file in files:
            continue
        files.add(file)
        for name in imported(file):
            if name in graph.modules:
                modules |= {name} | graph.find_upstream_modules(name)
            else:
                helper = (ROOT / "tests").joinpath(*name.split(".")).with_suffix(".py")
                waiting += [helper] if helper.is_file() else []
    for module in modules:
        parts = module.split(".")
        files |= {ROOT.joinpath(*parts[:n]) / "__init__.py" for n in range(1, len(parts) + 1)}
        files.add(ROOT.joinpath(*parts).with_suffix(".py"))
    return tests | {file for file in files if file.is_file()}


def digests_of(package: Package) -> tuple[str, str]:
    """Return what a package's result depends on, in short: code and how it is run, and tests."""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    tests = files_in((*package.tests, "tests/conftest.py"))
    files = reached(tests) | files_in((*READ, package.path))
    of_tests = {file for file in files if "tests" in file.relative_to(ROOT).parts}
    how = repr((package, tool["pytest"], tool["mutmut"]))
    return _digest(how, files - of_tests), _digest("", of_tests)


def _digest(how: str, files: set[Path]) -> str:
    digest = hashlib.sha256(how.encode())
    for file in sorted(files):
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:24]


def result_of(package: Package, jobs: int, *, mend: bool) -> Result:
    """Return what a run of a package finds, or found when all was as it is now."""
    code, tests = digests_of(package)
    name = package.path.replace("/", "-")
    kept = KEPT / f"{name}-{code}-{tests}.json"
    if kept.is_file():
        return _read(kept)
    before = max(
        KEPT.glob(f"{name}-{code}-*.json"), key=lambda file: file.stat().st_mtime, default=None
    )
    with tempfile.TemporaryDirectory(prefix="mutation-") as scratch:
        folder = Path(scratch) / "copy"
        copy_for(package, folder)
        if mend and before is not None:
            counts, left = _read(before)
            _, survivors = judged(package, folder, jobs, tuple(found.mutant for found in left))
            for verdict in ("survived", "no_tests", "timeout", "suspicious"):
                text = verdict.replace("_", " ")
                counts[verdict] = sum(found.verdict == text for found in survivors)
            counts["killed"] = counts["total"] - len(survivors)
        else:
            counts, survivors = judged(package, folder, jobs)
    KEPT.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps([counts, survivors]))
    return counts, survivors


def _read(kept: Path) -> Result:
    counts, left = json.loads(kept.read_text())
    return counts, [Survivor(*row) for row in left]


def plain(name: str) -> str:
    """Return the function of a mutant as Python names it: mutmut writes classes its own way."""
    module, rest = name.partition("__mutmut_")[0].rsplit(".", 1)
    return f"{module}." + ".".join(part for part in re.sub(r"^x_?", "", rest).split("ǁ") if part)


def reason_of(survivor: Survivor, groups: list[dict[str, Any]]) -> str:
    """Return why a change may survive; empty where nothing says so."""
    for group in groups:
        if survivor.function in group["functions"] and any(
            text in survivor.was for text in group["lines"]
        ):
            return str(group["reason"])
    return ""


def page(counted: dict[str, dict[str, int]], left: list[tuple[Survivor, str]]) -> str:
    """Return the page: the counts, and each group of survivors under its reason."""
    keys = ("total", "killed", "survived", "no_tests", "timeout", "suspicious")
    lines = [HEAD, "| package | changes | killed | survived | untested | timed out | suspicious |"]
    lines += ["| --- |" + " --- |" * len(keys)]
    for name, counts in counted.items():
        lines.append(f"| `{name}` | " + " | ".join(f"{counts[key]}" for key in keys) + " |")
    for reason in dict.fromkeys(reason for _, reason in left):
        lines += ["", reason or "No reason is given.", ""]
        lines += [
            f"- `{found.function}`: `{found.was}` became `{found.now}` ({found.verdict})"
            for found, its in left
            if its == reason
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Judge every package that is named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("packages", nargs="*", help="only these, as fes_ctrl/safety")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--page", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    parser.add_argument("--mend", action="store_true", help="run again only what survived")
    arguments = parser.parse_args()
    chosen = [p for p in PACKAGES if not arguments.packages or p.path in arguments.packages]
    if not chosen or (arguments.page and arguments.packages):
        sys.exit(f"packages are {', '.join(p.path for p in PACKAGES)}; a page is of all of them")
    groups = tomllib.loads(REASONS.read_text(encoding="utf-8"))["group"]
    counted: dict[str, dict[str, int]] = {}
    survivors: list[tuple[Survivor, str]] = []
    failed = False
    for package in chosen:
        counts, left = result_of(package, arguments.jobs, mend=arguments.mend)
        counted[package.path] = counts
        for survivor in left:
            reason = reason_of(survivor, groups)
            survivors.append((survivor, reason))
            if package.all_killed or not reason:
                print(f"{survivor.function}: {survivor}", file=sys.stderr)
                failed = True
        print(json.dumps({"package": package.path, **counts}), flush=True)
        failed |= counts["killed"] == 0 or counts["killed"] + len(left) != counts["total"]
    if arguments.page:
        PAGE.write_text(page(counted, survivors), encoding="utf-8")
    sys.exit(failed)


if __name__ == "__main__":
    main()
