"""``score`` on folders: a row per recording, cohorts, the worst person, and what was left out."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fes_ctrl.cli.detect import command as detect_command
from fes_ctrl.cli.score import command

TRUE = (1.0, 2.0, 3.0, 4.0)
INDEX = """name,cohort,subject,exclude_s,reference
P1-a,stroke,P1,,insole
P1-b,stroke,P1,3.5 5,insole
P2-a,stroke,P2,,insole
H1,healthy,H1,,insole
H2,healthy,H2,,plate
"""


def score(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def as_json(*arguments: object) -> dict[str, Any]:
    result = score(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    whole = json.loads(result.stdout)
    assert isinstance(whole, dict)
    return whole


def write_found(folder: Path, name: str, *instants_s: float, ending: str = ".detected.csv") -> None:
    rows = [f"{t_s + 0.01},{t_s},ic" for t_s in instants_s]
    (folder / f"{name}{ending}").write_text("\n".join(["t_emit_s,t_event_s,event", *rows]) + "\n")


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    found, true = tmp_path / "found", tmp_path / "gait"
    found.mkdir()
    true.mkdir()
    for name in ("P1-a", "P1-b", "P2-a", "H1", "H2"):
        rows = "".join(f"{t_s},ic\n" for t_s in TRUE)
        (true / f"{name}.events.csv").write_text("t_s,event\n" + rows)
    write_found(found, "P1-a", *TRUE)
    write_found(found, "P1-b", *TRUE[:3])
    write_found(found, "P2-a", *TRUE[:2])
    write_found(found, "H1", *TRUE)
    write_found(found, "H2", *(t_s + 0.2 for t_s in TRUE))
    index = true / "recordings.csv"
    index.write_text(INDEX)
    return found, true, index


def test_every_recording_is_scored_as_it_would_be_alone(folders: tuple[Path, Path, Path]) -> None:
    found, true, index = folders
    whole = as_json(found, true, "--index", index)
    assert list(whole["recordings"]) == ["H1", "H2", "P1-a", "P1-b", "P2-a"]
    for name, row in whole["recordings"].items():
        alone = as_json(
            found / f"{name}.detected.csv", true / f"{name}.events.csv", "--index", index
        )
        assert row["kinds"] == alone["kinds"]
        assert row["exclude_s"] == alone["exclude_s"]
    assert whole["recordings"]["P1-b"]["kinds"]["ic"]["raw"]["f1"] == 1.0
    assert whole["unmatched"] == {"events": [], "reference": []}


def test_cohorts_name_the_worst_person_and_are_split_by_what_told_the_truth(
    folders: tuple[Path, Path, Path],
) -> None:
    found, true, index = folders
    cohorts = as_json(found, true, "--index", index)["cohorts"]
    assert set(cohorts) == {"stroke", "healthy, insole", "healthy, plate"}
    stroke = cohorts["stroke"]["ic"]
    assert (stroke["recordings"], stroke["persons"]) == (3, 2)
    assert stroke["worst_person"]["raw"] == {"person": "P2", "f1": pytest.approx(0.6667)}
    assert stroke["raw_f1_mean"] == pytest.approx((1 + 1 + 2 / 3) / 3, abs=1e-4)
    late = cohorts["healthy, plate"]["ic"]
    assert (late["raw_f1_mean"], late["aligned_f1_mean"]) == (0.0, 1.0)


def test_the_table_has_a_row_per_recording_and_the_person(
    folders: tuple[Path, Path, Path],
) -> None:
    found, true, index = folders
    lines = score(found, true, "--index", index).stdout.splitlines()
    for name in ("H1", "H2", "P1-a", "P1-b", "P2-a"):
        (row,) = [line for line in lines if line.startswith(f"{name} ")]
        assert row.split()[1:3] == ["ic", "3" if name == "P1-b" else "4"]
    at = next(number for number, line in enumerate(lines) if line.startswith("stroke:"))
    assert lines[at + 2].startswith("ic")
    assert lines[at + 2].endswith("P2 0.667, P2 0.667")
    assert "nan" not in "\n".join(lines).lower()


def test_where_nothing_is_left_out_nothing_is_said(folders: tuple[Path, Path, Path]) -> None:
    found, true, index = folders
    assert score(found, true, "--index", index).stderr == ""
    moved = index.rename(found / "recordings.csv")
    assert score(found, true, "--index", moved).stderr == ""


def test_without_an_index_each_recording_is_a_person_and_the_reader_is_told(
    folders: tuple[Path, Path, Path],
) -> None:
    found, true, index = folders
    result = score(found, true, "--json")
    whole = json.loads(result.stdout)
    assert set(whole["cohorts"]) == {"all"}
    assert whole["cohorts"]["all"]["ic"]["worst_person"]["raw"]["person"] == "H2"
    assert whole["recordings"]["P1-b"]["kinds"]["ic"]["raw"]["f1"] < 1.0
    assert f"--index {index}" in result.stderr


def test_what_has_no_partner_is_listed_and_not_scored(folders: tuple[Path, Path, Path]) -> None:
    found, true, index = folders
    (found / "H1.detected.csv").rename(found / "H9.detected.csv")
    result = score(found, true, "--index", index, "--json")
    assert result.exit_code == 0
    whole = json.loads(result.stdout)
    assert whole["unmatched"] == {"events": ["H9"], "reference": ["H1"]}
    assert "no events found for: H1" in result.stderr
    assert "no reference for: H9" in result.stderr
    assert "healthy, insole" not in whole["cohorts"]


@pytest.mark.parametrize("ending", [".csv", ".events.csv"])
def test_events_may_have_other_names_in_a_folder_of_their_own(
    folders: tuple[Path, Path, Path], ending: str
) -> None:
    found, true, index = folders
    (found / "H1.detected.csv").rename(found / f"H1{ending}")
    assert "H1" in as_json(found, true, "--index", index)["recordings"]
    write_found(found, "H1", *TRUE)
    result = score(found, true, "--index", index)
    assert result.exit_code == 2
    assert "H1.detected.csv" in result.stderr
    assert f"H1{ending}" in result.stderr
    assert result.stderr.count("\n") == 1


def test_in_one_folder_the_recording_is_not_taken_for_its_events(
    folders: tuple[Path, Path, Path],
) -> None:
    found, true, index = folders
    (true / "H1.csv").write_text("t_s,heel\n0,1\n")
    for path in found.iterdir():
        path.rename(true / path.name)
    whole = as_json(true, true, "--index", index)
    assert len(whole["recordings"]) == 5
    assert whole["unmatched"] == {"events": [], "reference": []}


def test_a_kind_that_the_reference_does_not_have_is_told_and_not_a_zero(
    folders: tuple[Path, Path, Path],
) -> None:
    found, true, index = folders
    with (found / "H1.detected.csv").open("a") as file:
        file.write("1.5,1.5,ho\n")
    result = score(found, true, "--index", index)
    assert "ho: not in the reference of 1 recordings" in result.stderr
    assert "ho" not in [line[:2] for line in result.stdout.splitlines()]


def test_what_does_not_fit_is_one_line(folders: tuple[Path, Path, Path], tmp_path: Path) -> None:
    found, true, _ = folders
    (tmp_path / "empty").mkdir()
    (tmp_path / "twice.csv").write_text("name,exclude_s\nH1,0 1\nH1,\n")
    (tmp_path / "short.csv").write_text(INDEX.replace("P2-a,", "P3-a,"))
    with_legs = tmp_path / "legs"
    with_legs.mkdir()
    (with_legs / "H1.csv").write_text("t_s,event,leg\n1,ic,left\n1.5,ic,right\n")
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "H1.csv").write_text("t_s,event\nx,ic\n")
    for arguments, says in (
        ((found, true / "H1.events.csv"), "is a folder and"),
        ((found / "H1.detected.csv", true), "is a folder and"),
        ((tmp_path / "none", true), "is a folder and"),
        ((tmp_path / "empty", true), "fes-ctrl detect RECORDING"),
        ((found, true, "--exclude", "1 2"), "--index for a folder"),
        ((found, true, "--index", tmp_path / "short.csv"), "no line named P2-a"),
        ((found, true, "--index", tmp_path / "none.csv"), "none.csv: no such file"),
        ((found, true, "--index", tmp_path / "twice.csv"), "twice.csv:3: H1 is there twice"),
        ((with_legs, true), "two legs"),
        ((broken, true), "H1.csv:2: column t_s"),
    ):
        result = score(*arguments)
        assert result.exit_code == 2, says
        assert says in " ".join(result.stderr.split())
        assert result.stderr.count("\n") == 1
        assert result.stdout == ""


def test_detect_into_a_folder_and_score_it(tmp_path: Path) -> None:
    gait = tmp_path / "gait"
    gait.mkdir()
    for name in ("one", "two"):
        rows = "".join(f"{row / 100},{int(row % 120 < 70)}\n" for row in range(600))
        (gait / f"{name}.csv").write_text("t_s,heel\n" + rows)
        true = "".join(f"{stride * 1.2},ic\n{stride * 1.2 + 0.7},ho\n" for stride in range(1, 4))
        (gait / f"{name}.events.csv").write_text("t_s,event\n" + true)
    out = tmp_path / "found"
    made = CliRunner().invoke(
        detect_command, [str(gait / "one.csv"), str(gait / "two.csv"), "--out", str(out)]
    )
    assert made.exit_code == 0
    whole = as_json(out, gait)
    for row in whole["recordings"].values():
        assert row["kinds"]["ic"]["raw"]["sensitivity"] == 1.0
