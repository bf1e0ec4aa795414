"""Compile the modules that pyproject.toml lists, beside the plain ones, into build/fast.

    python tools/build_fast.py [--quick]

The folder then holds the whole of the three packages, compiled where listed and plain elsewhere:
``PYTHONPATH=build/fast`` runs it. The sources are the same; only the speed differs. ``--quick``
leaves out what the C compiler does for speed, and is there in half the time: enough to see that
both builds give the same.
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


def modules() -> list[str]:
    """Return the modules to compile."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        listed: list[str] = tomllib.load(file)["tool"]["fes"]["fast"]["modules"]
    missing = [name for name in listed if not (ROOT / name).is_file()]
    if missing:
        sys.exit(f"pyproject.toml [tool.fes.fast] lists what is not there: {', '.join(missing)}")
    return listed


def main() -> None:
    """Copy the packages and compile in place of the copies."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="build sooner what runs slower")
    quick = parser.parse_args().quick
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
    # The copies are compiled, not the installed packages: they must be found first.
    environment = {**os.environ, "PYTHONPATH": str(TARGET), "MYPYPATH": str(TARGET)}
    done = subprocess.run(
        [sys.executable, "setup.py", "-q", "build_ext", "--inplace"],
        cwd=TARGET,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stdout[-3000:] + done.stderr[-3000:] + "\ncompiling failed")
    shutil.rmtree(TARGET / "build", ignore_errors=True)
    setup.unlink()
    count = len(list(TARGET.rglob("*.so")))
    print(f"{count} compiled modules in {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
