"""Scoring: what counts as found, what alignment removes, and that unknown is never a number."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.analysis.matching import match
from fes_ctrl.analysis.score import score
from fes_ctrl.recordings import ReferenceEvent

TOLERANCE_US = 100_000


def events(*seconds: float, kind: str = "ic", leg: int = -1) -> list[ReferenceEvent]:
    return [ReferenceEvent(round(t * 1e6), kind, leg, None) for t in seconds]


def detected(*seconds: float, latency_ms: float = 0.0, leg: int = -1) -> list[ReferenceEvent]:
    return [
        ReferenceEvent(round(t * 1e6), "ic", leg, round(t * 1e6 + latency_ms * 1e3))
        for t in seconds
    ]


def test_hits_extra_and_missed_events_make_the_figures() -> None:
    figures = score(detected(1.01, 2.03, 2.5), events(1.0, 2.0, 3.0, 4.0))["ic"]
    assert figures["n"] == 4
    assert figures["detected"] == 3
    raw = figures["raw"]
    assert raw == {
        "f1": pytest.approx(4 / 7, abs=1e-4),
        "sensitivity": 0.5,
        "precision": pytest.approx(2 / 3, abs=1e-4),
        "mean_ms": 20.0,
        "sd_ms": 10.0,
        "mae_ms": 20.0,
        "p95_ms": 29.0,
    }


def test_late_is_positive() -> None:
    figures = score(detected(0.98), events(1.0))["ic"]
    raw = figures["raw"]
    assert isinstance(raw, dict)
    assert raw["mean_ms"] == -20.0
    assert raw["mae_ms"] == 20.0


def test_alignment_removes_one_constant_and_says_which() -> None:
    true = [1.0, 2.1, 3.0, 4.2]
    late = [t + 0.15 for t in true[:3]] + [true[3] + 0.17]
    figures = score(detected(*late, latency_ms=40.0), events(*true))["ic"]
    raw, aligned = figures["raw"], figures["aligned"]
    assert isinstance(raw, dict)
    assert isinstance(aligned, dict)
    assert raw["f1"] == 0.0
    assert raw["mean_ms"] is None
    assert aligned["f1"] == 1.0
    assert figures["removed_ms"] == pytest.approx(150.0)
    # What alignment would hide is stated apart.
    assert figures["latency_ms"] == {"p50": 40.0, "p95": 40.0}


def test_alignment_does_not_reach_for_another_event() -> None:
    figures = score(detected(1.5, 2.5), events(1.0, 2.0))["ic"]
    aligned = figures["aligned"]
    assert isinstance(aligned, dict)
    assert aligned["f1"] == 0.0


def test_what_cannot_be_known_is_null() -> None:
    only_found = score(detected(1.0), [])
    only_true = score([], events(1.0))
    raw = only_found["ic"]["raw"]
    assert isinstance(raw, dict)
    assert set(raw.values()) == {None}, "the reference may not label what was there"
    assert only_found["ic"]["n"] == 0
    assert only_found["ic"]["detected"] == 1
    raw = only_true["ic"]["raw"]
    assert isinstance(raw, dict)
    assert raw["precision"] is None
    assert raw["f1"] == 0.0
    assert only_true["ic"]["latency_ms"] == {"p50": None, "p95": None}
    assert only_true["ic"]["removed_ms"] is None
    assert score([], []) == {}
    json.dumps([only_found, only_true], allow_nan=False)


def test_a_kind_that_the_reference_labels_elsewhere_only_is_told_wrongly_here() -> None:
    figures = score(detected(1.0), events(5.5), exclude_us=[(5_000_000, 6_000_000)])["ic"]
    raw = figures["raw"]
    assert isinstance(raw, dict)
    assert (figures["n"], raw["precision"]) == (0, 0.0)


def test_excluded_spans_count_neither_for_nor_against() -> None:
    spans = [(5_000_000, 6_000_000)]
    figures = score(detected(1.0, 5.5, 6.03), events(1.0, 5.2, 5.99), exclude_us=spans)["ic"]
    assert figures["n"] == 1
    assert figures["detected"] == 1
    raw = figures["raw"]
    assert isinstance(raw, dict)
    assert raw["f1"] == 1.0


def test_one_reference_has_one_partner() -> None:
    figures = score(detected(1.0, 1.02), events(1.0))["ic"]
    raw = figures["raw"]
    assert isinstance(raw, dict)
    assert raw["sensitivity"] == 1.0
    assert raw["precision"] == 0.5


def test_legs_are_compared_with_their_like() -> None:
    true = events(1.0, leg=0) + events(1.5, leg=1)
    figures = score(detected(1.5, leg=0) + detected(1.0, leg=1), true)["ic"]
    raw = figures["raw"]
    assert isinstance(raw, dict)
    assert raw["f1"] == 0.0
    with pytest.raises(ValueError, match="add the column leg"):
        score(detected(1.0, 1.5), true)


INSTANTS = st.lists(st.integers(0, 2_000_000), max_size=12).map(sorted)


@given(INSTANTS, INSTANTS)
def test_no_two_events_within_the_tolerance_are_left_without_a_partner(
    found: list[int], true: list[int]
) -> None:
    pairs = match(found, true, TOLERANCE_US)
    paired_found = {i for i, _ in pairs}
    paired_true = {j for _, j in pairs}
    assert len(paired_found) == len(paired_true) == len(pairs)
    assert all(abs(found[i] - true[j]) <= TOLERANCE_US for i, j in pairs)
    alone = [true[j] for j in range(len(true)) if j not in paired_true]
    for i, instant in enumerate(found):
        if i not in paired_found:
            assert all(abs(instant - other) > TOLERANCE_US for other in alone)
