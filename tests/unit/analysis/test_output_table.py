"""The output table's figures, from pulses that a simulated P24 emitted."""

import math
from dataclasses import replace

import pytest

from fes_ctrl.analysis.output_table import EmittedPulse, largest_square, output_figures
from hil.output_table import emitted_in_walk, emitted_train
from hil.scenarios import load_scenario

# mA, us, Hz, cm2: charge per phase uC, mA r.m.s., mA/cm2, mW/cm2, mJ, V, Shannon k, at 500 ohm;
# Irms = Ipk sqrt(2 PW f), as IEC 60601-2-10 manuals state it. The last digit is rounded.
WORKED = [
    ((20, 200, 30, 25), (4.0, 2.19, 0.09, 0.10, 0.080, 10, -0.19)),
    ((40, 300, 40, 25), (12.0, 6.20, 0.25, 0.77, 0.480, 20, 0.76)),
    ((80, 300, 45, 16), (24.0, 13.15, 0.82, 5.40, 1.920, 40, 1.56)),
    ((100, 360, 60, 8), (36.0, 20.78, 2.60, 27.0, 3.600, 50, 2.21)),
    ((100, 400, 60, 8), (40.0, 21.91, 2.74, 30.0, 4.000, 50, 2.30)),
]
HALF_DIGIT = (0.05, 0.005, 0.005, 0.005, 0.0005, 0.5, 0.005)


@pytest.mark.parametrize(("asked", "worked"), WORKED)
def test_what_is_emitted_agrees_with_the_worked_values_within_one_per_cent(
    asked: tuple[int, int, int, int], worked: tuple[float, ...]
) -> None:
    current_mA, width_us, rate_hz, area_cm2 = asked
    points = ((width_us, current_mA * 1000), (width_us, -current_mA * 1000))
    figures = output_figures(emitted_train(points, rate_hz, 500, 3.0), 500, area_cm2)
    found = (
        figures.charge_per_phase_uC,
        figures.rms_mA,
        figures.density_mA_per_cm2,
        figures.power_density_mW_per_cm2,
        figures.pulse_energy_mJ,
        figures.voltage_V,
        figures.shannon_k,
    )
    for value, expected, half_digit in zip(found, worked, HALF_DIGIT, strict=True):
        assert value == pytest.approx(expected, rel=0.01, abs=half_digit)
    # And, where the table rounds coarsely, with its own formula.
    rms_mA = current_mA * math.sqrt(2 * width_us * 1e-6 * rate_hz)
    assert figures.rms_mA == pytest.approx(rms_mA, rel=0.01)
    assert figures.power_density_mW_per_cm2 == pytest.approx(rms_mA**2 / 2 / area_cm2, rel=0.01)
    assert figures.rate_hz == pytest.approx(rate_hz, rel=0.001)
    assert (figures.waveform, figures.shape) == ("biphasic", "symmetric")
    assert figures.phase_us == (width_us, width_us)
    assert figures.net_charge_uC == 0


def test_what_the_supply_cannot_drive_is_not_in_the_table() -> None:
    points = ((300, 40_000), (300, -40_000))
    figures = output_figures(emitted_train(points, 40, 10_000, 2.0), 10_000, 16)
    assert figures.voltage_V == 150
    assert figures.peak_mA == 15
    assert figures.charge_per_phase_uC == 4.5


def test_what_does_not_balance_is_told() -> None:
    points = ((200, 30_000), (400, -10_000), (100, -5_000))
    figures = output_figures(emitted_train(points, 20, 500, 2.0), 500, 16)
    assert figures.net_charge_uC == pytest.approx(6.0 - 4.5)
    assert figures.shape == "asymmetric"
    assert figures.phase_us == (200, 500)
    assert figures.gap_us == (0,)
    assert figures.pulse_energy_mJ == pytest.approx((900 * 200 + 100 * 400 + 25 * 100) * 500e-9)


def test_a_pause_between_phases_is_told_and_one_within_a_phase_is_not() -> None:
    points = ((100, 8_000), (50, 0), (100, 8_000), (70, 0), (30, 0), (200, -8_000), (40, 0))
    weak = EmittedPulse(25_000, ((100, 4_000), (10, 0), (100, -4_000)))
    figures = output_figures([weak, EmittedPulse(50_000, (*points, (5, 500)))], 500, 16)
    assert figures.gap_us == (100, 40)
    assert output_figures([], 500, 16).gap_us == ()


def test_a_second_is_any_second_and_not_one_of_a_clock() -> None:
    late = [EmittedPulse(900_000 + 10_000 * k, ((1_000, 1_000),)) for k in range(20)]
    assert largest_square(late, 1_000_000) == 20 * 1_000 * 1_000**2
    # A window that cuts both ends: two long pulses, a second from end to beginning but for 100 us.
    ends = [EmittedPulse(0, ((600, 1_000),)), EmittedPulse(1_000_500, ((600, 1_000),))]
    assert largest_square(ends, 1_000_000) == 600 * 1_000**2
    near = [EmittedPulse(0, ((600, 1_000),)), EmittedPulse(999_900, ((600, 1_000),))]
    assert largest_square(near, 1_000_000) == 700 * 1_000**2
    assert largest_square([], 1_000_000) == 0


def test_a_walk_is_tabled_from_its_bursts() -> None:
    walk = replace(load_scenario("standard").walk, duration_s=12.0)
    (pulses,) = emitted_in_walk(walk, 500).values()
    figures = output_figures(pulses, 500, 16)
    assert figures.peak_mA == 43
    assert figures.on_s is not None
    assert figures.off_s is not None
    assert 0.4 < figures.on_s < 1.5
    assert figures.duty_percent == pytest.approx(
        100 * figures.on_s / (figures.on_s + figures.off_s)
    )
    first, second = pulses[0], pulses[1]
    assert output_figures([first], 500, 16).rate_hz is None
    assert output_figures([first, second], 500, 16).duty_percent is None
    nothing = output_figures([], 500, 16)
    assert (nothing.pulses, nothing.rms_mA, nothing.shannon_k) == (0, 0, None)
    assert nothing.waveform == "none"
