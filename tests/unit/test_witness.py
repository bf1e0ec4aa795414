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
        (((200, 20_000), (101, 20_000), (301, -20_000)), "pulse_width_us"),
        (((150, 68_000), (145, 68_000), (295, -68_000)), "charge_per_phase_uC"),
        (((290, 66_000), (10, 0), (150, -66_000), (155, -66_000)), "charge_per_phase_uC"),
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
    witness.see(3_000_000, 0, ((100, 66_500), (200, 66_500), (50, 0), (300, -66_500)))
    witness.see(4_000_000, 0, ((300, 40_000), (1_200, -10_000)))
    witness.see(5_000_000, 0, ((200, 20_000), (150, -20_000)))
    assert broken(witness) == set()


@pytest.mark.parametrize(
    ("gap_us", "limits"),
    [(20_000, set()), (18_000, set()), (17_999, {"interval_ms"}), (0, {"interval_ms"})],
)
def test_pulses_that_come_closer_than_the_wire_can_bring_them_are_seen(
    witness: Witness, gap_us: int, limits: set[str]
) -> None:
    train(witness, 2, period_us=gap_us)
    assert broken(witness) == limits


def test_channels_have_accounts_of_their_own(witness: Witness) -> None:
    for k in range(10):
        witness.see(1_000_000 + k * 25_000, k % 2, GOOD)
        witness.see(1_005_000 + k * 25_000, 2, GOOD)
    assert broken(witness) == set()


def test_a_burst_that_lasts_too_long_is_seen(witness: Witness) -> None:
    train(witness, 41)
    assert broken(witness) == set(), "1000 ms from the first pulse to the last"
    witness.see(1_000_000 + 41 * 25_000, 0, GOOD)
    assert broken(witness) == {"burst_ms"}


@pytest.mark.parametrize(("pause_us", "limits"), [(100_000, {"burst_ms"}), (100_001, set())])
def test_a_pause_of_more_than_a_tenth_of_a_second_parts_two_bursts(
    witness: Witness, pause_us: int, limits: set[str]
) -> None:
    train(witness, 40)
    after_us = 1_000_000 + 39 * 25_000 + pause_us
    for k in range(10):
        witness.see(after_us + k * 25_000, 0, GOOD)
    assert broken(witness) == limits


def test_a_limit_that_is_no_number_leaves_the_cap(tmp_path: Path) -> None:
    file = tmp_path / "limits.toml"
    keys = ("current_mA", "pulse_width_us", "charge_per_phase_uC", "rate_hz", "burst_ms")
    file.write_text("[limits]\n" + "".join(f"{key} = nan\n" for key in keys))
    witness = Witness(file)
    witness.see(1_000_000, 0, ((501, 100_500), (501, -100_500)))
    witness.see(1_007_999, 0, GOOD)
    for k in range(1, 32):
        witness.see(1_007_999 + k * 100_000, 0, GOOD)
    assert broken(witness) == {
        "current_mA",
        "pulse_width_us",
        "charge_per_phase_uC",
        "interval_ms",
        "burst_ms",
    }


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
