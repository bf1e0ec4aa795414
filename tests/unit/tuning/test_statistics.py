"""Figures of candidates: pairs, intervals, and what is unknown."""

from pathlib import Path

import pytest

from fes_ctrl.tuning.effects import outcomes
from fes_ctrl.tuning.job import Row, identity_of, settings_of
from fes_ctrl.tuning.manifest import Manifest
from fes_ctrl.tuning.statistics import (
    Candidate,
    Difference,
    names_in,
    pooled,
    ranked,
    summarise,
    whole_name,
)
from fes_ctrl.tuning.store import Store

pytest.importorskip("scipy")

LATER = settings_of({"program.delay_ms": 50})
CHARGE = "charge.total_mC"


def manifest(patients: tuple[str, ...] = ("a",), seeds: tuple[int, ...] = (1, 2, 3)) -> Manifest:
    configs = (tuple(f"as it stands {one}" for one in patients), tuple(f"50 {p}" for p in patients))
    return Manifest("s", "standard", ((), LATER), patients, seeds, 10.0, configs, "code")


def candidates(
    tmp_path: Path, whole: Manifest, values: dict[tuple[str, str, int], Row]
) -> list[Candidate]:
    """Keep a row for each (candidate, patient, seed) and sum them up."""
    with Store(tmp_path / "rows.jsonl") as store:
        for key, job in whole.jobs():
            who = "later" if job.settings else "baseline"
            found = values.get((who, job.patient, job.seed))
            if found is not None:
                store.put({**identity_of(job), "key": key, "ok": True, "error": "", **found})
        return list(summarise(whole, store))


def test_differences_are_taken_pair_by_pair_with_students_interval(tmp_path: Path) -> None:
    # Seeds differ by tens and candidates by one, two, three: only pairs show it.
    values: dict[tuple[str, str, int], Row] = {}
    for seed, apart in ((1, 1.0), (2, 2.0), (3, 3.0)):
        values["baseline", "a", seed] = {CHARGE: 10.0 * seed}
        values["later", "a", seed] = {CHARGE: 10.0 * seed + apart}
    baseline, later = candidates(tmp_path, manifest(), values)
    assert baseline.figures[CHARGE].difference is None
    spread = later.figures[CHARGE]
    assert (spread.walks, spread.mean, spread.median) == (3, 22.0, 22.0)
    assert spread.difference is not None
    assert spread.difference.mean == 2.0
    # The standard deviation is 1; Student's t of two degrees is 4.3027 at 97.5 %.
    assert spread.difference.high == pytest.approx(2.0 + 4.302653 / 3**0.5)
    assert spread.difference.low == pytest.approx(2.0 - 4.302653 / 3**0.5)


def test_patients_of_a_seed_count_as_one_draw(tmp_path: Path) -> None:
    values: dict[tuple[str, str, int], Row] = {}
    for seed in (1, 2):
        for patient, apart in (("a", 0.0), ("b", 4.0)):
            values["baseline", patient, seed] = {CHARGE: 1.0}
            values["later", patient, seed] = {CHARGE: 1.0 + apart}
    _, later = candidates(tmp_path, manifest(("a", "b"), (1, 2)), values)
    # Patients differ, seeds do not: the mean of these two patients is certain.
    assert later.figures[CHARGE].difference == Difference(2.0, 2.0, 2.0, 2)


def test_a_single_seed_has_a_difference_and_no_interval(tmp_path: Path) -> None:
    values: dict[tuple[str, str, int], Row] = {
        ("baseline", "a", 1): {CHARGE: 1.0},
        ("later", "a", 1): {CHARGE: 3.0},
    }
    _, later = candidates(tmp_path, manifest(seeds=(1,)), values)
    assert later.figures[CHARGE].difference == Difference(2.0, None, None, 1)


def test_failed_walks_are_counted_and_leave_their_pair_out(tmp_path: Path) -> None:
    values: dict[tuple[str, str, int], Row] = {
        ("baseline", "a", seed): {CHARGE: 1.0, "passed": True} for seed in (1, 2, 3)
    }
    values["later", "a", 1] = {CHARGE: 2.0, "passed": False}
    values["later", "a", 2] = {"ok": False, "error": "ValueError: x"}
    values["later", "a", 3] = {CHARGE: 4.0, "passed": True}
    baseline, later = candidates(tmp_path, manifest(), values)
    assert (baseline.walks, baseline.failed, baseline.passed) == (3, 0, 3)
    assert (later.walks, later.failed, later.passed) == (3, 1, 1)
    assert later.errors == ("ValueError: x",)
    assert later.figures[CHARGE].mean == 3.0
    assert later.figures[CHARGE].difference is not None
    assert later.figures[CHARGE].difference.seeds == 2


def test_a_patient_of_whom_a_figure_is_never_known_has_no_part_in_its_difference(
    tmp_path: Path,
) -> None:
    values: dict[tuple[str, str, int], Row] = {}
    for seed in (1, 2):
        values["baseline", "a", seed] = {CHARGE: 1.0}
        values["later", "a", seed] = {CHARGE: 2.0}
        values["baseline", "b", seed] = {CHARGE: None}
        values["later", "b", seed] = {CHARGE: 5.0}
    _, later = candidates(tmp_path, manifest(("a", "b"), (1, 2)), values)
    assert later.figures[CHARGE].difference == Difference(1.0, 1.0, 1.0, 2)


def test_legs_are_pooled_whichever_side_they_are() -> None:
    row: Row = {
        "program.delay_ms": 3,
        "legs.left.strides": 4,
        "legs.right.strides": 6,
        "legs.right.drag_strides": None,
        "safety.faults": 0,
    }
    assert pooled(row) == {"legs.*.strides": 5.0, "safety.faults": 0.0}
    assert names_in(row) == ["legs.*.strides", "legs.*.drag_strides", "safety.faults"]


def test_a_count_that_is_there_only_where_it_is_not_zero_is_zero_elsewhere(tmp_path: Path) -> None:
    ended = "legs.left.burst.ended_by.time_out"
    values: dict[tuple[str, str, int], Row] = {
        ("baseline", "a", 1): {CHARGE: 1.0},
        ("later", "a", 1): {CHARGE: 1.0, ended: 4},
    }
    _, later = candidates(tmp_path, manifest(seeds=(1,)), values)
    spread = later.figures["legs.*.burst.ended_by.time_out"]
    assert spread.difference == Difference(4.0, None, None, 1)


def test_candidates_without_such_a_count_are_the_lowest_and_not_unknown(tmp_path: Path) -> None:
    ended = "legs.left.burst.ended_by.time_out"
    figure = "legs.*.burst.ended_by.time_out"
    values: dict[tuple[str, str, int], Row] = {
        ("baseline", "a", 1): {"legs.left.strides": 9, "legs.right.strides": 9},
        ("later", "a", 1): {"legs.left.strides": 9, "legs.right.strides": 9, ended: 4},
    }
    found = candidates(tmp_path, manifest(seeds=(1,)), values)
    means = [one.figures[figure].mean for one in found]
    assert means == [0.0, 2.0], "the right leg had none"
    assert next(one.name for one in ranked(found, figure, "lowest")) == "baseline"
    with Store(tmp_path / "rows.jsonl") as store:
        told = outcomes(manifest(seeds=(1,)), store)
    assert [by_seed[1][figure] for by_seed in told.values()] == [0.0, 2.0]


def test_candidates_are_ranked_with_the_unknown_last(tmp_path: Path) -> None:
    values: dict[tuple[str, str, int], Row] = {
        ("baseline", "a", 1): {CHARGE: 1.0},
        ("later", "a", 1): {CHARGE: 2.0, "safety.faults": 1},
    }
    found = candidates(tmp_path, manifest(seeds=(1,)), values)
    later = found[1].name
    assert [one.name for one in ranked(found, CHARGE, "lowest")] == ["baseline", later]
    assert [one.name for one in ranked(found, CHARGE, "highest")] == [later, "baseline"]
    assert [one.name for one in ranked(found, "safety.faults", "highest")] == [later, "baseline"]


def test_a_figure_is_found_by_its_end_where_no_other_ends_so() -> None:
    names = ["legs.*.toe_clearance_mm.median", "legs.*.reflex_Nm.median", CHARGE]
    assert whole_name("toe_clearance_mm.median", names) == names[0]
    assert whole_name(CHARGE, names) == CHARGE
    with pytest.raises(ValueError, match=r"toe_clearance_mm\.median or .*write more of it"):
        whole_name("median", names)
    with pytest.raises(ValueError, match=r"no such figure; near it are charge\.total_mC"):
        whole_name("charge.total_uC", names)
