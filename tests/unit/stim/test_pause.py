"""The pause between two bursts of a program, against what the guard takes for one."""

from itertools import product

import pytest

from fes_ctrl.model import Capabilities
from fes_ctrl.safety.felt import BEGINS, Felt
from fes_ctrl.stim.timing import BURST_PAUSE_US, FELT_LATE_US, pause_us
from fes_ctrl.stim.trains import SETPOINT_LIFE_US
from fes_ctrl.stimulators.config import (
    P24_MODES,
    REHASTIM2_MODES,
    StimulatorConfig,
    capabilities_of,
)

LATE_US = (0, 3_000, SETPOINT_LIFE_US)
"""When a pulse is let through after its instant: at once, a little later, at the last moment."""


P24 = P24_MODES["low_level"]
SINGLE = REHASTIM2_MODES["single_pulse"]


def listed(rate_dhz: int) -> Capabilities:
    interval_ms = round(20_000 / rate_dhz) / 2
    return capabilities_of(
        StimulatorConfig(device="rehastim2", mode="channel_list", list_interval_ms=interval_ms)
    )


RATES = [(P24, rate_dhz) for rate_dhz in range(20, 601)]
RATES += [(SINGLE, rate_dhz) for rate_dhz in range(20, 251)]
RATES += [(listed(rate_dhz), rate_dhz) for rate_dhz in range(20, 501, 10)]


@pytest.mark.parametrize(("device", "rate_dhz"), RATES)
def test_after_the_least_pause_a_train_of_any_rate_begins_anew_to_the_guard(
    device: Capabilities, rate_dhz: int
) -> None:
    period_us = device.period_us or 10_000_000 // rate_dhz
    first_us = 3 * period_us + pause_us(period_us, device)
    for before_us, last_us, late_us in product(LATE_US, repeat=3):
        felt = Felt(device)
        for index, let_us in ((1, 0), (2, before_us), (3, last_us)):
            at_us = index * period_us
            felt.enter(at_us, at_us + let_us, at_us + SETPOINT_LIFE_US, 20_000)
        expires_us = first_us + SETPOINT_LIFE_US
        assert felt.parting(first_us + late_us, expires_us) == BEGINS


def test_at_usual_rates_the_pause_is_the_least_there_is() -> None:
    assert pause_us(25_000, P24) == BURST_PAUSE_US
    assert pause_us(52_500, P24) == BURST_PAUSE_US == 2 * 52_500 + FELT_LATE_US
    assert pause_us(52_501, P24) == BURST_PAUSE_US + 2


def test_a_device_whose_pulses_vary_or_go_on_needs_a_longer_one() -> None:
    assert pause_us(40_000, SINGLE) == BURST_PAUSE_US + 14_000
    # Half as long again as 50 ms, and what the host and the device's own time may add.
    assert pause_us(50_000, SINGLE) == 3 * (50_000 + FELT_LATE_US + 14_000) // 2 + 1 + 29_000
    assert pause_us(50_001, SINGLE) == 118_501 + 1 + 29_000, "half of 237 003, in whole ones"
    listed_us = 3 * (40_000 + FELT_LATE_US + 24_000) // 2 + 1 + FELT_LATE_US
    assert pause_us(40_000, listed(250)) == listed_us + 84_000
