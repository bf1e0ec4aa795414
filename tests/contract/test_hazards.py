"""What is no step must not be taken for one: chatter, drift, and weight that is shifted."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from fes_ctrl.assembly import ControlConfig, assemble
from fes_ctrl.model import (
    FOREFOOT_SWITCH,
    HEEL_SWITCH,
    NOTHING,
    RIGHT,
    BurstStart,
    Input,
    LinkReport,
    Operator,
    Sample,
    Setpoint,
)
from fes_ctrl.units import NEVER_US
from firmware_sim.injection_text import parse
from hil.patient.way import SegmentConfig
from hil.scenarios import load_scenario
from hil.simulate import simulate

STRIDES = 1_000
STRIDE_US = 1_100_000
STANCE_US = 660_000
READ_EVERY_US = 2_500


def onsets_of(bounces_us: Callable[[], int]) -> list[int]:
    """Return the onsets of a thousand strides on a heel switch that chatters after each change."""
    controller = assemble((RIGHT,), ControlConfig())
    random = Random(1)
    onsets: list[int] = []
    waiting: list[Input] = [
        LinkReport(0, 0, "up", NEVER_US, ""),
        Operator(0, "arm", 0),
        LinkReport(0, 0, "ready", NEVER_US, ""),
        Operator(0, "level", 100),
    ]
    was, chatters_to_us = 1.0, 0
    for t_us in range(READ_EVERY_US, STRIDES * STRIDE_US, READ_EVERY_US):
        value = 1.0 if t_us % STRIDE_US < STANCE_US else 0.0
        if value != was:
            was, chatters_to_us = value, t_us + bounces_us()
        elif t_us < chatters_to_us and random.random() < 0.5:
            value = 1.0 - value
        waiting.append(Sample(t_us, t_us, 0, RIGHT, HEEL_SWITCH, (value,)))
        step = NOTHING
        while waiting or step.wake_at_us <= t_us:
            step = controller.step(t_us, waiting.pop(0) if waiting else None)
            onsets += [r.t_us for r in step.records if isinstance(r, BurstStart)]
            if any(isinstance(command, Setpoint) for command in step.commands):
                waiting.append(LinkReport(t_us, 0, "answer", NEVER_US, ""))
    return onsets


def test_a_heel_that_bounces_gets_one_burst_a_step_and_none_later() -> None:
    random = Random(20)
    clean = onsets_of(lambda: 0)
    bouncing = onsets_of(lambda: 1_000 + int(random.random() * 19_001))
    assert len(clean) >= STRIDES - 1
    assert len(bouncing) == len(clean), "no extra burst, and none that is missed"
    later_us = [b - a for a, b in zip(clean, bouncing, strict=True)]
    assert max(later_us) <= 20_000
    assert min(later_us) >= 0


@pytest.mark.parametrize(("detector", "bias"), [("foot-imu", 5), ("shank-imu", -5)])
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
    result = simulate(replace(walk, way=begin + 5 * again, duration_s=144.0)).walk
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
    assert len(stands) == 5
    assert false <= 4 * len(stands) / 10, figures
    if detector == "heel+forefoot":
        assert caught == len(stands), figures
    else:
        assert caught >= 0.9 * len(stands), figures
