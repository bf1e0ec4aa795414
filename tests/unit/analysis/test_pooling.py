"""Pooling: what a mean may hide stands beside it, and the worst off is a person, not a file."""

from typing import Any

import pytest

from fes_ctrl.analysis.pooling import Scored, pooled


def figures(f1: float, *, aligned: float | None = None, sd: float | None = 10.0) -> dict[str, Any]:
    raw = {"f1": f1, "sensitivity": f1}
    return {
        "n": 50,
        "raw": raw,
        "aligned": {"f1": f1 if aligned is None else aligned, "sd_ms": sd},
    }


def test_a_cohort_has_the_mean_and_the_worst_of_its_recordings() -> None:
    found = pooled(
        [
            Scored("stroke", "P1", {"ic": figures(0.9, aligned=1.0, sd=10.0)}),
            Scored("stroke", "P2", {"ic": figures(0.6, aligned=0.7, sd=30.0)}),
            Scored("healthy", "H1", {"ic": figures(1.0)}),
        ]
    )
    assert list(found) == ["stroke", "healthy"]
    assert found["stroke"]["ic"] == {
        "recordings": 2,
        "persons": 2,
        "raw_f1_mean": 0.75,
        "raw_f1_worst": 0.6,
        "aligned_f1_mean": 0.85,
        "aligned_f1_worst": 0.7,
        "raw_sensitivity_mean": 0.75,
        "aligned_sd_ms_mean": 20.0,
        "aligned_sd_ms_worst": 30.0,
        "worst_person": {
            "raw": {"person": "P2", "f1": 0.6},
            "aligned": {"person": "P2", "f1": 0.7},
        },
    }


def test_the_worst_person_is_judged_by_all_recordings_and_not_by_the_worst_one() -> None:
    found = pooled(
        [
            Scored("stroke", "one bad day", {"ic": figures(1.0)}),
            Scored("stroke", "one bad day", {"ic": figures(0.5)}),
            Scored("stroke", "always so", {"ic": figures(0.7)}),
        ]
    )["stroke"]["ic"]
    assert found["raw_f1_worst"] == 0.5
    assert found["worst_person"]["raw"] == {"person": "always so", "f1": 0.7}
    assert (found["recordings"], found["persons"]) == (3, 2)


def test_raw_and_aligned_may_name_different_persons() -> None:
    worst = pooled(
        [
            Scored("stroke", "late", {"tc": figures(0.1, aligned=1.0)}),
            Scored("stroke", "lost", {"tc": figures(0.6, aligned=0.6)}),
        ]
    )["stroke"]["tc"]["worst_person"]
    assert (worst["raw"]["person"], worst["aligned"]["person"]) == ("late", "lost")


def test_a_kind_that_a_reference_does_not_label_is_nobodys_failure() -> None:
    unlabelled = {**figures(0.0), "n": 0}
    unlabelled["raw"] = {"f1": 0.0, "sensitivity": None}
    found = pooled([Scored("a", "x", {"ff": unlabelled, "ic": figures(1.0)})])
    assert list(found["a"]) == ["ic"]
    found = pooled([Scored("a", "x", {"ff": unlabelled}), Scored("a", "y", {"ff": figures(0.8)})])
    assert found["a"]["ff"]["raw_f1_mean"] == 0.8


def test_nothing_paired_has_no_spread_and_still_counts() -> None:
    found = pooled(
        [
            Scored("a", "x", {"ho": figures(0.0, sd=None)}),
            Scored("a", "y", {"ho": figures(1.0, sd=12.0)}),
        ]
    )["a"]["ho"]
    assert found["raw_f1_mean"] == 0.5
    assert found["aligned_sd_ms_mean"] == found["aligned_sd_ms_worst"] == 12.0
    alone = pooled([Scored("a", "x", {"ho": figures(0.0, sd=None)})])["a"]["ho"]
    assert alone["aligned_sd_ms_mean"] is None
    assert alone["aligned_sd_ms_worst"] is None


def test_of_equally_badly_served_persons_the_same_one_is_named_each_time() -> None:
    rows = [Scored("a", name, {"ic": figures(0.5)}) for name in ("c", "b", "d")]
    for order in (rows, rows[::-1]):
        assert pooled(order)["a"]["ic"]["worst_person"]["raw"]["person"] == "b"


@pytest.mark.parametrize("rows", [[], [Scored("a", "x", {})]])
def test_no_figures_make_no_cohort(rows: list[Scored]) -> None:
    assert pooled(rows) == {}
