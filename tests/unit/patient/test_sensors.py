"""The simulated sensors have the defects they claim, and their readings are written exactly."""

import statistics
from dataclasses import replace
from itertools import pairwise

import pytest

from fes_ctrl.model import FOOT_IMU, HEEL_SWITCH, Sample
from fes_ctrl.runlog.format import input_line
from hil.patient.config import LegConfig, PatientConfig, SensorConfig
from hil.patient.patient import VirtualPatient
from hil.patient.plan import SegmentConfig

BOTH = (HEEL_SWITCH, FOOT_IMU)
WAY = (SegmentConfig("stand", 1.0), SegmentConfig("walk", 1.0))


def readings(
    sensors: SensorConfig | None = None, duration_s: float = 12.0, standing_s: float = 2.0
) -> list[Sample]:
    config = replace(PatientConfig(), leg=(LegConfig(sensors=sensors or SensorConfig()),))
    way = (SegmentConfig("stand", standing_s), SegmentConfig("walk", 1.0))
    (hub,) = VirtualPatient(config, 3, way, BOTH).hubs
    found: list[Sample] = []
    while hub.next_arrival_us() < duration_s * 1e6:
        found += hub.read()
    return found


def of(kind: str, samples: list[Sample]) -> list[Sample]:
    return [sample for sample in samples if sample.sensor == kind]


def test_readings_come_at_their_rate_arrive_late_and_never_overtake() -> None:
    samples = of(HEEL_SWITCH, readings())
    assert {b.t_meas_us - a.t_meas_us for a, b in pairwise(samples)} == {10_000}
    delays = [sample.t_arrive_us - sample.t_meas_us for sample in samples]
    assert min(delays) >= 2_000
    assert max(delays) <= 4_000
    assert len(set(delays)) > 100, "jitter"
    arrivals = [sample.t_arrive_us for sample in samples]
    assert arrivals == sorted(arrivals)
    assert [sample.seq for sample in samples] == list(range(1, len(samples) + 1))


def test_a_switch_chatters_after_its_edges_and_only_then() -> None:
    calm = [s.values[0] for s in of(HEEL_SWITCH, readings(SensorConfig(bounce_ms=0)))]
    wild = [s.values[0] for s in of(HEEL_SWITCH, readings(SensorConfig(bounce_ms=40)))]
    edges = sum(a != b for a, b in pairwise(calm))
    assert sum(a != b for a, b in pairwise(wild)) > edges
    assert wild[:190] == calm[:190] == [1.0] * 190, "quiet standing is quiet"


def test_a_standing_foot_feels_gravity_noise_and_its_mounting() -> None:
    samples = of(FOOT_IMU, readings(SensorConfig(mount_deg=30), 1.9))
    up, across = ([s.values[k] for s in samples] for k in (2, 1))
    assert statistics.mean(up) == pytest.approx(9.81 * 0.866, abs=0.1)
    assert statistics.mean(across) == pytest.approx(9.81 * 0.5, abs=0.1)
    rate = [s.values[4] for s in samples]
    assert statistics.mean(rate) == pytest.approx(0.3, abs=0.15), "the bias"
    assert 0.2 < statistics.stdev(rate) < 1.0, "never perfectly still"


def test_a_swinging_foot_turns_at_rates_that_feet_turn_at() -> None:
    rates = [-s.values[4] for s in of(FOOT_IMU, readings(SensorConfig(mount_deg=0)))]
    assert -900 < min(rates) < -200
    assert 200 < max(rates) < 900


def test_readings_are_whole_steps_of_the_converter_and_read_back_exactly() -> None:
    for sample in of(FOOT_IMU, readings(duration_s=3.0)):
        assert all(value * 256 == int(value * 256) for value in sample.values[:3])
        assert all(value * 16 == int(value * 16) for value in sample.values[3:])
        assert max(len(repr(value)) for value in sample.values) <= 13
        assert input_line(0, sample).endswith("]}\n")


def test_a_leg_wears_what_its_detector_reads_unless_told_otherwise() -> None:
    config = PatientConfig()
    for asked in ((HEEL_SWITCH,), (FOOT_IMU,), BOTH):
        (hub,) = VirtualPatient(config, 1, WAY, asked).hubs
        hub.next_arrival_us()
        assert tuple(sample.sensor for sample in hub.read()) == asked
    told = replace(config, leg=(LegConfig(sensors=SensorConfig(worn=("foot_imu",))),))
    (hub,) = VirtualPatient(told, 1, WAY, (HEEL_SWITCH,)).hubs
    hub.next_arrival_us()
    assert [sample.sensor for sample in hub.read()] == [FOOT_IMU]


def test_a_dropout_loses_what_is_measured_in_it_and_says_when_it_began() -> None:
    (hub,) = VirtualPatient(PatientConfig(), 1, WAY, (HEEL_SWITCH,)).hubs
    hub.dropout.inject("sensor_dropout", 500_000, 800_000)
    times = []
    while hub.next_arrival_us() < 1_500_000:
        times += [sample.t_meas_us for sample in hub.read()]
    assert not [t_us for t_us in times if 500_000 <= t_us < 800_000]
    assert 490_000 in times
    assert 800_000 in times
    assert [known.t_us for known in hub.dropout.acknowledgements] == [500_000]
    with pytest.raises(ValueError, match="sensors do not know"):
        hub.dropout.inject("cable_pulled", 0, 1)
