"""The plugin in projects of others: what it does when asked, and that it does nothing unasked."""

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = "fes_ctrl.testing.plugin"
# pytest-asyncio says on every start that its default scope is not set.
STRICT = "filterwarnings =\n    error\n    ignore:The configuration option .asyncio_default\n"


def ran(folder: Path, test: str, *options: str, config: str = "") -> tuple[dict[str, str], str]:
    """Run a project's test file; return what became of each test, and all that was said."""
    (folder / "test_mine.py").write_text(test)
    (folder / "pytest.ini").write_text(f"[pytest]\n{STRICT}{config}\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", PLUGIN, "--junitxml=tests.xml", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if not (folder / "tests.xml").is_file():
        return {}, done.stdout + done.stderr
    became = {}
    for case in ET.parse(folder / "tests.xml").getroot().iter("testcase"):
        problem = [child.get("message") or "" for child in case]
        became[case.get("name") or ""] = problem[0] if problem else ""
    return became, done.stdout


def test_it_imports_nothing_but_pytest_until_a_fixture_is_used() -> None:
    script = (
        "import sys, pytest; before = set(sys.modules); import fes_ctrl.testing.plugin;"
        "print(sorted({name.split('.')[0] for name in set(sys.modules) - before} "
        "- set(sys.stdlib_module_names)));"
        "print(sorted(name for name in sys.modules if name.startswith('fes_ctrl.') "
        "and not name.startswith('fes_ctrl.testing')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["['fes_ctrl']", "[]"]


UNASKED = """
import asyncio, sys
import pytest

@pytest.fixture
def walk():
    return "my own"

def test_a_fixture_of_the_same_name_is_the_projects(walk):
    assert walk == "my own"

@pytest.mark.asyncio
async def test_time_is_real():
    assert type(asyncio.get_running_loop()) is type(asyncio.new_event_loop())

def test_nothing_was_loaded():
    assert "hil" not in sys.modules
"""


def test_a_project_that_asks_for_nothing_gets_nothing(tmp_path: Path) -> None:
    became, said = ran(tmp_path, UNASKED, config="asyncio_mode = strict")
    assert list(became.values()) == ["", "", ""], said


VIRTUAL = """
import asyncio, time
import pytest

@pytest.mark.virtual_time
async def test_an_hour_passes_at_once(stimulator, link):
    cable = link(stimulator("p24"))
    started = time.monotonic()
    await asyncio.sleep(3600)
    assert time.monotonic() - started < 60
    assert cable.stimulator.clock.now_us() == 3600_000_000
    with pytest.raises(ValueError, match="await asyncio.sleep"):
        cable.run(1.0)

@pytest.mark.virtual_time
async def test_a_failure_is_one():
    await asyncio.sleep(1)
    assert asyncio.get_running_loop().time() == 2

@pytest.mark.virtual_time
async def test_whom_nobody_wakes_is_told():
    await asyncio.Event().wait()

@pytest.mark.virtual_time
def test_no_coroutine():
    pass

@pytest.mark.asyncio
@pytest.mark.virtual_time
async def test_two_loops():
    pass
"""


def test_a_marked_coroutine_runs_in_virtual_time(tmp_path: Path) -> None:
    became, said = ran(tmp_path, VIRTUAL)
    assert became["test_an_hour_passes_at_once"] == "", said
    assert "assert 1.0 == 2" in became["test_a_failure_is_one"]
    assert "nothing is scheduled" in became["test_whom_nobody_wakes_is_told"]
    assert "is no coroutine" in became["test_no_coroutine"]
    assert "set fes_virtual_time = true" in became["test_two_loops"]


def test_it_needs_no_other_plugin_for_that(tmp_path: Path) -> None:
    only = VIRTUAL.replace("@pytest.mark.asyncio\n", "")
    became, said = ran(tmp_path, only, "-p", "no:asyncio", "-k", "hour")
    assert became == {"test_an_hour_passes_at_once": ""}, said


ALL_VIRTUAL = """
import asyncio
import pytest, pytest_asyncio
from fes_ctrl.runtime.virtual import VirtualLoop

@pytest_asyncio.fixture
async def loop_of_fixture():
    await asyncio.sleep(1000)
    return asyncio.get_running_loop()

async def test_virtual(loop_of_fixture):
    assert asyncio.get_running_loop() is loop_of_fixture
    assert isinstance(loop_of_fixture, VirtualLoop)

@pytest.mark.real_time
async def test_real():
    assert not isinstance(asyncio.get_running_loop(), VirtualLoop)
"""


def test_a_project_may_have_virtual_time_throughout(tmp_path: Path) -> None:
    option = "fes_virtual_time = true\nasyncio_mode = auto"
    became, said = ran(tmp_path, ALL_VIRTUAL, config=option)
    assert list(became.values()) == ["", ""], said


def test_without_pytest_asyncio_that_is_refused(tmp_path: Path) -> None:
    config = "fes_virtual_time = true"
    became, said = ran(tmp_path, "def test(): pass", "-p", "no:asyncio", config=config)
    assert became == {}
    assert "install pytest-asyncio 1.5 or later" in said
    assert "Traceback" not in said


GOLDEN = """
import pytest

@pytest.mark.parametrize("delay_ms", [0.0, 20.0])
def test_steps(walk, delay_ms):
    assert walk("mine.toml", {"program.delay_ms": delay_ms}).matches_golden()

def test_unwalked(inject):
    inject("cable_pulled", 3.0)
"""


def test_golden_walks_of_a_project(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[walk]\nduration_s = 8\n")
    first, said = ran(tmp_path, GOLDEN, "-k", "steps")
    assert all("there is no golden yet" in problem for problem in first.values()), said
    assert "in __call__" not in said, "a sentence at the test's own line, not our inside"
    written, said = ran(tmp_path, GOLDEN, "--fes-update", "-k", "steps")
    assert list(written.values()) == ["", ""], said
    files = {file.name for file in (tmp_path / "golden").iterdir()}
    assert files == {"test_mine.test_steps-0.0.json", "test_mine.test_steps-20.0.json"}
    same, said = ran(tmp_path, GOLDEN, "--fes-exact")
    assert same["test_steps[0.0]"] == same["test_steps[20.0]"] == "", said
    assert "no walk came after it" in said
    moved, said = ran(tmp_path, GOLDEN.replace('": delay_ms', '": 45.0'), "-k", "steps")
    assert all("figures moved" in problem for problem in moved.values()), said
    assert re.search(r"^E +legs\.right\.toe_clearance_mm\.p05( +[\d.]+){3}$", said, re.MULTILINE)


@pytest.mark.parametrize("option", ["--fes-update", "--fes-exact", "fes_virtual_time"])
def test_its_options_are_told_of(tmp_path: Path, option: str) -> None:
    _, said = ran(tmp_path, "", "--help")
    assert option in said
