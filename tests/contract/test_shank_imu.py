"""Patients whose bursts are timed by an IMU on the shank, strapped on anyhow."""

import random
from dataclasses import replace
from itertools import pairwise

import pytest

from fes_ctrl.analysis.walk import Walk
from fes_ctrl.model import HEEL_OFF, INITIAL_CONTACT
from hil.patient.sensors.config import ImuConfig
from hil.patient.way import SegmentConfig
from hil.scenarios import load_scenario
from hil.simulate import simulate

PATIENTS = ("healthy", "stroke_moderate", "stroke_severe_spastic", "cerebral_palsy_child")
NEAR_US = 100_000


def walked(patient: str, way: tuple[SegmentConfig, ...], sets: tuple[str, ...] = ()) -> Walk:
    walk = load_scenario("shank_imu", {"patient": patient, "seed": 5}, sets).walk
    draw = random.Random(patient)
    mount_deg = (draw.uniform(-180, 180), draw.uniform(-90, 90), draw.uniform(-180, 180))
    legs = tuple(
        [
            replace(leg, sensors=replace(leg.sensors, shank_imu=ImuConfig(mount_deg=mount_deg)))
            for leg in walk.patient.leg
        ]
    )
    duration_s = sum(segment.duration_s for segment in way)
    patient_config = replace(walk.patient, leg=legs)
    return simulate(replace(walk, patient=patient_config, way=way, duration_s=duration_s)).walk


@pytest.mark.parametrize("by", ["rate", "tilt"])
@pytest.mark.parametrize("patient", PATIENTS)
def test_heel_off_and_contact_are_told_from_the_second_contact_on(patient: str, by: str) -> None:
    sets = (f"detector.shank_imu.by={by}",)
    if by == "tilt":
        sets += ("program.trigger=tilt",)
    walk = walked(patient, (SegmentConfig("stand", 2.0), SegmentConfig("walk", 20.0)), sets)
    leg = walk.legs[0]
    from_us = [event.t_us for event in leg.truth if event.kind == "ic"][1] - NEAR_US
    until_us = walk.duration_us - NEAR_US
    for kind in (HEEL_OFF, INITIAL_CONTACT):
        true_us = [e.t_us for e in leg.truth if e.kind == kind and from_us < e.t_us < until_us]
        found = [e for e in leg.detected if e.kind == kind and e.t_event_us > from_us]
        assert len(true_us) >= 7
        for t_us in true_us:
            near = [e for e in found if abs(e.t_event_us - t_us) < NEAR_US]
            assert len(near) == 1, (kind, t_us)
            assert kind == INITIAL_CONTACT or near[0].t_emit_us - t_us <= 80_000
        assert len([e for e in found if e.t_event_us < until_us]) <= len(true_us) + 1
    swings = [s for s in leg.swings if from_us < s.heel_off_us and s.contact_us < until_us]
    onsets_us = [burst.start.t_us for burst in leg.bursts]
    for swing in swings:
        assert any(abs(t_us - swing.heel_off_us) < 150_000 for t_us in onsets_us)
    assert walk.violations == []


@pytest.mark.parametrize("patient", PATIENTS)
def test_the_first_step_after_standing_has_its_burst_and_standing_has_none(patient: str) -> None:
    begin = (SegmentConfig("stand", 2.0), SegmentConfig("walk", 12.0))
    start = (SegmentConfig("stand", 5.0, weight_shifts_per_min=12.0), SegmentConfig("walk", 6.0))
    walk = walked(patient, begin + 3 * start)
    leg = walk.legs[0]
    heel_offs_us = [event.t_us for event in leg.truth if event.kind == "ho"]
    firsts_us = [b for a, b in pairwise(heel_offs_us) if b - a > 4_000_000]
    assert len(firsts_us) == 3
    onsets_us = [burst.start.t_us for burst in leg.bursts]
    for first_us in firsts_us:
        assert any(abs(t_us - first_us) <= 300_000 for t_us in onsets_us)
        last_us = max(t_us for t_us in heel_offs_us if t_us < first_us)
        assert not [t_us for t_us in onsets_us if last_us + 300_000 < t_us < first_us - 300_000]


def test_a_stall_of_the_host_and_its_backlog_start_no_burst() -> None:
    walk = load_scenario("shank_imu").walk
    (leg,) = walk.patient.leg
    packets = replace(leg.sensors.packets, stalls_per_min=4.0, duplicate_probability=0.1)
    patient = replace(
        walk.patient, leg=(replace(leg, sensors=replace(leg.sensors, packets=packets)),)
    )
    result = simulate(replace(walk, patient=patient, duration_s=40.0)).walk
    began_us = [f.t_us for f in result.faults if f.id == "F04" and f.reaction == "inhibit"]
    assert began_us
    pulses_us = result.legs[0].pulses_us
    for t_us in began_us:
        assert not [at_us for at_us in pulses_us if t_us + 10_000 < at_us < t_us + 600_000]
