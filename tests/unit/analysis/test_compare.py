"""Runs side by side: what changed, what came of it, and nothing where there is only noise."""

import shutil
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import pytest
from click.testing import CliRunner

from fes_ctrl.analysis.compare import (
    FEW,
    LESS,
    MORE,
    NOISE,
    SAME,
    TRIFLE,
    UNKNOWN,
    Comparison,
    Difference,
    compare,
)
from fes_ctrl.analysis.run import Run, read_run
from fes_ctrl.cli.replay import command as replay
from helpers.runs import kept_walk

Walked = Callable[..., Run]


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Walked:
    runs: dict[tuple[str, ...], Run] = {}

    def get(*arguments: str, duration: str = "22") -> Run:
        key = (duration, *arguments)
        if key not in runs:
            folder = tmp_path_factory.mktemp("compare") / f"run{len(runs)}"
            kept_walk(folder, "moderate_stroke", "--duration", duration, *arguments)
            runs[key] = read_run(folder)
        return runs[key]

    return get


def difference(comparison: Comparison, name: str, run: int = 1) -> Difference:
    (measure,) = [each for each in comparison.measures if each.name == name]
    return measure.differences[run - 1]


def test_only_what_differs_is_told_with_its_origin(walked: Walked) -> None:
    found = compare([walked(), walked("--set", "program.extension_ms=0")])
    (change,) = found.changes
    assert change.key == "program.extension_ms"
    assert [line.value for line in change.settings] == [100.0, 0]
    assert change.settings[0].origin.endswith("programs/standard.toml:10")
    assert change.settings[1].origin == "--set program.extension_ms=0"


def test_an_extension_left_out_shortens_the_burst_by_as_much_and_onsets_stay(
    walked: Walked,
) -> None:
    found = compare([walked(), walked("--set", "program.extension_ms=0")])
    assert found.paired == (True,)
    after = difference(found, "after_contact_ms")
    assert after.verdict == LESS
    assert after.interval is not None
    # A pulse every 25 ms: the last one falls on the grid of the onset.
    assert after.interval.mean == pytest.approx(-100.0, abs=13.0)
    assert difference(found, "charge_uC").verdict == LESS
    assert difference(found, "onset_delay_ms").verdict == SAME
    assert difference(found, "heel_off_told_ms").verdict == SAME


def test_a_delay_comes_later_by_as_much(walked: Walked) -> None:
    found = compare([walked(), walked("--set", "program.delay_ms=60")])
    onset = difference(found, "onset_delay_ms")
    assert onset.verdict == MORE
    assert onset.interval is not None
    # It counts from the event, and a prompt program waits for nothing but the telling.
    assert 50.0 < onset.interval.mean < 61.0


def test_a_run_beside_itself_is_the_same_in_everything(walked: Walked) -> None:
    found = compare([walked(), walked()])
    assert not found.changes
    assert {each.differences[0].verdict for each in found.measures} == {SAME}
    assert not any(any(figure.moved) for figure in found.figures)
    assert len(set(found.names)) == 2


def test_other_seeds_of_the_same_are_no_pairs_and_no_different(walked: Walked) -> None:
    found = compare([walked(), walked("--seed", "5")])
    assert found.paired == (False,)
    assert "not the same steps" in found.warnings[0]
    verdicts = [each.differences[0].verdict for each in found.measures]
    assert set(verdicts) <= {NOISE, SAME, TRIFLE, MORE, LESS}
    # One of twenty by chance; this seed has none of those that a program could move.
    for name in ("clearance_mm", "charge_uC", "ankle_at_contact_deg", "onset_delay_ms"):
        assert difference(found, name).verdict == NOISE


def test_another_patient_is_warned_of(walked: Walked) -> None:
    found = compare([walked(), walked("--patient", "stroke_mild")])
    assert any("another patient" in warning for warning in found.warnings)
    assert found.paired == (False,)


def test_another_length_is_warned_of_and_its_strides_still_are_pairs(walked: Walked) -> None:
    found = compare([walked(), walked(duration="14")])
    assert any("totals" in warning for warning in found.warnings)
    assert found.paired == (True,)
    assert difference(found, "clearance_mm").verdict in {SAME, FEW}


def test_of_pairs_both_means_are_of_the_same_strides_and_apart_by_the_difference(
    walked: Walked,
) -> None:
    arguments = ("--set", "program.extension_ms=0")
    for runs in (
        [walked(), walked(*arguments, duration="40")],
        [walked(duration="40"), walked(*arguments)],
    ):
        found = compare(runs)
        assert found.paired == (True,)
        for measure in found.measures:
            told = measure.differences[0]
            if told.interval is not None:
                assert len(told.first) == len(told.second) == told.interval.n
                apart = fmean(told.second) - fmean(told.first)
                assert apart == pytest.approx(told.interval.mean, abs=1e-9)
        # Of all settled strides it still is another mean.
        (clearance,) = [each for each in found.measures if each.name == "clearance_mm"]
        assert len({len(values) for values in clearance.values}) == 2
        assert clearance.differences[0].over == str(min(map(len, clearance.values)))


def test_too_short_a_run_says_so(walked: Walked) -> None:
    found = compare([walked(), walked(duration="9")])
    assert difference(found, "clearance_mm").verdict == FEW


def test_many_runs_are_each_held_against_the_first(walked: Walked) -> None:
    runs = [walked(), walked("--set", "program.extension_ms=0"), walked("--seed", "5")]
    found = compare(runs)
    assert found.paired == (True, False)
    assert all(len(each.values) == 3 and len(each.differences) == 2 for each in found.measures)
    assert {change.key for change in found.changes} == {"program.extension_ms", "seed"}


def killed(run: Run, folder: Path) -> Run:
    """Return what is left of a run that was killed when two thirds of it had been walked."""
    shutil.copytree(run.folder, folder)
    log = folder / "log.jsonl"
    log.write_bytes(log.read_bytes()[: -log.stat().st_size // 3])
    for name in ("summary.json", "truth.csv.gz", "strides.csv", "truth.events.csv"):
        (folder / name).unlink()
    return read_run(folder)


def test_a_run_that_was_killed_is_compared_by_what_its_log_holds(
    walked: Walked, tmp_path: Path
) -> None:
    whole = walked()
    found = compare([whole, killed(whole, tmp_path / "killed")])
    assert any("was killed" in warning for warning in found.warnings)
    assert any("known of one of the two only" in warning for warning in found.warnings)
    assert difference(found, "charge_uC").interval is not None


def test_a_killed_run_of_the_same_steps_is_paired_by_what_was_told(
    walked: Walked, tmp_path: Path
) -> None:
    whole, broken = walked(), killed(walked(), tmp_path / "killed")
    for runs in ([whole, broken], [broken, whole], [broken, broken]):
        found = compare(runs)
        assert found.paired == (True,)
        told = " ".join(found.warnings)
        assert "not the same steps" not in told
        assert "no truth is kept of a killed run" in told
        assert "those that the detector told" in told
        # Times from what was told are not held against times from what really happened.
        assert {each.differences[0].verdict for each in found.measures} == {SAME}
    other = killed(walked("--set", "program.extension_ms=0"), tmp_path / "other")
    shorter = difference(compare([whole, other]), "after_contact_ms")
    assert shorter.paired
    assert shorter.interval is not None
    assert shorter.interval.mean == pytest.approx(-100.0, abs=13.0)


def test_a_killed_run_of_other_steps_is_no_pair_for_that_reason(
    walked: Walked, tmp_path: Path
) -> None:
    found = compare([walked(), killed(walked("--seed", "5"), tmp_path / "killed")])
    assert found.paired == (False,)
    assert any("killed: not the same steps as" in warning for warning in found.warnings)


def test_a_killed_run_whose_steps_came_at_other_times_is_no_pair(
    walked: Walked, tmp_path: Path
) -> None:
    """Contacts of other strides would come to lie beside each other."""
    astray = killed(walked("--set", "bad_strides.percent=30"), tmp_path / "astray")
    header = deepcopy(walked().header)
    stood = replace(killed(walked(), tmp_path / "stood"), header=header)
    assert compare([walked(), stood]).paired == (True,)
    header["config"]["way"][0]["duration_s"] += 1.3
    assert compare([walked(), astray, stood]).paired == (False, False)


def test_a_killed_run_takes_nothing_from_others_whose_truth_is_known(
    walked: Walked, tmp_path: Path
) -> None:
    other = walked("--set", "program.extension_ms=0")
    two = compare([walked(), other])
    three = compare([walked(), other, killed(walked(), tmp_path / "killed")])
    for name in ("clearance_mm", "contact_told_ms"):
        assert difference(three, name) == difference(two, name)
    assert difference(three, "clearance_mm", 2).verdict == UNKNOWN
    assert difference(three, "contact_told_ms", 2).verdict == SAME


def replayed(
    folder: Path, *, name: str = "one", stance_s: float = 0.8, s: int = 24, delay_ms: int = 0
) -> Run:
    """Replay a recording of the right heel."""
    rows = [f"{i / 100:.2f},{int(i / 100 % 1.2 < stance_s)}" for i in range(s * 100)]
    folder.mkdir()
    recording = folder / f"{name}.csv"
    recording.write_text("\n".join(["t_s,right.heel", *rows]) + "\n")
    words = [str(recording), "--set", f"program.delay_ms={delay_ms}", "--out", str(folder)]
    done = CliRunner().invoke(replay, [*words, "--json"])
    assert done.exception is None or done.exit_code == 1, done.output
    return read_run(folder)


def test_two_recordings_are_named_and_said_to_differ(tmp_path: Path) -> None:
    one = replayed(tmp_path / "a")
    other = replayed(tmp_path / "b", name="other", stance_s=0.7, s=16)
    found = compare([one, other])
    assert found.recordings == ("one.csv", "other.csv")
    assert found.input == (
        "the recordings differ: a is a replay of one.csv, b is a replay of other.csv"
    )
    told = " ".join(found.warnings)
    assert "b: not the same recording as a" in told
    assert "16.0 s instead of 24.0 s; totals" in told
    assert "fatigue" not in told
    assert "patient" not in told


def test_two_recordings_of_one_name_are_not_taken_for_one(tmp_path: Path) -> None:
    found = compare([replayed(tmp_path / "a"), replayed(tmp_path / "b", stance_s=0.7)])
    assert found.input.startswith("the recordings differ: all are called one.csv")
    assert found.paired == (False,)
    assert compare([replayed(tmp_path / "c"), replayed(tmp_path / "d")]).input == (
        "the same recording, one.csv"
    )


def test_one_recording_under_another_name_is_the_same_and_its_strides_are_pairs(
    tmp_path: Path,
) -> None:
    found = compare([replayed(tmp_path / "a"), replayed(tmp_path / "b", name="copy")])
    assert found.paired == (True,)
    assert found.input == (
        "the same readings under other names: a is a replay of one.csv, b is a replay of copy.csv"
    )
    assert not found.warnings
    assert {each.differences[0].verdict for each in found.measures} == {SAME}


def test_a_piece_of_a_recording_is_the_same_as_far_as_it_goes(tmp_path: Path) -> None:
    found = compare([replayed(tmp_path / "a"), replayed(tmp_path / "b", name="piece", s=16)])
    assert found.paired == (True,)
    assert found.input.startswith("the same readings under other names, as far as all of them go: ")
    assert any("16.0 s instead of 24.0 s" in warning for warning in found.warnings)
    assert {each.differences[0].verdict for each in found.measures} == {SAME}


def test_beside_another_recording_it_is_said_which_are_the_same(tmp_path: Path) -> None:
    found = compare(
        [
            replayed(tmp_path / "a"),
            replayed(tmp_path / "b", name="copy"),
            replayed(tmp_path / "c", stance_s=0.7),
        ]
    )
    assert found.paired == (True, False)
    assert found.input.startswith("the recordings differ: a is a replay of one.csv, ")
    assert found.input.endswith("; the same readings as a: b")


def test_another_version_is_told_in_words_and_an_unsaid_one_not_at_all(walked: Walked) -> None:
    def of(versions: dict[str, str]) -> Run:
        return replace(walked(), header={**walked().header, "versions": versions})

    found = compare([of({"fes_ctrl": "0.1.0"}), of({"fes_ctrl": "0.2.0"}), of({})])
    (told,) = [each for each in found.warnings if "made by" in each]
    assert told.endswith("made by fes-ctrl 0.2.0 instead of 0.1.0")


def test_a_walk_beside_a_replay_is_held_against_it_by_what_both_have(
    walked: Walked, tmp_path: Path
) -> None:
    found = compare([walked(), replayed(tmp_path / "replay", delay_ms=30)])
    assert "is a simulated walk, replay is a replay of one.csv" in found.input
    assert not any("another patient" in warning for warning in found.warnings)
    keys = {change.key for change in found.shared_changes}
    assert "program.delay_ms" in keys
    assert not any(key.startswith(("patient.", "way.", "operator.")) for key in keys)
    assert found.absent["patient"] > 100
    assert all(figure.known == 2 for figure in found.shared_figures)
    # Of two walks that differ beside it, what they do not agree on is still told.
    other = walked("--patient", "stroke_mild")
    three = compare([walked(), other, read_run(tmp_path / "replay")])
    assert "patient.name" in {change.key for change in three.shared_changes}


def test_replays_of_one_recording_are_pairs_and_those_of_another_are_not(tmp_path: Path) -> None:
    runs = [
        replayed(tmp_path / "a"),
        replayed(tmp_path / "b", delay_ms=100),
        replayed(tmp_path / "c", name="other", stance_s=0.7),
    ]
    found = compare(runs)
    assert found.paired == (True, False)
    assert "clearance_mm" not in {measure.name for measure in found.measures}
    shorter = difference(found, "duration_ms")
    assert shorter.interval is not None
    assert shorter.interval.mean == pytest.approx(-100.0, abs=1.0)
    assert difference(found, "after_contact_ms").verdict == SAME


def test_folders_of_one_name_are_told_apart(walked: Walked, tmp_path: Path) -> None:
    for name in ("old", "new"):
        shutil.copytree(walked().folder, tmp_path / name / "run")
    found = compare([read_run(tmp_path / name / "run") for name in ("old", "new")])
    assert found.names == ("old/run", "new/run")
