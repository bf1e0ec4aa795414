"""Compile the modules that pyproject.toml lists, beside the plain ones, into build/fast.

    python tools/build_fast.py [--quick | --trained]

The folder then holds the whole of the three packages, compiled where listed and plain elsewhere:
``PYTHONPATH=build/fast`` runs it. The sources are the same; only the speed differs. ``--quick``
leaves out what the C compiler does for speed, and is there in half the time: enough to see that
both builds give the same. ``--trained`` takes twice the time for a build about an eighth faster
still: gcc compiles, watches a few walks, and compiles again for the ways that they took. It is the
order of the instructions that changes, none of the arithmetic.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "build" / "fast"
PACKAGES = ("fes_ctrl", "firmware_sim", "hil")
# Functions are called within one file only: hidden, they may be merged.
HIDDEN = "-fvisibility=hidden"
WATCH = f"{HIDDEN} -fprofile-generate -fprofile-update=single"
# What the walks did not reach is compiled as without them, and not for size.
TRAINED = f"{HIDDEN} -fprofile-use -fprofile-partial-training -Wno-missing-profile"
WALKS = """
from dataclasses import replace
from fes_ctrl.config.files import names_of
from hil.scenarios import load_scenario
from hil.simulate import simulate
for name in names_of("scenario"):
    simulate(replace(load_scenario(name).walk, duration_s=30.0))
"""


def modules() -> list[str]:
    """Return the modules to compile."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        listed: list[str] = tomllib.load(file)["tool"]["fes"]["fast"]["modules"]
    missing = [name for name in listed if not (ROOT / name).is_file()]
    if missing:
        sys.exit(f"pyproject.toml [tool.fes.fast] lists what is not there: {', '.join(missing)}")
    return listed


def run(command: list[str], flags: str = "") -> None:
    """Run Python in the folder; the copies are found first, not the installed packages."""
    environment = {**os.environ, "PYTHONPATH": str(TARGET), "MYPYPATH": str(TARGET)}
    environment["CFLAGS"] = f"{os.environ.get('CFLAGS', '')} {flags}".strip()
    done = subprocess.run(
        [sys.executable, *command],
        cwd=TARGET,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stdout[-3000:] + done.stderr[-3000:] + "\ncompiling failed")


def main() -> None:
    """Copy the packages and compile in place of the copies."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    speed = parser.add_mutually_exclusive_group()
    speed.add_argument("--quick", action="store_true", help="build sooner what runs slower")
    speed.add_argument("--trained", action="store_true", help="build later what runs faster; gcc")
    arguments = parser.parse_args()
    quick = arguments.quick
    # One large file is faster to run than many small ones, and much slower to compile.
    how = {"opt_level": "0" if quick else "3", "debug_level": "0", "multi_file": quick}
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, TARGET / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copytree(ROOT / "configs", TARGET / "configs")
    setup = TARGET / "setup.py"
    setup.write_text(
        "from mypyc.build import mypycify\n"
        "from setuptools import setup\n"
        f"setup(name='fes_fast', packages=[], ext_modules=mypycify({modules()!r}, **{how!r}))\n",
        encoding="utf-8",
    )
    build = ["setup.py", "-q", "build_ext", "--inplace", "--force"]
    if arguments.trained:
        run(build, WATCH)
        run(["-c", WALKS])
        run(build, TRAINED)
    else:
        run(build)
    shutil.rmtree(TARGET / "build", ignore_errors=True)
    setup.unlink()
    count = len(list(TARGET.rglob("*.so")))
    print(f"{count} compiled modules in {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
