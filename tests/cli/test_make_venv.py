"""``make`` on machines that lack something: it cleans up and says what mends it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def make_venv(tmp_path: Path, python: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOT / "tools" / "make_venv.sh"), *arguments],
        env={**os.environ, "PYTHON": python, "VENV": str(tmp_path / "venv")},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def fake_python(tmp_path: Path, venv: str) -> str:
    """Return a Python that is new enough and whose venv module does as told."""
    file = tmp_path / "python"
    file.write_text(
        "#!/bin/sh\n"
        f'if [ "$1" = -m ] && [ "$2" = venv ]; then {venv}; fi\n'
        f'exec {sys.executable} "$@"\n'
    )
    file.chmod(0o755)
    return str(file)


def test_a_python_without_venv_leaves_nothing_and_names_the_package(tmp_path: Path) -> None:
    python = fake_python(tmp_path, 'mkdir -p "$3/bin"; echo ensurepip is not available; exit 1')
    done = make_venv(tmp_path, python, "-e", ".")
    assert done.returncode != 0
    assert "apt-get install python3." in done.stderr
    assert "-venv" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_an_installation_that_fails_leaves_nothing_and_says_how_to_go_on(tmp_path: Path) -> None:
    broken = 'mkdir -p "$3/bin"; printf "#!/bin/sh\\necho no network; exit 1\\n" > "$3/bin/python"'
    python = fake_python(tmp_path, f'{broken}; chmod +x "$3/bin/python"; exit 0')
    done = make_venv(tmp_path, python, "-e", ".")
    assert done.returncode != 0
    assert "check the network" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_an_old_python_is_named(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2\nexit 1\n')
    old.chmod(0o755)
    done = make_venv(tmp_path, str(old), "-e", ".")
    assert done.returncode != 0
    assert "Python 3.9.2; Python 3.11 or later is needed" in done.stderr


def test_no_python_at_all_is_said(tmp_path: Path) -> None:
    done = make_venv(tmp_path, "", "-e", ".")
    assert done.returncode != 0
    assert "no Python 3.11 or later found" in done.stderr


def test_with_its_stamps_in_place_make_installs_nothing() -> None:
    touched = subprocess.run(
        ["make", "-n", "walk", "-o", ".venv/.stamp-base"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "make_venv" not in touched.stdout
    assert "fes-ctrl walk" in touched.stdout
