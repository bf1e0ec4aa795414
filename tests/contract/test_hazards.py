"""What standing makes of sensors is no step: drift, and weight that is shifted."""

from bisect import bisect_left
from dataclasses import replace
from itertools import pairwise

import pytest

from fes_ctrl.model import FOREFOOT_SWITCH, HEEL_SWITCH
from firmware_sim.injections import parse
from hil.patient.way import SegmentConfig
from hil.scenarios import load_scenario
from hil.simulate import simulate


@pytest.mark.parametrize("detector", ["foot-imu", "shank-imu"])
@pytest.mark.parametrize("bias", [5, -5])
def test_a_drifting_gyroscope_triggers_nothing_in_ten_minutes_of_standing(
    detector: str, bias: int
) -> None:
    walk = load_scenario("standard", {}, (f"detector.name={detector}",)).walk
    drift = parse("gyro_bias=5@20")._replace(amount=float(bias))
    way = (
        SegmentConfig("stand", 2.0),
        SegmentConfig("walk", 12.0),
        SegmentConfig("stand", 610.0),
        SegmentConfig("walk", 10.0),
    )
    result = simulate(replace(walk, way=way, duration_s=630.0, inject=(drift,))).walk
    assert result.unreached_injections == []
    onsets_us = [burst.start.t_us for burst in result.legs[0].bursts]
    assert [t_us for t_us in onsets_us if t_us < 15e6], "it does walk before"
    heel_offs_us = [event.t_us for event in result.legs[0].truth if event.kind == "ho"]
    stood_us, walks_us = max(pairwise(heel_offs_us), key=lambda two: two[1] - two[0])
    assert walks_us - stood_us > 600e6
    false = [t for t in onsets_us if stood_us + 300_000 < t < walks_us - 300_000]
    assert false == []


@pytest.mark.parametrize("detector", ["heel+forefoot", "foot-imu", "shank-imu", "fused"])
def test_shifted_weight_is_no_step_and_the_first_step_is_one(detector: str) -> None:
    walk = load_scenario("standard", {}, (f"detector.name={detector.partition('+')[0]}",)).walk
    if detector == "heel+forefoot":
        # A heel switch alone cannot tell a shift from a step.
        (leg_config,) = walk.patient.leg
        sensors = replace(leg_config.sensors, worn=(HEEL_SWITCH, FOREFOOT_SWITCH))
        patient = replace(walk.patient, leg=(replace(leg_config, sensors=sensors),))
        walk = replace(walk, patient=patient)
    begin = (SegmentConfig("stand", 2.0), SegmentConfig("walk", 12.0))
    again = (SegmentConfig("stand", 20.0, weight_shifts_per_min=12.0), SegmentConfig("walk", 6.0))
    result = simulate(replace(walk, way=begin + 10 * again, duration_s=275.0)).walk
    leg = result.legs[0]
    heel_offs_us = [event.t_us for event in leg.truth if event.kind == "ho"]
    stands = [(a, b) for a, b in pairwise(heel_offs_us) if b - a > 10e6]
    onsets_us = [burst.start.t_us for burst in leg.bursts]
    caught = 0
    false = 0
    for stood_us, first_us in stands:
        at = bisect_left(onsets_us, first_us - 300_000)
        caught += at < len(onsets_us) and onsets_us[at] <= first_us + 300_000
        false += len([t for t in onsets_us if stood_us + 600_000 < t < first_us - 300_000])
    figures = f"{caught} of {len(stands)} first steps, {false} false in {4 * len(stands)} shifts"
    assert len(stands) >= 8
    assert false <= 4 * len(stands) / 10, figures
    if detector == "heel+forefoot":
        assert caught == len(stands), figures
    else:
        assert caught >= 0.9 * len(stands), figures
