"""The witness sees each limit broken, and nothing else."""

from pathlib import Path

import pytest

from hil.witness import Witness
from hil.witness.limits import WitnessLimits

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
        (((250, 10_000), (31, -80_500)), "current_mA"),
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


STARTS = LIMITS + "start_mA = 15\nlevel_step_mA = 50\nramp_min_ms = 50\n"


@pytest.mark.parametrize(
    ("before_us", "since_us", "begins"),
    [
        (25_000, 100_000, False),
        (25_000, 100_001, True),
        (66_667, 100_000, False),
        (66_668, 100_001, False),
        (66_667, 100_001, True),
        (117_509, 176_263, False),
        (117_509, 176_264, True),
        (235_018, 117_509, False),
        (333_334, 500_000, False),
        (333_334, 500_001, True),
        (450_000, 500_001, True),
        (500_000, 117_509, False),
        (500_001, 117_509, True),
        (500_001, 100_000, False),
    ],
)
def test_a_slow_train_goes_on_until_a_pause_stands_out_from_it(
    tmp_path: Path, before_us: int, since_us: int, begins: bool
) -> None:
    file = tmp_path / "limits.toml"
    file.write_text(STARTS)
    witness = Witness(file)
    t_us = 1_000_000
    # A burst to measure the next by, then three pulses, of which only the last is strong.
    for gap_us, ua in ((0, 15_000), (60_000, 15_000), (700_000, 15_000), (before_us, 15_000)):
        t_us += gap_us
        witness.see(t_us, 0, ((200, ua), (200, -ua)))
    witness.see(t_us + since_us, 0, GOOD)
    assert broken(witness) == ({"start_mA"} if begins else set())


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


# -- what a single pulse does not show -----------------------------------------------------------

ROOMY = {"start_mA": 50, "level_step_mA": 50, "ramp_min_ms": 0}


def judged(tmp_path: Path, **limits: float) -> Witness:
    file = tmp_path / "limits.toml"
    table = {**ROOMY, **limits}
    file.write_text("[limits]\n" + "".join(f"{key} = {value}\n" for key, value in table.items()))
    return Witness(file)


def burst(witness: Witness, from_us: int, currents_ua: list[int], period_us: int = 25_000) -> None:
    for k, ua in enumerate(currents_ua):
        witness.see(from_us + k * period_us, 0, ((200, ua), (200, -ua)))


@pytest.mark.parametrize(
    ("key", "value", "width_us", "broken_by"),
    [
        ("voltage_V", 20, 200, set()),
        ("voltage_V", 19.999, 200, {"voltage_V"}),
        ("pulse_energy_mJ", 0.16, 200, set()),
        ("pulse_energy_mJ", 0.16, 201, {"pulse_energy_mJ"}),
        ("rms_mA", 0.4, 200, set()),
        ("rms_mA", 0.4, 201, {"rms_mA"}),
        ("density_mA_per_cm2", 0.025, 200, set()),
        ("density_mA_per_cm2", 0.025, 201, {"density_mA_per_cm2"}),
        ("power_density_W_per_cm2", 1e-5, 200, set()),
        ("power_density_W_per_cm2", 1e-5, 201, {"power_density_W_per_cm2"}),
        ("dose_mC", 0.004, 200, set()),
        ("dose_mC", 0.004, 201, {"dose_mC"}),
        ("start_mA", 20, 200, set()),
        ("start_mA", 19.999, 200, {"start_mA"}),
    ],
)
def test_what_a_load_and_a_second_make_of_a_pulse(
    tmp_path: Path, key: str, value: float, width_us: int, broken_by: set[str]
) -> None:
    witness = judged(tmp_path, **{key: value})
    witness.see(1_000_000, 0, ((width_us, 20_000), (width_us, -20_000)))
    assert broken(witness) == broken_by


def test_the_electrodes_own_impedance_counts_as_it_is_at_that_pulse(tmp_path: Path) -> None:
    witness = judged(tmp_path, voltage_V=150)
    ohm = [1000]
    witness.impedance_ohm = ohm
    burst(witness, 1_000_000, [20_000])
    ohm[0] = 7_501
    burst(witness, 1_025_000, [20_000])
    (violation,) = witness.violations
    assert (violation.limit, violation.got) == ("voltage_V", pytest.approx(150.02))


def test_a_smaller_electrode_makes_a_density_of_the_same_current(tmp_path: Path) -> None:
    # 100 mA, 360 us, 60 Hz on 8 cm2: 20.78 mA r.m.s., 2.60 mA/cm2, 27 mW/cm2 into 500 ohm.
    pulse = ((360, 100_000), (360, -100_000))
    for area_cm2, limits in ((8, {"density_mA_per_cm2"}), (12, set())):
        witness = judged(tmp_path, density_mA_per_cm2=2.0, electrode_area_cm2=area_cm2)
        for k in range(61):
            witness.see(1_000_000 + k * 16_667, 0, pulse)
        assert broken(witness) - {"start_mA"} == limits
        rms_ma = (witness.squared_max_uA2_us / 1e12) ** 0.5
        assert rms_ma == pytest.approx(20.78, rel=0.01)


def test_the_second_is_any_second_of_one_electrode(tmp_path: Path) -> None:
    witness = judged(tmp_path, rms_mA=2.52)
    burst(witness, 1_000_000, [20_000] * 39)
    # Another electrode's pulses are not this one's.
    witness.see(1_970_000, 1, GOOD)
    assert broken(witness) == set()
    burst(witness, 1_975_000, [20_000])
    assert broken(witness) == {"rms_mA"}


def test_what_is_left_of_each_pulse_adds_up(tmp_path: Path) -> None:
    witness = judged(tmp_path)
    for k in range(20):
        witness.see(1_000_000 + k * 25_000, 0, ((200, 20_000), (175, -20_000)))
    assert broken(witness) == set(), "10 uC in a second are 10 uA"
    witness.see(1_500_000, 0, ((200, 20_000), (175, -20_000)))
    assert broken(witness) == {"dc_uA"}


def test_duty_is_that_of_any_ten_seconds(tmp_path: Path) -> None:
    witness = judged(tmp_path, duty_percent=40)
    for second in range(8):
        burst(witness, 1_000_000 + second * 1_000_000, [20_000] * 21)
    burst(witness, 11_000_000, [20_000] * 21)
    assert broken(witness) == set(), "as much has left the window as has come"
    burst(witness, 12_000_000 - 300_000, [20_000] * 3)
    assert broken(witness) == {"duty_percent"}


def test_a_burst_may_be_so_much_stronger_than_the_last(tmp_path: Path) -> None:
    witness = judged(tmp_path, start_mA=20, level_step_mA=5)
    burst(witness, 1_000_000, [20_000] * 10)
    burst(witness, 2_000_000, [20_000] * 4 + [25_000] * 6)
    burst(witness, 3_000_000, [20_000, 21_000])
    burst(witness, 4_000_000, [20_000] * 4 + [30_000] * 6)
    assert broken(witness) == set(), "a burst that was cut in its rise lowers no bar"
    burst(witness, 5_000_000, [20_000] * 4 + [35_001])
    (violation,) = witness.violations
    assert (violation.limit, violation.got) == ("level_step_mA", 5.001)


def test_after_the_level_was_at_zero_the_next_burst_is_a_first_one(tmp_path: Path) -> None:
    witness = judged(tmp_path, start_mA=20, level_step_mA=5)
    burst(witness, 1_000_000, [20_000] * 10)
    burst(witness, 2_000_000, [20_000] * 4 + [25_000] * 6)
    witness.from_zero(2_500_000, 20_000)
    burst(witness, 3_000_000, [20_000] * 10)
    assert broken(witness) == set()
    witness.from_zero(3_500_000, 20_000)
    burst(witness, 4_000_000, [20_000] * 4 + [20_001])
    assert broken(witness) == {"start_mA"}


def test_a_pulse_on_its_way_when_the_level_went_to_zero_belongs_to_its_own_burst(
    tmp_path: Path,
) -> None:
    witness = judged(tmp_path, start_mA=20, level_step_mA=5)
    burst(witness, 1_000_000, [20_000] * 10)
    burst(witness, 2_000_000, [20_000] * 4 + [25_000] * 6)
    witness.from_zero(2_240_000, 25_000)
    burst(witness, 2_250_000, [25_000])
    assert broken(witness) == set()
    burst(witness, 2_275_000, [20_000])
    assert broken(witness) == set()
    burst(witness, 2_300_000, [20_001])
    assert broken(witness) == {"start_mA"}, "one that was sent after it may only begin anew"


def test_a_burst_that_begins_after_zero_is_a_first_one_however_soon(tmp_path: Path) -> None:
    witness = judged(tmp_path, start_mA=20, level_step_mA=5)
    burst(witness, 1_000_000, [20_000] * 10)
    witness.from_zero(1_999_000, 25_000)
    burst(witness, 2_000_000, [20_000] * 4 + [20_001])
    assert broken(witness) == {"start_mA"}


@pytest.mark.parametrize(
    ("currents_ua", "limits"),
    [
        ([20_000, 25_000, 30_000, 35_000, 40_000], set()),
        ([20_000, 25_401], {"ramp_min_ms"}),
        ([20_001], {"start_mA"}),
        ([20_000] * 4 + [40_000], set()),
    ],
)
def test_a_burst_rises_no_faster_than_the_ramp(
    tmp_path: Path, currents_ua: list[int], limits: set[str]
) -> None:
    witness = judged(tmp_path, start_mA=20, level_step_mA=20, ramp_min_ms=100)
    burst(witness, 1_000_000, [20_000] * 10)
    burst(witness, 2_000_000, currents_ua)
    assert broken(witness) == limits


def test_a_long_pulse_still_counts_in_the_second_that_its_end_reaches(tmp_path: Path) -> None:
    long = ((200, 20_000), (200, -20_000), (4_000, 0))
    for first, limits in ((GOOD, set()), (long, {"rms_mA"})):
        witness = judged(tmp_path, rms_mA=0.5)
        witness.see(1_000_000, 0, first)
        witness.see(2_000_000, 0, GOOD)
        assert broken(witness) == limits


def test_the_polarity_changes_nothing_in_the_dose(tmp_path: Path) -> None:
    witness = judged(tmp_path, dose_mC=0.006)
    witness.see(1_000_000, 0, GOOD)
    witness.see(1_025_000, 0, ((200, -20_000), (200, 20_000)))
    assert broken(witness) == {"dose_mC"}
    assert witness.charge_pC == 8_000_000


def test_a_violation_tells_when_where_and_how_much(witness: Witness) -> None:
    witness.silent = True
    witness.see(1_000_000, 2, ((290, 84_000), (300, -84_000)))
    found = {violation.limit: violation.as_dict() for violation in witness.violations}
    assert found["silence"] == {
        "t_s": 1.0, "channel": 2, "limit": "silence", "got": 84.0, "allowed": 0.0
    }  # fmt: skip
    assert (found["current_mA"]["got"], found["current_mA"]["allowed"]) == (84.0, 80.0)
    charge = found["charge_per_phase_uC"]
    assert (charge["got"], charge["allowed"]) == (25.2, 20.0)


def test_ends_of_bursts_may_shift_by_the_wires_jitter_before_duty_is_broken(
    tmp_path: Path,
) -> None:
    for late_us, limits in ((20_000, set()), (20_001, {"duty_percent"})):
        witness = judged(tmp_path, duty_percent=10)
        burst(witness, 1_000_000, [20_000] * 39)
        witness.see(2_000_000 + late_us, 0, GOOD)
        assert broken(witness) == limits


def test_a_session_is_over_some_time_after_its_first_pulse(tmp_path: Path) -> None:
    witness = judged(tmp_path, session_min=1)
    burst(witness, 1_000_000, [20_000])
    burst(witness, 61_000_000, [20_000])
    assert broken(witness) == set()
    burst(witness, 61_200_000, [20_000])
    assert broken(witness) == {"session_min"}


def test_what_was_on_its_way_may_come_after_a_stop_and_nothing_later(tmp_path: Path) -> None:
    witness = judged(tmp_path)
    witness.forbid(1_000_000, 20_000)
    witness.forbid(1_010_000, 20_000)
    burst(witness, 1_020_000, [20_000])
    assert broken(witness) == set()
    burst(witness, 1_045_000, [20_000])
    assert broken(witness) == {"silence"}
    witness.violations.clear()
    witness.allow()
    burst(witness, 1_070_000, [20_000])
    assert broken(witness) == set()


EVERY_KEY = (
    "current_mA", "pulse_width_us", "rate_hz", "charge_per_phase_uC", "net_charge_uC", "burst_ms",
    "duty_percent", "rms_mA", "density_mA_per_cm2", "power_density_W_per_cm2", "pulse_energy_mJ",
    "voltage_V", "level_step_mA", "dose_mC", "session_min",
)  # fmt: skip


@pytest.mark.parametrize("value", ["nan", "inf", "1e12", '"80"', "true"])
def test_whatever_stands_in_the_file_is_never_above_the_caps(tmp_path: Path, value: str) -> None:
    file = tmp_path / "limits.toml"
    file.write_text("[limits]\n" + "".join(f"{key} = {value}\n" for key in EVERY_KEY))
    strange, caps = WitnessLimits(file), WitnessLimits(None)
    for name in [name for name in dir(caps) if not name.startswith("_")]:
        assert getattr(strange, name) == getattr(caps, name), name
    assert caps.rms_ma == 50.0
    assert caps.energy_mj == 300.0
    assert caps.power_w_per_cm2 == 0.25
    assert caps.net_pc == 1e6
    assert caps.dose_pc == 1e14
    assert caps.session_us == 86_400e6


def test_what_the_resolution_of_a_measurement_explains_breaks_no_limit(witness: Witness) -> None:
    witness.resolution = (4, 100)
    witness.see(0, 0, ((303, 60_000), (283, -60_000)))
    witness.see(0, 1, ((249, 80_090), (248, -80_010)))
    assert broken(witness) == set()
    assert witness.charge_per_phase_max_pC == 249 * 80_090, "as measured"


@pytest.mark.parametrize(
    ("points", "limit"),
    [
        (((305, 20_000), (305, -20_000)), "pulse_width_us"),
        (((100, 80_101), (100, -80_101)), "current_mA"),
        (((298, 69_000), (298, -69_000)), "charge_per_phase_uC"),
        (((200, 20_000), (200, -13_500)), "net_charge_uC"),
    ],
)
def test_what_it_does_not_explain_does(
    witness: Witness, points: tuple[tuple[int, int], ...], limit: str
) -> None:
    witness.resolution = (4, 100)
    witness.see(0, 0, points)
    assert broken(witness) == {limit}


@pytest.mark.parametrize(("first_ua", "breaks"), [(30_080, set()), (30_200, {"start_mA"})])
def test_nor_is_a_first_pulse_held_to_more_than_was_resolved(
    tmp_path: Path, first_ua: int, breaks: set[str]
) -> None:
    file = tmp_path / "limits.toml"
    file.write_text("[limits]\nstart_mA = 30\n")
    witness = Witness(file)
    witness.resolution = (4, 100)
    witness.see(0, 0, ((100, first_ua), (100, -first_ua)))
    assert broken(witness) == breaks
