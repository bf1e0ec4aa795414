"""The figures of a walk, from walks that are written down by hand."""

import json
import math
from dataclasses import replace

import pytest

from fes_ctrl.analysis.percentiles import percentile
from fes_ctrl.analysis.summary import burst_of, summarise
from fes_ctrl.analysis.walk import Burst, Charge, LegWalk, Swing, TrueEvent, Walk
from fes_ctrl.model import RIGHT, BurstEnd, BurstStart, GaitEvent, Setpoint

STRIDE_US = 1_000_000


def swing(number: int, clearance_mm: float = 15.0, **other: object) -> Swing:
    start_us = number * STRIDE_US
    plain: dict[str, object] = {
        "stride": number,
        "heel_off_us": start_us,
        "toe_off_us": start_us + 200_000,
        "contact_us": start_us + 600_000,
        "clearance_mm": clearance_mm,
        "ankle_at_contact_deg": 3.0,
        "peak_dorsiflexion_deg": 8.0,
        "slap": False,
        "lost_push_off_percent": 5.0,
    }
    return Swing(**{**plain, **other})  # type: ignore[arg-type]


def burst(from_us: int, to_us: int, current_ua: int = 40_000) -> Burst:
    points = [
        Setpoint(t_us, RIGHT, 0, min(current_ua, 10_000 + (t_us - from_us) // 10), 300, t_us + 1, 0)
        for t_us in range(from_us, to_us, 25_000)
    ]
    return Burst(
        BurstStart(from_us, RIGHT, 0, "ho", from_us, current_ua),
        points,
        BurstEnd(to_us, RIGHT, 0, "initial_contact", from_us, to_us),
    )


def walk(swings: list[Swing], bursts: list[Burst], settled_us: int = 0) -> Walk:
    leg = LegWalk(RIGHT, swings=swings, bursts=bursts)
    leg.pulses_us = [s.at_us for found in bursts for s in found.setpoints]
    leg.setpoints = len(leg.pulses_us)
    return Walk(20 * STRIDE_US, settled_us, [leg], Charge(source="electrode"))


def leg_of(found: Walk) -> dict[str, object]:
    legs = summarise(found)["legs"]
    assert isinstance(legs, dict)
    leg = legs["right"]
    assert isinstance(leg, dict)
    return leg


def test_outcomes_are_of_settled_strides_only() -> None:
    swings = [swing(1, -30), swing(2, -20), swing(3, 10), swing(4, 20)]
    leg = leg_of(walk(swings, [], settled_us=2_500_000))
    assert leg["strides"] == 4
    assert leg["settled_from_stride"] == 3
    assert leg["drag_strides"] == 0
    assert leg["toe_clearance_mm"] == {"min": 10, "p05": 10.5, "median": 15}


def test_a_dragging_swing_is_counted_by_its_sign() -> None:
    assert leg_of(walk([swing(1, -0.1), swing(2, 0.1)], []))["drag_strides"] == 1


def test_a_walk_without_swings_knows_nothing_and_says_so_in_json() -> None:
    figures = summarise(walk([], []))
    text = json.dumps(figures, allow_nan=False)
    assert "null" in text
    assert leg_of(walk([], []))["drag_strides"] is None


def test_the_onset_delay_is_to_the_first_pulse_of_half_the_plateau_and_may_be_negative() -> None:
    late = burst(1_050_000, 1_700_000)
    early = burst(1_900_000, 2_700_000)
    leg = leg_of(walk([swing(1), swing(2)], [late, early]))
    # 10 mA and 1 mA every 10 ms more: 20 mA come 100 ms after the onset.
    assert leg["onset_delay_ms"] == {"p50": 75.0, "p95": 142.5, "max": 150.0}


def test_missed_swings_and_extra_bursts_are_told_apart() -> None:
    standing = burst(4_650_000, 4_900_000)
    leg = leg_of(walk([swing(1), swing(2), swing(5)], [burst(1_000_000, 1_700_000), standing]))
    found = leg["burst"]
    assert isinstance(found, dict)
    assert (found["missed_swings"], found["extra"]) == (2, 1)


def test_a_leg_for_which_nothing_was_planned_missed_every_swing_and_gave_none_too_many() -> None:
    found = leg_of(walk([swing(1), swing(2)], []))["burst"]
    assert isinstance(found, dict)
    assert (found["missed_swings"], found["extra"]) == (2, 0)
    standing = leg_of(walk([], []))["burst"]
    assert isinstance(standing, dict)
    assert (standing["missed_swings"], standing["extra"]) == (0, 0)


def test_what_evaluation_plans_and_does_not_give_is_neither_missed_nor_extra() -> None:
    planned = replace(burst(1_000_000, 1_700_000), setpoints=[])
    found = leg_of(walk([swing(1)], [planned]))["burst"]
    assert isinstance(found, dict)
    assert (found["missed_swings"], found["extra"]) == (None, None)


def test_a_burst_whose_swing_the_walks_end_cuts_off_is_not_extra() -> None:
    leg = leg_of(walk([swing(1)], [burst(1_000_000, 1_700_000), burst(2_000_000, 2_300_000)]))
    found = leg["burst"]
    assert isinstance(found, dict)
    assert found["extra"] == 0


def test_a_swing_belongs_to_the_burst_that_covers_most_of_it() -> None:
    bursts = [burst(500_000, 1_100_000), burst(1_200_000, 1_700_000)]
    assert burst_of(swing(1), bursts) is bursts[1]
    assert burst_of(swing(7), bursts) is None


def test_detection_counts_each_event_once_and_states_latency_apart() -> None:
    found = walk([swing(1)], [])
    leg = found.legs[0]
    leg.truth = [TrueEvent("ho", 1_000_000), TrueEvent("ho", 2_000_000)]
    leg.detected = [
        GaitEvent("ho", RIGHT, 1_010_000, 1_040_000, 1.0),
        GaitEvent("ho", RIGHT, 1_020_000, 1_050_000, 1.0),
        GaitEvent("ho", RIGHT, 2_150_000, 2_180_000, 1.0),
    ]
    detection = leg_of(found)["detection"]
    assert isinstance(detection, dict)
    assert detection["ho"]["n"] == 3
    assert detection["ho"]["f1"] == pytest.approx(2 * 1 / 5)
    assert detection["ho"]["mean_ms"] == 10
    assert detection["ho"]["latency_ms"] == {"p50": 30, "p95": 30}


def test_percentiles_of_nothing_are_unknown() -> None:
    assert percentile([], 50) is None
    value = percentile([1.0, 2.0], 50)
    assert value is not None
    assert math.isclose(value, 1.5)
