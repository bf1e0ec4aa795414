"""Two accounts that share no code: what the limiter lets through, the witness has nothing against.

Both read the same file; the pulses are dense about its limits.
"""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fes_ctrl.wire import sciencemode4 as sm4
from firmware_sim.ceilings import Ceilings
from firmware_sim.limiter import Limiter
from firmware_sim.output import Points
from hil.witness import Witness

LIMITS = """
[limits]
current_mA = 60
pulse_width_us = 300
rate_hz = 50
charge_per_phase_uC = 12
net_charge_uC = 1
burst_ms = 700
duty_percent = 50
rms_mA = 6
density_mA_per_cm2 = 0.36
power_density_W_per_cm2 = 0.0025
pulse_energy_mJ = 1
voltage_V = 55
start_mA = 30
level_step_mA = 5
ramp_min_ms = 100
dose_mC = 3
session_min = 0.5
electrode_area_cm2 = 16
"""

CURRENTS_UA = st.sampled_from(
    [500, 20_000, 29_500, 30_000, 30_500, 35_000, 35_500, 40_000, 45_500, 55_500, 60_500]
)
WIDTHS_US = st.sampled_from([100, 200, 299, 300, 301])
GAPS_US = st.sampled_from(
    [
        *(17_999, 18_000, 20_000, 25_000, 25_000, 25_000, 99_999, 100_000, 100_001),
        *(149_999, 150_000, 150_001, 400_000, 500_000, 500_001, 1_000_000),
    ]
)
BALANCE_US = st.sampled_from([0, 0, 0, 0, 5, -5, 20, -40])
TRAINS = st.lists(st.tuples(GAPS_US, CURRENTS_UA, WIDTHS_US, BALANCE_US), min_size=1, max_size=60)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("limits") / "limits.toml"
    found.write_text(LIMITS)
    return found


def pulses(train: list[tuple[int, int, int, int]]) -> list[tuple[int, Points]]:
    t_us = 0
    found = []
    for gap_us, ua, width_us, off_us in train:
        t_us += gap_us
        found.append((t_us, ((width_us, ua), (width_us + off_us, -ua))))
    return found


@given(TRAINS, st.integers(1, 20))
@settings(max_examples=300)
def test_what_passes_the_limiter_is_within_every_limit_of_the_witness(
    file: Path, train: list[tuple[int, int, int, int]], repeats: int
) -> None:
    limiter = Limiter(Ceilings(file), [1000] * 8)
    witness = Witness(file)
    witness.impedance_ohm = [1000] * 8
    limiter.sinks.append(witness.see)
    limiter.hear(0, sm4.ll_init(1))
    for t_us, points in pulses(train * repeats):
        limiter.hear(t_us, sm4.get_stim_status(1))
        limiter.pulse(t_us, 0, points)
    assert witness.violations == []


@given(TRAINS)
@settings(max_examples=300)
def test_what_the_limiter_blocks_first_the_witness_calls_by_the_same_name(
    file: Path, train: list[tuple[int, int, int, int]]
) -> None:
    limiter = Limiter(Ceilings(file), [1000] * 8)
    witness = Witness(file)
    witness.impedance_ohm = [1000] * 8
    limiter.hear(0, sm4.ll_init(1))
    for t_us, points in pulses(train):
        limiter.hear(t_us, sm4.get_stim_status(1))
        limiter.pulse(t_us, 0, points)
        witness.see(t_us, 0, points)
        if limiter.blocked:
            name = limiter.latched or "interval_ms"
            assert name in {violation.limit for violation in witness.violations}
            return
    assert witness.violations == []


@pytest.mark.parametrize("before_us", [66_667, 66_668, 100_000, 117_509, 270_000, 500_000, 500_001])
@pytest.mark.parametrize("off_us", [-2_000, -1, 0, 1, 2])
def test_both_part_a_slow_train_at_the_same_microsecond(
    file: Path, before_us: int, off_us: int
) -> None:
    limiter = Limiter(Ceilings(file), [1000] * 8)
    witness = Witness(file)
    witness.impedance_ohm = [1000] * 8
    limiter.hear(0, sm4.ll_init(1))
    since_us = before_us * 3 // 2 + off_us
    # A burst to measure the next by, then two pulses, and one that may not begin.
    train = [
        (0, 30_000),
        (25_000, 30_000),
        (700_000, 30_000),
        (before_us, 30_000),
        (since_us, 32_000),
    ]
    for t_us, points in pulses([(gap_us, ua, 200, 0) for gap_us, ua in train]):
        limiter.hear(t_us, sm4.get_stim_status(1))
        limiter.pulse(t_us, 0, points)
        witness.see(t_us, 0, points)
    begins = since_us > min(500_000, 1.5 * before_us * (before_us <= 500_000))
    assert limiter.latched == ("start_mA" if begins else "")
    assert [found.limit for found in witness.violations] == ["start_mA"] * begins
