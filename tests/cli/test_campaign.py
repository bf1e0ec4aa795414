"""``fes-ctrl campaign`` as a user meets it: figures, refusals, replays, what Ctrl-C leaves."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fes_ctrl.cli.campaign import command
from fes_ctrl.model import Operator
from firmware_sim.injections import EVERYWHERE
from helpers.here import fes_ctrl_here
from hil.rig import Rig

COMMAND = [sys.executable, "-m", "fes_ctrl", "campaign"]
SHORT = ["--hours", "0.02", "--seed", "3"]


def campaign(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        env={**os.environ, **environment},
    )


def here(*arguments: str) -> Result:
    """Run it in this process, where parts can be broken."""
    return CliRunner().invoke(command, arguments, standalone_mode=False, catch_exceptions=False)


@pytest.fixture(scope="module")
def short() -> subprocess.CompletedProcess[str]:
    """A short campaign, in one process."""
    return campaign(*SHORT, "--jobs", "1", "--json", PYTHONHASHSEED="1")


@pytest.fixture
def pulses_when_armed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device with a defect: a pulse as soon as somebody wants to arm it."""
    break_it(monkeypatch)


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """A campaign of such devices: its folder, and what it said."""
    out = tmp_path_factory.mktemp("failed") / "campaign"
    options = ("--hours", "0.001", "--seed", "3", "--jobs", "1", "--json", "--out", str(out))
    with pytest.MonkeyPatch.context() as patched:
        break_it(patched)
        return out, here(*options)


def break_it(patched: pytest.MonkeyPatch) -> None:
    made = Rig.__init__

    def broken(self: Rig, *arguments: Any, **named: Any) -> None:
        made(self, *arguments, **named)
        take = self.session.take

        def taking(item: Any) -> None:
            take(item)
            if isinstance(item, Operator) and item.action == "arm" and not self.witness.pulses:
                for sink in self._electrodes():
                    sink(self._clock.now_us(), 0, ((300, 20_000), (300, -20_000)))

        self.session.take = taking  # type: ignore[method-assign]

    patched.setattr(Rig, "__init__", broken)


def test_a_short_campaign_holds_and_says_what_it_did(
    short: subprocess.CompletedProcess[str],
) -> None:
    assert short.returncode == 0, short.stderr
    found = json.loads(short.stdout)
    assert found["simulated_hours"] >= 0.02
    assert (found["violations"], found["refused"], found["failures"]) == (0, 0, [])
    assert set(found["injections"]) == {row.name for row in EVERYWHERE}
    assert found["pulses"] > 0
    assert "from the fault to the last pulse" in short.stderr


def test_nothing_depends_on_the_number_of_processes_or_on_the_hash_seed(
    short: subprocess.CompletedProcess[str],
) -> None:
    alone = json.loads(short.stdout)
    three = json.loads(campaign(*SHORT, "--jobs", "3", "--json", PYTHONHASHSEED="2").stdout)
    alone_run, three_run = alone.pop("run"), three.pop("run")
    assert (alone_run["jobs"], three_run["jobs"]) == (1, 3)
    assert alone == three


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--hours", "0"), "more than 0"),
        (("--hours", "-1"), "more than 0"),
        (("--hours", "nan"), "more than 0"),
        (("--hours", "inf"), "more than 0"),
        (("--hours", "many"), "not a valid float"),
        (("--jobs", "0"), "0 is not in the range"),
        (("--seed", "-1"), "-1 is not in the range"),
        (("--hour", "1"), "no such option"),
        (("--resume",), "--out"),
        (("--replay", "1"), "SEED:N"),
        (("--replay", "1:x"), "SEED:N"),
        (("--replay", "nowhere.toml"), "does not exist"),
        (("--out", "/dev/null/x"), "choose a folder"),
        (("--page", "/nowhere/page.md"), "no folder"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(arguments: tuple[str, ...], says: str) -> None:
    done = fes_ctrl_here("campaign", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert says.lower() in done.stderr.lower()


@pytest.mark.usefixtures("pulses_when_armed")
def test_a_failing_walk_is_told_with_one_command_that_replays_it(
    failed: tuple[Path, Result],
) -> None:
    out, done = failed
    assert done.return_value == 1
    found = json.loads(done.stdout)
    failure = next(f for f in found["failures"] if f["invariant"] == "silent_at_zero")
    assert failure["replay"] in done.stderr
    words = shlex.split(failure["replay"])
    assert words[:2] == ["fes-ctrl", "campaign"]
    again = here(*words[2:])
    assert again.return_value == 1
    assert failure["says"] in again.stderr
    # And small, as a scenario.
    small = Path(failure["scenario"])
    assert small.parent == out
    lines = [line for line in small.read_text().splitlines() if line and not line.startswith("#")]
    assert len(lines) < 20
    replayed = here("--replay", str(small))
    assert replayed.return_value == 1
    assert "silent_at_zero" in replayed.stderr


def test_the_small_scenario_is_one_that_walk_takes(failed: tuple[Path, Result]) -> None:
    scenario = json.loads(failed[1].stdout)["failures"][0]["scenario"]
    walked = subprocess.run(
        [sys.executable, "-m", "fes_ctrl", "walk", scenario, "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    # In this other process the device has no defect.
    assert walked.returncode == 0, walked.stderr
    assert json.loads(walked.stdout)["duration_s"] < 5


def test_a_good_walk_replays_as_good() -> None:
    done = here("--replay", "3:0", "--json")
    assert done.return_value == 0
    assert json.loads(done.stdout)["violations"] == []


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_keeps_what_is_done_and_resume_goes_on(tmp_path: Path, jobs: str) -> None:
    out = tmp_path / "campaign"
    process = subprocess.Popen(
        [*COMMAND, "--hours", "5", "--seed", "3", "--jobs", jobs, "--out", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    kept = out / "walks.jsonl"
    try:
        deadline = time.monotonic() + 120
        while not kept.is_file() or len(kept.read_text().splitlines()) < 3:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=120)
    finally:
        # Unless it has ended: a campaign of five hours is not left behind.
        process.kill()
    assert process.returncode == 130, told
    assert "--resume" in told
    assert "Traceback" not in told
    walks = len(kept.read_text().splitlines()) - 1
    assert json.loads((out / "campaign.json").read_text())["walks"] == walks
    # So few hours are done by now: nothing is left to walk, and nothing is walked again.
    done = campaign("--hours", "0.01", "--seed", "3", "--resume", "--out", str(out), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["run"]["speed"] == 0
    other = campaign("--hours", "0.01", "--seed", "4", "--resume", "--out", str(out))
    assert other.returncode == 2
    assert "leave --resume out" in other.stderr


def test_the_page_is_written_with_command_seed_and_hours(tmp_path: Path) -> None:
    page = tmp_path / "reaction-times.md"
    done = campaign("--hours", "0.001", "--seed", "3", "--page", str(page))
    assert done.returncode == 0, done.stderr
    text = page.read_text()
    assert "fes-ctrl campaign --hours 0.001 --seed 3" in text
    assert "0 violations" in text


def test_a_campaign_is_walked_again_in_its_own_folder_and_a_run_is_not(tmp_path: Path) -> None:
    out = tmp_path / "campaign"
    for _ in range(2):
        done = fes_ctrl_here("campaign", "--hours", "0.001", "--jobs", "1", "--out", str(out))
        assert done.returncode == 0, done.stderr
    kept = {path.name: path.read_bytes() for path in out.iterdir()}
    done = fes_ctrl_here("walk", "standard", "--duration", "2", "--out", str(out))
    assert done.returncode == 2
    assert "holds a campaign (walks.jsonl); choose a folder of its own" in done.stderr
    assert {path.name: path.read_bytes() for path in out.iterdir()} == kept
