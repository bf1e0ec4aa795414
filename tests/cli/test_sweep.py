"""``fes-ctrl sweep`` and ``merge`` as a user meets them: results, refusals, shards."""

import csv
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fes_ctrl.config.files import names_of
from fes_ctrl.tuning.job import candidate_of, settings_of
from fes_ctrl.tuning.store import Store
from helpers.here import fes_ctrl_here
from helpers.searches import CHARGE, DELAY, cheap_that_fail, sweep_folder

pytest.importorskip("scipy")

SWEEP = """\
[sweep]
scenario = "moderate_stroke"
seeds = [1, 2]
duration_s = 6.0

[[sweep.axis]]
key = "program.delay_ms"
values = [0, 100]
"""

WALKED = 4
"""Walks: the candidate of 0 ms is the scenario as it stands, and is walked once."""


def file_of(folder: Path, text: str = SWEEP) -> str:
    path = folder / "my.toml"
    path.write_text(text)
    return str(path)


def sweep(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return fes_ctrl_here("sweep", *map(str, arguments))


def merge(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return fes_ctrl_here("merge", *map(str, arguments))


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "results.csv").open() as file:
        return list(csv.DictReader(file))


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A sweep that one worker walked: its folder, and its JSON."""
    folder = tmp_path_factory.mktemp("done")
    out = folder / "out"
    told = sweep(file_of(folder), "--out", out, "--workers", "1", "--format", "csv", "--json")
    assert told.returncode == 0, told.stderr
    return out, json.loads(told.stdout)


@pytest.fixture(scope="module")
def shards(done: tuple[Path, dict[str, Any]]) -> list[Path]:
    """The same sweep in two parts."""
    folder = done[0].parent
    out = [folder / "first part", folder / "second"]
    for number, shard in enumerate(out, 1):
        told = sweep(folder / "my.toml", "--out", shard, "--shard", f"{number}/2", "--workers", "1")
        assert told.returncode == 0, told.stderr
        assert f"fes-ctrl merge OUT {shlex.quote(str(shard))} SHARD" in told.stderr
        assert not (shard / "results.csv").exists()
    return out


def test_every_candidate_walks_every_seed_and_is_compared_with_the_baseline(
    done: tuple[Path, dict[str, Any]],
) -> None:
    folder, found = done
    assert found["walks"] == 6
    assert found["failed"] == 0
    assert found["run"]["walked"] == len(rows(folder)) == WALKED
    baseline, same, later = found["candidates"]
    assert baseline["candidate"] == "baseline"
    assert same["settings"] == {"program.delay_ms": 0}
    assert later["settings"] == {"program.delay_ms": 100}
    # What is set as the scenario has it makes no difference, not even in the last digit.
    for spread in same["figures"].values():
        assert spread["difference"]["mean"] == 0
    charge = {each["candidate"]: each["figures"]["charge.total_mC"] for each in found["candidates"]}
    saved = charge[later["candidate"]]["difference"]
    assert saved["low"] < saved["mean"] < saved["high"] < 0
    assert found["by"] == "charge.total_mC"
    assert found["order"] == [later["candidate"], "baseline", same["candidate"]]
    walks = [(row["candidate"], row["patient"], row["seed"]) for row in table(folder)]
    names = [each["candidate"] for each in found["candidates"]]
    assert walks == [(name, "stroke_moderate", seed) for name in names for seed in ("1", "2")]


def test_the_results_are_the_same_bytes_for_any_number_of_workers(
    done: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    folder, _ = done
    told = sweep(folder.parent / "my.toml", "--out", tmp_path, "--workers", "2", "--format", "csv")
    assert told.returncode == 0, told.stderr
    for name in ("results.csv", "candidates.csv", "sweep.json"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()
    # How long a walk took is the one thing that differs, and it stays with the rows.
    assert "wall_s" in rows(folder)[0]
    assert "wall_s" not in table(folder)[0]
    assert "candidates, lowest first" in told.stdout


def test_parquet_holds_the_same_table(done: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    folder, _ = done
    out = tmp_path / "out"
    shutil.copytree(folder, out)
    told = sweep(folder.parent / "my.toml", "--out", out, "--format", "parquet", "--json")
    assert json.loads(told.stdout)["run"]["walked"] == 0
    assert not (out / "results.csv").exists()
    read = pq.read_table(out / "results.parquet")
    found = read.to_pylist()
    expected = table(folder)
    assert read.column_names == list(expected[0])
    for row, cells in zip(found, expected, strict=True):
        assert row["seed"] == int(cells["seed"])
        assert row["ok"] is (cells["ok"] == "true")
        assert row["charge.total_mC"] == float(cells["charge.total_mC"])
        delay = row["program.delay_ms"]
        assert cells["program.delay_ms"] == ("" if delay is None else str(delay))


def test_a_page_of_fewer_walks_does_not_stay(tmp_path: Path) -> None:
    path, out = file_of(tmp_path), tmp_path / "out"
    assert sweep(path, "--out", out, "--workers", "1").returncode == 0
    assert fes_ctrl_here("report", str(out)).returncode == 0
    file_of(tmp_path, SWEEP.replace("[1, 2]", "[1, 2, 3]"))
    assert sweep(path, "--out", out, "--workers", "1").returncode == 0
    assert not (out / "report.html").exists()


def test_what_is_done_is_not_walked_again_and_more_is_added(
    done: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    folder, _ = done
    out = tmp_path / "out"
    shutil.copytree(folder, out)
    more = file_of(tmp_path, SWEEP.replace("[0, 100]", "[0, 100, 150]"))
    told = sweep(more, "--out", out, "--workers", "1", "--json")
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert found["walks"] == 8
    assert found["run"]["walked"] == 2


def test_a_folder_where_another_process_writes_is_refused(
    done: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    folder, _ = done
    with Store(tmp_path / "rows.jsonl"):
        told = sweep(folder.parent / "my.toml", "--out", tmp_path)
    assert told.returncode == 2
    assert "another process writes there" in told.stderr


def test_candidates_whose_values_do_not_go_together_are_failed_rows(tmp_path: Path) -> None:
    text = SWEEP.replace("program.delay_ms", "walk.stimulator").replace("[0, 100]", '["rehastim2"]')
    told = sweep(file_of(tmp_path, text), "--out", tmp_path, "--workers", "1", "--json")
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert found["failed"] == 2
    baseline, other = found["candidates"]
    assert (baseline["failed"], other["failed"], other["figures"]) == (0, 2, {})
    assert "rate_hz" in other["errors"][0]
    assert "2 of 2" not in told.stderr
    assert "1 of 2 cannot be walked" in told.stderr
    assert "fail" not in told.stderr
    told = sweep(
        file_of(tmp_path, text.replace("duration_s", "baseline = false\nduration_s")),
        "--out",
        tmp_path,
    )
    assert told.returncode == 2
    assert "no walk came to a result: " in told.stderr


def test_shards_join_to_the_same_bytes(
    done: tuple[Path, dict[str, Any]], shards: list[Path], tmp_path: Path
) -> None:
    folder, _ = done
    told = merge(tmp_path, *shards, "--format", "csv", "--json")
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["order"] == done[1]["order"]
    for name in ("results.csv", "candidates.csv", "sweep.json"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()
    # Walked once by each shard that needs it, and kept once.
    assert len(rows(tmp_path)) == WALKED
    again = merge(tmp_path, shards[0], "--format", "csv")
    assert again.returncode == 0, again.stderr


def test_the_cheapest_that_fails_is_not_told_as_the_best(tmp_path: Path) -> None:
    candidates = [settings_of({DELAY: delay}) for delay in (0.0, 50.0, 100.0, 150.0)]
    names = [candidate_of(each) for each in candidates]
    sweep_folder(tmp_path / "made", candidates, cheap_that_fail, by=CHARGE, best="lowest")
    told = merge(tmp_path / "out", tmp_path / "made", "--top", "1")
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert lines[-2:] == [
        f"lowest charge of the candidates that passed every walk (3 of 5): {names[1]}, 7.5 mC, "
        "passed 3 of 3 walks",
        f"lowest of all: {names[3]}, 6.5 mC, passed 0 of 3 walks",
    ]
    rows = [line.split()[0] for line in lines if line.strip().startswith((*names, "baseline"))]
    assert rows == [names[3], names[1], "baseline"], "shown, however far down the order"
    told = merge(tmp_path / "other", tmp_path / "made", "--json")
    found = json.loads(told.stdout)
    assert found["leading"] == names[1]
    assert found["order"][0] == names[3]


def test_missing_walks_are_named_and_can_follow(shards: list[Path], tmp_path: Path) -> None:
    told = merge(tmp_path, shards[0])
    assert told.returncode == 2
    assert "of 6 walks are missing, of shard 2/2" in told.stderr
    assert "baseline stroke_moderate 2" in told.stderr
    assert not (tmp_path / "results.csv").exists()
    told = merge(tmp_path, shards[1])
    assert told.returncode == 0, told.stderr


@pytest.mark.parametrize(
    ("key", "value", "refusal"),
    [
        ("code_sha256", "0" * 64, "walked by other code"),
        ("seeds", [1, 3], "of another sweep"),
        ("format", 99, "of another format"),
        ("candidates", 7, "not what a sweep wrote"),
    ],
)
def test_what_is_no_shard_of_this_sweep_is_refused(
    shards: list[Path], tmp_path: Path, key: str, value: object, refusal: str
) -> None:
    other = tmp_path / "other"
    shutil.copytree(shards[1], other)
    found = json.loads((other / "sweep.json").read_text())
    (other / "sweep.json").write_text(json.dumps({**found, key: value}))
    told = merge(tmp_path / "out", shards[0], other)
    assert told.returncode == 2
    assert refusal in told.stderr
    assert "other" in told.stderr


def test_merge_refuses_folders_that_hold_no_sweep_and_its_own_parts(
    shards: list[Path], tmp_path: Path
) -> None:
    told = merge(tmp_path / "out", tmp_path)
    assert told.returncode == 2
    assert "give the --out folder of a sweep" in told.stderr
    told = merge(shards[0], *shards)
    assert told.returncode == 2
    assert "is one of the shards" in told.stderr


AXIS = 'key = "program.delay_ms"\nvalues = [0, 100]'


@pytest.mark.parametrize(
    ("old", "new", "line", "refusal"),
    [
        ("program.delay_ms", "program.delay_s", 7, "it is given in milliseconds, as delay_ms"),
        ("program.delay_ms", "walk.seed", 7, "give seeds in [sweep] instead"),
        ("program.delay_ms", "limits.rate_hz", 7, "limits come from files only"),
        ("program.delay_ms", "delay_ms", 7, "write SECTION.KEY"),
        ("[0, 100]", "[0, 9000]", 7, "must be at most 2000"),
        ("[0, 100]", "[0, 100, 0.0]", 8, "0.0 stands there twice"),
        ("[0, 100]", "[]", 8, "give values, or min and max"),
        ("values = [0, 100]", "min = 1\nmax = 1\nstep = 1", 8, "must be below max = 1"),
        ("values = [0, 100]", "min = 0\nmax = nan\nstep = 1", 9, "finite number, not NaN or inf"),
        ("values = [0, 100]", "min = -inf\nmax = 1\nstep = 1", 8, "finite number, not NaN or inf"),
        ("values = [0, 100]", "min = 0\nmax = '9'\nstep = 1", 9, '"9": must be a number ('),
        ("values = [0, 100]", "min = 0\nmax = 9\nstep = -0.5", 10, "-0.5: must be above 0 ("),
        ("values = [0, 100]", "min = 0\nmax = 1", 6, "a grid needs its values, a step, or points"),
        (
            "values = [0, 100]",
            'min = 0\nmax = 1\npoints = 3\nscale = "log"',
            8,
            "must be above 0 on a logarithmic scale",
        ),
        ("values = [0, 100]", "min = 0\nmax = 1\nstep = 1e-9", 10, "more than 100000 values"),
        ("seeds = [1, 2]", "seeds = [1, 1]", 3, "1 stands there twice"),
        ("seeds = [1, 2]", "seed_count = 0", 3, "must be at least 1"),
        ("seeds = [1, 2]", "", 1, "give a list, or seed_count"),
        ("seeds = [1, 2]", "seed = [1, 2]", 3, "did you mean seeds?"),
        ("seeds = [1, 2]", 'seeds = [1]\ndesign = "random"', 1, "needs to know how many"),
        (
            "seeds = [1, 2]",
            'seeds = [1]\ndesign = "random"\ncandidates = 3',
            5,
            "make 2 different ones",
        ),
        ("seeds = [1, 2]", "seed_count = 600_000", 1, "1800000 walks of 6 s, some 1 days"),
        (
            "seeds = [1, 2]",
            'seeds = [1]\npatients = ["nobody"]',
            4,
            "or give a .toml file (FILE:4)\n",
        ),
        (
            "6.0",
            "1.5\nby = 'charge'",
            5,
            'sweep.by = "charge": no such figure; near it are charge.t',
        ),
        ("6.0", "1.5\nby = 'nosuch'", 5, "choose from legs.*.toe_clearance_mm.p05, "),
        (
            "6.0",
            "1.5\nby = 'lost_wrk_percent'",
            5,
            "near it are legs.*.push_off.lost_work_percent, ",
        ),
        ('"moderate_stroke"', '"nothing"', 2, "'nothing' is unknown"),
        (AXIS, "", 6, "key must be given"),
        ("[sweep]", "[walk]\n[sweep]", 1, "not part of a sweep"),
    ],
)
def test_a_sweep_that_cannot_be_walked_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, line: int, refusal: str
) -> None:
    path = file_of(tmp_path, SWEEP.replace(old, new))
    told = sweep(path, "--out", tmp_path / "out")
    assert told.returncode == 2
    assert refusal.replace("FILE", path) in told.stderr
    assert f"my.toml:{line}" in told.stderr
    assert told.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        (("nowhere",), "choose charge, timing"),
        (("timing", "--shard", "1/2"), "--shard without --out"),
        (("timing", "--shard", "3/2", "--out", "x"), "counted from 1 to 2"),
        (("timing", "--shard", "a", "--out", "x"), "write K/N"),
        (("timing", "--shard", "0/0", "--out", "x"), "--shard 0/0: a sweep has one part at least"),
        (("timing", "--cluster", "127.0.0.1"), "write tcp://HOST:PORT of a scheduler"),
        (("timing", "--out", "/dev/null/x"), "choose a folder that can be written"),
    ],
)
def test_what_cannot_be_done_is_refused(arguments: tuple[str, ...], refusal: str) -> None:
    told = sweep(*arguments)
    assert told.returncode == 2
    assert refusal in told.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("sweep", "timing", "--out", "{out}"),
        ("tune", "standard", "--walks", "100", "--out", "{out}"),
        ("merge", "{out}", "{shard}"),
        ("campaign", "--hours", "0.001", "--out", "{out}"),
        ("campaign", "--replay", "1:2", "--out", "{out}"),
    ],
)
def test_a_folder_that_holds_a_run_is_left_to_it(
    done: tuple[Path, dict[str, Any]], tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "log.jsonl").touch()
    (tmp_path / "report.html").touch()
    told = fes_ctrl_here(*(each.format(out=tmp_path, shard=done[0]) for each in command))
    assert told.returncode == 2
    assert "holds a run (log.jsonl); choose a folder of its own" in told.stderr
    assert {each.name for each in tmp_path.iterdir()} == {"log.jsonl", "report.html"}


@pytest.mark.parametrize(
    ("holds", "what", "command"),
    [
        ("study.journal", "search", ("sweep", "timing", "--out", "{out}")),
        ("tune.json", "search", ("merge", "{out}", "{shard}")),
        ("tune.json", "search", ("walk", "standard", "--duration", "2", "--out", "{out}")),
        ("sweep.json", "sweep", ("tune", "standard", "--walks", "100", "--out", "{out}")),
        ("sweep.json", "sweep", ("walk", "standard", "--duration", "2", "--out", "{out}")),
        ("rows.jsonl", "sweep", ("walk", "standard", "--duration", "2", "--out", "{out}")),
        ("sweep.json", "sweep", ("replay", "{recording}", "--out", "{out}")),
        (
            "sweep.json",
            "sweep",
            ("run", "--sensor", "metronome:", "--stimulator", "p24:///dev/null", "--out", "{out}"),
        ),
        ("sweep.json", "sweep", ("campaign", "--hours", "0.001", "--out", "{out}")),
        ("study.journal", "search", ("campaign", "--hours", "0.001", "--out", "{out}")),
        ("walks.jsonl", "campaign", ("sweep", "timing", "--out", "{out}")),
        ("walks.jsonl", "campaign", ("tune", "standard", "--walks", "100", "--out", "{out}")),
        ("campaign.json", "campaign", ("walk", "standard", "--duration", "2", "--out", "{out}")),
    ],
)
def test_a_folder_holds_a_run_or_a_sweep_or_a_search_or_a_campaign_and_never_two_of_them(
    done: tuple[Path, dict[str, Any]],
    tmp_path: Path,
    holds: str,
    what: str,
    command: tuple[str, ...],
) -> None:
    recording = tmp_path / "heel.csv"
    recording.write_text("t_s,heel\n" + "".join(f"{n / 10},{n // 5 % 2}\n" for n in range(50)))
    out = tmp_path / "out"
    out.mkdir()
    for name in (holds, "report.html"):
        (out / name).touch()
    given = {"out": out, "shard": done[0], "recording": recording}
    told = fes_ctrl_here(*(each.format(**given) for each in command))
    assert told.returncode == 2
    assert f"holds a {what} ({holds}); choose a folder of its own" in told.stderr
    assert told.stderr.count("\n") == 1
    assert {each.name for each in out.iterdir()} == {holds, "report.html"}


def test_a_figure_that_there_is_not_is_refused_before_anything_is_walked_again(
    done: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(done[0], out)
    told = sweep(done[0].parent / "my.toml", "--out", out, "--by", "charge.total_uC")
    assert told.returncode == 2
    assert "no such figure; near it are charge.total_mC" in told.stderr


LEARNS = """\
[sweep]
scenario = "adaptive"
seeds = [1]
duration_s = 30.0
[[sweep.axis]]
key = "program.adaptive.learn"
values = [true, false]
"""
DETECTORS = """\
[sweep]
scenario = "moderate_stroke"
seeds = [1]
duration_s = 8.0
[[sweep.axis]]
key = "detector.name"
values = ["heel", "foot-imu"]
"""
ASTRAY = SWEEP.replace("program.delay_ms", "bad_strides.percent").replace("0, 100", "0, 20")


@pytest.mark.parametrize(
    ("text", "by", "refusal"),
    [
        (SWEEP, "median", "median: that may be legs.*.toe_clearance_mm.median or "),
        (SWEEP, "f1", "f1: that may be legs.*.detection.ic.f1 or legs.*.detection.ho.f1; write"),
        (SWEEP, "bad_strides.drag_strides", "no such figure; near it are legs.*.drag_strides"),
        (SWEEP, "tc.f1", "no such figure; near it are legs.*.detection."),
        (SWEEP, "adaptation.share.last", "no such figure; choose from "),
        (SWEEP, "ended_by.nothing", "no such figure; near it are legs.*.burst.ended_by."),
        (ASTRAY, "toe_clearance_mm.p05", "or legs.*.bad_strides.toe_clearance_mm.p05 or "),
        (ASTRAY, "adaptation.share.last", "no such figure; choose from "),
        (
            DETECTORS,
            "f1",
            "legs.*.detection.ho.f1 or legs.*.detection.ff.f1 or legs.*.detection.tc",
        ),
    ],
)
@pytest.mark.parametrize("shard", [(), ("--shard", "2/2")])
def test_a_figure_that_no_walk_can_have_or_of_two_names_is_refused_before_the_first_walk(
    tmp_path: Path, text: str, by: str, refusal: str, shard: tuple[str, ...]
) -> None:
    told = sweep(file_of(tmp_path, text), "--out", tmp_path / "out", "--by", by, *shard)
    assert told.returncode == 2
    assert f"--by {by}: " in told.stderr
    assert refusal in told.stderr
    assert told.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "by", "whole"),
    [
        (DETECTORS, "tc.f1", "legs.*.detection.tc.f1"),
        (LEARNS, "share.last", "legs.*.adaptation.share.last"),
        (ASTRAY, "bad_strides.drag_strides", "legs.*.bad_strides.drag_strides"),
    ],
)
def test_a_figure_that_only_some_candidates_have_orders_them(
    tmp_path: Path, text: str, by: str, whole: str
) -> None:
    longer = text.replace("6.0", "20.0")
    told = sweep(file_of(tmp_path, longer), "--by", by, "--json", "--workers", "1")
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert found["by"] == whole
    has = [whole in each["figures"] for each in found["candidates"]]
    assert any(has)
    assert not all(has)


def test_shards_are_merged_by_what_their_sweep_may_be_ordered_by(tmp_path: Path) -> None:
    path = file_of(tmp_path, SWEEP.replace("[1, 2]", '[1]\nby = "ended_by.time_out"'))
    shards = [tmp_path / "one", tmp_path / "two"]
    for number, shard in enumerate(shards, 1):
        told = sweep(path, "--out", shard, "--shard", f"{number}/2", "--workers", "1")
        assert told.returncode == 0, told.stderr
    note = "note: no walk had legs.*.burst.ended_by.time_out; candidates stand as in the sweep"
    out = tmp_path / "out"
    told = merge(out, *shards, "--format", "csv")
    assert told.returncode == 0, told.stderr
    assert note in told.stderr
    whole = sweep(path, "--out", tmp_path / "whole", "--format", "csv", "--workers", "1")
    assert told.stdout == whole.stdout
    kept = (out / "results.csv").read_bytes()
    assert kept == (tmp_path / "whole" / "results.csv").read_bytes()
    told = merge(out, *shards, "--by", "ended_by.nosuch", "--format", "csv")
    assert told.returncode == 2
    assert "--by ended_by.nosuch: no such figure" in told.stderr
    assert (out / "results.csv").read_bytes() == kept, "what was there before stays"
    told = merge(out, *shards, "--by", "ended_by.stop", "--json")
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["by"] == "legs.*.burst.ended_by.stop"


def test_what_never_came_though_it_might_costs_no_results(tmp_path: Path) -> None:
    out = tmp_path / "out"
    path = file_of(tmp_path, SWEEP.replace("[1, 2]", "[1]"))
    told = sweep(path, "--out", out, "--by", "ended_by.time_out", "--format", "csv")
    assert told.returncode == 0, told.stderr
    assert "note: no walk had legs.*.burst.ended_by.time_out; candidates stand as" in told.stderr
    assert (out / "results.csv").is_file()


def test_how_many_walks_there_are_and_who_walks_them_is_said_before_the_first(
    tmp_path: Path,
) -> None:
    path, out = file_of(tmp_path, SWEEP.replace("6.0", "3.0")), tmp_path / "out"
    told = sweep(path, "--out", out, "--workers", "1")
    assert told.stderr.splitlines()[0] == "6 walks; walked by 1 process of this machine"
    file_of(tmp_path, SWEEP.replace("6.0", "3.0").replace("[1, 2]", "[1, 2, 3]"))
    told = sweep(path, "--out", out, "--workers", "2")
    said = "9 walks, 6 of them done already; walked by 2 processes of this machine"
    assert told.stderr.splitlines()[0] == said
    told = sweep(path, "--out", out)
    assert told.stderr.splitlines()[0].startswith("9 walks; 0 walked now"), "nothing is left"


def test_a_figure_of_events_that_come_late_is_not_refused_for_it(tmp_path: Path) -> None:
    scenario = tmp_path / "late.toml"
    scenario.write_text('[walk]\npatient = "stroke_moderate"\nstanding_s = 12\n')
    text = SWEEP.replace("6.0", "18.0").replace("[1, 2]", "[1]")
    path = file_of(tmp_path, text.replace("moderate_stroke", str(scenario)))
    told = sweep(path, "--by", "ic.f1", "--json")
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["by"] == "legs.*.detection.ic.f1"


def test_candidates_are_ordered_by_a_figure_that_the_first_walk_lacks(tmp_path: Path) -> None:
    text = SWEEP.replace("6.0", "20.0").replace("program.delay_ms", "bad_strides.percent")
    path = file_of(tmp_path, text.replace("0, 100", "20, 40"))
    told = sweep(path, "--out", tmp_path / "out", "--by", "bad_strides.in.strides", "--json")
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert found["by"] == "legs.*.bad_strides.in.strides"
    by_name = {each["candidate"]: each["settings"] for each in found["candidates"]}
    order = [by_name[name].get("bad_strides.percent") for name in found["order"]]
    assert order == [20, 40, None], "the baseline has none"


@pytest.mark.parametrize(
    ("design", "missing", "arguments", "extra"),
    [
        ("grid", "scipy", (), "fes-ctrl[sweep]"),
        ("latin_hypercube", "scipy", ("--shard", "1/2"), "fes-ctrl[sweep]"),
        ("latin_hypercube", "pyarrow", ("--format", "parquet"), "fes-ctrl[export]"),
        ("latin_hypercube", "distributed", ("--cluster", "local"), "fes-ctrl[cluster]"),
    ],
)
def test_a_missing_extra_is_named_before_anything_is_walked(
    tmp_path: Path, design: str, missing: str, arguments: tuple[str, ...], extra: str
) -> None:
    (tmp_path / f"{missing}.py").write_text(f"raise ModuleNotFoundError(name={missing!r})")
    code = "import sys; from fes_ctrl.cli import main; sys.argv[0] = 'fes-ctrl'; main()"
    hide = f"import sys; sys.modules[{missing!r}] = None; "
    candidates = "" if design == "grid" else "candidates = 1\n"
    text = SWEEP.replace("seeds", f'design = "{design}"\n{candidates}seeds')
    out = tmp_path / "out"
    asked = [file_of(tmp_path, text), "--out", str(out), *arguments]
    told = subprocess.run(
        [sys.executable, "-c", hide + code, "sweep", *asked],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert told.returncode == 2
    assert extra in told.stderr
    assert "Traceback" not in told.stderr
    assert not out.exists() or not rows(out)


STIMULATOR = ("program.delay_ms", "walk.stimulator")


def test_config_checks_sweeps_and_describes_them(tmp_path: Path) -> None:
    for name in names_of("sweep"):
        path = Path("configs/sweeps") / f"{name}.toml"
        told = fes_ctrl_here("config", "check", str(Path(__file__).parents[2] / path))
        assert told.returncode == 0, told.stderr
        assert "(sweep)" in told.stdout
        assert told.stderr == ""
    unfit = file_of(
        tmp_path, SWEEP.replace("[0, 100]", '["p24", "rehastim2"]').replace(*STIMULATOR)
    )
    assert "1 of 3 cannot be walked; the first: program.channel.0.rate_hz" in (
        fes_ctrl_here("config", "check", unfit).stderr
    )
    told = fes_ctrl_here("config", "check", file_of(tmp_path, SWEEP.replace("values", "value")))
    assert told.returncode == 2
    assert "my.toml:8" in told.stderr
    schema = json.loads(fes_ctrl_here("config", "schema", "sweep").stdout)
    axis = schema["$defs"]["AxisConfig"]
    assert axis["additionalProperties"] is False
    assert axis["properties"]["key"]["description"].startswith("Dotted")
