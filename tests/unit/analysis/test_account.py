"""The account of a walk: which pulses belong to which burst."""

import pytest

from fes_ctrl.analysis.account import Account
from fes_ctrl.analysis.walk import Charge, LegWalk, Walk
from fes_ctrl.model import RIGHT, SYMMETRIC, BurstEnd, BurstStart, Setpoint
from hil.scenarios import load_scenario
from hil.simulate import simulate


def setpoint(at_us: int) -> Setpoint:
    return Setpoint(at_us, RIGHT, 0, 20_000, 300, at_us + 10_000, SYMMETRIC)


def start(t_us: int) -> BurstStart:
    return BurstStart(t_us, RIGHT, 0, "ho", t_us, 20_000)


def end(t_us: int, onset_us: int) -> BurstEnd:
    return BurstEnd(t_us, RIGHT, 0, "initial_contact", onset_us, t_us)


def test_a_step_whose_commands_come_first_gives_each_burst_its_own_pulses() -> None:
    account = Account(Walk(0, 0, [LegWalk(RIGHT)], Charge()))
    account.setpoint(setpoint(1_000))
    account.records(1_000, (start(1_000),))
    account.setpoint(setpoint(26_000))
    # The last of one, its end, and the first of the next: of one step.
    account.setpoint(setpoint(51_000))
    account.setpoint(setpoint(200_000))
    account.records(200_000, (end(51_000, 1_000), start(200_000)))
    account.setpoint(setpoint(225_000))
    account.records(225_000, (end(225_000, 200_000),))
    (leg,) = account.walk.legs
    given = [[each.at_us for each in burst.setpoints] for burst in leg.bursts]
    assert given == [[1_000, 26_000, 51_000], [200_000, 225_000]]
    assert all(burst.end is not None for burst in leg.bursts)
    assert leg.setpoints == 5


@pytest.mark.parametrize("name", ["standard", "both_legs"])
def test_every_pulse_of_a_walk_belongs_to_a_burst(name: str) -> None:
    result = simulate(load_scenario(name, {"duration_s": 12.0}).walk)
    for leg in result.walk.legs:
        assert leg.setpoints > 100
        assert sum(len(burst.setpoints) for burst in leg.bursts) == leg.setpoints
        for burst in leg.bursts:
            if burst.setpoints:
                assert burst.setpoints[0].at_us >= burst.start.t_us
