"""Stride lists: which strides there are, where they begin and end, and which are left out."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from fes_ctrl.analysis.strides import COLUMNS, as_csv, stride_list
from fes_ctrl.model import LEFT, RIGHT, GaitEvent

RATE_HZ = 100
ROWS = 400
STEP_US = 1_000_000 // RATE_HZ
STAMPS = np.arange(ROWS, dtype=np.int64) * STEP_US

IC, HO, TC = (50, 150, 250), (80, 180, 280), (100, 200, 300)
STILL = (65, 165, 265)
PUSH = (95, 195, 295)


def event(kind: str, row: float) -> GaitEvent:
    return GaitEvent(kind, LEFT, round(row * STEP_US), round(row * STEP_US), 1.0)


def walk() -> list[GaitEvent]:
    return [
        event(kind, row)
        for kind, rows in (("ic", (*IC, 350)), ("ho", HO), ("tc", TC))
        for row in rows
    ]


def rates() -> NDArray[np.float64]:
    """Return the rate of a foot that is still at ``STILL`` and turns fastest at ``PUSH``."""
    values = np.full((ROWS, 3), 60.0)
    for still, push in zip(STILL, PUSH, strict=True):
        values[still - 5 : still + 5] = 0.0
        values[push] = (0.0, -300.0, 0.0)
    return values


def strides_of(
    stride_type: str, events: Sequence[GaitEvent] | None = None, **other: float
) -> list[dict[str, int]]:
    found = stride_list(walk() if events is None else events, STAMPS, rates(), stride_type, **other)
    assert tuple(found) == COLUMNS[stride_type]
    return [
        dict(zip(found, row, strict=True))
        for row in zip(*(column.tolist() for column in found.values()), strict=True)
    ]


def test_a_segment_runs_from_push_off_to_push_off() -> None:
    assert strides_of("segmented") == [
        {"s_id": 0, "start": 95, "end": 195, "ic": 150, "tc": 100, "min_vel": 165},
        {"s_id": 1, "start": 195, "end": 295, "ic": 250, "tc": 200, "min_vel": 265},
    ]


def test_a_min_vel_stride_runs_from_one_stillest_instant_to_the_next() -> None:
    assert strides_of("min_vel") == [
        {"s_id": 0, "start": 65, "end": 165, "ic": 150, "tc": 100, "min_vel": 65, "pre_ic": 50},
        {"s_id": 1, "start": 165, "end": 265, "ic": 250, "tc": 200, "min_vel": 165, "pre_ic": 150},
    ]


def test_an_ic_stride_runs_from_contact_to_contact_and_needs_no_toe_off_after_it() -> None:
    assert strides_of("ic") == [
        {"s_id": 0, "start": 50, "end": 150, "ic": 50, "tc": 100, "min_vel": 65},
        {"s_id": 1, "start": 150, "end": 250, "ic": 150, "tc": 200, "min_vel": 165},
        {"s_id": 2, "start": 250, "end": 350, "ic": 250, "tc": 300, "min_vel": 265},
    ]


def test_the_first_step_out_of_standing_is_a_segment_and_nothing_else() -> None:
    events = [one for one in walk() if one.t_event_us > 50 * STEP_US]
    assert strides_of("segmented", events) == strides_of("segmented")
    assert [stride["start"] for stride in strides_of("min_vel", events)] == [165]
    assert [stride["start"] for stride in strides_of("ic", events)] == [150, 250]


@pytest.mark.parametrize(("lost", "ends"), [(event("tc", 200), []), (event("ic", 250), [195])])
def test_a_missed_event_costs_its_strides_and_joins_no_others(
    lost: GaitEvent, ends: list[int]
) -> None:
    events = [one for one in walk() if one != lost]
    assert [stride["end"] for stride in strides_of("segmented", events)] == ends
    for stride_type in COLUMNS:
        for stride in strides_of(stride_type, events):
            assert stride in [{**one, "s_id": stride["s_id"]} for one in strides_of(stride_type)]


def test_no_stride_spans_a_hole_in_the_signal() -> None:
    values = rates()
    values[215:230] = np.nan
    found = stride_list(walk(), STAMPS, values, "ic")
    assert found["start"].tolist() == [50, 250]
    kept = np.r_[0:215, 230:ROWS]
    found = stride_list(walk(), STAMPS[kept], rates()[kept], "ic")
    assert found["start"].tolist() == [50, 250 - 15]


def test_a_few_lost_rows_are_no_hole() -> None:
    values = rates()
    values[215:224] = np.nan
    assert stride_list(walk(), STAMPS, values, "ic")["start"].tolist() == [50, 150, 250]


def test_a_pause_is_no_stride() -> None:
    assert strides_of("ic", longest_s=0.99) == []
    assert len(strides_of("ic", longest_s=1.0)) == 3
    standing = [one for one in walk() if one.kind != "ic" or one.t_event_us != 150 * STEP_US]
    standing.append(event("ic", 120))
    assert [stride["ic"] for stride in strides_of("min_vel", standing, longest_s=0.85)] == []


def test_a_contact_on_the_edge_of_a_hole_belongs_to_its_side() -> None:
    for hole, starts in ((range(251, 270), [50, 150]), (range(231, 250), [50, 250])):
        values = rates()
        values[hole] = np.nan
        assert stride_list(walk(), STAMPS, values, "ic")["start"].tolist() == starts


def test_readings_lost_within_a_stance_hide_neither_its_stillness_nor_its_push_off() -> None:
    values = rates()
    values[[155, 190, 193]] = np.nan
    found = stride_list(walk(), STAMPS, values, "segmented")
    assert found["min_vel"].tolist() == [165, 265]
    assert found["end"].tolist() == [195, 295]


def test_a_step_after_a_long_stand_has_no_contact_before_it() -> None:
    values = rates()
    values[:100] = 60.0
    events = [event("ic", 20), event("tc", 200), event("ic", 250), event("tc", 300)]
    assert stride_list(events, STAMPS, values, "min_vel")["pre_ic"].tolist() == [20]
    assert stride_list(events, STAMPS, values, "min_vel", longest_s=1.5)["pre_ic"].size == 0


def test_a_heel_off_belongs_to_one_push_off_only() -> None:
    events = [one for one in walk() if one.t_event_us not in (150 * STEP_US, 180 * STEP_US)]
    assert strides_of("segmented", events) == []


def test_an_event_between_two_rows_is_at_the_nearer_one() -> None:
    events = [event("ic", 49.6), event("tc", 100.4), event("ic", 149.6)]
    assert [(stride["ic"], stride["tc"]) for stride in strides_of("ic", events)] == [(50, 100)]


def test_stillness_is_looked_for_between_contact_and_heel_off() -> None:
    values = rates()
    values[85:92] = 0.0
    values[60:70] = 1.0
    found = stride_list(walk(), STAMPS, values, "min_vel", window_ms=50)
    assert 60 <= found["min_vel"][0] < 80


def test_the_window_has_as_many_rows_as_fit_whole_at_rates_that_are_no_whole_microseconds() -> None:
    stamps = np.rint(np.arange(120) * 1e6 / 60).astype(np.int64)
    values = np.full((120, 3), 60.0)
    values[20:26] = 0.0
    values[30:35] = 0.0
    events = [
        GaitEvent(kind, LEFT, int(stamps[row]), int(stamps[row]), 1.0)
        for kind, row in (("ic", 10), ("tc", 50), ("ic", 70))
    ]
    assert stride_list(events, stamps, values, "ic")["min_vel"].tolist() == [23]


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_next_to_no_signal_has_no_strides(rows: int) -> None:
    for stride_type in COLUMNS:
        found = stride_list(walk(), STAMPS[:rows], rates()[:rows], stride_type)
        assert all(column.size == 0 for column in found.values())


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="'tc' does not exist: choose segmented, min_vel, ic"):
        stride_list(walk(), STAMPS, rates(), "tc")
    with pytest.raises(ValueError, match="400 stamps need rates of 3 axes"):
        stride_list(walk(), STAMPS, rates()[:-1])


def test_the_csv_has_rows_and_seconds_and_the_leg_where_there_are_two() -> None:
    strides = stride_list(walk(), STAMPS, rates(), "segmented")
    assert as_csv({LEFT: strides}, STAMPS).splitlines()[:2] == [
        "s_id,start,end,ic,tc,min_vel,start_s,end_s,ic_s,tc_s,min_vel_s",
        "0,95,195,150,100,165,0.950000,1.950000,1.500000,1.000000,1.650000",
    ]
    both = as_csv({LEFT: strides, RIGHT: strides}, STAMPS).splitlines()
    assert both[0].endswith(",leg")
    assert [line.partition(",")[0] for line in both[1:]] == ["0", "1", "2", "3"]
    assert [line.rpartition(",")[2] for line in both[1:]] == ["left", "left", "right", "right"]
