"""``fes-ctrl tune`` as a user meets it: program, proof, refusals; stopped, resumed, shared."""

import contextlib
import csv
import importlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from fes_ctrl.config.files import find, names_of
from helpers.here import fes_ctrl_here
from hil.scenarios import load_scenario

for _module in ("optuna", "scipy", "tomlkit"):
    pytest.importorskip(_module)

WALKS = 8
SPACE = """\
[tune]
objectives = ["toe_clearance", "ankle_at_contact", "charge"]

[[tune.dial]]
key = "program.extension_ms"
low = 0
high = 200
step = 10

[[tune.dial]]
key = "program.channel.0.intensity"
low = 0.3
high = 0.9
step = 0.01
"""
ASKED = (
    *("moderate_stroke", "--duration", "8", "--walks", str(WALKS)),
    *("--seeds", "2", "--unseen", "2", "--space"),
)
DEADLINE_S = 120


def tune(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return fes_ctrl_here("tune", *map(str, arguments))


def started(out: Path, space: str, *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "fes_ctrl", "tune", *ASKED, space, "--out", str(out), "--json"]
    return subprocess.Popen(
        [*command, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def rows(folder: Path) -> list[dict[str, Any]]:
    found = []
    for path in sorted(folder.glob("rows-*.jsonl")):
        for line in path.read_text().splitlines():
            with contextlib.suppress(ValueError):  # one that is being written
                found.append(json.loads(line))
    return found


def wait_for_rows(folder: Path, count: int, process: "subprocess.Popen[str]") -> None:
    """Wait until so many walks are done; fail rather than for ever."""
    until_s = time.monotonic() + DEADLINE_S
    while len(rows(folder)) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until_s
        os.sched_yield()


def without_run(told: dict[str, Any]) -> dict[str, Any]:
    """Return what was found, without where it was put."""
    return {key: value for key, value in told.items() if key not in {"program", "walks"}}


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file with two dials and three objectives."""
    path = tmp_path_factory.mktemp("space") / "space.toml"
    path.write_text(SPACE)
    return str(path)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, space: str) -> tuple[Path, dict[str, Any]]:
    """A small search by one worker: its folder, and its JSON."""
    out = tmp_path_factory.mktemp("tune") / "out"
    told = tune(*ASKED, space, "--out", out, "--workers", "1", "--json")
    assert told.returncode in {0, 1}, told.stderr
    found = json.loads(told.stdout)
    assert told.returncode == int(not found["verdict"]["passed"])
    return out, found


def test_everything_is_kept_and_told(done: tuple[Path, dict[str, Any]]) -> None:
    out, told = done
    assert json.loads((out / "tune.json").read_text()) == told
    assert told["walks"]["search"] <= WALKS
    assert [o["name"] for o in told["objectives"]] == [
        "toe_clearance",
        "ankle_at_contact",
        "charge",
    ]
    assert sum(one["knee"] for one in told["front"]) == 1
    with (out / "trials.csv").open() as file:
        table = list(csv.DictReader(file))
    walked = [line for line in table if line["kind"] != "refused"]
    assert len(walked) == len(told["candidates"])
    assert walked[0]["kind"] == "given"
    assert float(walked[0]["program.extension_ms"]) == 100
    assert float(walked[0]["charge"]) == pytest.approx(told["candidates"][0]["values"]["charge"])
    assert [(dial["low"], dial["now"], dial["high"]) for dial in told["space"]] == [
        (0, 100, 200),
        (0.3, 0.6, 0.9),
    ]
    assert not set(told["seeds"]) & set(told["unseen_seeds"])


def test_the_chosen_program_walks_as_it_was_chosen(done: tuple[Path, dict[str, Any]]) -> None:
    out, told = done
    text = (out / "chosen.toml").read_text()
    assert text == told["program"]["text"]
    assert text.startswith("# Found by fes-ctrl")
    assert "# 0 motor threshold .. 1 highest tolerated; or current_mA" in text
    loaded = load_scenario("moderate_stroke", {"program": str(out / "chosen.toml")})
    settings = tuple(f"{key}={value}" for key, value in told["chosen"]["settings"].items())
    wanted = load_scenario("moderate_stroke", {}, settings)
    assert loaded.walk.control.program == wanted.walk.control.program
    assert f"{told['unseen_seeds'][0]} to {told['unseen_seeds'][-1]}" in text


def test_off_a_terminal_it_is_said_now_and_then_how_far_it_is(
    space: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each batch is as long as it takes for a line.
    monkeypatch.setattr("fes_ctrl.cli.progress.LINE_EVERY_S", 0.0)
    out = tmp_path / "out"
    told = tune(*ASKED, space, "--out", out, "--workers", "1")
    assert told.returncode in {0, 1}, told.stderr
    search = re.findall(r"^search: (\d+) of 8 walks, \d+ s left$", told.stderr, re.MULTILINE)
    assert search == sorted(search)
    assert len(search) > 1
    proof = re.findall(r"^proof: (\d+) of (\d+) walks, \d+ s left$", told.stderr, re.MULTILINE)
    assert proof[-1][0] == proof[-1][1], "to its end"
    counts = [int(count) for count, _ in proof]
    assert len(counts) > 10
    assert counts == list(range(counts[0], counts[-1] + 1)), "walk by walk"
    again = tune(*ASKED, space, "--out", out, "--workers", "1")
    assert "search:" not in again.stderr, "it is done already"


def test_a_finished_search_tells_the_same_again_and_walks_nothing(
    done: tuple[Path, dict[str, Any]], space: str
) -> None:
    out, told = done
    before = rows(out)
    again = tune(*ASKED, space, "--out", out, "--workers", "1", "--json")
    assert without_run(json.loads(again.stdout)) == without_run(told)
    assert rows(out) == before


def test_the_page_of_another_choice_does_not_stay(
    done: tuple[Path, dict[str, Any]], space: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(done[0], out)
    assert fes_ctrl_here("report", str(out)).returncode == 0
    told = tune(*ASKED, space, "--out", out, "--choose", "1")
    assert told.returncode in {0, 1}, told.stderr
    assert not (out / "report.html").exists()


def test_a_search_for_something_else_is_refused_with_what_it_was_and_is(
    done: tuple[Path, dict[str, Any]], space: str, tmp_path: Path
) -> None:
    program = tmp_path / "mine.toml"
    program.write_text(find("program", "standard").read_text())
    out = tmp_path / "out"
    for part, said in (
        (("--patient", "healthy"), "patient was stroke_moderate, is healthy"),
        (("--program", str(program)), f"walk.program was not given, is {program}"),
    ):
        told = tune(*ASKED, space, *part, "--out", done[0])
        assert told.returncode == 2
        assert f"holds the search for something else ({said}); search in another" in told.stderr
    few = ("moderate_stroke", "--duration", "8", "--walks", "2", "--seeds", "1", "--unseen", "2")
    few = (*few, "--space", space, "--program", str(program), "--out", str(out))
    assert tune(*few).returncode in {0, 1}
    text = program.read_text()
    program.write_text(text.replace("extension_ms = 100", "extension_ms = 150"))
    assert program.read_text() != text
    told = tune(*few)
    assert told.returncode == 2
    assert "(dial program.extension_ms.now was 100.0, is 150.0); search in" in told.stderr
    program.write_text(text.replace("fall_ms = 150", "fall_ms = 140"))
    assert program.read_text() != text
    # Another process, for one keeps what it has built of a file.
    command = [sys.executable, "-m", "fes_ctrl", "tune", *few]
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=DEADLINE_S)
    assert told.returncode == 2
    assert f"({program} was changed: program.fall_ms was 150, is 140); search" in told.stderr
    program.write_text(text)
    told = tune(*few, "--choose", "keep")
    assert "(choose was knee, is keep" in told.stderr


def test_another_number_of_the_front_is_taken_without_another_search(
    done: tuple[Path, dict[str, Any]], space: str, tmp_path: Path
) -> None:
    out, told = done
    last = told["front"][-1]
    searched = {row["key"] for row in rows(out) if row["seed"] in told["seeds"]}
    mine = tmp_path / "mine.toml"
    again = tune(
        *(*ASKED, space, "--out", out, "--workers", "1", "--choose", str(last["number"])),
        *("--write", mine),
    )
    assert again.returncode in {0, 1}
    # What does not keep its promises is not put where somebody would take it from.
    assert mine.exists() == (again.returncode == 0)
    assert "The front, by charge" in again.stdout
    assert "verdict:" in again.stdout
    kept = json.loads((out / "tune.json").read_text())
    assert kept["chosen"]["settings"] == last["settings"]
    assert kept["candidates"] == told["candidates"]
    assert searched <= {row["key"] for row in rows(out)}
    beyond = tune(*ASKED, space, "--out", out, "--workers", "1", "--choose", "99")
    assert beyond.returncode == 2
    assert "--choose 99: the front has numbers 1 to" in beyond.stderr


@pytest.mark.parametrize("hit", [signal.SIGKILL, signal.SIGINT])
def test_a_search_that_is_ended_goes_on_to_the_same_end_by_more_workers(
    hit: signal.Signals, done: tuple[Path, dict[str, Any]], space: str, tmp_path: Path
) -> None:
    process = started(tmp_path, space, "--workers", "1")
    wait_for_rows(tmp_path, 3, process)
    process.send_signal(hit)
    _, errors = process.communicate(timeout=DEADLINE_S)
    if hit == signal.SIGINT:
        assert process.returncode == 130, errors
        assert errors.strip().endswith("fes-ctrl: interrupted")
        assert "Traceback" not in errors
    kept = rows(tmp_path)
    again = tune(*ASKED, space, "--out", tmp_path, "--workers", "2", "--json")
    assert without_run(json.loads(again.stdout)) == without_run(done[1])
    keys = [row["key"] for row in rows(tmp_path)]
    assert len(keys) == len(set(keys))
    assert rows(tmp_path)[: len(kept)] == kept


def test_two_processes_share_a_search_and_tell_the_same(space: str, tmp_path: Path) -> None:
    both = [started(tmp_path, space, "--workers", "1", "--together", "2") for _ in range(2)]
    told = []
    for process in both:
        out, errors = process.communicate(timeout=DEADLINE_S)
        assert process.returncode in {0, 1}, errors
        told.append(json.loads(out))
    assert without_run(told[0]) == without_run(told[1])
    assert told[0]["walks"]["search"] <= WALKS
    assert all(path.is_file() for path in (tmp_path / "rows-1.jsonl", tmp_path / "rows-2.jsonl"))
    searched = set(told[0]["seeds"])
    candidates = {
        (row["candidate"], row["seed"]) for row in rows(tmp_path) if row["seed"] in searched
    }
    assert len(candidates) >= WALKS - 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere",), "scenario 'nowhere' is unknown"),
        (("standard", "--objectives", "beauty"), "--objectives beauty: no such objective"),
        (("standard", "--may-lose", "charge"), "--may-lose charge: write NAME=NUMBER"),
        (("standard", "--may-lose", "charge=-1"), "give 0 or more"),
        (("standard", "--reach", "toe_clearance=nan"), "write NAME=NUMBER"),
        (
            ("standard", "--objectives", "charge", "--reach", "foot_slap=1"),
            "--reach foot_slap: is none of the objectives",
        ),
        (("standard", "--choose", "best"), "--choose best: choose knee, keep, or a number"),
        (
            ("standard", "--choose", "keep", "--objectives", "foot_slap"),
            "--choose keep without charge",
        ),
        (("standard", "--set", "program.delay_ms=soon"), "program.delay_ms"),
        (("standard", "--set", "limits.current_mA=99"), "limits come from files only"),
        (("standard", "--set", "walk.seed=3"), "a search has --seed and --patient"),
        (("standard", "--vary", "patient.mass_kg=80"), "write KEY=LOW:HIGH"),
        (("standard", "--vary", "program.rise_ms=100:200"), "vary the patient or the bench"),
        (("standard", "--patient", "nobody"), "patient 'nobody' is unknown"),
        (
            ("standard", "--patient", "stroke_mild,healthy", "--patient", "stroke_mild"),
            "--patient stroke_mild: stands there twice; take one out",
        ),
        (("standard", "--program", "no such"), "give a .toml file (--program)"),
        (("standard", "--stimulator", "nosuch"), "give a .toml file (--stimulator)"),
        (("standard", "--walks", "3"), "the given program alone takes 3"),
        (("standard", "--choose", "7"), "--choose 7: there is no search in"),
        (("standard", "--write", "no/where.toml"), "--write no/where.toml: there is no folder"),
        (("standard", "--space", "nowhere"), "tune 'nowhere' is unknown"),
        (("standard", "--set", "program.channel.0.rate_hz=90"), "limits.rate_hz"),
        (("standard", "--bad-strides", "-1"), "--bad-strides"),
        (("standard", "--bad-strides", "120"), "--bad-strides"),
        (("standard", "--bad-strides", "many"), "--bad-strides"),
        (
            ("standard", "--objectives", "bad_ankle,charge"),
            "--objectives bad_ankle: is judged in bad strides; add --bad-strides 20",
        ),
        (
            ("standard", "--bad-strides", "20", "--walks", "6"),
            "the given program alone takes 6, 1 patient by 3 seeds, with bad strides and without",
        ),
        (
            ("standard", "--bad-strides", "20", "--set", "bad_strides.percent=10"),
            "--set bad_strides.percent=10: every program is walked without bad strides and with",
        ),
        (
            ("standard", "--bad-strides", "20", "--vary", "bad_strides.percent=5:9"),
            "there with percent 20.0 (--bad-strides or --space); give it there alone",
        ),
        (
            ("standard", "--bad-strides", "20", "--set", "bad_strides.kinds=['hop']"),
            'bad_strides.kinds.0 = "hop"',
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line_before_any_walk(
    arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    told = tune(*arguments, "--out", tmp_path / "out")
    assert told.returncode == 2
    assert said in told.stderr
    assert told.stderr.count("\n") == 1
    assert not list(tmp_path.glob("out/rows-*"))


def test_a_space_file_is_refused_at_what_is_wrong_with_it(tmp_path: Path) -> None:
    space = tmp_path / "space.toml"
    for text, said in (
        ('[tune]\nchose = "keep"\n', "tune.chose"),
        ("[tuning]\n", "tuning: not part of a file for --space"),
        (
            '[[tune.dial]]\nkey = "program.trigger"\nlow = 0\nhigh = 1\nstep = 1\n',
            "program.trigger: no number of the given program",
        ),
        (
            '[[tune.dial]]\nkey = "program.rise"\nlow = 100\nhigh = 200\nstep = 10\n',
            "tune.dial program.rise: no number of the given program; did you mean "
            "program.rise_ms? (SPACE:2)",
        ),
        (
            '[[tune.dial]]\nlow = 0\nhigh = 1\nstep = 1\nkey = "program.channel.1.intensity"\n',
            "did you mean program.channel.0.intensity? (SPACE:5)",
        ),
        (
            '[[tune.dial]]\nkey = "program.rise_ms"\nlow = 9\nhigh = 1\nstep = 1\n',
            "tune.dial program.rise_ms: low has to be below high (SPACE:3)",
        ),
        (
            '[[tune.dial]]\nkey = "program.rise_ms"\nlow = 195\nhigh = 204\nstep = 50\n',
            "tune.dial program.rise_ms: a step of 50 is larger than its range, from 195 to 204; "
            "give a smaller (SPACE:5)",
        ),
        (
            '[[tune.dial]]\nkey = "program.rise_ms"\nlow = 100\nhigh = 200\nstep = 100.0001\n',
            "a step of 100.0001 is larger than its range, from 100 to 200; give a smaller",
        ),
        (
            "[tune]\n"
            + 2 * '[[tune.dial]]\nkey = "program.rise_ms"\nlow = 100\nhigh = 200\nstep = 10\n',
            "tune.dial program.rise_ms: stands there twice; take one out (SPACE:8)",
        ),
        (
            "[tune.may_lose]\nfoot_slap = 1\ncharge = -1\n",
            "tune.may_lose.charge = -1: give 0 or more (SPACE:3)",
        ),
        (
            "[tune.reach]\nbeauty = 1\n",
            "tune.reach: there is no objective 'beauty'; choose from toe_clearance",
        ),
        (
            "[tune]\n\n[tune.bad_strides]\npercent = -1\n",
            "tune.bad_strides.percent = -1: must be at least 0 (SPACE:4)",
        ),
        (
            "[tune]\n\n[tune.bad_strides]\npercent = 101\n",
            "tune.bad_strides.percent = 101: must be at most 50 (SPACE:4)",
        ),
        (
            '[tune.bad_strides]\npercent = 20\nkinds = ["short", "hop"]\n',
            "tune.bad_strides.kinds.1 = \"hop\": must be 'short', 'long', ",
        ),
        (
            '[tune.bad_strides]\nkinds = ["short"]\n',
            "tune.bad_strides: none goes astray without percent; add it, as percent = 20 (SPACE:1)",
        ),
    ):
        space.write_text(text)
        told = tune("standard", "--space", space, "--out", tmp_path / "out")
        assert told.returncode == 2
        assert said.replace("SPACE", str(space)) in told.stderr


def test_named_files_are_good_and_have_a_schema() -> None:
    for name in names_of("tune"):
        checked = fes_ctrl_here("config", "check", str(find("tune", name)))
        assert checked.stdout.endswith(": good (tune)\n")
    schema = json.loads(fes_ctrl_here("config", "schema", "tune").stdout)
    told = schema["$defs"]["TuneConfig"]
    assert told["properties"]["may_lose"]["additionalProperties"] == {"type": "number"}
    assert told["additionalProperties"] is False


@pytest.fixture(scope="module")
def rough(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A small search with bad strides: its folder, and its JSON."""
    folder = tmp_path_factory.mktemp("rough")
    space = folder / "space.toml"
    objectives = '"bad_ankle", "bad_service", "ankle_at_contact", "charge"'
    space.write_text(
        f'[tune]\nchoose = "keep"\nobjectives = [{objectives}]\n'
        '[tune.bad_strides]\npercent = 10\nkinds = ["hesitation"]\nhesitation_percent = 200\n'
        '[[tune.dial]]\nkey = "program.time_out_ms"\nlow = 600\nhigh = 1800\nstep = 1200\n'
    )
    told = tune(
        *("standard", "--duration", "20", "--walks", "16", "--seeds", "2", "--unseen", "2"),
        *("--space", space, "--bad-strides", "30", "--out", folder / "out", "--json"),
    )
    assert told.returncode in {0, 1}, told.stderr
    return folder / "out", json.loads(told.stdout)


def test_with_bad_strides_each_candidate_is_walked_twice_and_judged_by_both(
    rough: tuple[Path, dict[str, Any]],
) -> None:
    out, told = rough
    # The option wins over the file; what the file alone says is kept.
    asked = {
        "bad_strides.percent": 30,
        "bad_strides.kinds": ["hesitation"],
        "bad_strides.hesitation_percent": 200,
    }
    assert told["bad_strides"] == asked
    assert [one["name"] for one in told["objectives"]] == [
        *("ankle_at_contact", "charge", "bad_ankle", "bad_service")
    ]
    walked = rows(out)
    astray = [row for row in walked if "bad_strides.percent" in row]
    assert len(astray) == len(walked) / 2
    assert told["walks"]["search"] <= 16
    # Every candidate meets the same ones by the same seed: as many, of the same kind.
    by_seed: dict[int, set[object]] = {}
    for row in astray:
        key = "legs.right.bad_strides.by_kind.hesitation.strides"
        by_seed.setdefault(row["seed"], set()).add(row[key])
    assert all(len(counts) == 1 for counts in by_seed.values())
    (short,) = [one for one in told["candidates"] if one["point"]["program.time_out_ms"] == 600]
    # A hesitant swing outlasts it; regular strides do not, and say nothing against it.
    assert "bad_service" in short["against"]
    assert "ankle_at_contact" not in short["against"]
    assert "walked again with 30 % of its strides astray" in told["program"]["text"]


def test_a_search_that_sees_regular_strides_alone_takes_what_fails_in_bad_ones(
    rough: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    out, told = rough
    blind = tune(
        *("standard", "--duration", "20", "--walks", "8", "--seeds", "2", "--unseen", "4"),
        *("--space", out.parent / "space.toml", "--objectives", "ankle_at_contact,charge"),
        *("--bad-strides", "0", "--out", tmp_path, "--json"),
    )
    assert blind.returncode == 0, blind.stdout
    dial = "program.time_out_ms"
    assert json.loads(blind.stdout)["chosen"]["settings"][dial] == 600
    assert told["chosen"]["settings"][dial] == 1800


def test_plain_walks_go_without_bad_strides_whatever_the_scenario_has(tmp_path: Path) -> None:
    told = tune(
        *("bad_strides", "--duration", "30", "--walks", "4", "--seeds", "1", "--unseen", "2"),
        *("--bad-strides", "40", "--objectives", "charge,bad_service", "--out", tmp_path, "--json"),
    )
    assert told.returncode in {0, 1}, told.stderr
    walked = rows(tmp_path)
    assert {row["bad_strides.percent"] for row in walked} == {0, 40}
    for row in walked:
        assert ("legs.right.bad_strides.strides" in row) == (row["bad_strides.percent"] == 40)


def test_bad_strides_are_told_on_the_page(
    rough: tuple[Path, dict[str, Any]],
) -> None:
    out, _ = rough
    page = fes_ctrl_here("report", str(out))
    assert page.returncode == 0, page.stderr
    text = (out / "report.html").read_text()
    assert "bad strides served poorly" in text
    assert "walked again with bad strides" in text
    assert "kinds hesitation; percent 30" in text


def test_a_walk_as_long_as_the_scenario_says_is_told_with_its_seconds(
    space: str, tmp_path: Path
) -> None:
    text = find("scenario", "moderate_stroke").read_text()
    scenario = tmp_path / "brief.toml"
    scenario.write_text(text.replace("duration_s = 60", "duration_s = 8"))
    out = tmp_path / "out"
    told = tune(
        *(scenario, "--walks", "2", "--seeds", "1", "--unseen", "2", "--workers", "1"),
        *("--space", space, "--out", out),
    )
    assert told.returncode in {0, 1}, told.stderr
    found = json.loads((out / "tune.json").read_text())
    assert (found["duration_s"], found["walk_s"]) == (None, 8)
    assert fes_ctrl_here("report", str(out)).returncode == 0
    page = (out / "report.html").read_text()
    assert re.search("seconds of a walk</t[hd]><td[^>]*>8<", page)


def test_where_nothing_is_better_nothing_is_said_to_have_broken_a_promise(tmp_path: Path) -> None:
    space = tmp_path / "longer.toml"
    space.write_text(
        '[tune]\nobjectives = ["charge"]\n'
        '[[tune.dial]]\nkey = "program.extension_ms"\nlow = 100\nhigh = 200\nstep = 50\n'
    )
    out = tmp_path / "out"
    told = tune(
        *("moderate_stroke", "--duration", "8", "--walks", "3", "--seeds", "1", "--unseen", "2"),
        *("--space", space, "--out", out, "--write", tmp_path / "better.toml"),
    )
    assert told.returncode == 1
    assert told.stdout.splitlines()[-1] == "verdict: no better program was found"
    assert f"{out / 'chosen.toml'} is the given program, unchanged" in told.stderr
    assert "better.toml was not written: there is no better program" in " ".join(
        told.stderr.split()
    )
    assert not (tmp_path / "better.toml").exists()
    found = json.loads((out / "tune.json").read_text())
    assert found["verdict"] == {"passed": False, "reasons": ["no better program was found"]}
    assert found["walks"]["proof"] == 0
    assert fes_ctrl_here("report", str(out)).returncode == 0
    page, program = (out / "report.html").read_text(), (out / "chosen.toml").read_text()
    assert "none was walked by unseen seeds" in page
    assert "none of them better" in page
    assert "The given program as it was: no better program was found." in program
    for text in (told.stdout, told.stderr, page, program):
        assert "promise" not in text.lower()


@pytest.mark.parametrize(
    ("own", "asked"),
    [
        (
            "",
            (
                *("--patient", "stroke_mild,healthy", "--stimulator", "p24_gap"),
                *("--set", "program.channel.0.intensity=0.7", "--set", "cable.jitter_us=900"),
            ),
        ),
        ("[program]\nrise_ms = 150\n[[program.channel]]\nintensity = 0.8\n", ()),
    ],
)
def test_the_command_to_try_a_program_walks_what_was_tuned(
    own: str, asked: tuple[str, ...], tmp_path: Path
) -> None:
    space, scenario, out = tmp_path / "less.toml", tmp_path / "mine.toml", tmp_path / "the out"
    space.write_text(
        '[tune]\nobjectives = ["charge"]\n[[tune.dial]]\n'
        'key = "program.channel.0.intensity"\nlow = 0.3\nhigh = 0.9\nstep = 0.1\n'
    )
    scenario.write_text(f'[walk]\npatient = "stroke_moderate"\n{own}')
    few = ("--duration", "8", "--walks", "8", "--seeds", "1", "--unseen", "2", "--space", space)
    told = tune(scenario, *asked, *few, "--out", out)
    found = json.loads((out / "tune.json").read_text())
    chosen, seed = found["chosen"]["settings"], found["unseen_seeds"][0]
    assert chosen, told.stderr
    line = next(line for line in told.stderr.splitlines() if line.startswith("try it: "))
    command, _, others = line.removeprefix("try it: fes-ctrl ").partition(" (and so with ")
    assert others == ("--patient healthy)" if asked else "")
    walked = fes_ctrl_here(*shlex.split(command), "--seed", str(seed), "--json")
    summary = json.loads(walked.stdout)
    tuned = [
        row["setpoints_sha256"]
        for row in rows(out)
        if row["seed"] == seed and row["patient"] == summary["patient"]
        if all(row.get(key) == value for key, value in chosen.items())
    ]
    assert tuned == [summary["setpoints_sha256"]]


@pytest.mark.parametrize("where", ["{folder}", "/proc/better.toml"])
def test_where_a_program_cannot_be_written_is_said_before_any_walk(
    where: str, tmp_path: Path
) -> None:
    (tmp_path / "kept").mkdir()
    out, write = tmp_path / "out", where.format(folder=tmp_path / "kept")
    told = tune("standard", "--walks", "3", "--seeds", "1", "--write", write, "--out", out)
    assert told.returncode == 2
    assert f"--write {write}: cannot be written (" in told.stderr
    assert told.stderr.count("\n") == 1
    assert not out.exists()
    assert {each.name for each in tmp_path.iterdir()} == {"kept"}


def test_the_given_program_is_not_overwritten_unasked(tmp_path: Path) -> None:
    program = tmp_path / "mine.toml"
    program.write_text(find("program", "standard").read_text())
    told = tune("standard", "--program", program, "--write", program, "--out", tmp_path / "out")
    assert told.returncode == 2
    assert "that is the given program itself" in told.stderr


def test_a_program_is_never_written_over_what_else_the_question_is_made_of(tmp_path: Path) -> None:
    space, setup = tmp_path / "space.toml", tmp_path / "setup.toml"
    space.write_text(SPACE)
    setup.write_text(find("setup", "standard").read_text())
    for file in (space, setup):
        before = file.read_text()
        told = tune(
            *("standard", "--space", space, "--setup", setup, "--write", file, "--overwrite"),
            *("--duration", "8", "--walks", "2", "--seeds", "1", "--unseen", "2"),
            *("--out", tmp_path / "out"),
        )
        assert told.returncode == 2
        assert f"--write {file}: that is the question itself" in told.stderr
        assert file.read_text() == before


@pytest.mark.parametrize("missing", ["optuna", "scipy", "tomlkit"])
def test_a_missing_package_is_named_with_its_extra(
    missing: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = importlib.import_module

    def without(name: str, package: str | None = None) -> object:
        if name == missing:
            raise ModuleNotFoundError(name=name)
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", without)
    told = tune("standard", "--out", tmp_path / "out")
    assert told.returncode == 2
    assert told.stderr.strip() == f"fes-ctrl: tune needs {missing}: pip install 'fes-ctrl[tune]'"
