"""Whole walks on a simulated feslink device: the wire, both clocks, and what ends its output."""

from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest

from fes_ctrl.assembly import problems_of
from fes_ctrl.model import RIGHT
from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.stepper import Stepper
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.safety.faults import BY_ID
from fes_ctrl.units import us_from_s
from firmware_sim.injection_text import parse
from hil.config import LimiterConfig
from hil.rig import Rig
from hil.scenarios import load_scenario, verdict
from hil.simulate import WalkResult, simulate

FESLINK = ("stimulator.device=feslink", "stimulator.mode=scheduled")
MID_SWING_S = 21.2


@cache
def walked(text: str = "", duration_s: float = 24.0) -> WalkResult:
    walk = load_scenario("standard", {}, FESLINK).walk
    inject = (parse(text),) if text else ()
    return simulate(replace(walk, duration_s=duration_s, inject=inject))


def test_a_walk_is_as_good_as_with_a_p24() -> None:
    scenario = load_scenario("standard", {}, FESLINK)
    result = walked(duration_s=scenario.walk.duration_s)
    told = verdict(result.figures, scenario.bounds, result.walk.unreached_injections)
    assert told["passed"], told


def test_the_device_gives_every_pulse_and_at_its_distance() -> None:
    result = walked()
    leg = result.walk.legs[0]
    assert len(leg.pulses_us) > 300
    inside_us = [b - a for a, b in pairwise(leg.pulses_us) if b - a < 100_000]
    # The cable alone wavers by 0.7 ms.
    assert max(abs(gap_us - 25_000) for gap_us in inside_us) < 400
    assert result.walk.faults == []
    assert result.walk.violations == []


def test_both_clocks_give_the_same_walk() -> None:
    walk = replace(load_scenario("standard", {}, FESLINK).walk, duration_s=15.0)
    stepped, virtual = simulate(walk), simulate(walk, clock="virtual")
    assert stepped.setpoints_sha256 == virtual.setpoints_sha256
    assert stepped.walk.legs[0].pulses_us == virtual.walk.legs[0].pulses_us


@pytest.mark.parametrize(
    ("injection", "fault", "within_ms"),
    [
        ("cable_pulled", "F15", 150),
        ("write_blocked", "F18", 150),
        ("answers_lost", "F18", 150),
        ("device_reset", "F31", 100),
        ("device_swapped", "F31", 100),
        ("electrode_off", "F12", 100),
        ("electrode_short", "F12", 100),
    ],
)
def test_output_ends_in_time(injection: str, fault: str, within_ms: int) -> None:
    result = walked(f"{injection}@{MID_SWING_S}")
    assert fault in {found.id for found in result.walk.faults}
    hit_us = MID_SWING_S * 1e6
    after_us = [t_us for t_us in result.walk.legs[0].pulses_us if t_us >= hit_us]
    in_burst_us = [t_us for t_us in after_us if t_us < hit_us + 400_000]
    assert all(t_us - hit_us <= within_ms * 1000 for t_us in in_burst_us)
    assert result.walk.violations == []
    assert result.walk.unreached_injections == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("emergency_switch", "device latched: button at the device (19)"),
        ("module_failed", "device latched: output measured is not what was asked for (16)"),
    ],
)
def test_its_button_and_its_stage_latch_by_name_and_are_cleared_by_hand_once_they_are_well(
    name: str, said: str
) -> None:
    walk = load_scenario("standard", {}, FESLINK).walk
    held = parse(f"{name}@{MID_SWING_S}+8")
    walk = replace(walk, duration_s=38.0, inject=(held,))
    stepper = Stepper()
    rig = Rig(walk, stepper, NullLog())
    rig.session.open()
    # While it holds; to see what is told, when it is over; and to clear that.
    for begin_s in (24.0, 30.0, 33.0):
        for after_s, action in ((0.0, "clear"), (0.5, "arm"), (1.0, "level")):
            stepper.run_until_us(us_from_s(begin_s + after_s))
            rig.operate(action, 100)
    stepper.run_until_us(us_from_s(38.0))
    done = rig.finish()
    (hit,) = rig.acknowledgements()
    first = done.faults[0]
    assert (hit.name, first.id, first.reaction, first.detail) == (name, "F31", "latch", said)
    assert 0 <= first.t_us - hit.t_us <= BY_ID["F31"].limit_ms * 1000
    assert {known.id for known in done.faults} == {"F31"}
    pulses_us = done.legs[0].pulses_us
    assert not [t_us for t_us in pulses_us if hit.t_us < t_us < held.to_us]
    assert len([t_us for t_us in pulses_us if t_us > us_from_s(34.0)]) > 20
    assert (done.violations, done.unreached_injections) == ([], [])


def test_a_limiter_behind_the_device_has_nothing_against_it_and_hears_its_host() -> None:
    walk = load_scenario("standard", {}, FESLINK).walk
    fitted = replace(walk, duration_s=15.0, limiter=LimiterConfig(fitted=True))
    result = simulate(fitted)
    assert result.walk.limiter is not None
    assert result.walk.limiter["reason"] is None
    assert result.walk.limiter["blocked"] == 0
    assert len(result.walk.legs[0].pulses_us) > 200


def test_a_dead_man_longer_than_the_limits_allow_is_refused_before_anything_starts() -> None:
    control = load_scenario("standard", {}, FESLINK).walk.control
    strict = replace(control, limits=LimitsConfig(max_unattended_ms=100))
    assert "stimulator.dead_man_ms = 150" in problems_of((RIGHT,), strict)[0]
    short = replace(strict, stimulator=replace(control.stimulator, dead_man_ms=100))
    assert problems_of((RIGHT,), short) == []
