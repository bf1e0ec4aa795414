"""The pause between two bursts of a program, against what the guard takes for one."""

from itertools import product

import pytest

from fes_ctrl.safety.felt import BEGINS, Felt
from fes_ctrl.stim.program import BURST_PAUSE_US, FELT_LATE_US, pause_us
from fes_ctrl.stim.trains import SETPOINT_LIFE_US

LATE_US = (0, 3_000, SETPOINT_LIFE_US)
"""When a pulse is let through after its instant: at once, a little later, at the last moment."""


@pytest.mark.parametrize("rate_dhz", range(20, 601))
def test_after_the_least_pause_a_train_of_any_rate_begins_anew_to_the_guard(rate_dhz: int) -> None:
    period_us = 10_000_000 // rate_dhz
    first_us = 3 * period_us + pause_us(period_us)
    for before_us, last_us, late_us in product(LATE_US, repeat=3):
        felt = Felt()
        for index, let_us in ((1, 0), (2, before_us), (3, last_us)):
            at_us = index * period_us
            felt.enter(at_us, at_us + let_us, at_us + SETPOINT_LIFE_US, 20_000)
        expires_us = first_us + SETPOINT_LIFE_US
        assert felt.parting(first_us + late_us, expires_us) == BEGINS


def test_at_usual_rates_the_pause_is_the_least_there_is() -> None:
    assert pause_us(25_000) == BURST_PAUSE_US
    assert pause_us(52_500) == BURST_PAUSE_US == 2 * 52_500 + FELT_LATE_US
    assert pause_us(52_501) == BURST_PAUSE_US + 2
