"""The how-to's driver, as it stands on its page, installed and run against the page's own box."""

import json
import os
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "how-to" / "write-a-driver.md").read_text()
BLOCKS = dict(re.findall(r"```(?:python|toml)\n# (\S+)\n(.*?)```", PAGE, re.DOTALL))
PATIENCE_S = 60.0


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, str]:
    """An environment in which the page's package is installed as its pyproject.toml says."""
    project = tomllib.loads(BLOCKS["pyproject.toml"])["project"]
    site = tmp_path / "site"
    info = site / f"{project['name']}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    (site / "linebox.py").write_text(BLOCKS["linebox.py"])
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    (info / "entry_points.txt").write_text(
        "".join(
            f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
            for group, points in project["entry-points"].items()
        )
    )
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])}


class Box:
    """The page's stand-in, as a process."""

    def __init__(self, folder: Path) -> None:
        script = folder / "box.py"
        script.write_text(BLOCKS["box.py"])
        self.process = subprocess.Popen(
            [sys.executable, str(script)], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.port = json.loads(self.process.stdout.readline())["port"]

    def end(self) -> list[list[str]]:
        """Return what it was told once nobody speaks to it any more."""
        out, _ = self.process.communicate(timeout=PATIENCE_S)
        return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    box = Box(tmp_path)
    yield box
    box.process.kill()
    box.process.communicate()


def fes_ctrl(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fes_ctrl", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )


def wait_for(log: Path, text: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not log.is_file() or text not in log.read_text():
        assert time.monotonic() < deadline, text
        time.sleep(0.05)


def test_it_stimulates_armed_by_hand_and_ends_silent(
    tmp_path: Path, installed: dict[str, str], box: Box
) -> None:
    log, kept = tmp_path / "run" / "log.jsonl", tmp_path / "first.jsonl"
    run = subprocess.Popen(
        [
            *(sys.executable, "-m", "fes_ctrl", "run", "--arm-allowed", "bench"),
            *("--sensor", "metronome:?stride_s=1.0&stance=0.6"),
            *("--stimulator", f"linebox+tcp://127.0.0.1:{box.port}"),
            *("--out", str(log.parent), "--record", str(kept)),
        ],
        env=installed,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stdin is not None
    steps = (('"report":"up"', "arm"), ('"report":"ready"', "level 100"), ('"kind":"written"', ""))
    for awaited, typed in steps:
        wait_for(log, awaited)
        print(typed, file=run.stdin, flush=True)
    time.sleep(1.5)
    _, said = run.communicate("quit\n", timeout=PATIENCE_S)
    assert run.returncode == 0, said
    assert "fault" not in said
    assert "linebox 1.0 A17" in log.read_text()
    told = box.end()
    assert told[0] == ["stop"], "it is stopped before it is asked anything"
    assert told[-1] == ["stop"]
    pulses = [words for words in told if words[0] == "pulse"]
    assert len(pulses) > 10
    assert max(int(current) for _, _, current, _, _ in pulses) > 18_000, "above motor threshold"
    replay = (
        "import sys; from pathlib import Path; from fes_ctrl import plugins; plugins.load();"
        "from fes_ctrl.links.exchange import read_exchange; from fes_ctrl.links.replayed import "
        "play; from fes_ctrl.stimulators.drivers import driver_for;"
        "e = read_exchange(Path(sys.argv[1]));"
        # A machine with much else to do lets its loop be late, and the exchange is as it was.
        "print(play(driver_for(e.stimulator, e.min_interval_us), e, 1_000_000)[0].kind)"
    )
    done = subprocess.run(
        [sys.executable, "-c", replay, str(kept)],
        env=installed,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.stdout == "up\n", done.stderr


def test_a_file_may_name_it_and_a_walk_says_that_nothing_simulates_it(
    tmp_path: Path, installed: dict[str, str]
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[stimulator]\ndevice = "linebox"\nmode = "pulses"\n')
    checked = fes_ctrl(installed, "config", "check", str(file))
    assert checked.returncode == 0, checked.stderr
    for name in ("linebox", str(file)):
        walked = fes_ctrl(installed, "walk", "--set", f"walk.stimulator={name}", "--duration", "1")
        assert walked.returncode == 2
        assert walked.stderr.count("\n") == 1
        assert "no simulated one" in walked.stderr


def test_an_unknown_device_is_refused_with_all_that_there_are(
    tmp_path: Path, installed: dict[str, str]
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[stimulator]\ndevice = "linebux"\n')
    refused = fes_ctrl(installed, "config", "check", str(file))
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "'linebux'" in refused.stderr
    assert "linebox or p24" in refused.stderr
    assert "mine.toml:2" in refused.stderr


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import nothing_of_this_name", "ModuleNotFoundError"),
        ("STIMULATOR = 3", "is a int"),
        (
            "from fes_ctrl.stimulators.drivers import Stimulator\nSTIMULATOR = Stimulator({}, {})",
            "it has no mode",
        ),
        (BLOCKS["linebox.py"].replace("min_interval_us=5_000", "min_interval_us=0"), "not above"),
        (BLOCKS["linebox.py"].replace('device="linebox"', 'device="p24"'), "is called p24"),
    ],
)
def test_a_driver_that_cannot_be_used_is_refused_when_asked_for(
    tmp_path: Path, installed: dict[str, str], code: str, says: str
) -> None:
    (tmp_path / "site" / "linebox.py").write_text(code)
    sensor = ("run", "--sensor", "metronome:")
    refused = fes_ctrl(installed, *sensor, "--stimulator", "linebox+tcp://127.0.0.1:1")
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert says in refused.stderr


def test_a_driver_that_cannot_be_loaded_harms_nothing_else(
    tmp_path: Path, installed: dict[str, str]
) -> None:
    (tmp_path / "site" / "linebox.py").write_text("import nothing_of_this_name")
    other = fes_ctrl(installed, "config", "check", "standard")
    assert other.returncode == 0, other.stderr
    told = json.loads(fes_ctrl(installed, "doctor", "--json").stdout)
    assert "ModuleNotFoundError" in told["unusable_drivers"]["linebox"]
    assert "p24 low_level" in told["drivers"]


def test_nobody_takes_the_name_of_a_device_that_there_is(installed: dict[str, str]) -> None:
    points = next(Path(installed["PYTHONPATH"].split(os.pathsep)[0]).glob("*/entry_points.txt"))
    points.write_text("[fes_ctrl.stimulators]\np24 = linebox:STIMULATOR\n")
    script = (
        "from fes_ctrl import plugins; from fes_ctrl.stimulators.config import MODES;"
        "print(plugins.load(), MODES['p24']['low_level'].device)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=installed,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.stdout == "() p24\n", done.stderr


def test_its_answer_to_who_is_there_is_known_among_others() -> None:
    page: dict[str, Any] = {}
    exec(compile(BLOCKS["linebox.py"], "linebox.py", "exec"), page)  # noqa: S102 - our own page
    hello = page["STIMULATOR"].hello
    assert hello.question == b"\nwho?\n"
    assert hello.recognise(b"idle\nlinebox 1.0 A17\n") == "linebox 1.0 A17"
    assert not hello.recognise(b"idle\nlinebox 1.0")


def test_the_pages_driver_is_about_sixty_lines() -> None:
    lines = [line for line in BLOCKS["linebox.py"].splitlines() if line.strip()]
    assert len(lines) <= 65
