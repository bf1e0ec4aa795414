"""A reaction that had to come and did not fails a walk; one that need not come does not."""

from dataclasses import replace
from typing import Any

import pytest

from fes_ctrl.authority import FAULT_OF_REPORT
from fes_ctrl.controller import Controller
from fes_ctrl.model import ALL_LEGS, RIGHT, Fault
from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.stepper import Stepper
from fes_ctrl.safety.faults import CLEARED, LATCH
from fes_ctrl.safety.freshness import SensorMonitor
from fes_ctrl.safety.pace import Pace
from fes_ctrl.safety.roll_call import RollCall
from fes_ctrl.units import NEVER_US
from firmware_sim.injection_text import parse
from firmware_sim.injections import CERTAIN, ROWS, Acknowledgement, InjectionRow
from hil.certain import is_certain
from hil.missing import Heard, missing
from hil.rig import Rig
from hil.scenarios import load_scenario
from hil.simulate import WalkResult, simulate
from hil.summary import walk_summary

SECOND_LINE = {"sensor_frozen", "answers_lost", "host_suspended", "clock_forward"}
"""Output ends without their faults as well: no step is seen, the guard refuses what is unanswered,
and a sensor is silent in the time that was lost."""

CERTAIN_ROWS = [row for row in ROWS if row.certain and row.name not in SECOND_LINE]
REPORT_OF = {fault: report for report, fault in FAULT_OF_REPORT.items()}


def walked(
    text: str,
    *sets: str,
    detector: str = "heel",
    duration_s: float = 15.0,
    scenario: str = "standard",
) -> WalkResult:
    walk = load_scenario(scenario, {}, (f"detector.name={detector}", *sets)).walk
    return simulate(replace(walk, duration_s=duration_s, inject=(parse(text),)))


def deaf_to(fault: str, patch: pytest.MonkeyPatch) -> None:
    """A controller that never does anything about a fault."""

    def never(self: SensorMonitor, _: int) -> str:
        self.deadline_us = NEVER_US
        return ""

    def nobody(self: RollCall, _: int) -> list[str]:
        self.deadline_us = NEVER_US
        return []

    if fault == "F03":
        patch.setattr(Pace, "heel_off", lambda *_: False)
    elif fault == "F04":
        patch.setattr(SensorMonitor, "expire", never)
    elif fault == "F05":
        patch.setattr(RollCall, "expire", nobody)
    elif fault == "F36":
        patch.setattr(Controller, "_clock_jumped", lambda *_: None)
    else:
        patch.delitem(FAULT_OF_REPORT, REPORT_OF[fault])
        if fault == "F20":
            # What comes before it latches by itself.
            patch.delitem(FAULT_OF_REPORT, "silent")


@pytest.mark.parametrize("row", CERTAIN_ROWS, ids=lambda row: row.name)
def test_a_controller_that_is_deaf_to_a_fault_fails_the_walk(
    row: InjectionRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In a burst at full level; a warning may take ten seconds.
    text = f"{row.name}@9.3"
    scenario = "rehastim2" if row.devices else "standard"
    assert walked(text, detector=row.detector, scenario=scenario).missing == ()
    deaf_to(row.fault, monkeypatch)
    duration_s = 25.0 if row.fault == "F35" else 15.0
    done = walked(text, detector=row.detector, duration_s=duration_s, scenario=scenario)
    (found,) = done.missing
    assert (found.injection, found.fault) == (row.name, row.fault)
    assert found.after_us >= found.allowed_us
    assert row.fault in str(found)


def test_a_fault_from_behind_a_latch_is_told_again_once_a_hand_has_opened_it() -> None:
    walk = replace(load_scenario("standard").walk, inject=(parse("answers_lost@10"),))
    clock = Stepper()
    heard = Heard(walk, Rig(walk, clock, NullLog()), clock)
    for t_us, fault, how in (
        (9_900_000, "F12", LATCH),
        (10_100_000, "F18", LATCH),
        (12_000_000, "F12", CLEARED),
    ):
        heard.faults.append((t_us, Fault(t_us, fault, how, ALL_LEGS, "")))
        heard.changes_us.append(t_us)
    hit = [Acknowledgement("answers_lost", 10_000_000)]
    heard.output[RIGHT] += [13_000_000, 13_200_000]
    assert missing(walk, heard, hit) == ()
    heard.output[RIGHT].append(13_400_000)
    (found,) = missing(walk, heard, hit)
    assert (found.fault, found.t_us, found.after_us) == ("F18", 13_400_000, 400_000)


def test_the_verdict_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = load_scenario("standard")
    scenario.walk = replace(scenario.walk, duration_s=12.0, inject=(parse("electrode_short@9.3"),))
    scenario.bounds = {}

    def verdict() -> Any:
        return walk_summary(scenario, simulate(scenario.walk), "stepper", {})["verdict"]

    assert verdict() == {"passed": True, "reasons": []}
    deaf_to("F12", monkeypatch)
    assert not verdict()["passed"]
    assert verdict()["reasons"][0].startswith("electrode_short: no F12")


@pytest.mark.parametrize(
    ("text", "sets"),
    [
        # The device tells nothing below 15 mA.
        ("electrode_short@6", ("program.channel.0.current_mA=14",)),
        # It only makes pulses be skipped.
        ("answers_delayed=60@6", ()),
        # Over before anybody can know of it.
        ("sensor_dropout@6+0.05", ()),
        ("answers_held@6+0.05", ()),
        ("host_paused@6+0.05", ()),
        ("host_suspended@6+0.3", ()),
        # Whether a frame that matters is hit is chance.
        ("frames_corrupted=1@6+0.5", ()),
        # Nothing is armed until long after.
        ("clock_back@1", ("operator.arm_at_s=5", "operator.level_from_s=6")),
        ("device_reset@1", ("operator.arm_at_s=5", "operator.level_from_s=6")),
        # Who the device is shows when it is armed.
        ("device_swapped@0.1", ()),
    ],
)
def test_what_need_not_be_noticed_is_not_missed(text: str, sets: tuple[str, ...]) -> None:
    result = walked(text, *sets)
    pulses_us = result.walk.legs[0].pulses_us
    assert result.walk.faults or pulses_us[-1] > 9_000_000
    assert result.missing == ()


@pytest.mark.parametrize(
    ("text", "detector", "certain"),
    [
        ("legs_swapped@6", "heel", True),
        ("sensor_frozen@6", "heel", False),
        ("sensor_frozen@6", "foot-imu", True),
        ("sensor_late=101@6", "heel", True),
        ("answers_delayed=99@6", "heel", False),
        ("answers_delayed=100@6", "heel", True),
        ("clock_forward=1.15@6", "heel", False),
        ("clock_forward=1.3@6", "heel", True),
        ("frames_corrupted=100@6", "heel", False),
        ("heel_stuck_open@6", "heel", False),
        ("heel_chatters@6", "heel", True),
        ("heel_chatters=2.5@6", "heel", True),
        ("heel_chatters=3.4@6", "heel", True),
        ("heel_chatters=20@6", "heel", True),
        ("heel_chatters@6", "fused", False),
        ("imu_silent@6", "fused", True),
        ("imu_silent@0.9", "fused", False),
        ("imu_silent@6", "foot-imu", False),
    ],
)
def test_a_fault_is_certain_as_its_row_says(text: str, detector: str, certain: bool) -> None:
    walk = load_scenario("standard", {}, (f"detector.name={detector}",)).walk
    assert is_certain(walk, parse(text)) is certain


def test_samples_of_swapped_legs_are_told_apart_where_one_is_worn_on_only() -> None:
    walk = load_scenario("both_legs").walk
    assert not is_certain(walk, parse("legs_swapped@6"))


def test_every_row_that_names_a_fault_says_on_what_it_is_certain() -> None:
    for row in ROWS:
        assert row.certain in CERTAIN
        assert row.fault or not row.certain
        assert row.certain or not row.only
    assert {row.name for row in ROWS if row.fault and not row.certain} == {
        # Output goes on, as it should.
        *(row.name for row in ROWS if row.part == "network"),
        "axis_frozen",
        "heel_stuck_open",
        "frames_corrupted",
    }


@pytest.mark.parametrize(
    ("text", "detector", "sets", "certain"),
    [
        ("heel_chatters@6", "heel", "detector.heel.min_unloaded_ms=300", False),
        ("heel_chatters=20@6", "heel", "detector.heel.min_unloaded_ms=300", True),
        ("heel_chatters@6", "heel", "patient.leg.0.sensors.packets.loss_probability=0.1", False),
        ("heel_chatters@6", "heel", "patient.leg.0.sensors.packets.stalls_per_min=1", False),
        ("heel_chatters=3.4@6", "heel", "patient.leg.0.sensors.packets.rate_hz=25", False),
        ("heel_chatters@6", "heel", 'patient.leg.0.sensors.worn=["heel_force"]', False),
        ("heel_chatters@6", "heel", 'patient.leg.0.sensors.worn=["heel_switch"]', True),
        ("imu_silent@6", "fused", 'patient.leg.0.sensors.worn=["foot_imu"]', False),
        ("imu_silent@6", "fused", 'patient.leg.0.sensors.worn=["heel_switch"]', False),
        ("imu_silent@6", "fused", 'patient.leg.0.sensors.worn=["heel_force","shank_imu"]', True),
    ],
)
def test_whether_a_fault_is_certain_hangs_on_what_is_worn_and_how_it_reaches_the_host(
    text: str, detector: str, sets: str, certain: bool
) -> None:
    walk = load_scenario("standard", {}, (f"detector.name={detector}", sets)).walk
    assert is_certain(replace(walk, inject=(parse(text),)), parse(text)) is certain


def test_a_heel_that_chatters_and_does_something_else_is_certain_of_nothing() -> None:
    walk = load_scenario("standard").walk
    inject = (parse("heel_chatters@6"), parse("heel_bounce@6"))
    assert not is_certain(replace(walk, inject=inject), inject[0])
