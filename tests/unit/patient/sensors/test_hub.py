"""The sensors of one leg, read together: who is worn, what is kept, and what changes nothing."""

import statistics
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from math import cos, sin

import pytest

from fes_ctrl.gait import sensors_of
from fes_ctrl.model import (
    FOOT_IMU,
    FORE_FORCE,
    FOREFOOT_SWITCH,
    HEEL_FORCE,
    HEEL_SWITCH,
    SENSOR_CHANNELS,
    SHANK_IMU,
    Sample,
)
from fes_ctrl.runlog.format import input_line
from hil.patient.sensors.config import ImuConfig, PacketConfig, SensorConfig, SwitchConfig
from hil.patient.sensors.hub import SensorHub
from hil.patient.sensors.worn import SHIN_M

Wear = Callable[..., SensorHub]
Hear = Callable[[SensorHub, float], list[Sample]]

EVERYTHING = (HEEL_SWITCH, FOREFOOT_SWITCH, HEEL_FORCE, FORE_FORCE, FOOT_IMU, SHANK_IMU)
IDEAL = ImuConfig(
    mount_deg=(0.0, 0.0, 0.0),
    gyro_bias_deg_per_s=(0.0, 0.0, 0.0),
    gyro_noise_deg_per_s=0.0,
    acc_noise_m_per_s2=0.0,
)


def of(kind: str, samples: list[Sample]) -> list[Sample]:
    return [sample for sample in samples if sample.sensor == kind]


def test_readings_come_at_their_rate_arrive_late_and_are_counted(wear: Wear, hear: Hear) -> None:
    samples = hear(wear(SensorConfig(worn=(HEEL_SWITCH,))), 12.0)
    assert {b.t_meas_us - a.t_meas_us for a, b in pairwise(samples)} == {10_000}
    delays = [sample.t_arrive_us - sample.t_meas_us for sample in samples]
    assert min(delays) >= 2_000
    assert max(delays) <= 4_000
    assert len(set(delays)) > 100, "jitter"
    assert [sample.seq for sample in samples] == list(range(1, len(samples) + 1))


def test_a_leg_wears_what_its_detector_reads_unless_told_otherwise(wear: Wear) -> None:
    def kinds(hub: SensorHub) -> tuple[str, ...]:
        hub.next_arrival_us()
        return tuple(sample.sensor for sample in hub.read())

    for asked in ((HEEL_SWITCH,), (FOOT_IMU,), (HEEL_SWITCH, FOOT_IMU), (HEEL_FORCE,)):
        assert kinds(wear(SensorConfig(), asked=asked)) == asked
    assert kinds(wear(SensorConfig(), asked=sensors_of("heel"))) == (HEEL_SWITCH,), "one will do"
    assert kinds(wear(SensorConfig(worn=(FOOT_IMU,)), asked=(HEEL_SWITCH,))) == (FOOT_IMU,)
    assert kinds(wear(SensorConfig(worn=EVERYTHING))) == EVERYTHING


def test_every_sensor_gives_its_channels_and_is_written_exactly(wear: Wear, hear: Hear) -> None:
    for sample in hear(wear(SensorConfig(worn=EVERYTHING)), 4.0):
        assert len(sample.values) == len(SENSOR_CHANNELS[sample.sensor])
        assert all(value * 256 == int(value * 256) for value in sample.values)
        assert max(len(repr(value)) for value in sample.values) <= 13
        assert input_line(0, sample).endswith("]}\n")


def test_a_switch_chatters_after_its_edges_and_only_then(wear: Wear, hear: Hear) -> None:
    def read(bounce_ms: float) -> list[float]:
        switch = SwitchConfig(bounce_ms=bounce_ms)
        hub = wear(SensorConfig(worn=(HEEL_SWITCH,), heel_switch=switch))
        return [sample.values[0] for sample in hear(hub, 12.0)]

    calm, wild = read(0.0), read(40.0)
    edges = sum(a != b for a, b in pairwise(calm))
    assert edges >= 10
    assert sum(a != b for a, b in pairwise(wild)) > edges
    assert wild[:190] == calm[:190] == [1.0] * 190, "quiet standing is quiet"


def test_the_forefoot_bears_on_when_the_heel_is_off(wear: Wear, hear: Hear) -> None:
    samples = hear(wear(SensorConfig(worn=EVERYTHING)), 12.0)
    heel, fore = (
        {sample.t_meas_us: sample.values[0] for sample in of(kind, samples)}
        for kind in (HEEL_FORCE, FORE_FORCE)
    )
    both_N = [(heel[t_us], fore[t_us]) for t_us in heel]
    assert any(heel_N == 0.0 and fore_N > 100.0 for heel_N, fore_N in both_N), "push-off"
    assert any(heel_N == fore_N == 0.0 for heel_N, fore_N in both_N), "swing"


@pytest.mark.parametrize(("how", "held"), [("open", 0.0), ("closed", 1.0)])
def test_a_switch_can_be_stuck_from_some_time_on(
    wear: Wear, hear: Hear, how: str, held: float
) -> None:
    well = hear(wear(SensorConfig(worn=(HEEL_SWITCH,))), 12.0)
    stuck = SensorConfig(worn=(HEEL_SWITCH,), heel_stuck=how, stuck_from_s=6.0)
    hub = wear(stuck)
    samples = hear(hub, 12.0)
    assert {s.values[0] for s in samples if s.t_meas_us >= 6_000_000} == {held}
    before = [sample for sample in samples if sample.t_meas_us < 6_000_000]
    assert before == well[: len(before)]
    assert hub.acknowledgements() == [], "a property, no injection"


def test_a_stuck_switch_can_be_injected_and_is_acknowledged(wear: Wear, hear: Hear) -> None:
    hub = wear(SensorConfig(worn=(HEEL_SWITCH, FOREFOOT_SWITCH)))
    hub.inject("heel_stuck_open", 500_000, 800_000)
    samples = hear(hub, 1.5)
    for sample in of(HEEL_SWITCH, samples):
        assert sample.values == ((0.0,) if 500_000 <= sample.t_meas_us < 800_000 else (1.0,))
    assert {sample.values for sample in of(FOREFOOT_SWITCH, samples)} == {(1.0,)}
    assert [tuple(known) for known in hub.acknowledgements()] == [("heel_stuck_open", 500_000)]


def test_dropouts_lose_what_is_measured_in_them_and_say_when_they_began(
    wear: Wear, hear: Hear
) -> None:
    hub = wear(SensorConfig(worn=(HEEL_SWITCH,)))
    hub.inject("sensor_dropout", 500_000, 800_000)
    hub.inject("sensor_dropout", 1_000_000, 1_100_000)
    times = [sample.t_meas_us for sample in hear(hub, 1.5)]
    lost = [*range(500_000, 800_000, 10_000), *range(1_000_000, 1_100_000, 10_000)]
    assert times == [t_us for t_us in range(10_000, 1_500_000, 10_000) if t_us not in lost]
    assert [known.t_us for known in hub.acknowledgements()] == [500_000, 1_000_000]


def test_an_injection_of_another_part_is_refused(wear: Wear) -> None:
    with pytest.raises(ValueError, match="sensors do not know the injection 'cable_pulled'"):
        wear(SensorConfig()).inject("cable_pulled", 0, 1)


def test_a_loss_changes_nothing_but_what_is_lost(wear: Wear, hear: Hear) -> None:
    whole = SensorConfig(worn=EVERYTHING)
    lossy = replace(whole, packets=PacketConfig(loss_probability=0.2))
    before, after = hear(wear(whole), 6.0), hear(wear(lossy), 6.0)
    assert 0.7 < len(after) / len(before) < 0.9
    assert set(after) < set(before)


def test_a_duplicate_is_the_same_reading_later(wear: Wear, hear: Hear) -> None:
    packets = PacketConfig(duplicate_probability=1.0)
    samples = hear(wear(SensorConfig(worn=(FOOT_IMU,), packets=packets)), 3.0)
    for first, second in zip(samples[::2], samples[1::2], strict=False):
        assert second._replace(t_arrive_us=first.t_arrive_us) == first
        assert second.t_arrive_us > first.t_arrive_us


def test_readings_that_waited_are_those_of_their_time(wear: Wear, hear: Hear) -> None:
    plain = SensorConfig(worn=(HEEL_SWITCH, FOOT_IMU))
    stalling = replace(plain, packets=PacketConfig(stalls_per_min=20.0))
    late = hear(wear(stalling), 12.0)
    assert max(sample.t_arrive_us - sample.t_meas_us for sample in late) > 200_000
    punctual = {(s.t_meas_us, s.sensor): s.values for s in hear(wear(plain), 12.0)}
    assert all(punctual[s.t_meas_us, s.sensor] == s.values for s in late)


def test_equal_seeds_give_equal_readings_and_others_do_not(wear: Wear, hear: Hear) -> None:
    config = SensorConfig(worn=EVERYTHING)
    assert hear(wear(config), 5.0) == hear(wear(config), 5.0)
    assert hear(wear(config), 5.0) != hear(wear(config, seed=4), 5.0)


@pytest.mark.parametrize("kind", EVERYTHING)
def test_a_sensor_more_changes_no_others_readings(wear: Wear, hear: Hear, kind: str) -> None:
    together = of(kind, hear(wear(SensorConfig(worn=EVERYTHING)), 5.0))
    assert together == hear(wear(SensorConfig(worn=(kind,))), 5.0)


def test_a_standing_foot_feels_gravity_noise_and_its_mounting(wear: Wear, hear: Hear) -> None:
    imu = ImuConfig(mount_deg=(30.0, 0.0, 0.0))
    samples = hear(wear(SensorConfig(worn=(FOOT_IMU,), foot_imu=imu)), 1.9)
    up, across = ([sample.values[k] for sample in samples] for k in (2, 1))
    assert statistics.mean(up) == pytest.approx(9.81 * 0.866, abs=0.1)
    assert statistics.mean(across) == pytest.approx(9.81 * 0.5, abs=0.1)
    rate = [sample.values[4] for sample in samples]
    assert statistics.mean(rate) == pytest.approx(0.3, abs=0.15), "the bias"


@pytest.mark.parametrize("kind", [FOOT_IMU, SHANK_IMU])
def test_standing_is_not_perfectly_still(wear: Wear, hear: Hear, kind: str) -> None:
    def spread(tremor_deg_per_s: float) -> float:
        config = SensorConfig(
            worn=(kind,), foot_imu=IDEAL, shank_imu=IDEAL, tremor_deg_per_s=tremor_deg_per_s
        )
        return statistics.stdev(s.values[4] for s in hear(wear(config, standing_s=30.0), 29.0))

    assert spread(0.0) == 0.0
    assert spread(1.0) == pytest.approx(1.0, rel=0.2)
    assert spread(SensorConfig().tremor_deg_per_s) > 0.1, "by default"


def test_a_foot_in_the_air_does_not_tremble_with_the_ground(wear: Wear, hear: Hear) -> None:
    def rates(tremor_deg_per_s: float) -> dict[int, float]:
        config = SensorConfig(
            worn=(FOREFOOT_SWITCH, FOOT_IMU), foot_imu=IDEAL, tremor_deg_per_s=tremor_deg_per_s
        )
        return {s.t_meas_us: s.values[4] for s in of(FOOT_IMU, hear(wear(config), 12.0))}

    still, trembling = rates(0.0), rates(5.0)
    differing = sum(still[t_us] != trembling[t_us] for t_us in still)
    assert 0.5 < differing / len(still) < 0.9, "standing and stance, not swing"
    fast = [t_us for t_us, rate in still.items() if -rate > 150.0]
    assert fast
    assert all(still[t_us] == trembling[t_us] for t_us in fast), "the toe comes up in swing"


def test_a_swinging_foot_turns_at_rates_that_feet_turn_at(wear: Wear, hear: Hear) -> None:
    samples = hear(wear(SensorConfig(worn=(FOOT_IMU,), foot_imu=IDEAL)), 12.0)
    rates = [-sample.values[4] for sample in samples]
    assert -900 < min(rates) < -200
    assert 200 < max(rates) < 900


def test_a_shank_turns_at_rates_that_shanks_turn_at(wear: Wear, hear: Hear) -> None:
    samples = hear(wear(SensorConfig(worn=(SHANK_IMU,), shank_imu=IDEAL)), 12.0)
    rates = [-sample.values[4] for sample in samples]
    assert -500 < min(rates) < -150
    assert 100 < max(rates) < 400


def test_the_truth_is_kept_beside_the_readings_where_it_is_asked_for(
    wear: Wear, hear: Hear
) -> None:
    packets = PacketConfig(loss_probability=0.5)
    config = SensorConfig(worn=(HEEL_FORCE, FOOT_IMU), foot_imu=IDEAL, packets=packets)
    hub = wear(config)
    assert hear(hub, 3.0)
    assert hub.truth == []
    hub = wear(replace(config, tremor_deg_per_s=0.0))
    hub.keep_truth = True
    samples = hear(hub, 12.0)
    truth = {row.t_us: row for row in hub.truth}
    assert list(truth) == list(range(10_000, 12_000_000, 10_000))[: len(truth)], "lost or not"
    assert len(truth) > 1190
    for sample in of(FOOT_IMU, samples):
        row = truth[sample.t_meas_us]
        assert -sample.values[4] == pytest.approx(57.29578 * row.rate_rad_per_s, abs=1 / 32 + 1e-3)
    for sample in of(HEEL_FORCE, samples):
        assert sample.values[0] == pytest.approx(truth[sample.t_meas_us].heel_load_N, abs=0.125)


def test_the_shanks_sensor_sits_in_the_middle_of_the_shank(wear: Wear) -> None:
    hub = wear(SensorConfig(worn=(SHANK_IMU,), shank_imu=IDEAL, tremor_deg_per_s=0.0))
    leg = hub._leg
    most = 0.0
    while hub.next_arrival_us() < 12e6:
        (sample,) = hub.read()
        tilt, rate, change, forward, upward = leg.shank_motion()
        at_ankle = (upward + 9.81) * cos(tilt) - forward * sin(tilt)
        towards_ankle = leg.shank_length_m / 2 * rate * rate
        expected = at_ankle + SHIN_M * change - towards_ankle
        assert sample.values[2] == pytest.approx(expected, abs=1 / 256)
        most = max(most, towards_ankle)
    assert most > 1.0


def test_two_sensors_of_a_leg_share_no_noise(wear: Wear, hear: Hear) -> None:
    noisy = replace(IDEAL, gyro_noise_deg_per_s=1.0)
    config = SensorConfig(
        worn=(FOOT_IMU, SHANK_IMU), foot_imu=noisy, shank_imu=noisy, tremor_deg_per_s=0.0
    )
    samples = hear(wear(config, standing_s=12.0), 11.0)
    foot, shank = ([s.values[4] for s in of(kind, samples)] for kind in (FOOT_IMU, SHANK_IMU))
    assert abs(statistics.correlation(foot, shank)) < 0.2
