"""One composition on every clock: equal walks give equal setpoints, to the last microsecond."""

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from fes_ctrl.assembly import ControlConfig, assemble
from fes_ctrl.config.build import build
from fes_ctrl.config.files import names_of
from fes_ctrl.model import LEFT, LEG_NAMES, RIGHT, Setpoint
from fes_ctrl.runlog.format import command_line
from fes_ctrl.runlog.reader import controller_inputs, read_log
from firmware_sim.injection_text import parse as parse_injection
from firmware_sim.injections import ROWS as INJECTIONS
from firmware_sim.injections import InjectionRow
from hil.patient import leg
from hil.patient import leg as patient_leg
from hil.scenarios import load_scenario
from hil.simulate import WalkResult, simulate
from hil.simulate_real import simulate_real

SCENARIOS = names_of("scenario")
ROOT = Path(__file__).resolve().parents[2]


def fed_to_the_bare_controller(log: Path) -> list[str]:
    """Return the setpoint lines that a log's inputs make of a new controller."""
    header = next(read_log(log))
    config = header["config"]
    assert isinstance(config, dict)
    control: ControlConfig = build(ControlConfig, config["control"], ("control",))
    legs = tuple(LEG_NAMES.index(leg["side"]) for leg in config["patient"]["leg"])
    other = config["patient"]["other_leg"]["sensed"]
    controller = assemble(legs, control, (LEFT, RIGHT) if other else legs)
    return [
        command_line(now_us, command)
        for now_us, item in controller_inputs(log)
        for command in controller.step(now_us, item).commands
        if isinstance(command, Setpoint)
    ]


def logged_setpoints(log: Path) -> list[str]:
    return [line for line in log.read_text().splitlines(keepends=True) if '"setpoint"' in line]


Stepped = Callable[[str], tuple[WalkResult, Path]]


@pytest.fixture(scope="module")
def stepped_of(tmp_path_factory: pytest.TempPathFactory) -> Stepped:
    """A scenario's walk by steps, and its log: walked once, held against all that is like it."""
    folder = tmp_path_factory.mktemp("stepped")

    @cache
    def walked(name: str) -> tuple[WalkResult, Path]:
        log = folder / f"{name}.jsonl"
        return simulate(load_scenario(name).walk, "stepper", log), log

    return walked


def test_the_build_under_test_is_the_one_that_was_asked_for() -> None:
    compiled = not str(patient_leg.__file__).endswith(".py")
    assert compiled == (os.environ.get("FES_EXPECT_COMPILED") == "1")


@pytest.mark.parametrize("name", SCENARIOS)
def test_stepper_and_virtual_loop_give_the_same_setpoints(
    name: str, stepped_of: Stepped, tmp_path: Path
) -> None:
    stepped, log = stepped_of(name)
    looped = simulate(load_scenario(name).walk, "virtual", tmp_path / "looped.jsonl")
    assert stepped.setpoints > 0
    assert stepped.setpoints_sha256 == looped.setpoints_sha256
    assert stepped.figures == looped.figures
    # Not the setpoints alone: everything that happened, in the same order.
    assert log.read_text() == (tmp_path / "looped.jsonl").read_text()


@pytest.mark.parametrize("row", INJECTIONS, ids=lambda row: row.name)
def test_whatever_goes_wrong_goes_wrong_alike_on_both(row: InjectionRow, tmp_path: Path) -> None:
    scenario = "rehastim2" if row.devices else "standard"
    walk = load_scenario(scenario, {}, (f"detector.name={row.detector}",)).walk
    walk = replace(walk, duration_s=12.0, inject=(parse_injection(f"{row.name}@7.4"),))
    stepped = simulate(walk, "stepper", tmp_path / "stepped.jsonl")
    looped = simulate(walk, "virtual", tmp_path / "looped.jsonl")
    assert stepped.figures == looped.figures
    assert (tmp_path / "stepped.jsonl").read_text() == (tmp_path / "looped.jsonl").read_text()
    expected = logged_setpoints(tmp_path / "stepped.jsonl")
    assert expected
    assert fed_to_the_bare_controller(tmp_path / "stepped.jsonl") == expected


def test_the_plain_build_in_another_process_gives_the_same_setpoints(stepped_of: Stepped) -> None:
    # Where this runs on the compiled build, the other process still runs the plain one. This
    # process's hash seed is drawn anew each time. Of the same build two walks will do.
    names = SCENARIOS[:2] if leg.__file__.endswith(".py") else SCENARIOS
    script = (
        "import sys\n"
        "from hil.patient import leg\n"
        "from hil.scenarios import load_scenario\n"
        "from hil.simulate import simulate\n"
        "assert leg.__file__.endswith('.py')\n"
        "for name in sys.argv[1:]:\n"
        "    print(simulate(load_scenario(name).walk).setpoints_sha256)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *names],
        env={**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    here = [stepped_of(name)[0].setpoints_sha256 for name in names]
    assert done.stdout.split() == here


def test_another_seed_gives_other_setpoints() -> None:
    walk = load_scenario("standard").walk
    short = replace(walk, duration_s=10.0)
    assert (
        simulate(short).setpoints_sha256
        != simulate(replace(short, seed=walk.seed + 1)).setpoints_sha256
    )


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_logs_inputs_give_the_bare_controller_the_runs_setpoints(
    name: str, stepped_of: Stepped
) -> None:
    _, log = stepped_of(name)
    expected = logged_setpoints(log)
    assert expected
    assert fed_to_the_bare_controller(log) == expected


@pytest.mark.parametrize("over_pty", [False, True], ids=["in memory", "over a pty"])
def test_a_real_walks_inputs_give_the_bare_controller_its_setpoints(
    tmp_path: Path, over_pty: bool
) -> None:
    log = tmp_path / "log.jsonl"
    walk = replace(load_scenario("standard").walk, duration_s=6.0)
    result = simulate_real(walk, log, over_pty=over_pty)
    assert result.setpoints > 50
    expected = logged_setpoints(log)
    assert fed_to_the_bare_controller(log) == expected
    late = [json.loads(line) for line in expected]
    assert all(record["now"] >= record["at"] for record in late)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_walks_configuration_travels_to_another_process(name: str) -> None:
    walk = load_scenario(name).walk
    assert pickle.loads(pickle.dumps(walk)) == walk  # noqa: S301 - our own
