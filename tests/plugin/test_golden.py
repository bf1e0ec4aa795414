"""Golden walks: what moved is told figure by figure, and what is damaged is said."""

import json
from pathlib import Path
from typing import Any

import pytest

from fes_ctrl.testing import Golden, RefusedError, Walk, Walked
from fes_ctrl.testing.golden import here

CLEARANCE = "legs.right.toe_clearance_mm.p05"


@pytest.fixture
def walked(walk: Walk) -> Walked:
    return walk(duration_s=8.0)


def golden(folder: Path, *, update: bool = False, exact: bool = False) -> Golden:
    return Golden(folder, "test_mine.test_steps[a/b]", update=update, exact=exact)


def file_of(folder: Path) -> Path:
    (file,) = (folder / "golden").iterdir()
    return file


def changed(folder: Path, name: str, **values: Any) -> None:
    """Change one figure of the file as a person would; ``None`` takes a key out."""
    file = file_of(folder)
    stored = json.loads(file.read_text())
    row = stored["figures"].setdefault(name, {})
    for key, value in values.items():
        row[key] = value
        if value is None:
            del row[key]
    file.write_text(json.dumps(stored))


def test_what_was_written_is_matched_and_nothing_is_compared_while_writing(
    walked: Walked, tmp_path: Path
) -> None:
    assert golden(tmp_path, update=True)(walked)
    assert file_of(tmp_path).name == "test_mine.test_steps-a-b.json"
    assert golden(tmp_path)(walked)
    assert golden(tmp_path, exact=True)(walked)
    changed(tmp_path, CLEARANCE, golden=-99.0)
    assert golden(tmp_path, update=True)(walked)
    assert golden(tmp_path)(walked)


def test_the_file_states_every_figure_and_its_tolerance_on_a_line_of_its_own(
    walked: Walked, tmp_path: Path
) -> None:
    golden(tmp_path, update=True)(walked)
    lines = file_of(tmp_path).read_text().splitlines()
    shown = [line for line in lines if CLEARANCE in line]
    value = walked.figure(CLEARANCE)
    assert value is not None
    assert shown == [
        f'  "{CLEARANCE}": {{"golden": {value}, "tolerance": {float(f"{0.02 * value:.3g}")}}},'
    ]
    assert sum('"tolerance"' in line for line in lines) > 40


def test_what_moved_is_told_a_figure_a_line(walk: Walk, walked: Walked, tmp_path: Path) -> None:
    golden(tmp_path, update=True)(walked)
    later = walk(values={"program.delay_ms": 60.0}, duration_s=8.0)
    with pytest.raises(AssertionError) as failed:
        golden(tmp_path)(later)
    head, titles, *rows = str(failed.value).splitlines()
    assert "figures moved; where that is meant: pytest --fes-update" in head
    assert titles.split() == ["figure", "golden", "now", "tolerance"]
    onset = next(row.split() for row in rows if "onset_delay_ms.p50" in row)
    before, now = walked.figure(onset[0]), later.figure(onset[0])
    assert onset[1:3] == [f"{before:g}", f"{now:g}"]
    assert float(onset[3]) < 60.0
    assert not any("legs.right.strides" in row for row in rows), "only what moved"


def test_a_figure_that_only_one_side_has_is_told(walked: Walked, tmp_path: Path) -> None:
    golden(tmp_path, update=True)(walked)
    changed(tmp_path, "legs.right.gone", golden=3, tolerance=1)
    stored = json.loads(file_of(tmp_path).read_text())
    del stored["figures"][CLEARANCE]
    file_of(tmp_path).write_text(json.dumps(stored))
    with pytest.raises(AssertionError) as failed:
        golden(tmp_path)(walked)
    rows = {row.split()[0]: row.split()[1:] for row in str(failed.value).splitlines()[2:]}
    assert rows["legs.right.gone"] == ["3", "-", "1"]
    assert rows[CLEARANCE][0] == "-"
    assert len(rows) == 2


def test_tolerances_are_the_tests_own_or_the_files(walked: Walked, tmp_path: Path) -> None:
    golden(tmp_path, update=True)(walked)
    value = walked.figure(CLEARANCE)
    assert value is not None
    changed(tmp_path, CLEARANCE, golden=value + 5.0)
    with pytest.raises(AssertionError, match="1 figure moved"):
        golden(tmp_path)(walked)
    assert golden(tmp_path)(walked, tolerances={"legs.*.toe_clearance_mm.*": 6.0})
    changed(tmp_path, CLEARANCE, tolerance=6.0)
    assert golden(tmp_path)(walked)
    golden(tmp_path, update=True)(walked)
    row = json.loads(file_of(tmp_path).read_text())["figures"][CLEARANCE]
    assert row == {"golden": value, "tolerance": 6.0}, "what a person wrote is kept"
    assert golden(tmp_path)(walked, tolerances={CLEARANCE: 0})


def test_exact_is_by_the_hash_of_every_setpoint_on_the_same_platform(
    walk: Walk, walked: Walked, tmp_path: Path
) -> None:
    golden(tmp_path, update=True)(walked)
    other = walk(values={"program.channel.0.pulse_width_us": 299}, duration_s=8.0)
    wide = {"*": 1e9}
    assert golden(tmp_path)(other, tolerances=wide)
    with pytest.raises(AssertionError, match=r"setpoints_sha256 +\w{12} +\w{12} +exact"):
        golden(tmp_path)(other, tolerances=wide, exact=True)
    file = file_of(tmp_path)
    file.write_text(file.read_text().replace(here(), "Plan9 mips CPython 3.11"))
    with pytest.raises(RefusedError, match=r"its hash is of Plan9 mips .* compare exactly there"):
        golden(tmp_path, exact=True)(walked)
    assert golden(tmp_path)(walked), "figures are compared everywhere"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "damaged, Expecting value"),
        ("[1]", "no golden walk of format 1"),
        ('{"format": 2, "figures": {}}', "no golden walk of format 1"),
        ('{"format": 1}', "damaged, it has no figures"),
        ('{"format": 1, "figures": {"a": 3}}', "damaged at a"),
        ('{"format": 1, "figures": {"a": {"tolerance": 1}}}', "damaged at a"),
        ('{"format": 1, "figures": {"a": {"golden": 1}}}', "a has no tolerance; write one"),
        ('{"format": 1, "figures": {"a": {"golden": 1, "tolerance": -1}}}', "a has no tolerance"),
        ('{"format": 1, "figures": {"a": {"golden": 1, "tolerance": NaN}}}', "a has no tolerance"),
    ],
)
def test_a_golden_that_cannot_be_used_is_refused_in_one_sentence(
    walked: Walked, tmp_path: Path, text: str, says: str
) -> None:
    golden(tmp_path, update=True)(walked)
    file_of(tmp_path).write_text(text)
    with pytest.raises(RefusedError, match=says) as refused:
        golden(tmp_path)(walked)
    assert "\n" not in str(refused.value)
    assert "--fes-update" in str(refused.value)
    golden(tmp_path, update=True)(walked)
    assert golden(tmp_path)(walked)


def test_what_there_is_not_yet_is_said(walked: Walked, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="there is no golden yet; write it with pytest --fes-up"):
        golden(tmp_path)(walked)


def test_two_walks_of_one_test_need_names(walked: Walked, tmp_path: Path) -> None:
    both = golden(tmp_path, update=True)
    assert both(walked, "first")
    assert both(walked, "second")
    with pytest.raises(RefusedError, match=r"second\.json: compared twice in one test"):
        both(walked, "second")


@pytest.mark.parametrize(
    ("tolerances", "says"),
    [
        ({"legs.right.stride": 1.0}, "'legs.right.stride': the walk has no such figure"),
        ({CLEARANCE: -1.0}, "must be 0 or more"),
        ({CLEARANCE: float("nan")}, "must be 0 or more"),
        ({CLEARANCE: "wide"}, "is no number"),
    ],
)
def test_a_tolerance_that_means_nothing_is_refused(
    walked: Walked, tmp_path: Path, tolerances: dict[str, float], says: str
) -> None:
    golden(tmp_path, update=True)(walked)
    with pytest.raises(RefusedError, match=says):
        golden(tmp_path)(walked, tolerances=tolerances)


def test_a_figure_of_no_known_unit_wants_a_tolerance(walked: Walked, tmp_path: Path) -> None:
    legs: Any = walked.summary["legs"]
    legs["right"]["grace"] = 3.0
    with pytest.raises(RefusedError, match=r"legs\.right\.grace has no tolerance; state one"):
        golden(tmp_path, update=True)(walked)
    assert golden(tmp_path, update=True)(walked, tolerances={"*.grace": 1.0})
