"""``score``: a table for people, one JSON object for programs, one line where it cannot."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fes_ctrl.cli.score import command


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    found = tmp_path / "found.csv"
    found.write_text("t_emit_s,t_event_s,event\n1.03,1.01,ic\n2.03,2.01,ic\n5.5,5.4,ic\n")
    true = tmp_path / "walk.events.csv"
    true.write_text("t_s,event\n1.0,ic\n2.0,ic\n3.0,tc\n")
    return found, true


def score(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_json_is_one_object_with_null_for_unknown(files: tuple[Path, Path]) -> None:
    result = score(*files, "--json")
    assert result.exit_code == 0
    figures = json.loads(result.stdout)
    assert figures["kinds"]["ic"]["raw"]["precision"] == pytest.approx(2 / 3, abs=1e-4)
    assert figures["kinds"]["ic"]["latency_ms"]["p50"] == 20.0
    assert figures["kinds"]["tc"]["raw"]["precision"] is None
    assert figures["tolerance_s"] == 0.1


def test_the_table_has_raw_and_aligned_and_the_constant(files: tuple[Path, Path]) -> None:
    result = score(*files)
    assert result.exit_code == 0
    assert "raw" in result.stdout
    assert "aligned" in result.stdout
    assert "alignment removed 10.0 ms; latency p50 20.0" in result.stdout
    assert "nan" not in result.stdout.lower()


def test_a_kind_that_the_reference_does_not_have_is_unknown_and_no_failure(
    files: tuple[Path, Path],
) -> None:
    found, true = files
    found.write_text(found.read_text() + "1.4,1.3,ff\n2.4,2.3,ff\n")
    lines = score(found, true).stdout.splitlines()
    row = next(each for each in lines if each.startswith("ff"))
    assert row.split() == ["ff", "raw", "0", "2", *7 * ["-"]]
    assert any("no such event in the reference; latency p50 100.0" in each for each in lines)
    kinds = json.loads(score(found, true, "--json").stdout)["kinds"]
    assert kinds["ff"]["raw"]["f1"] is kinds["ff"]["aligned"]["precision"] is None
    assert kinds["tc"]["raw"]["f1"] == 0.0, "that one was there, and never told"


def test_excluded_spans_come_from_the_option_or_the_index(files: tuple[Path, Path]) -> None:
    index = files[0].parent / "recordings.csv"
    index.write_text("name,exclude_s\nwalk,5 6\n")
    for options in (("--exclude", "5 6"), ("--index", index)):
        figures = json.loads(score(*files, *options, "--json").stdout)
        assert figures["kinds"]["ic"]["raw"]["precision"] == 1.0
        assert figures["exclude_s"] == [[5.0, 6.0]]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--tolerance", "0"), "--tolerance 0"),
        (("--tolerance", "nan"), "--tolerance nan"),
        (("--exclude", "6 5"), "--exclude: '6 5' is not a span"),
        (("--exclude", "1 2", "--index", "x.csv"), "give one of them"),
        (("--index", "missing.csv"), "missing.csv: no such file"),
    ],
)
def test_options_that_make_no_sense_are_refused_in_one_line(
    files: tuple[Path, Path], options: tuple[str, ...], says: str
) -> None:
    result = score(*files, *options)
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_a_recording_that_the_index_does_not_have_is_refused(files: tuple[Path, Path]) -> None:
    index = files[0].parent / "recordings.csv"
    index.write_text("name,exclude_s\nother,\n")
    result = score(*files, "--index", index)
    assert result.exit_code == 2
    assert "no line named walk" in result.stderr


def test_a_missing_file_is_refused(files: tuple[Path, Path]) -> None:
    result = score(files[0], files[1].with_name("none.csv"))
    assert result.exit_code == 2
    assert "none.csv: no such file" in result.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"format": 1, "legs": {}}\n', "found.csv:1: no column t_event_s"),
        ("1.03\n", "found.csv:1: no column t_event_s"),
        ('t_s,event\n1,"ic\n' + "2,ic\n" * 30_000, "found.csv:2: no row of a table"),
    ],
    ids=["one line of JSON", "no header", "a lone quote"],
)
def test_what_are_no_events_is_refused_and_not_scored_as_none(
    files: tuple[Path, Path], text: str, says: str
) -> None:
    found, true = files
    found.write_text(text)
    result = score(found, true)
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_file_of_no_events_at_all_is_scored(files: tuple[Path, Path]) -> None:
    found, true = files
    found.write_text("t_emit_s,t_event_s,event\n")
    result = score(found, true, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["kinds"]["ic"]["raw"]["sensitivity"] == 0.0
