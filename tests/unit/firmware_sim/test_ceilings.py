"""The limiter's own caps and its reading of a limits file, as numbers."""

import math
from pathlib import Path

import pytest

from firmware_sim.ceilings import CAPS, ELSEWHERE, Ceilings, CeilingsError

# What nothing may exceed, whatever a file says.
MOST = {
    "current_mA": 100.0,
    "pulse_width_us": 500.0,
    "rate_hz": 100.0,
    "charge_per_phase_uC": 40.0,
    "net_charge_uC": 1.0,
    "burst_ms": 3_000.0,
    "duty_percent": 100.0,
    "rms_mA": 50.0,
    "density_mA_per_cm2": 10.0,
    "power_density_W_per_cm2": 0.25,
    "pulse_energy_mJ": 300.0,
    "voltage_V": 500.0,
    "start_mA": 50.0,
    "level_step_mA": 50.0,
    "dose_mC": 100_000.0,
    "session_min": 1_440.0,
    "electrode_area_cm2": 200.0,
}


def stands(found: Ceilings) -> dict[str, float]:
    return {name: getattr(found, name) for name in Ceilings.__slots__}


def read(folder: Path, **limits: float) -> Ceilings:
    file = folder / "limits.toml"
    file.write_text("[limits]\n" + "".join(f"{key} = {value}\n" for key, value in limits.items()))
    return Ceilings(file)


def test_the_caps_are_these() -> None:
    assert CAPS == MOST
    assert ELSEWHERE == {"ramp_min_ms": 0.0, "load_ohm": 1_000.0, "electrode_area_cm2": 16.0}


def test_without_a_file_the_caps_alone_hold() -> None:
    assert stands(Ceilings(None)) == {
        "area_cm2": 16.0,
        "burst_us": 3_000_000,
        "charge_pc": 40_000_000,
        "current_ua": 100_000,
        "density_ma_per_cm2": 10.0,
        "dose_pc": 100_000 * 10**9,
        "duty_percent": 100.0,
        "energy_mj": 300.0,
        "first_ua": 100_000,
        "interval_us": 10_000,
        "load_ohm": 1_000.0,
        "net_pc": 1_000_000,
        "power_w_per_cm2": 0.25,
        "ramp_us": 0,
        "rms_ma": 50.0,
        "session_us": 86_400_000_000,
        "start_ua": 0,
        "step_ua": 50_000,
        "voltage_v": 500.0,
        "width_us": 500,
    }


def test_every_value_of_a_file_is_taken_in_its_unit(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        current_mA=12.345,
        pulse_width_us=77,
        rate_hz=7,
        charge_per_phase_uC=1.25,
        net_charge_uC=0.75,
        burst_ms=123.5,
        duty_percent=12.5,
        rms_mA=7.5,
        density_mA_per_cm2=0.75,
        power_density_W_per_cm2=0.125,
        load_ohm=2_000,
        pulse_energy_mJ=0.5,
        voltage_V=44.5,
        start_mA=6.5,
        level_step_mA=1.5,
        ramp_min_ms=66.5,
        dose_mC=2.5,
        session_min=0.5,
        electrode_area_cm2=3.5,
    )
    assert stands(found) == {
        "area_cm2": 3.5,
        "burst_us": 123_500,
        "charge_pc": 1_250_000,
        "current_ua": 12_345,
        "density_ma_per_cm2": 0.75,
        "dose_pc": 2_500_000_000,
        "duty_percent": 12.5,
        "energy_mj": 0.5,
        "first_ua": 6_500,
        "interval_us": 142_858,
        "load_ohm": 2_000.0,
        "net_pc": 750_000,
        "power_w_per_cm2": 0.125,
        "ramp_us": 66_500,
        "rms_ma": 7.5,
        "session_us": 30_000_000,
        "start_ua": 6_500,
        "step_ua": 1_500,
        "voltage_v": 44.5,
        "width_us": 77,
    }


@pytest.mark.parametrize("key", MOST)
def test_no_file_raises_a_cap_and_every_file_may_stay_below(tmp_path: Path, key: str) -> None:
    at_cap = stands(read(tmp_path, **{key: MOST[key]}))
    assert stands(read(tmp_path, **{key: MOST[key] * 1.5})) == at_cap
    assert stands(read(tmp_path, **{key: MOST[key] / 2})) != at_cap


def test_a_file_with_either_key_of_the_rise_says_how_a_burst_begins(tmp_path: Path) -> None:
    assert (read(tmp_path, start_mA=20).start_ua, read(tmp_path).start_ua) == (20_000, 0)
    ramp = read(tmp_path, ramp_min_ms=100)
    assert (ramp.start_ua, ramp.first_ua, ramp.ramp_us) == (50_000, 50_000, 100_000)
    neither = read(tmp_path, current_mA=30)
    assert (neither.start_ua, neither.first_ua) == (0, 30_000)


def test_none_at_all_is_a_limit_of_ramp_and_net_charge_alone(tmp_path: Path) -> None:
    found = read(tmp_path, ramp_min_ms=0, net_charge_uC=0)
    assert (found.ramp_us, found.net_pc) == (0, 0)
    for key in sorted({*MOST, "load_ohm"} - {"net_charge_uC"}):
        with pytest.raises(CeilingsError):
            read(tmp_path, **{key: 0})


@pytest.mark.parametrize("key", ["ramp_min_ms", "load_ohm"])
def test_what_has_no_cap_may_be_anything_but_infinite(tmp_path: Path, key: str) -> None:
    assert stands(read(tmp_path, **{key: 1e9})) != stands(read(tmp_path, **{key: 2e9}))
    with pytest.raises(CeilingsError):
        read(tmp_path, **{key: math.inf})


def test_a_refusal_says_which_file_which_key_and_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "limits.toml"
    with pytest.raises(CeilingsError) as refused:
        read(tmp_path, rms_mA=-1)
    assert str(refused.value) == (
        f"{file}: limits.rms_mA: must be a positive number; the limiter takes no other"
    )
    file.write_text("[other]\n")
    with pytest.raises(CeilingsError) as refused:
        Ceilings(file)
    assert str(refused.value) == (
        f"{file}: has no table [limits]; give a limits file, as configs/limits/bench.toml"
    )
    file.write_text("[limits\n")
    with pytest.raises(CeilingsError, match=r"; give a limits file in TOML$"):
        Ceilings(file)
    with pytest.raises(CeilingsError, match=r"; give a limits file that can be read$"):
        Ceilings(tmp_path / "none.toml")
