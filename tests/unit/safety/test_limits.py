"""The limits as numbers: the defaults, the caps, the units, and what a walk may narrow."""

import math
from typing import get_type_hints

import pytest
from annotated_types import Ge, Gt, Le
from pydantic import TypeAdapter, ValidationError

from fes_ctrl.safety import account, limit_rows, limits
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.safety.limits import Limits

# What a bench has where its file says nothing.
DEFAULTS = {
    "current_mA": 80.0,
    "pulse_width_us": 300,
    "rate_hz": 50.0,
    "charge_per_phase_uC": 24.0,
    "burst_ms": 2000.0,
    "duty_warn_percent": 85.0,
    "sensor_max_age_ms": 100.0,
    "answer_max_age_ms": 100.0,
    "setpoint_max_life_ms": 20.0,
    "max_unattended_ms": 200.0,
    "electrode_area_cm2": 16.0,
    "rms_mA": 50.0,
    "density_mA_per_cm2": 2.0,
    "power_density_W_per_cm2": 0.25,
    "load_ohm": 1000.0,
    "pulse_energy_mJ": 300.0,
    "voltage_V": 150.0,
    "net_charge_uC": 1.0,
    "start_mA": 30.0,
    "level_step_mA": 5.0,
    "ramp_min_ms": 100.0,
    "duty_percent": 100.0,
    "dose_mC": 20_000.0,
    "session_min": 480.0,
}
# The least and the most that a file may say; an open end is refused itself.
BOUNDS = {
    "current_mA": ("above", 0, 100),
    "pulse_width_us": ("from", 10, 500),
    "rate_hz": ("from", 1, 100),
    "charge_per_phase_uC": ("above", 0, 40),
    "burst_ms": ("from", 50, 3000),
    "duty_warn_percent": ("above", 0, 100),
    "sensor_max_age_ms": ("from", 20, 500),
    "answer_max_age_ms": ("from", 5, 500),
    "setpoint_max_life_ms": ("from", 1, 100),
    "max_unattended_ms": ("from", 0, 5000),
    "electrode_area_cm2": ("above", 0, 200),
    "rms_mA": ("above", 0, 50),
    "density_mA_per_cm2": ("above", 0, 10),
    "power_density_W_per_cm2": ("above", 0, 0.25),
    "load_ohm": ("from", 500, 10_000),
    "pulse_energy_mJ": ("above", 0, 300),
    "voltage_V": ("above", 0, 500),
    "net_charge_uC": ("from", 0, 1),
    "start_mA": ("above", 0, 50),
    "level_step_mA": ("above", 0, 50),
    "ramp_min_ms": ("from", 0, 2000),
    "duty_percent": ("above", 0, 100),
    "dose_mC": ("above", 0, 100_000),
    "session_min": ("above", 0, 1440),
}


def in_force(found: Limits) -> dict[str, object]:
    return {name: getattr(found, name) for name in Limits.__slots__ if name != "config"}


def test_the_defaults_are_these() -> None:
    config = LimitsConfig()
    assert {key: getattr(config, key) for key in LimitsConfig.__slots__} == DEFAULTS


@pytest.mark.parametrize("key", BOUNDS)
def test_a_file_s_value_is_taken_up_to_its_bounds_and_not_beyond(key: str) -> None:
    kind, least, most = BOUNDS[key]
    taken: TypeAdapter[float] = TypeAdapter(get_type_hints(LimitsConfig, include_extras=True)[key])
    a_little = 1 if key == "pulse_width_us" else 1e-6
    good = [most, most - a_little, least + a_little] + [least] * (kind == "from")
    bad = [most + a_little, least - a_little] + [least] * (kind == "above")
    for value in good:
        assert taken.validate_python(value) == value
    for value in bad:
        with pytest.raises(ValidationError):
            taken.validate_python(value)
    assert DEFAULTS[key] in good or least < DEFAULTS[key] < most


def test_every_bound_is_tried() -> None:
    hints = get_type_hints(LimitsConfig, include_extras=True)
    assert set(hints) == set(BOUNDS)
    for hint in hints.values():
        assert len([b for b in hint.__metadata__ if isinstance(b, Ge | Gt | Le)]) == 2


def test_the_defaults_in_a_setpoint_s_units_are_these() -> None:
    assert in_force(Limits(LimitsConfig())) == {
        "answer_max_age_us": 100_000,
        "burst_us": 2_000_000,
        "charge_pc": 24_000_000,
        "current_ua": 80_000,
        "density_square": 32_000**2 * 1_000_000,  # 2 mA/cm2 on 16 cm2, for a second
        "dose_pc": 20_000_000_000_000,
        "duty_percent": 100.0,
        "duty_warn_percent": 85.0,
        "energy_square": 300_000_000_000_000,  # 0.3 J into 1 kohm: 0.3e-3 A2 s
        "level_step_ua": 5_000,
        "life_us": 20_000,
        "min_interval_us": 20_000,
        "net_pc": 1_000_000,
        "power_square": 4_000_000_000_000_000,  # 4 W into 1 kohm: 4e-3 A2, for a second
        "ramp_us": 100_000,
        "rms_square": 50_000**2 * 1_000_000,
        "sensor_max_age_us": 100_000,
        "session_us": 28_800_000_000,
        "square": 32_000**2 * 1_000_000,
        "start_ua": 30_000,
        "voltage_ua": 150_000,
        "width_us": 300,
    }


LOW = LimitsConfig(
    current_mA=12.3456,
    pulse_width_us=77,
    rate_hz=7,
    charge_per_phase_uC=1.234567,
    burst_ms=123.456,
    duty_warn_percent=11.5,
    sensor_max_age_ms=33.333,
    answer_max_age_ms=44.444,
    setpoint_max_life_ms=5.555,
    electrode_area_cm2=3,
    rms_mA=7,
    density_mA_per_cm2=0.7,
    power_density_W_per_cm2=0.01,
    load_ohm=2000,
    pulse_energy_mJ=0.4,
    voltage_V=44,
    net_charge_uC=0.9,
    start_mA=6.5432,
    level_step_mA=1.2345,
    ramp_min_ms=66.666,
    duty_percent=12.5,
    dose_mC=2.000000001,
    session_min=0.5,
)


def test_every_value_of_a_file_is_taken_in_its_unit() -> None:
    assert in_force(Limits(LOW)) == {
        "answer_max_age_us": 44_444,
        "burst_us": 123_456,
        "charge_pc": 1_234_567,
        "current_ua": 12_346,
        "density_square": 2_100**2 * 1_000_000,
        "dose_pc": 2_000_000_001,
        "duty_percent": 12.5,
        "duty_warn_percent": 11.5,
        "energy_square": 200_000_000_000,
        "level_step_ua": 1_234,
        "life_us": 5_555,
        "min_interval_us": 142_858,
        "net_pc": 900_000,
        "power_square": 15_000_000_000_000,
        "ramp_us": 66_666,
        "rms_square": 7_000**2 * 1_000_000,
        "sensor_max_age_us": 33_333,
        "session_us": 30_000_000,
        "square": 2_100**2 * 1_000_000,
        "start_ua": 6_543,
        "voltage_ua": 22_000,
        "width_us": 77,
    }


@pytest.mark.parametrize(
    ("config", "square"),
    [
        (LimitsConfig(rms_mA=1), 1_000**2 * 1_000_000),
        (LimitsConfig(density_mA_per_cm2=0.5, electrode_area_cm2=2), 1_000**2 * 1_000_000),
        (LimitsConfig(power_density_W_per_cm2=0.001, electrode_area_cm2=2), 2_000_000_000_000),
    ],
)
def test_of_the_three_limits_over_a_second_the_narrowest_holds(
    config: LimitsConfig, square: int
) -> None:
    assert Limits(config).square == square


def test_nothing_goes_beyond_the_caps_whoever_asks() -> None:
    config = LimitsConfig(**dict.fromkeys(LimitsConfig.__slots__, 10**7))
    assert in_force(Limits(config)) == {
        "answer_max_age_us": 500_000,
        "burst_us": 3_000_000,
        "charge_pc": 40_000_000,
        "current_ua": 100_000,
        "density_square": 2_000_000**2 * 1_000_000,  # 10 mA/cm2 on 200 cm2
        "dose_pc": 100_000 * 10**9,
        "duty_percent": 100.0,
        "duty_warn_percent": 100.0,
        "energy_square": 30_000_000_000,  # 0.3 J into 10 Mohm
        "level_step_ua": 50_000,
        "life_us": 100_000,
        "min_interval_us": 10_000,
        "net_pc": 1_000_000,
        "power_square": 5_000_000_000_000,  # 50 W into 10 Mohm
        "ramp_us": 10_000_000_000,
        "rms_square": 50_000**2 * 1_000_000,
        "sensor_max_age_us": 500_000,
        "session_us": 86_400_000_000,
        "square": 5_000_000_000_000,
        "start_ua": 50_000,
        "voltage_ua": 50,
        "width_us": 500,
    }


def test_no_load_below_500_ohm_is_believed() -> None:
    found = Limits(LimitsConfig(load_ohm=1, voltage_V=500, electrode_area_cm2=200))
    assert found.voltage_ua == 1_000_000
    assert found.energy_square == 600_000_000_000_000
    assert found.power_square == 100_000_000_000_000_000


def test_a_rate_is_never_rounded_up() -> None:
    for rate_hz, interval_us in ((1.0, 1_000_000), (3.0, 333_334), (99.0, 10_102), (100.0, 10_000)):
        assert Limits(LimitsConfig(rate_hz=rate_hz)).min_interval_us == interval_us


def test_what_a_walk_may_not_do_it_is_told_in_these_words() -> None:
    found = Limits(LimitsConfig())
    assert found.narrow("pulse", 1.0) == "limits.pulse: there is no such limit"
    assert found.narrow("max_unattended_ms", 100.0) == (
        "limits.max_unattended_ms = 100: cannot be changed in a walk; write it into the limits file"
    )
    for value in (0.0, -1.0, math.nan, math.inf, -math.inf):
        assert found.narrow("rms_mA", value) == (
            f"limits.rms_mA = {value:g}: must be a finite number above 0"
        )
    assert found.narrow("load_ohm", 999.0) == (
        "limits.load_ohm = 999: would widen the 1000 in force; a walk can only raise it"
    )
    assert found.narrow("current_mA", 80.5) == (
        "limits.current_mA = 80.5: would widen the 80 in force; a walk can only lower it"
    )
    assert found.config == LimitsConfig()


def test_what_a_walk_narrows_holds_from_then_on() -> None:
    found = Limits(LimitsConfig())
    for key, value, name, expected in (
        ("rms_mA", 0.5, "rms_square", 500**2 * 1_000_000),
        ("load_ohm", 2000.0, "voltage_ua", 75_000),
        ("ramp_min_ms", 150.0, "ramp_us", 150_000),
        ("session_min", 0.25, "session_us", 15_000_000),
    ):
        assert found.narrow(key, value) == ""
        assert getattr(found, name) == expected
        assert getattr(found.config, key) == value
    assert found.narrow("load_ohm", 2000.0) == ""
    assert found.narrow("pulse_width_us", 250.9) == ""
    assert found.width_us == 250
    assert repr(found.config.pulse_width_us) == "250"


@pytest.mark.parametrize(("key", "value"), [("rate_hz", 1e-310), ("ramp_min_ms", 1e306)])
def test_a_value_that_no_arithmetic_takes_changes_nothing(key: str, value: float) -> None:
    found = Limits(LimitsConfig())
    before = {name: getattr(found, name) for name in Limits.__slots__}
    assert key in found.narrow(key, value)
    assert {name: getattr(found, name) for name in Limits.__slots__} == before


def test_the_words_and_caps_of_the_modules_are_these() -> None:
    assert (limit_rows.LOWER, limit_rows.HIGHER, limit_rows.FIXED) == ("lower", "higher", "fixed")
    assert (account.SECOND_US, account.DUTY_WINDOW_US) == (1_000_000, 10_000_000)
    caps = {name: value for name, value in vars(limits).items() if name.startswith("CAP_")}
    assert caps == {
        "CAP_CURRENT_UA": 100_000,
        "CAP_WIDTH_US": 500,
        "CAP_CHARGE_PC": 40_000_000,
        "CAP_BURST_US": 3_000_000,
        "CAP_RMS_UA": 50_000,
        "CAP_DENSITY_UA_PER_CM2": 10_000.0,
        "CAP_POWER_W_PER_CM2": 0.25,
        "CAP_AREA_CM2": 200.0,
        "CAP_ENERGY_MJ": 300.0,
        "CAP_VOLTAGE_V": 500.0,
        "CAP_NET_PC": 1_000_000,
        "CAP_START_UA": 50_000,
        "CAP_LEVEL_STEP_UA": 50_000,
        "CAP_DUTY_PERCENT": 100.0,
        "CAP_DOSE_PC": 100_000_000_000_000,
        "CAP_SESSION_US": 86_400_000_000,
        "CAP_SENSOR_AGE_US": 500_000,
        "CAP_ANSWER_AGE_US": 500_000,
        "CAP_LIFE_US": 100_000,
    }
    assert limits.LEAST_LOAD_OHM == 500.0
    assert limits.LEAST_INTERVAL_US == 10_000


@pytest.mark.parametrize("row", limit_rows.ROWS, ids=lambda row: row.key)
def test_a_row_states_cap_and_direction(row: limit_rows.LimitRow) -> None:
    _, least, most = BOUNDS[row.key]
    higher = row.key in {"load_ohm", "ramp_min_ms"}
    assert row.cap == (least if higher else most)
    fixed = row.key == "max_unattended_ms"
    assert row.narrower == ("higher" if higher else "fixed" if fixed else "lower")


def test_every_cap_is_a_finite_number() -> None:
    assert all(math.isfinite(row.cap) for row in limit_rows.ROWS)
