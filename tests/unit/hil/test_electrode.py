"""What of a pulse reaches the patient is bounded by the device's voltage and the skin."""

import pytest

from firmware_sim.output import COMPLIANCE_MV
from hil.scenarios import load_scenario
from hil.simulate import simulate


def delivered_ua(impedance_ohm: int) -> int:
    sets = (f"patient.leg.0.electrode.impedance_ohm={impedance_ohm}",)
    walk = simulate(load_scenario("standard", {"duration_s": 8.0}, sets).walk).walk
    return max(walk.legs[0].pulses_ua)


@pytest.mark.parametrize("impedance_ohm", [5_000, 10_000])
def test_a_dry_electrode_gets_what_the_voltage_drives_through_it(impedance_ohm: int) -> None:
    assert delivered_ua(impedance_ohm) == COMPLIANCE_MV * 1000 // impedance_ohm


def test_an_electrode_that_the_voltage_can_drive_gets_what_was_set() -> None:
    assert delivered_ua(500) == delivered_ua(3_000) == 43_000
