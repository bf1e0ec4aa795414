"""A run stride by stride: every pulse is in one stride, and the course is zero where none is."""

import numpy as np
import pytest

from fes_ctrl.analysis.stride_course import channels_of, envelope, stride_course
from fes_ctrl.analysis.stride_spans import stride_spans
from fes_ctrl.analysis.truth import TruthLeg
from fes_ctrl.analysis.walk import Burst, LegWalk, Swing
from fes_ctrl.model import RIGHT, BurstStart, Setpoint


def burst(from_us: int, count: int, current_ua: int, channel: int = 0) -> Burst:
    pulses = [
        Setpoint(from_us + k * 25_000, RIGHT, channel, current_ua, 300, 0, 0) for k in range(count)
    ]
    return Burst(BurstStart(from_us, RIGHT, channel, "ho", from_us, abs(current_ua)), pulses)


def walked() -> LegWalk:
    swings = [
        Swing(k, k * 1_000_000 - 500_000, k * 1_000_000 - 400_000, k * 1_000_000, 9.0 + k, 3.0, 8.0,
              False, 0.0)
        for k in (1, 2, 3)
    ]  # fmt: skip
    bursts = [
        burst(540_000, 20, 40_000),
        burst(1_550_000, 16, -20_000),
        burst(1_550_000, 4, 10_000, 1),
    ]
    return LegWalk(RIGHT, swings=swings, bursts=bursts)


def test_charge_and_peak_are_of_the_pulses_within_a_stride() -> None:
    leg = walked()
    t_us = np.arange(0, 3_000_001, 1_000_000)
    truth = TruthLeg(RIGHT, t_us, {"fitness": np.array([1.0, 0.9, 0.8, 0.7])})
    rows = stride_course(leg, stride_spans(leg, 0), truth)
    # Of the first burst 19 pulses are before the contact at 1 s, and one after it.
    assert [row.pulses for row in rows] == [19, 1 + 16 + 4, 0]
    assert rows[0].charge_uC == pytest.approx(19 * 40.0 * 0.3)
    assert rows[1].charge_uC == pytest.approx(40 * 0.3 + 16 * 20 * 0.3 + 4 * 10 * 0.3)
    assert [row.peak_mA for row in rows] == [40.0, 40.0, None]
    assert [row.fitness for row in rows] == [0.9, 0.8, 0.7]
    assert rows[0].onset_ms == 40.0
    assert rows[2].onset_ms is None
    assert [row.swing.clearance_mm for row in rows if row.swing] == [10.0, 11.0, 12.0]


def test_without_truth_only_what_was_given_is_known() -> None:
    leg = walked()
    leg.swings = []
    assert stride_course(leg, stride_spans(leg, 0), None) == []
    assert channels_of(leg) == [0, 1]


def test_the_envelope_is_zero_between_bursts_and_each_pulse_in_them() -> None:
    t_us, current_mA = envelope(walked(), 0, 0, 3_000_000)
    assert (np.diff(t_us) >= 0).all()
    assert (t_us[0], t_us[-1]) == (0, 3_000_000)
    at = np.array([0, 500_000, 540_000, 900_000, 1_200_000, 1_600_000, 2_999_999])
    assert np.interp(at, t_us, current_mA) == pytest.approx([0, 0, 40, 40, 0, 20, 0])
    _, nothing = envelope(LegWalk(RIGHT), 0, 0, 1_000_000)
    assert (nothing == 0.0).all()
