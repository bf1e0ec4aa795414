"""``replay --against``: another program burst by burst, as figures, in words and as a page."""

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from helpers.heel_walk import HeelWalk, heel_walk, write_events
from helpers.here import fes_ctrl_here

SVG = "{http://www.w3.org/2000/svg}"


def ask(walk: HeelWalk, *options: str, against: str = "standard") -> dict[str, Any]:
    done = fes_ctrl_here("replay", str(walk.path), "--against", against, "--json", *options)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def tell(walk: HeelWalk, *options: str, against: str = "standard") -> str:
    done = fes_ctrl_here("replay", str(walk.path), "--against", against, *options)
    assert done.returncode == 0, done.stderr
    return " ".join(done.stdout.split())


def only_channel(told: dict[str, Any], side: str = "left") -> dict[str, Any]:
    (channel,) = told["whatif"]["legs"][side]["channels"]
    assert isinstance(channel, dict)
    return channel


def drawn(page: Path) -> list[ET.Element]:
    """The pictures of a page that is whole and asks nobody for anything."""
    text = page.read_text()
    assert text.startswith("<!DOCTYPE html>")
    assert text.rstrip().endswith("</html>")
    assert not re.search(r"(?:src|url)\s*[=(]|<script|@import", text)
    assert set(re.findall(r'href="([^#"]*)', text)) <= {"", "data:,"}
    assert set(re.findall(r"https?://[^\"']+", text)) <= {SVG[1:-1]}
    found = re.findall(r'<svg class="cycle".*?</svg>', text, flags=re.DOTALL)
    return [ET.fromstring(each) for each in found]


def rows_of(picture: ET.Element) -> list[str]:
    """What a pointer over each stride is told."""
    return [title.text or "" for title in picture.iter(f"{SVG}title")]


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> HeelWalk:
    return heel_walk(tmp_path_factory.mktemp("heel") / "walk.csv")


def test_a_program_against_itself_makes_no_difference(walk: HeelWalk) -> None:
    told = ask(walk)
    assert told["whatif"]["equal"] is True
    channel = only_channel(told)
    assert channel["bursts"]
    assert all(burst["marks"] == [] for burst in channel["bursts"])
    assert channel["totals"]["charge_percent"] == 0.0
    assert "No difference: every pulse is the same." in tell(walk)


def test_a_delay_is_told_of_every_burst_and_the_figures_of_both_stay(walk: HeelWalk) -> None:
    told = ask(walk, "--set", "program.delay_ms=150")
    channel = only_channel(told)
    assert channel["muscle"] == "dorsiflexors"
    assert channel["totals"]["late"] == len(channel["bursts"]) == len(walk.swings["left"])
    for burst in channel["bursts"]:
        difference = burst["difference"]
        assert difference["onset_ms"] == pytest.approx(150, abs=25)
        assert difference["end_ms"] == pytest.approx(0, abs=25)
        assert difference["duration_ms"] == difference["end_ms"] - difference["onset_ms"]
        assert difference["trigger_ms"] == 0
        assert difference["charge_uC"] < 0
        assert burst["old"]["trigger"] == burst["new"]["trigger"] == "ho"
        assert burst["old"]["ended_by"] == "initial_contact"
    assert told["legs"]["left"]["setpoints"] < told["against"]["legs"]["left"]["setpoints"]
    assert told["verdict"] == {"passed": True, "reasons": []}


def test_a_changed_value_is_of_the_new_program_and_shared_ones_of_both(walk: HeelWalk) -> None:
    told = ask(walk, "--set", "program.extension_ms=200", "--set", "setup.dorsiflexors.motor_mA=20")
    assert told["whatif"]["new"] == "standard with extension_ms=200"
    totals = only_channel(told)["totals"]
    assert totals["ends_late"] == totals["paired"]
    peaks = {
        b[side]["peak_mA"] for b in only_channel(told)["bursts"][-3:] for side in ("old", "new")
    }
    assert peaks == {44.0}


def test_a_program_that_never_gives_a_pulse_has_every_burst_missing(walk: HeelWalk) -> None:
    told = ask(walk, "--set", "program.delay_ms=2000")
    channel = only_channel(told)
    assert channel["totals"]["missing"] == len(channel["bursts"]) == len(walk.swings["left"])
    assert {burst["why"] for burst in channel["bursts"]} == {
        "planned by the other, too, but without a pulse"
    }
    assert channel["timing"]["new"]["missed_swings"] == channel["timing"]["new"]["swings"] > 0
    assert channel["totals"]["charge_percent"] == -100.0
    told = ask(walk, "--set", "program.delay_ms=0", against=str(silent(walk.path.parent)))
    assert only_channel(told)["totals"]["extra"] == len(walk.swings["left"])
    assert only_channel(told)["totals"]["charge_percent"] is None


def silent(folder: Path) -> Path:
    path = folder / "silent.toml"
    path.write_text("[program]\ndelay_ms = 2000\n")
    return path


def test_what_is_too_little_to_have_moved_is_the_pulse_period_or_said(
    walk: HeelWalk, tmp_path: Path
) -> None:
    slow = tmp_path / "slow.toml"
    slow.write_text("[program]\n[[program.channel]]\nrate_hz = 20\n")
    told = ask(walk, "--set", "program.delay_ms=20", against=str(slow))["whatif"]
    assert (told["tolerance_ms"], told["tolerance_from"]) == (50.0, "one pulse period")
    little = only_channel(ask(walk, "--set", "program.delay_ms=20"))
    assert little["totals"]["late"] == 0
    told = ask(walk, "--set", "program.delay_ms=20", "--tolerance-ms", "10")
    assert only_channel(told)["totals"]["late"] == len(walk.swings["left"])
    assert told["whatif"]["tolerance_from"] == "--tolerance-ms"


def test_reference_events_beside_the_recording_are_used_and_named(tmp_path: Path) -> None:
    walk = heel_walk(tmp_path / "walk.csv")
    write_events(walk, tmp_path / "walk.events.csv")
    told = ask(walk, "--set", "program.delay_ms=100")
    assert told["whatif"]["reference"]["found"] == "beside the recording"
    assert "score" not in told
    timing = only_channel(told)["timing"]
    assert timing["old"]["missed_swings"] == timing["new"]["missed_swings"] == 0
    shift = timing["new"]["onset_ms"]["median"] - timing["old"]["onset_ms"]["median"]
    assert shift == pytest.approx(100, abs=25)
    assert 0 <= timing["old"]["onset_ms"]["p95"] < 60
    assert "walk.events.csv, beside the recording" in tell(walk)


def test_a_reference_knows_of_swings_that_the_detector_missed(tmp_path: Path) -> None:
    walk = heel_walk(tmp_path / "walk.csv", seconds=16.2)
    events = write_events(walk, tmp_path / "known.csv", begin="tc")
    begin = walk.swings["left"][-1][1] + 0.3
    with events.open("a") as file:
        file.write(f"{begin},tc\n{begin + 0.35},ic\n")
    told = ask(walk, "--events", str(events))
    assert told["whatif"]["reference"]["found"] == "--events"
    assert told["whatif"]["legs"]["left"]["swing_begins_with"] == "tc"
    assert only_channel(told)["timing"]["new"]["missed_swings"] == 1
    spans = f"{begin} {begin + 1}"
    told = ask(walk, "--events", str(events), "--exclude", spans)
    assert only_channel(told)["timing"]["new"]["missed_swings"] == 0


def test_events_beside_it_that_are_of_no_use_are_said_to_be_and_do_no_harm(tmp_path: Path) -> None:
    walk = heel_walk(tmp_path / "walk.csv")
    (tmp_path / "walk.events.csv").write_text("t_s,event\n1.0,hop\n")
    told = ask(walk)["whatif"]
    assert told["reference"] is None
    assert "'hop' is unknown" in told["notes"][0]
    assert told["legs"]["left"]["told_by"] == "detected"


def shifted(events: Path, by_s: float) -> Path:
    head, *rows = events.read_text().splitlines()
    moved = [(float(t_s) + by_s, rest) for t_s, _, rest in (row.partition(",") for row in rows)]
    other = events.with_name("shifted.csv")
    other.write_text("\n".join([head, *(f"{t_s:.4f},{rest}" for t_s, rest in moved)]) + "\n")
    return other


def test_events_of_another_recording_are_not_believed(tmp_path: Path) -> None:
    walk = heel_walk(tmp_path / "walk.csv")
    events = write_events(walk, tmp_path / "walk.events.csv")
    count = len(events.read_text().splitlines()) - 1
    for against in ((), ("--against", "standard")):
        other = shifted(events, 1000.0)
        done = fes_ctrl_here("replay", str(walk.path), *against, "--events", str(other))
        assert done.returncode == 2
        assert f"0 of {count} events are within the recording" in done.stderr
    shifted(events, 1000.0).replace(events)
    told = ask(walk)["whatif"]
    assert told["reference"] is None
    assert "are of no use" in told["notes"][0]


def test_events_beyond_the_recording_are_left_out_and_said_to_be(tmp_path: Path) -> None:
    walk = heel_walk(tmp_path / "walk.csv")
    events = write_events(walk, tmp_path / "known.csv")
    clean = ask(walk, "--events", str(events))
    _, *rows = events.read_text().splitlines()
    with events.open("a") as file:
        for begin_s in range(17, 40):
            file.write(f"{begin_s},ho\n{begin_s}.5,ic\n")
    assert only_channel(clean)["timing"]["new"]["missed_swings"] == 0
    said = f"{len(rows)} of {len(rows) + 46} events are within the recording (0.0 to 16.0 s); the"
    done = fes_ctrl_here("replay", str(walk.path), "--events", str(events))
    assert done.returncode == 0
    assert f"{said} others are left out" in done.stderr
    told = ask(walk, "--events", str(events), "--out", str(tmp_path / "run"))
    assert told["score"] == clean["score"]
    assert told["whatif"]["legs"] == clean["whatif"]["legs"]
    assert told["whatif"]["reference"] is not None
    assert said in told["whatif"]["notes"][0]
    assert said in (tmp_path / "run" / "whatif.html").read_text()


@pytest.mark.parametrize("right", ["1000.0,ho,right\n1000.5,ic,right\n", ""])
def test_a_leg_without_an_event_inside_is_without_a_reference(tmp_path: Path, right: str) -> None:
    walk = heel_walk(tmp_path / "walk.csv", sides=("left", "right"))
    events = write_events(walk, tmp_path / "known.csv")
    head, *rows = events.read_text().splitlines(keepends=True)
    left = [row for row in rows if "left" in row]
    events.write_text("".join([head, *left, right]))
    told = ask(walk, "--events", str(events))
    legs = told["whatif"]["legs"]
    assert {side: leg["told_by"] for side, leg in legs.items()} == {
        "left": "reference",
        "right": "detected",
    }
    assert only_channel(told, "right")["timing"]["new"]["missed_swings"] == 0
    contacts = told["score"]["ic"]
    assert (contacts["n"], contacts["detected"]) == (len(left) // 2, len(left) // 2)
    (note,) = told["whatif"]["notes"]
    assert "none is of the right leg, which is without a reference" in note
    if right:
        assert f"left leg {len(left)} of {len(left)}, right leg 0 of 2; the others are" in note


def test_events_of_a_leg_that_was_not_recorded_are_held_against_nothing(tmp_path: Path) -> None:
    walk = heel_walk(tmp_path / "walk.csv")
    events = write_events(walk, tmp_path / "known.csv")
    head, *rows = events.read_text().splitlines()
    of = {
        side: [",".join([*row.split(",")[:2], side]) for row in rows] for side in ("left", "right")
    }
    events.write_text("\n".join([f"{head.removesuffix(',leg')},leg", *of["left"], ""]))
    clean = ask(walk, "--events", str(events))
    with events.open("a") as file:
        file.write("\n".join([*of["right"], ""]))
    assert ask(walk, "--events", str(events))["score"] == clean["score"], "of both legs"
    events.write_text("\n".join([f"{head.removesuffix(',leg')},leg", *of["right"], ""]))
    told = ask(walk, "--events", str(events))
    assert "score" not in told
    (note,) = told["whatif"]["notes"]
    assert "none is of the left leg, which is without a reference" in note
    done = fes_ctrl_here("replay", str(walk.path), "--events", str(events))
    assert done.returncode == 0
    assert "none is of the left leg, which is without a reference" in done.stderr
    assert "held against the reference" not in done.stdout


def test_of_two_legs_events_that_name_neither_are_left_out_beside_named_ones(
    tmp_path: Path,
) -> None:
    walk = heel_walk(tmp_path / "walk.csv", sides=("left", "right"))
    events = write_events(walk, tmp_path / "known.csv")
    clean = ask(walk, "--events", str(events))
    with events.open("a") as file:
        file.write("5.0,ic,\n")
    told = ask(walk, "--events", str(events))
    assert told["score"] == clean["score"]
    assert told["whatif"]["legs"] == clean["whatif"]["legs"]
    assert told["whatif"]["notes"] == [f"{events}: 1 do not say of which leg, and are left out"]


def test_a_file_without_events_is_no_reference(tmp_path: Path) -> None:
    walk = heel_walk(tmp_path / "walk.csv")
    empty = tmp_path / "walk.events.csv"
    empty.write_text("t_s,event\n")
    done = fes_ctrl_here("replay", str(walk.path), "--events", str(empty))
    assert done.returncode == 2
    assert "holds no events" in done.stderr
    told = ask(walk)["whatif"]
    assert told["reference"] is None
    assert "holds no events" in told["notes"][0]


def test_a_score_is_a_table_and_programs_stand_in_one_order(tmp_path: Path) -> None:
    walk = heel_walk(tmp_path / "walk.csv")
    events = write_events(walk, tmp_path / "known.csv")
    options = ("--events", str(events), "--set", "program.delay_ms=60")
    said = tell(walk, *options)
    assert "{" not in said
    assert said.index("alignment removed") > said.index("charge, mC")
    first = said.index("standard")
    assert said[first:].startswith("standard ┃ standard with delay_ms=60")
    plain = fes_ctrl_here("replay", str(walk.path), "--json", "--events", str(events))
    assert json.loads(plain.stdout)["score"]["ic"]["n"] > 0


def test_both_legs_have_their_own_bursts_channels_and_references(tmp_path: Path) -> None:
    walk = heel_walk(tmp_path / "walk.csv", sides=("left", "right"))
    write_events(walk, tmp_path / "walk.events.csv")
    two = tmp_path / "two.toml"
    two.write_text(
        '[program]\n[[program.channel]]\n[[program.channel]]\nmuscle = "evertors"\nchannel = 1\n'
        "intensity = 0.4\n"
    )
    told = ask(walk, "--program", str(two), "--out", str(tmp_path / "run"))
    for side, outputs in (("left", [0, 1]), ("right", [4, 5])):
        leg = told["whatif"]["legs"][side]
        assert leg["told_by"] == "reference"
        assert [each["channel"] for each in leg["channels"]] == outputs
        same, other = leg["channels"]
        assert same["totals"]["unchanged"] == len(same["bursts"]) > 0
        assert other["muscle"] == "evertors"
        assert other["totals"]["extra"] == len(other["bursts"]) == len(same["bursts"])
    assert len(drawn(tmp_path / "run" / "whatif.html")) == 4


def test_events_that_name_no_leg_are_not_guessed_at(tmp_path: Path) -> None:
    walk = heel_walk(tmp_path / "walk.csv", sides=("left", "right"))
    (tmp_path / "walk.events.csv").write_text("t_s,event\n3.0,ho\n3.5,ic\n")
    told = ask(walk)["whatif"]
    assert "2 events do not say whether left and right" in told["notes"][0]
    assert {leg["told_by"] for leg in told["legs"].values()} == {"detected"}


def test_the_page_has_a_row_for_each_stride_and_tells_what_moved(
    walk: HeelWalk, tmp_path: Path
) -> None:
    late = tmp_path / "<late> & so.toml"
    late.write_text("[program]\ndelay_ms = 150\n")
    told = ask(walk, "--program", str(late), "--out", str(tmp_path / "run"))
    (picture,) = drawn(tmp_path / "run" / "whatif.html")
    strides = told["whatif"]["legs"]["left"]["strides"]
    rows = rows_of(picture)
    assert len(rows) == len(strides) == len(walk.swings["left"]) - 1
    assert all("late (onset +1" in row for row in rows)
    text = (tmp_path / "run" / "whatif.html").read_text()
    assert "&lt;late&gt; &amp; so instead of standard" in text
    kept = json.loads((tmp_path / "run" / "whatif.json").read_text())
    assert kept == told["whatif"]


def test_a_page_of_an_earlier_question_does_not_stay(walk: HeelWalk, tmp_path: Path) -> None:
    ask(walk, "--out", str(tmp_path))
    assert (tmp_path / "whatif.html").is_file()
    assert fes_ctrl_here("replay", str(walk.path), "--out", str(tmp_path)).returncode == 0
    assert not (tmp_path / "whatif.html").exists()
    assert not (tmp_path / "whatif.json").exists()


@pytest.mark.parametrize("kind", ["mcap", "parquet", "c3d"])
def test_an_earlier_run_in_another_format_does_not_stay(
    kind: str, walk: HeelWalk, tmp_path: Path
) -> None:
    pytest.importorskip({"mcap": "mcap", "parquet": "pyarrow", "c3d": "ezc3d"}[kind])
    mine = tmp_path / "parquet" / "mine.parquet"
    mine.parent.mkdir()
    assert fes_ctrl_here("replay", str(walk.path), "--out", str(tmp_path)).returncode == 0
    run = {path.name for path in tmp_path.iterdir()}
    told = fes_ctrl_here("export", str(tmp_path), "--to", kind)
    assert told.returncode == 0, told.stderr
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("a person's")
    assert fes_ctrl_here("replay", str(walk.path), "--out", str(tmp_path)).returncode == 0
    assert {path.name for path in tmp_path.iterdir()} == run | {"parquet"}
    assert list(mine.parent.iterdir()) == [mine]


def test_a_recording_without_a_stride_has_a_page_that_says_so(tmp_path: Path) -> None:
    short = heel_walk(tmp_path / "short.csv", seconds=3.3)
    told = ask(short, "--set", "program.delay_ms=60", "--out", str(tmp_path / "run"))
    assert told["whatif"]["legs"]["left"]["strides"] == []
    assert [burst["stride"] for burst in only_channel(told)["bursts"]] == [1]
    assert drawn(tmp_path / "run" / "whatif.html") == []
    assert "there is no gait cycle" in (tmp_path / "run" / "whatif.html").read_text()


def test_a_recording_of_one_row_is_answered(tmp_path: Path) -> None:
    path = tmp_path / "row.csv"
    path.write_text("t_s,heel\n0,1\n")
    told = ask(HeelWalk(path, {}), "--out", str(tmp_path / "run"))
    assert told["whatif"]["equal"] is True
    assert only_channel(told)["bursts"] == []


def test_a_terminal_lists_what_is_lacking_and_every_burst_when_asked(walk: HeelWalk) -> None:
    # A time-out before the plateau, and a lock-out that swallows every second step.
    changes = ("--set", "program.time_out_ms=300", "--set", "program.lock_out_ms=1500")
    lacking = only_channel(ask(walk, *changes))["totals"]["missing"]
    assert lacking > 3
    assert tell(walk, *changes).count(" missing") == lacking + 1
    unmoved = tell(walk, "--set", "program.delay_ms=10")
    assert "as before" in unmoved
    assert "stride at, s" not in unmoved
    assert tell(walk, "--set", "program.delay_ms=10", "--bursts").count("as before") == 1 + len(
        walk.swings["left"]
    )


def test_a_recorded_current_can_be_held_against(tmp_path: Path) -> None:
    walk = heel_walk(tmp_path / "walk.csv", stim=(0.1, 0.1, 30.0))
    told = ask(walk, against="recorded")
    channel = only_channel(told)
    assert channel["totals"]["paired"] == len(walk.swings["left"])
    assert channel["totals"]["early"] == channel["totals"]["paired"]
    assert {burst["old"]["trigger"] for burst in channel["bursts"]} == {"recorded"}
    assert {burst["old"]["charge_uC"] for burst in channel["bursts"]} == {None}
    assert told["against"]["program"] == "recorded"
    assert told["against"]["charge"]["total_mC"] is None
    assert "standard instead of recorded" in tell(walk, against="recorded")


def test_a_recorded_current_of_two_legs_needs_to_be_told_whose_it_is(tmp_path: Path) -> None:
    walk = heel_walk(tmp_path / "walk.csv", sides=("left", "right"), stim=(0.0, 0.1, 30.0))
    done = fes_ctrl_here("replay", str(walk.path), "--against", "recorded")
    assert done.returncode == 2
    assert "stim_mA does not say of which leg; choose one with --leg" in done.stderr
    told = ask(walk, "--leg", "left", against="recorded")
    assert list(told["whatif"]["legs"]) == ["left"]
    (tmp_path / "walk.meta.toml").write_text('affected_side = "left"\n')
    told = ask(walk, against="recorded")
    assert only_channel(told, "left")["totals"]["paired"] > 0
    assert only_channel(told, "right")["totals"]["old"]["bursts"] == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--bursts",), "--bursts is about a comparison; name the other program with --against"),
        (("--tolerance-ms", "5"), "--tolerance-ms is about a comparison"),
        (("--against", "standard", "--tolerance-ms", "nan"), "--tolerance-ms nan: give millis"),
        (("--against", "standard", "--tolerance-ms", "-1"), "--tolerance-ms -1: give millis"),
        (("--against", "recorded"), "walk.csv has no column stim_mA"),
        (("--against", "nowhere"), "program 'nowhere' is unknown"),
        (("--against", "standard", "--exclude", "3 1"), "--exclude: '3 1' is not a span"),
        (("--exclude", "1 3", "--index", "x.csv"), "both name spans"),
        (("--index", "none.csv"), "none.csv: no such file"),
        (("--against", "standard", "--events", "none.csv"), "none.csv: no such file"),
        (("--leg", "right"), "write side = 'right' into walk.meta.toml"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(
    walk: HeelWalk, options: tuple[str, ...], says: str
) -> None:
    done = fes_ctrl_here("replay", str(walk.path), *options)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
