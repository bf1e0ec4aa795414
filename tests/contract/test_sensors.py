"""What a leg wears besides what its detector reads changes nothing; bad packets do no harm."""

from dataclasses import replace

import pytest

from fes_ctrl.model import FOOT_IMU, FORE_FORCE, FOREFOOT_SWITCH, HEEL_FORCE, HEEL_SWITCH, SHANK_IMU
from hil.config import WalkConfig
from hil.patient.sensors.config import PacketConfig, SensorConfig
from hil.scenarios import load_scenario
from hil.simulate import simulate

EVERYTHING = (HEEL_SWITCH, FOREFOOT_SWITCH, HEEL_FORCE, FORE_FORCE, FOOT_IMU, SHANK_IMU)


def walking(scenario: str, sensors: SensorConfig, duration_s: float = 15.0) -> WalkConfig:
    walk = load_scenario(scenario).walk
    (leg,) = walk.patient.leg
    patient = replace(walk.patient, leg=(replace(leg, sensors=sensors),))
    return replace(walk, patient=patient, duration_s=duration_s)


@pytest.mark.parametrize("scenario", ["standard", "foot_imu"])
def test_sensors_that_the_detector_does_not_read_change_no_setpoint(scenario: str) -> None:
    plain = simulate(walking(scenario, SensorConfig()))
    loaded = simulate(walking(scenario, SensorConfig(worn=EVERYTHING)))
    assert plain.setpoints > 100
    assert loaded.setpoints_sha256 == plain.setpoints_sha256


@pytest.mark.parametrize("scenario", ["standard", "foot_imu"])
def test_a_stall_of_the_host_ends_the_burst_and_its_backlog_starts_none(scenario: str) -> None:
    packets = PacketConfig(stalls_per_min=4.0)
    result = simulate(walking(scenario, SensorConfig(packets=packets), 60.0))
    faults = [fault for fault in result.walk.faults if fault.id == "F04"]
    began_us = [fault.t_us for fault in faults if fault.reaction == "inhibit"]
    assert began_us
    assert result.walk.violations == []
    pulses_us = result.walk.legs[0].pulses_us
    for t_us in began_us:
        # Half a second of fresh samples has to come first, after a stall that lasts 0.3 s.
        assert not [at_us for at_us in pulses_us if t_us + 10_000 < at_us < t_us + 600_000]


def test_duplicates_change_no_setpoint() -> None:
    plain = simulate(walking("standard", SensorConfig()))
    packets = PacketConfig(duplicate_probability=0.3)
    doubled = simulate(walking("standard", SensorConfig(packets=packets)))
    assert plain.setpoints > 100
    assert doubled.setpoints_sha256 == plain.setpoints_sha256
