"""``fes-ctrl bench scope``: what it prints, writes, refuses, and how it leaves."""

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fes_ctrl.cli.bench import command
from helpers.scope_traces import TEXTS, Emitted, Probe, units_in_brackets, walked

RATE_HZ = 50e3


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Emitted]:
    folder = tmp_path_factory.mktemp("run")
    return folder, walked(folder / "log.jsonl", duration_s=4.5)


def exported(folder: Path, emitted: Emitted) -> Path:
    probe = Probe(rate_hz=RATE_HZ, end_s=3.94)
    volts = probe.sampled(emitted).tolist()  # milliampere across 1 kohm
    path = folder / "trace.csv"
    text = TEXTS["semicolon, comma"]
    path.write_text(units_in_brackets(text, probe.begin_s - probe.zero_s, 1 / RATE_HZ, volts))
    return path


@pytest.fixture(scope="module")
def trace(run: tuple[Path, Emitted], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(tmp_path_factory.mktemp("trace"), run[1])


def scope(*arguments: object) -> Result:
    return CliRunner().invoke(command, ["scope", *map(str, arguments)])


def test_a_trace_of_its_own_run_is_as_commanded(run: tuple[Path, Emitted], trace: Path) -> None:
    done = scope(trace, "--run", run[0], "--ohm", 1000, "--json")
    whole = json.loads(done.stdout)
    assert (done.exit_code, whole["verdict"]) == (0, {"passed": True, "reasons": []})
    check = whole["check"]
    assert (check["device"], check["mode"], check["channel"]) == ("p24", "low_level", 0)
    assert check["compared"] == check["commanded"] == whole["pulses"]["n"] > 40
    assert all(row["passed"] and row["origin"] for row in check["figures"])
    assert whole["trace"]["sampling_hz"] == pytest.approx(RATE_HZ)
    assert whole["pulses"]["rate_hz"] == pytest.approx(40.0, rel=0.02)
    printed = scope(trace, "--run", run[0] / "log.jsonl", "--ohm", 1000)
    assert printed.exit_code == 0
    assert printed.stdout.endswith("as commanded\n")
    assert "cable and host 2 ms" in printed.stdout


def test_another_load_than_was_told_fails_with_the_reason(
    run: tuple[Path, Emitted], trace: Path
) -> None:
    done = scope(trace, "--run", run[0], "--ohm", 900)
    assert done.exit_code == 1
    assert "not as commanded: current, all pulses together: 111." in done.stdout
    assert scope(trace, "--run", run[0], "--ohm", 980, "--gain-percent", 0).exit_code == 1


def test_without_a_run_pulses_are_listed_and_written(
    run: tuple[Path, Emitted], trace: Path, tmp_path: Path
) -> None:
    out = tmp_path / "pulses.csv"
    done = scope(trace, "--ohm", 1000, "--out", out, "--json")
    whole = json.loads(done.stdout)
    assert done.exit_code == 0
    assert whole["check"] is whole["verdict"] is None
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    given = [pulse for pulse in run[1] if 1.9e6 < pulse[0] < 3.94e6]
    assert len(rows) == len(given) == whole["pulses"]["n"]
    for row, (at_us, ((width_us, current_ua), _)) in zip(rows, given, strict=True):
        # Written without drift: the trace called 3 s of the run its 0.
        assert float(row["onset_s"]) + 3.0 == pytest.approx(at_us / 1e6, abs=2e-5)
        assert float(row["first_us"]) == pytest.approx(width_us, abs=22.0)
        assert float(row["first_mA"]) == pytest.approx(current_ua / 1e3, abs=0.6)
    listed = scope(trace, "--ohm", 1000).stdout
    assert f"and {len(rows) - 20} more" in listed
    assert listed.count("burst at") == len(whole["bursts"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nothing.csv", "--ohm", "1000"], "nothing.csv: No such file"),
        (["TRACE"], "is a voltage; say across what load"),
        (["TRACE", "--ohm", "1000", "--run", "."], "give the log.jsonl of a run"),
        (["TRACE", "--ohm", "1000", "--column", "7"], "no column '7'; there are 1 (Time), 2"),
        (["TRACE", "--ohm", "1000", "--unit", "kg"], "--unit kg: no voltage or current"),
        (["TRACE", "--ohm", "1000", "--out", "TRACE"], "that is the trace itself"),
        (["TRACE", "--ohm", "1000", "--run", "RUN", "--near", "99"], "--near 99"),
        (["TRACE", "--ohm", "1000", "--run", "RUN", "--near", "nan"], "--near nan: no number"),
        (["TRACE", "--ohm", "nan"], "--ohm nan: no number"),
        (
            ["TRACE", "--ohm", "1000", "--run", "RUN", "--gain-percent", "nan", "--json"],
            "no number",
        ),
    ],
)
def test_what_cannot_be_done_is_one_line(
    run: tuple[Path, Emitted], trace: Path, arguments: list[str], says: str
) -> None:
    words = {"TRACE": str(trace), "RUN": str(run[0])}
    done = scope(*[words.get(word, word) for word in arguments])
    assert done.exit_code == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("whole", [True, False])
def test_the_runs_log_is_not_written_over(
    run: tuple[Path, Emitted], trace: Path, tmp_path: Path, *, whole: bool
) -> None:
    log = tmp_path / "log.jsonl"
    text = (run[0] / "log.jsonl").read_text()
    log.write_text(text)
    done = scope(trace, "--run", tmp_path if whole else log, "--ohm", 1000, "--out", log)
    assert done.exit_code == 2
    assert "that is the run's log itself" in done.stderr
    assert log.read_text() == text
