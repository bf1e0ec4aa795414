"""The scripted hand does what it is told, when it is told, and refuses what no hand can do."""

from dataclasses import replace

import pytest

from fes_ctrl.config.build import UnplacedError, build
from fes_ctrl.runtime.operator import OperatorConfig, parse_act
from firmware_sim.injection_text import parse
from hil.scenarios import load_scenario
from hil.simulate import simulate


@pytest.mark.parametrize(
    ("text", "act"),
    [
        ("pause@12.5", (12_500_000, "pause", 0)),
        ("level=40@13", (13_000_000, "level", 40)),
        ("stop@0", (0, "stop", 0)),
        ("test@2", (2_000_000, "test", 0)),
        ("test=25@2.5", (2_500_000, "test", 25)),
    ],
)
def test_an_act_is_an_action_at_an_instant(text: str, act: tuple[int, str, int]) -> None:
    assert parse_act(text) == act


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("pause", "ACTION@T"),
        ("dance@3", "actions are arm"),
        ("level@3", "level=PERCENT@T"),
        ("stop=3@3", "ACTION@T"),
        ("level=half@3", "0 to 100"),
        ("level=101@3", "0 to 100"),
        ("test=101@3", "0 to 100"),
        ("stop@nan", "seconds"),
        ("stop@-1", "seconds"),
        ("stop@inf", "seconds"),
    ],
)
def test_what_no_hand_can_do_is_refused_with_the_way_out(text: str, says: str) -> None:
    with pytest.raises(UnplacedError, match=says):
        build(OperatorConfig, {"hand": [text]}, ("operator",))


def test_a_scenario_can_say_what_the_hand_does() -> None:
    sets = ['operator.hand=["pause@6", "resume@8", "level=100@8.5", "stop@14"]']
    walk = load_scenario("standard", {"duration_s": 20.0}, sets).walk
    pulses_us = simulate(walk).walk.legs[0].pulses_us
    given = {t_us // 1_000_000 for t_us in pulses_us}
    assert given & {3, 4, 5}
    assert not given & {7, 15, 16, 17, 18, 19}
    assert given & {10, 11, 12}


def told(*hand: str, inject: tuple[str, ...]) -> list[str]:
    """Return what was latched and cleared in a walk with that hand, in order."""
    walk = load_scenario("standard", {"duration_s": 18.0}).walk
    script = replace(walk.operator, hand=hand)
    found = tuple(parse(text) for text in inject)
    faults = simulate(replace(walk, operator=script, inject=found)).walk.faults
    return [f"{fault.id} {fault.reaction}" for fault in faults if fault.id != "F04"]


OFF = "electrode_off@5+2"
"""More than a fault of availability."""


def test_a_hand_that_clears_clears_whatever_is_latched() -> None:
    assert told("clear@9", inject=(OFF,)) == ["F12 latch", "F12 cleared"]


def test_by_itself_it_clears_availability_and_nothing_else() -> None:
    assert told(inject=("sensor_dropout@6+2.5",)) == ["F04L latch", "F04L cleared"]
    assert told(inject=(OFF,)) == ["F12 latch"]
    # What it was going to clear of the first is not its affair once the second has come.
    both = told(inject=("sensor_dropout@5+2.2", "device_reset@8"))
    assert both == ["F04L latch", "F31 latch"]


def test_once_a_hand_has_cleared_it_clears_availability_again() -> None:
    after = told("clear@9", inject=(OFF, "sensor_dropout@10+2.5"))
    assert after == ["F12 latch", "F12 cleared", "F04L latch", "F04L cleared"]


def test_what_clears_by_itself_is_no_hand_that_has_looked() -> None:
    after = told(inject=(OFF, "broker_down@0.5+11.5", "sensor_dropout@13+2.5"))
    assert after == ["F12 latch", "F25 warn", "F25 cleared", "F04L latch"]


def test_test_bursts_in_the_middle_of_a_walk_disturb_nothing() -> None:
    hand = [f"test@{5.0 + 1.37 * number:.2f}" for number in range(14)]
    sets = [f"operator.hand={hand}".replace("'", '"')]
    result = simulate(load_scenario("standard", {"duration_s": 27.0}, sets).walk)
    plain = simulate(load_scenario("standard", {"duration_s": 27.0}, []).walk)
    ends = [burst.end.ended_by for burst in result.walk.legs[0].bursts if burst.end is not None]
    assert 3 <= ends.count("test") <= 10, "some began; the others met a burst"
    assert result.walk.violations == []
    assert result.walk.faults == []
    assert result.walk.refusals == []
    told = [[(e.kind, e.t_us) for e in each.walk.legs[0].truth] for each in (result, plain)]
    assert [kind for kind, _ in told[0]] == [kind for kind, _ in told[1]]
