"""The example project, in an environment of its own beside an installed wheel of fes-ctrl."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "ci"
OWN = ("fes_ctrl", "firmware_sim", "hil", "footlift")
BORROWED = ("click", "hatchling", "numpy", "pluggy", "pydantic", "pytest", "rich", "serial")
"""Packages whose folders have what fes-ctrl needs, so that nothing is fetched."""


def run(*command: object, cwd: Path, alone: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command; ``alone``: with nothing of the repository in sight."""
    environment = dict(os.environ)
    environment["PATH"] = os.pathsep.join([str(Path(str(command[0])).parent), os.environ["PATH"]])
    if alone:
        environment.pop("PYTHONPATH", None)
        environment["PYTHONSAFEPATH"] = "1"
    environment.pop("PYTEST_ADDOPTS", None)
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """A folder of scripts of a fresh environment with wheel and example in it, and the example."""
    pytest.importorskip("hatchling", reason="no hatchling to build a wheel with")
    folder = tmp_path_factory.mktemp("example")
    project, venv = folder / "ci", folder / "venv"
    ignored = shutil.ignore_patterns("__pycache__", ".pytest_cache")
    shutil.copytree(EXAMPLE, project, ignore=ignored)
    build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
    built = run(*build, cwd=ROOT, alone=False)
    assert built.returncode == 0, built.stderr
    made = run(sys.executable, "-m", "venv", "--without-pip", venv, cwd=folder)
    assert made.returncode == 0, made.stderr
    scripts = venv / ("Scripts" if os.name == "nt" else "bin")
    (site,) = [path for path in venv.rglob("site-packages") if path.is_dir()]
    found = [importlib.util.find_spec(name) for name in BORROWED]
    borrowed = {str(Path(spec.origin).parents[1]) for spec in found if spec and spec.origin}
    (site / "zz_borrowed.pth").write_text("\n".join(sorted(borrowed)) + "\n")
    (wheel,) = folder.glob("*.whl")
    for what in (wheel, project):
        how = ("--no-index", "--no-deps", "--no-build-isolation", "--quiet")
        pip = (sys.executable, "-m", "pip", "--python", scripts / "python", "install", *how, what)
        done = run(*pip, cwd=folder)
        assert done.returncode == 0, done.stderr
    yield scripts, project
    shutil.rmtree(folder)


def test_what_is_tested_is_the_wheel(installed: tuple[Path, Path]) -> None:
    scripts, project = installed
    names = ", ".join(OWN)
    script = f"import json, {names}; print(json.dumps([each.__file__ for each in ({names})]))"
    done = run(scripts / "python", "-c", script, cwd=scripts)
    assert all(str(scripts.parent) in file for file in json.loads(done.stdout)), done.stdout
    assert project.is_dir()


def test_the_workflows_commands_do_what_they_are_for(installed: tuple[Path, Path]) -> None:
    scripts, project = installed
    workflow = (project / ".github" / "workflows" / "walks.yml").read_text()
    install, *commands = re.findall(r"- run: (.+)", workflow)
    assert install.startswith("pip install")
    assert [command.split()[0] for command in commands] == ["pytest", "fes-ctrl"]
    for command in commands:
        program, *options = command.split()
        start = ("-m", "pytest") if program == "pytest" else ("-m", "fes_ctrl")
        done = run(scripts / "python", *start, *options, cwd=project)
        assert done.returncode == 0, done.stdout + done.stderr
    assert 'tests="10"' in (project / "tests.xml").read_text()
    assert 'failures="0"' in (project / "walks.xml").read_text()


def test_a_worse_program_is_noticed(installed: tuple[Path, Path]) -> None:
    scripts, project = installed
    text = (project / "gentle.toml").read_text()
    assert "rise_ms = 250" in text
    late = text.replace("rise_ms = 250", "rise_ms = 250\ndelay_ms = 60")
    (project / "gentle.toml").write_text(late)
    done = run(scripts / "python", "-m", "pytest", "-k", "approved", cwd=project)
    (project / "gentle.toml").write_text(text)
    assert done.returncode == 1, done.stdout


def test_pytest_may_be_called_where_it_is_imported_already(
    installed: tuple[Path, Path], tmp_path: Path
) -> None:
    scripts, _ = installed
    (tmp_path / "test_nothing.py").write_text("def test(): pass\n")
    script = (
        f"import sys, {', '.join(OWN[:3])}, pytest; "
        "sys.exit(pytest.main(['-Werror', '-pno:asyncio', '-pno:cacheprovider']))"
    )
    done = run(scripts / "python", "-c", script, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_detector_is_taken_for_recordings_too(installed: tuple[Path, Path]) -> None:
    scripts, project = installed
    rows = [f"{0.01 * index:.2f},{int(index % 120 < 70)}" for index in range(1200)]
    (project / "heel.csv").write_text("\n".join(["t_s,heel", *rows]) + "\n")
    told = {}
    for command in ("detect", "replay"):
        words = (command, "heel.csv", "--detector", "steady-heel")
        options = () if command == "detect" else ("--json",)
        told[command] = run(scripts / "python", "-m", "fes_ctrl", *words, *options, cwd=project)
        assert told[command].returncode == 0, told[command].stderr
    events = told["detect"].stdout.splitlines()[1:]
    assert [line.split(",")[2] for line in events[:3]] == ["ho", "ic", "ho"]
    assert json.loads(told["replay"].stdout)["detector"] == "steady-heel"


def test_a_detector_that_is_late_or_blind_is_noticed(installed: tuple[Path, Path]) -> None:
    scripts, project = installed
    (module,) = scripts.parent.rglob("site-packages/footlift.py")
    text = module.read_text()
    usual = "KEEPS_US: Final = 25_000"
    assert usual in text
    for keeps_us, failing in (("100_000", "in_time"), ("0", "bouncing")):
        # Python takes a file of equal size and age for the one that it has compiled.
        module.write_text(text.replace(usual, f"KEEPS_US: Final = {keeps_us}"))
        done = run(scripts / "python", "-m", "pytest", "-k", failing, cwd=project)
        assert done.returncode == 1, f"{keeps_us}: {done.stdout}"
    module.write_text("raise ImportError('broken')\n")
    done = run(scripts / "python", "-m", "pytest", "tests/test_detector.py", cwd=project)
    module.write_text(text)
    assert "the detector 'footlift:DETECTOR' cannot be loaded: ImportError: broken" in done.stdout
