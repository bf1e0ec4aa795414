"""The witness sees each limit broken, and nothing else."""

from pathlib import Path

import pytest

from hil.witness import Witness

LIMITS = """
[limits]
current_mA = 80
pulse_width_us = 300
rate_hz = 50
charge_per_phase_uC = 20
burst_ms = 1000
"""

GOOD = ((200, 20_000), (200, -20_000))


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    file = tmp_path / "limits.toml"
    file.write_text(LIMITS)
    return Witness(file)


def train(witness: Witness, count: int, period_us: int = 25_000) -> None:
    for k in range(count):
        witness.see(1_000_000 + k * period_us, 0, GOOD)


def broken(witness: Witness) -> set[str]:
    return {violation.limit for violation in witness.violations}


def test_an_ordinary_burst_breaks_nothing(witness: Witness) -> None:
    train(witness, 40)
    assert broken(witness) == set()
    assert witness.pulses == 40
    assert witness.charge_pC == 40 * 4_000_000
    assert witness.charge_per_phase_max_pC == 4_000_000


@pytest.mark.parametrize(
    ("points", "limit"),
    [
        (((100, 80_500), (100, -80_500)), "current_mA"),
        (((100, -80_500), (100, 80_500)), "current_mA"),
        (((301, 20_000), (301, -20_000)), "pulse_width_us"),
        (((290, 70_000), (290, -70_000)), "charge_per_phase_uC"),
        (((200, 20_000), (200, -10_000)), "net_charge_uC"),
        (((200, 20_000),), "net_charge_uC"),
        (((140, 20_000), (100, 0), (140, 20_000)), "net_charge_uC"),
    ],
)
def test_a_pulse_beyond_a_limit_is_seen(
    witness: Witness, points: tuple[tuple[int, int], ...], limit: str
) -> None:
    witness.see(1_000_000, 0, points)
    assert broken(witness) == {limit}


def test_a_pulse_at_its_limit_is_not(witness: Witness) -> None:
    witness.see(1_000_000, 0, ((250, 80_000), (250, -80_000)))
    witness.see(2_000_000, 0, ((300, 66_500), (300, -66_500)))
    assert broken(witness) == set()


def test_pulses_that_come_too_close_are_seen(witness: Witness) -> None:
    train(witness, 3, period_us=17_000)
    assert broken(witness) == {"interval_ms"}


def test_channels_have_accounts_of_their_own(witness: Witness) -> None:
    for k in range(10):
        witness.see(1_000_000 + k * 25_000, k % 2, GOOD)
        witness.see(1_005_000 + k * 25_000, 2, GOOD)
    assert broken(witness) == set()


def test_a_burst_that_lasts_too_long_is_seen(witness: Witness) -> None:
    train(witness, 60)
    assert broken(witness) == {"burst_ms"}


def test_any_pulse_is_one_too_many_where_there_is_to_be_silence(witness: Witness) -> None:
    witness.silent = True
    train(witness, 1)
    assert broken(witness) == {"silence"}


def test_without_a_file_the_absolute_caps_hold() -> None:
    witness = Witness(None)
    witness.see(1_000_000, 0, ((400, 100_000), (400, -100_000)))
    assert broken(witness) == set()
    witness.see(2_000_000, 0, ((400, 100_500), (400, -100_500)))
    assert broken(witness) == {"current_mA", "charge_per_phase_uC"}


def test_a_file_cannot_raise_the_caps(tmp_path: Path) -> None:
    file = tmp_path / "limits.toml"
    file.write_text("[limits]\ncurrent_mA = 1000\ncharge_per_phase_uC = 1000\n")
    witness = Witness(file)
    witness.see(1_000_000, 0, ((100, 100_500), (100, -100_500)))
    assert broken(witness) == {"current_mA"}


def test_the_rms_of_a_train_is_that_of_the_formula(witness: Witness) -> None:
    for k in range(100):
        witness.see(1_000_000 + k * 25_000, 0, GOOD)
    rms_ma = (witness.squared_max_uA2_us / 1e6) ** 0.5 / 1000
    assert rms_ma == pytest.approx(20 * (2 * 200e-6 * 40) ** 0.5, rel=0.01)
