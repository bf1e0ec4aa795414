"""Pulses are found and measured as they were emitted, however the trace was taken."""

from pathlib import Path

import numpy as np
import pytest

from firmware_sim.output import Points
from helpers.scope_traces import Emitted, Probe
from hil.scope.errors import TraceError
from hil.scope.measurement import Measurement, measured

SYMMETRIC: Points = ((300, 40_000), (300, -40_000))
ASYMMETRIC: Points = ((250, 32_000), (1000, -8_000))
GAPPED: Points = ((200, 40_000), (100, 0), (200, -40_000))
# Two bursts of five pulses, the second weaker: an odd period, so that samples meet each edge.
TRAIN = [100_000 + k * 25_013 for k in range(5)] + [400_000 + k * 25_013 for k in range(5)]


def train(points: Points, weak_share: float = 0.5) -> Emitted:
    weak = tuple([(duration, round(current * weak_share)) for duration, current in points])
    return [(at_us, points if at_us < 300_000 else weak) for at_us in TRAIN]


def seen(emitted: Emitted, **how: float) -> Measurement:
    settings = {"begin_s": 0.0, "end_s": 0.6, "zero_s": 0.0, **how}
    return measured(Path("trace.csv"), Probe(**settings).trace(emitted))  # type: ignore[arg-type]


@pytest.mark.parametrize("rate_hz", [50e3, 200e3, 1e6])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("points", [SYMMETRIC, ASYMMETRIC, GAPPED])
def test_phases_are_as_long_and_as_high_as_they_were(
    points: Points, sign: int, rate_hz: float
) -> None:
    given = tuple([(duration, sign * current) for duration, current in points])
    found = seen(train(given), rate_hz=rate_hz, offset_mA=-3.0)
    assert [burst.stop - burst.first for burst in found.bursts] == [5, 5]
    whole = [part for part in given if part[1]]
    sample_us = 1e6 / rate_hz
    for number, pulse in enumerate(found.pulses):
        scale = 1.0 if number < 5 else 0.5
        assert len(pulse.phases) == len(whole)
        assert pulse.onset_s * 1e6 == pytest.approx(TRAIN[number], abs=sample_us)
        assert pulse.gap_us == pytest.approx(
            100.0 if points is GAPPED else 0.0, abs=1.1 * sample_us
        )
        for phase, (duration_us, current_ua) in zip(pulse.phases, whole, strict=True):
            assert phase.duration_us == pytest.approx(duration_us, abs=1.1 * sample_us)
            assert phase.current_mA == pytest.approx(scale * current_ua / 1e3, abs=0.3)
        first = scale * whole[0][1] * whole[0][0] / 1e6
        # Three edges, the middle one of both phases, each within a sample.
        edges_uC = 2.0 * abs(whole[0][1]) / 1e3 * sample_us / 1e3
        assert pulse.net_charge_uC == pytest.approx(0.0, abs=edges_uC + 0.03 * abs(first))


@pytest.mark.parametrize("noise_mA", [0.1, 1.0])
@pytest.mark.parametrize(("points", "gap_us"), [(SYMMETRIC, 0.0), (GAPPED, 100.0)])
def test_a_current_that_turns_slowly_is_measured_at_half_its_height(
    points: Points, gap_us: float, noise_mA: float
) -> None:
    found = seen(train(points, 0.8), rate_hz=1e6, slew_us=15.0, noise_mA=noise_mA)
    for pulse in found.pulses:
        assert pulse.gap_us == pytest.approx(gap_us, abs=1.0 + noise_mA)
        for phase in pulse.phases:
            assert phase.duration_us == pytest.approx(points[0][0], abs=1.0 + noise_mA)


def test_bursts_are_timed_from_the_first_onset_to_the_last_end() -> None:
    found = seen(train(SYMMETRIC), rate_hz=1e6)
    on_s = 4 * 0.025013 + 0.0006
    assert [burst.on_s for burst in found.bursts] == pytest.approx([on_s, on_s], abs=3e-6)
    assert found.bursts[0].off_before_s is None
    assert found.bursts[1].off_before_s == pytest.approx(0.3 - on_s, abs=3e-6)


@pytest.mark.parametrize("coupling_s", [0.005, 0.02])
def test_what_ac_coupling_does_is_found_and_put_back(coupling_s: float) -> None:
    found = seen(train(SYMMETRIC), coupling_s=coupling_s, noise_mA=0.2)
    assert 1.0 / found.sag.per_s == pytest.approx(coupling_s, rel=0.2)
    net_uC = [pulse.net_charge_uC for pulse in found.pulses]
    raw_uC = 40.0 * 0.3 * 0.0003 / coupling_s  # what the capacitor takes off each pulse
    assert np.mean(net_uC) == pytest.approx(0.0, abs=max(0.2 * raw_uC, 0.05))


def test_a_dc_coupled_trace_is_left_as_it_is() -> None:
    assert seen(train(SYMMETRIC)).sag.per_s == 0.0


@pytest.mark.parametrize("offset_mA", [-3.22, 0.22])
def test_a_baseline_between_two_steps_is_no_phase(offset_mA: float) -> None:
    for seed in range(5):
        found = seen(
            train(ASYMMETRIC),
            rate_hz=500e3,
            noise_mA=0.1,
            step_mA=0.5,
            offset_mA=offset_mA,
            seed=seed,
        )
        assert [len(pulse.phases) for pulse in found.pulses] == [2] * 10


def test_a_single_spike_is_no_pulse() -> None:
    spike = (250_000, ((10, 40_000),))
    found = seen(sorted([*train(SYMMETRIC), spike]))
    assert (len(found.pulses), found.spikes) == (10, 1)


def test_pulses_that_the_ends_cut_are_left_out() -> None:
    found = seen(train(SYMMETRIC), begin_s=0.1003, end_s=0.5)
    assert (len(found.pulses), found.cut) == (8, 1)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"limit_mA": 35.0}, "clipped at the top of the screen: .* more volts a division"),
        ({"limit_mA": 35.0, "offset_mA": -9.0}, "clipped at the bottom"),
        ({"rate_hz": 8e3}, r"about 2 samples at 8 kS/s, too few.*sample at 40 kS/s or more"),
        ({"begin_s": 0.25, "end_s": 0.35}, "no pulse stands out of the noise"),
        ({"begin_s": 0.0995, "end_s": 0.1011}, "38% of the trace are pulse.*twice as much silence"),
    ],
)
def test_a_trace_that_is_too_poor_is_refused(how: dict[str, float], says: str) -> None:
    with pytest.raises(TraceError, match=says):
        seen(train(SYMMETRIC), **how)


@pytest.mark.parametrize(
    ("noise_mA", "step_mA", "offset_mA"),
    [
        (0.0, 0.5, 0.0),
        (0.05, 0.3, -4.35),  # a baseline that lies between two steps
        (0.2, 0.5, -0.25),
        (1.0, 0.5, 0.0),
        (0.3, 0.001, 0.0),
    ],
)
def test_a_plateau_within_the_screen_is_not_called_clipped(
    noise_mA: float, step_mA: float, offset_mA: float
) -> None:
    found = seen(
        train(SYMMETRIC), noise_mA=noise_mA, step_mA=step_mA, offset_mA=offset_mA, rate_hz=1e6
    )
    assert len(found.pulses) == 10
