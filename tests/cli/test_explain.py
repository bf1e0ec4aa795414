"""``fes-ctrl explain`` as a user meets it: the story, JSON, the page, refusals."""

import json
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from helpers.here import fes_ctrl_here
from helpers.runs import kept_walk


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain") / "run"
    return kept_walk(folder, "standard", "--duration", "9", "--set", "operator.arm_at_s=1.5")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain") / "both"
    return kept_walk(folder, "both_legs", "--duration", "6")


def test_it_tells_the_story_with_the_lines_that_decided(run: Path) -> None:
    done = fes_ctrl_here("explain", str(run), "--stride", "3")
    assert done.returncode == 0, done.stderr
    told = " ".join(done.stdout.split())
    assert told.startswith("stride 3 of ")
    for word in (
        "a burst:",
        "heel_switch",
        "heel-off",
        "Ll_Channel_Config",
        "program.delay_ms = 0",
    ):
        assert word in told
    assert "programs/standard.toml:" in "".join(done.stdout.split())


def test_json_is_one_object_with_the_chain(run: Path) -> None:
    done = fes_ctrl_here("explain", str(run), "--stride", "3", "--json")
    told = json.loads(done.stdout, parse_constant=pytest.fail)
    assert (told["leg"], told["stride"], told["outcome"]) == ("right", 3, "burst")
    assert told["cause"]["settings"][0]["key"] == "program.trigger"
    assert told["truth"]["stride"] == 3
    (burst,) = told["bursts"]
    assert burst["pulses"] > 20
    stages = {moment["stage"] for moment in told["moments"]}
    assert {"sensor", "event", "phase", "rule", "burst", "guard", "frame", "truth"} <= stages
    times_s = [moment["t_s"] for moment in told["moments"]]
    assert times_s == sorted(times_s)


def test_imu_readings_are_json_too(tmp_path: Path) -> None:
    words = ("standard", "--duration", "5", "--set", "detector.name=foot-imu")
    folder = kept_walk(tmp_path / "run", *words, "--inject", "sensor_nan@3+0.5")
    for stride in ("1", "2"):
        done = fes_ctrl_here("explain", str(folder), "--stride", stride, "--json")
        json.loads(done.stdout, parse_constant=pytest.fail)


class Page(HTMLParser):
    """Every address that a page would ask for, and its rows."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.rows = 0
        self.dots = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"src", "href"} and value and not value.startswith(("#", "data:")):
                self.asked.append(value)
        self.rows += tag == "tr"
        self.dots += tag == "circle"


def test_the_page_has_every_moment_and_pulse_and_asks_for_nothing(
    run: Path, tmp_path: Path
) -> None:
    page = tmp_path / "stride.html"
    done = fes_ctrl_here("explain", str(run), "--stride", "3", "--json", "--html", str(page))
    told = json.loads(done.stdout)
    seen = Page()
    seen.feed(page.read_text())
    assert not seen.asked
    pulses = told["bursts"][0]["pulses"]
    assert seen.dots == pulses
    assert seen.rows == len(told["moments"]) + pulses + 2


def test_a_name_of_a_run_is_no_code_on_its_page(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "<script>alert(1)<"
    shutil.copytree(run, folder)
    page = tmp_path / "page.html"
    assert (
        fes_ctrl_here("explain", str(folder), "--stride", "1", "--html", str(page)).returncode == 0
    )
    assert "<script>alert" not in page.read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--stride", "99"), "has strides 1 to"),
        (("--stride", "0"), "has strides 1 to"),
        (("--stride", "1", "--leg", "left"), "no left leg in this run"),
        (("--stride", "one"), "not a valid integer"),
        ((), "missing option '--stride'"),
        (("--stride", "1", "--html", "/no/such/folder/page.html"), "cannot be written"),
    ],
)
def test_what_is_not_there_is_refused_in_one_line(
    run: Path, words: tuple[str, ...], said: str
) -> None:
    done = fes_ctrl_here("explain", str(run), *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_of_two_stimulated_legs_one_has_to_be_named(both: Path) -> None:
    refused = fes_ctrl_here("explain", str(both), "--stride", "1")
    assert refused.returncode == 2
    assert "say --leg left or --leg right" in refused.stderr
    assert fes_ctrl_here("explain", str(both), "--stride", "1", "--leg", "left").returncode == 0


def test_no_run_and_another_version_and_damage_are_refused(run: Path, tmp_path: Path) -> None:
    done = fes_ctrl_here("explain", str(tmp_path), "--stride", "1")
    assert (done.returncode, "no log.jsonl there" in done.stderr) == (2, True)
    log = (run / "log.jsonl").read_text()
    (tmp_path / "log.jsonl").write_text(log.replace('"format": 1', '"format": 99', 1))
    done = fes_ctrl_here("explain", str(tmp_path), "--stride", "1")
    assert (done.returncode, "another version" in done.stderr) == (2, True)
    lines = log.splitlines(keepends=True)
    lines[200] = lines[200][:20] + "\n"
    (tmp_path / "log.jsonl").write_text("".join(lines))
    done = fes_ctrl_here("explain", str(tmp_path), "--stride", "1")
    assert (done.returncode, "log.jsonl:201: " in done.stderr) == (2, True)
    assert done.stderr.count("\n") == 1


def test_a_run_that_was_killed_is_told_of_as_far_as_its_log_goes(run: Path, tmp_path: Path) -> None:
    log = (run / "log.jsonl").read_bytes()
    (tmp_path / "log.jsonl").write_bytes(log[: len(log) * 2 // 3])
    done = fes_ctrl_here("explain", str(tmp_path), "--stride", "2")
    assert done.returncode == 0, done.stderr
    assert "the run was killed" in done.stdout
    assert "counted by the contacts" in " ".join(done.stdout.split())


def test_of_a_cut_log_it_is_told_that_it_is_cut_in_words_in_json_and_where_a_stride_is_wanting(
    run: Path, tmp_path: Path
) -> None:
    log = (run / "log.jsonl").read_bytes()
    (tmp_path / "log.jsonl").write_bytes(log[: len(log) * 2 // 3])
    (tmp_path / "summary.json").write_bytes((run / "summary.json").read_bytes())
    said = "its log is cut; what the log holds is told"
    assert said in fes_ctrl_here("explain", str(tmp_path), "--stride", "2").stdout
    done = fes_ctrl_here("explain", str(tmp_path), "--stride", "2", "--json")
    assert json.loads(done.stdout)["notes"][-1] == said
    done = fes_ctrl_here("explain", str(tmp_path), "--stride", "40")
    assert done.returncode == 2
    assert done.stderr.endswith("; its log is cut\n")
    whole = fes_ctrl_here("explain", str(run), "--stride", "2", "--json")
    assert not any("log" in note for note in json.loads(whole.stdout)["notes"])
    assert "cut" not in fes_ctrl_here("explain", str(run), "--stride", "40").stderr


def test_a_log_that_ends_before_the_first_step_has_no_stride(run: Path, tmp_path: Path) -> None:
    log = (run / "log.jsonl").read_bytes()
    (tmp_path / "log.jsonl").write_bytes(b"".join(log.splitlines(keepends=True)[:5]))
    done = fes_ctrl_here("explain", str(tmp_path), "--stride", "1")
    assert done.returncode == 2
    assert "no stride of the right leg is known" in done.stderr
