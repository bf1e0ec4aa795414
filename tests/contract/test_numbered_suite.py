"""The numbered tests as a person at the desk runs them: on a port, through a probe, or blind."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from fes_ctrl.config.errors import ConfigError
from fes_ctrl.links.exchange import read_exchange
from fes_ctrl.links.replayed import play
from fes_ctrl.stimulators.drivers import DRIVERS, driver_for
from helpers.served import Told, served
from hil.suite import answering, ordinary, returning, silent
from hil.suite.bench import TALK, Bench, NotProvenError, Result
from hil.suite.certificate import Conditions, certificate_html, verdict_of
from hil.suite.checking import UNSEEN, Finding, put_through
from hil.suite.desk_config import DeskConfig, read_desk
from hil.suite.scenarios import SCENARIOS, Scenario, number_of, title_of
from hil.suite.simulated import SimulatedBench

SUITE = Path("hil/suite")


def pytest_in(root: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    return subprocess.run(
        [*command, *arguments], cwd=root, capture_output=True, text=True, check=False, timeout=240
    )


def ids(listing: str) -> list[str]:
    return [line for line in listing.splitlines() if "::" in line]


# -- what is there --------------------------------------------------------------------------------


def test_each_scenario_is_one_numbered_test_in_the_file_of_its_ten(root: Path) -> None:
    listed = ids(pytest_in(root, "--collect-only", str(SUITE)).stdout)
    assert len(listed) == len(SCENARIOS) * len(DRIVERS) == 175
    expected = {f"test_{number_of(scenario)}_{scenario.__name__}" for scenario in SCENARIOS}
    assert {re.sub(r".*::|\[.*", "", test) for test in listed} == expected
    for test in listed:
        found = re.search(r"test_(\d)\d_\w+\.py::test_(\d)\d_", test)
        assert found is not None
        assert found[1] == found[2]


def test_on_the_desk_each_is_collected_once_but_for_what_no_real_device_is_asked(
    root: Path,
) -> None:
    run = pytest_in(root, "--collect-only", str(SUITE), "--fes-stimulator", "p24:///dev/nothing")
    assert len(ids(run.stdout)) == 34
    assert "too_much_for_it" not in run.stdout


# -- at the desk ----------------------------------------------------------------------------------

BENCH_FILE = """
[bench]
look_s = 0.2
current_mA = 14
dummy_load_ohm = 1000
conditions = { "load's maker" = "none: <simulated>" }
"""


@pytest.fixture
def bench_file(tmp_path: Path) -> Path:
    path = tmp_path / "bench.toml"
    path.write_text(BENCH_FILE)
    return path


@pytest.fixture
def ports() -> Iterator[Told]:
    with served("--probe") as told:
        yield told


def verdicts(folder: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for case in ET.parse(folder / "junit.xml").iter("testcase"):
        kinds = {child.tag for child in case}
        name = re.sub(r"\[.*", "", case.get("name", ""))
        found[name] = "failed" if kinds & {"failure", "error"} else "passed"
        if "skipped" in kinds:
            found[name] = "not proven"
    return found


@pytest.mark.real_time
def test_what_is_on_the_desk_is_seen_through_a_probe(
    root: Path, tmp_path: Path, bench_file: Path, ports: Told
) -> None:
    with bench_file.open("a") as file:
        file.write(f"sensor = 'serial:{ports['board']}?sensors=right.heel_switch'\n")
    chosen = ("test_11", "test_25", "test_32", "test_51", "test_74", "test_76", "test_83")
    run = pytest_in(
        root,
        str(SUITE),
        "-k",
        " or ".join(chosen),
        *("--fes-stimulator", f"p24://{ports['port']}"),
        *("--fes-probe", f"serial://{ports['probe']}"),
        *("--fes-bench", str(bench_file)),
        *("--fes-out", str(tmp_path / "out")),
    )
    assert run.returncode == 0, run.stdout + run.stderr
    found = verdicts(tmp_path / "out")
    assert set(found.values()) == {"passed"}
    assert len(found) == len(chosen)
    page = (tmp_path / "out" / "certificate.html").read_text()
    assert "INCOMPLETE: 7 of 34 tests ran, 7 passed" in page
    assert "<td>probe</td>" in page
    assert "<td>conversation</td>" in page
    assert "none: &lt;simulated&gt;" in page
    assert "SIMP24" in page, "who it is"
    transcripts = sorted((tmp_path / "out" / "transcripts").iterdir())
    assert len(transcripts) == len(chosen)
    for transcript in transcripts:
        recorded = read_exchange(transcript)
        reports = play(driver_for(recorded.stimulator, recorded.min_interval_us), recorded)
        assert reports, transcript.name


@pytest.mark.real_time
def test_without_a_probe_off_is_not_proven_to_be_off(
    root: Path, tmp_path: Path, bench_file: Path, ports: Told
) -> None:
    run = pytest_in(
        root,
        str(SUITE),
        *("-k", "test_11 or test_21"),
        *("--fes-stimulator", f"p24://{ports['port']}"),
        *("--fes-bench", str(bench_file)),
        *("--fes-out", str(tmp_path / "out")),
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert verdicts(tmp_path / "out") == {
        "test_11_off_is_off": "not proven",
        "test_21_identify": "passed",
    }
    assert "there is no probe across the load" in run.stdout
    assert UNSEEN in (tmp_path / "out" / "certificate.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--fes-stimulator", "p25:///dev/x"], "no device 'p25'"),
        (["--fes-stimulator", "p24:///dev/nothing"], "/dev/nothing"),
        (["--fes-stimulator", "p24:///dev/x", "--fes-probe", "what"], "no such place of a probe"),
        (["--fes-dummy-load", "1000"], "only with --fes-stimulator"),
        (["--fes-stimulator", "p24:///dev/x", "--fes-bench", "none.toml"], "none.toml"),
        (["--fes-stimulator", "p24:///dev/x", "--fes-dummy-load", "-3"], "dummy_load_ohm = -3"),
    ],
)
def test_what_cannot_be_run_is_refused_in_a_line(
    root: Path, arguments: list[str], said: str
) -> None:
    run = pytest_in(root, str(SUITE / "test_20_identity.py"), *arguments)
    assert run.returncode != 0
    assert said in run.stdout + run.stderr
    assert "Traceback" not in run.stdout + run.stderr


def test_more_than_ten_milliamperes_need_a_load_that_somebody_has_said(tmp_path: Path) -> None:
    file = tmp_path / "bench.toml"
    file.write_text("[bench]\nmode = 'low_level'\ncurrent_mA = 11\n")
    with pytest.raises(ConfigError, match=r"above 10 only into a dummy load.*dummy_load_ohm"):
        read_desk(file, {})
    assert read_desk(file, {"dummy_load_ohm": 1000.0}).current_mA == 11
    assert read_desk(None, {}).current_mA == 10
    file.write_text("[bench]\ncurrent_mA = 10\ncurrant_mA = 9\n")
    with pytest.raises(ConfigError, match=r"currant_mA.*bench\.toml:3"):
        read_desk(file, {})
    file.write_text("[bank]\n")
    with pytest.raises(ConfigError, match=r"bank: unknown.*bench\.toml:1"):
        read_desk(file, {})


# -- what is said of it ---------------------------------------------------------------------------


def bench_of(source: str) -> SimulatedBench:
    bench = SimulatedBench("p24", "low_level", "stepper")
    bench.source = source  # type: ignore[assignment]
    return bench


def found_of(bench: SimulatedBench, scenario: Scenario) -> Finding:
    try:
        return put_through(bench, scenario, "here")
    finally:
        bench.close()


def test_a_figure_about_output_that_nobody_saw_is_not_proven() -> None:
    seen = found_of(bench_of("electrode"), silent.off_is_off)
    assert (seen.verdict, seen.source, seen.note) == ("passed", "electrode", "")
    unseen = found_of(bench_of("commanded"), silent.off_is_off)
    assert (unseen.verdict, unseen.source) == ("not proven", "commanded")
    assert "no probe" in unseen.note
    said = found_of(bench_of("commanded"), ordinary.identify)
    assert (said.verdict, said.source) == ("passed", TALK)
    assert said.note.startswith(UNSEEN)


def test_what_fails_fails_however_little_is_seen() -> None:
    bench = bench_of("commanded")
    bench.hello_ms = 0
    bench.slack_us = 0
    found = found_of(bench, ordinary.identify)
    assert found.verdict == "failed"
    assert "no 'up'" in found.seen


def test_what_a_bench_cannot_do_is_not_proven() -> None:
    def handless(bench: Bench) -> Result:
        """99. It has hands."""
        raise NotProvenError("it has no hands")

    found = found_of(bench_of("electrode"), handless)
    assert (found.number, found.title) == (99, "It has hands.")
    assert (found.verdict, found.seen) == ("not proven", "it has no hands")


def finding(verdict: str, seen: str = "") -> Finding:
    return Finding(11, "Off is off.", "desk", "p24", verdict, seen)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("verdicts", "expected", "word", "sentence"),
    [
        (["passed", "passed"], 2, "passed", "PASSED: all 2 tests"),
        (["passed"], 2, "not proven", "INCOMPLETE: 1 of 2 tests ran, 1 passed"),
        (["passed", "not proven"], 2, "not proven", "1 of 2 passed, 1 not proven"),
        (["failed", "not proven"], 3, "failed", "FAILED: 1 of 2; 2 of 3 tests ran"),
    ],
)
def test_a_verdict_leaves_nothing_out(
    verdicts: list[str], expected: int, word: str, sentence: str
) -> None:
    told = verdict_of([finding(verdict) for verdict in verdicts], expected)
    assert told[0] == word
    assert sentence in told[1]


def test_a_certificate_says_what_a_bench_is_made_of_and_trusts_no_text() -> None:
    desk = DeskConfig(current_mA=20, dummy_load_ohm=1000.0, conditions={"room": "21 <b>C</b>"})
    page = certificate_html(
        [finding("failed", "<script>")], Conditions("p24:///dev/x", desk, ["pytest"]), 33
    )
    for text in ("1000 ohm", "20 mA at most", "21 &lt;b&gt;C", "&lt;script&gt;", "no declaration"):
        assert text in page
    assert "<script" not in page
    assert "<b>C" not in page
    assert "No test ran" in certificate_html([], Conditions("x", None, []), 33)


@pytest.mark.parametrize("row", DRIVERS, ids=str)
@pytest.mark.parametrize(
    "scenario",
    [ordinary.update, returning.come_back_as_another, answering.never_answer],
    ids=title_of,
)
def test_what_passed_on_the_line_becomes_a_test_of_the_driver(
    row: tuple[str, str], scenario: Scenario, tmp_path: Path
) -> None:
    bench = SimulatedBench(*row, "stepper")
    found = found_of(bench, scenario)
    assert found.verdict == "passed"
    path = tmp_path / "exchange.jsonl"
    path.write_text(bench.transcript())
    recorded = read_exchange(path)
    reports = play(driver_for(recorded.stimulator, recorded.min_interval_us), recorded)
    assert {"up", "ready", "answer"} <= {report.kind for report in reports}
    assert json.loads(path.read_text().splitlines()[0])["kind"] == "exchange"
