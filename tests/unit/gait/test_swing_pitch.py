"""Pitch of a foot in its swing by its IMU, against the foot of the simulated patient itself."""

from dataclasses import replace
from math import degrees, nan

import numpy as np
import pytest

from fes_ctrl.gait.config import FootImuConfig
from fes_ctrl.gait.swing_pitch import SwingPitch, SwingPitchMeter
from fes_ctrl.model import FOOT_IMU, Sample
from hil.patient.config import PatientConfig
from hil.patient.gait_table import FLAT_RAD
from hil.patient.patient import VirtualPatient
from hil.patient.sensors.config import ImuConfig
from hil.patient.way import SegmentConfig
from hil.scenarios import load_scenario

MEASURED_S = 16.0
WAY = (SegmentConfig("stand", 2.0), SegmentConfig("walk", 60.0))


def walked(
    imu: ImuConfig,
    patient: str = "stroke_moderate",
    rate_hz: float = 100.0,
    until_s: float = MEASURED_S,
) -> tuple[list[Sample], VirtualPatient]:
    """Return what an IMU feels on an unaided foot, and whose foot it is."""
    config: PatientConfig = load_scenario("foot_imu", {"patient": patient}).walk.patient
    leg = config.leg[0]
    packets = replace(leg.sensors.packets, rate_hz=rate_hz)
    sensors = replace(leg.sensors, worn=(FOOT_IMU,), foot_imu=imu, packets=packets)
    config = replace(config, leg=(replace(leg, sensors=sensors),))
    someone = VirtualPatient(config, 3, WAY)
    hub = someone.hubs[0]
    hub.keep_truth = True
    found: list[Sample] = []
    while hub.next_arrival_us() < until_s * 1e6:
        found += hub.read()
    return found, someone


def measure(samples: list[Sample]) -> list[SwingPitch]:
    meter = SwingPitchMeter(FootImuConfig(), samples[0].leg)
    return [swing for sample in samples if (swing := meter.update(sample)) is not None]


@pytest.mark.parametrize("patient", ["stroke_moderate", "flaccid", "sci_incomplete"])
@pytest.mark.parametrize(
    ("mount", "bias"),
    [((0, 0, 0), (0, 0, 0)), ((40, -70, 130), (3, -5, 4)), ((-160, 20, -95), (-8, 6, -2))],
)
def test_pitch_is_that_of_the_foot_for_any_mounting_and_bias(
    patient: str, mount: tuple[float, float, float], bias: tuple[float, float, float]
) -> None:
    imu = ImuConfig(mount_deg=mount, gyro_bias_deg_per_s=bias)
    samples, someone = walked(imu, patient)
    sure = [swing for swing in measure(samples) if not swing.unsure][2:]
    assert len(sure) >= 4
    truth = someone.hubs[0].truth
    times = [row.t_us for row in truth]
    pitch = [degrees(row.pitch_rad - FLAT_RAD) for row in truth]
    for swing in sure:
        middle_us = 0.5 * (swing.toe_off_us + swing.contact_us)
        mid_deg, contact_deg = np.interp([middle_us, swing.contact_us], times, pitch)
        assert swing.mid_deg == pytest.approx(mid_deg, abs=2.5)
        assert swing.contact_deg == pytest.approx(contact_deg, abs=2.5)


@pytest.mark.parametrize("patient", ["stroke_moderate", "sci_incomplete", "healthy"])
@pytest.mark.parametrize(
    ("mount", "bias"), [((40, -70, 130), (3, -5, 4)), ((-160, 20, -95), (-8, 6, -2))]
)
def test_once_the_bias_is_known_from_many_strides_pitch_is_within_half_a_degree(
    patient: str, mount: tuple[float, float, float], bias: tuple[float, float, float]
) -> None:
    imu = ImuConfig(mount_deg=mount, gyro_bias_deg_per_s=bias)
    samples, someone = walked(imu, patient, until_s=60.0)
    sure = [swing for swing in measure(samples) if not swing.unsure][-20:]
    truth = someone.hubs[0].truth
    times = [row.t_us for row in truth]
    pitch = [degrees(row.pitch_rad - FLAT_RAD) for row in truth]
    middles = [0.5 * (swing.toe_off_us + swing.contact_us) for swing in sure]
    mid_deg = np.interp(middles, times, pitch)
    contact_deg = np.interp([swing.contact_us for swing in sure], times, pitch)
    assert np.median([swing.mid_deg for swing in sure] - mid_deg) == pytest.approx(0, abs=0.5)
    off_deg = [swing.contact_deg for swing in sure] - contact_deg
    assert np.median(off_deg) == pytest.approx(0, abs=0.5)
    assert np.std(off_deg) < 0.5


def surges(samples: list[Sample]) -> list[float]:
    return [swing.surge_mps for swing in measure(samples) if not swing.unsure][3:]


@pytest.mark.parametrize(
    "patient", ["cerebral_palsy_child", "sci_incomplete", "ms_fatigue", "stroke_severe_spastic"]
)
def test_the_surge_of_one_pace_stays_the_same(patient: str) -> None:
    # With a stiff ankle the heel comes off in a jerk, which falls between two readings or does not:
    # the speed ahead is off by 0.2 m/s all swing, and a stride's length by a third.
    told = surges(walked(ImuConfig(), patient, until_s=60.0)[0])
    usual = float(np.median(told))
    odd = [surge for surge in told if not 0.7 * usual < surge < 1.3 * usual]
    assert len(told) > 20
    assert len(odd) <= len(told) // 50


def test_no_steady_error_is_part_of_the_surge() -> None:
    plain, _ = walked(ImuConfig())
    off, _ = walked(ImuConfig(acc_bias_m_per_s2=(0.3, -0.3, 0.3)))
    assert surges(off) == pytest.approx(surges(plain), rel=0.1)


def test_a_foot_that_goes_faster_ahead_has_more_surge() -> None:
    samples, _ = walked(ImuConfig())
    ends = [swing for swing in measure(samples) if not swing.unsure][5:7]
    usual = ends[1].surge_mps
    quick = []
    middle_us = (ends[1].toe_off_us + ends[1].contact_us) // 2
    for sample in samples:
        ax, ay, az, *rates = sample.values
        t_us = sample.t_meas_us
        if ends[1].toe_off_us < t_us < ends[1].contact_us:
            # Toes lie along x in an IMU mounted straight: pushed on, then held back.
            ax += 4.0 if t_us < middle_us else -4.0
        quick.append(sample._replace(values=(ax, ay, az, *rates)))
    (changed,) = [swing for swing in measure(quick) if swing.t_us == ends[1].t_us]
    half_s = (ends[1].contact_us - ends[1].toe_off_us) / 2e6
    assert changed.surge_mps - usual == pytest.approx(4.0 * half_s, rel=0.35)
    assert changed.mid_deg == ends[1].mid_deg


def test_a_stride_with_a_gap_is_unsure_and_the_next_is_not() -> None:
    samples, _ = walked(ImuConfig())
    whole = measure(samples)
    odd = whole[5]
    gap_us = (odd.toe_off_us + odd.contact_us) // 2
    torn = [s for s in samples if not gap_us - 90_000 <= s.t_meas_us < gap_us]
    seen = [swing for swing in measure(torn) if swing.t_us <= whole[7].t_us]
    assert all("gap" in swing.unsure for swing in seen if swing.t_us == odd.t_us)
    assert [swing.t_us for swing in seen][-1] == whole[7].t_us
    assert not seen[-1].unsure


def test_readings_that_are_none_are_left_out() -> None:
    samples, _ = walked(ImuConfig())
    broken = [
        sample._replace(values=(nan,) * 6) if count % 40 == 7 else sample
        for count, sample in enumerate(samples)
    ]
    sure = [swing for swing in measure(broken) if not swing.unsure]
    assert sure
    assert all(-60 < swing.mid_deg < 0 < swing.contact_deg < 30 for swing in sure[2:])


def test_a_gyro_at_the_end_of_its_range_is_noticed() -> None:
    samples, _ = walked(ImuConfig(gyro_range_deg_per_s=250.0))
    found = measure(samples)[2:]
    assert found
    assert all("no more" in swing.unsure or "off" in swing.unsure for swing in found)


def test_nothing_is_measured_of_a_foot_that_stands_and_the_first_stride_after_it_is_unsure() -> (
    None
):
    samples, _ = walked(ImuConfig())
    found = measure(samples)
    assert all(swing.t_us > 2_000_000 for swing in found)
    assert found[0].unsure


def test_another_legs_samples_and_other_sensors_are_ignored() -> None:
    samples, _ = walked(ImuConfig())
    meter = SwingPitchMeter(FootImuConfig(), 1 - samples[0].leg)
    assert all(meter.update(sample) is None for sample in samples)
    assert (
        meter.snapshot()["since_us"] == SwingPitchMeter(FootImuConfig(), 0).snapshot()["since_us"]
    )


@pytest.mark.parametrize("rate_hz", [50.0, 250.0])
def test_other_rates_tell_the_same(rate_hz: float) -> None:
    found = []
    for rate in (100.0, rate_hz):
        samples, _ = walked(ImuConfig(gyro_bias_deg_per_s=(4, -4, 4)), rate_hz=rate)
        sure = [swing for swing in measure(samples) if not swing.unsure][3:9]
        found.append([(swing.mid_deg, swing.contact_deg) for swing in sure])
    assert np.array(found[1]) == pytest.approx(np.array(found[0]), abs=3.0)
