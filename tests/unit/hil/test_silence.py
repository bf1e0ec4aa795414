"""The witness is told of the controller's records by the clock that pulses come by."""

from dataclasses import replace
from pathlib import Path

import pytest

from fes_ctrl.model import ALL_LEGS, LEFT, Fault, Input, Operator, Record, StateChange
from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.clock import ORDER_OPERATOR
from fes_ctrl.runtime.session import ControlSession
from fes_ctrl.runtime.stepper import Stepper
from fes_ctrl.safety.faults import CLEARED, LATCH
from fes_ctrl.units import us_from_s
from firmware_sim.injection_text import parse
from hil.rig import Rig
from hil.scenarios import load_scenario
from hil.silence import Silence
from hil.witness import Witness

# start_mA = 30 and level_step_mA = 5.
WALK = load_scenario("standard").walk

JUMPS = pytest.mark.parametrize("ahead_us", [0, 1_500_000, -1_500_000])
"""By how much the host's clock is ahead of the walk's."""


class Told:
    """A witness, and whoever tells it what a controller says whose host's clock is off."""

    def __init__(self, ahead_us: int) -> None:
        self._ahead_us = ahead_us
        self._clock = Stepper()
        self.witness = Witness(Path(WALK.limits_file))
        self._silence = Silence(self.witness, WALK, self._clock)

    def _record(self, at_us: int, record: Record) -> None:
        self._clock.run_until_us(at_us)
        self._silence.records(at_us + self._ahead_us, (record,))

    def armed(self, at_us: int) -> None:
        """Hear that the device is ready, and 0.1 s later of the level."""
        for after_us, level in ((0, 0), (100_000, 100)):
            t_us = at_us + after_us
            self._record(t_us, StateChange(t_us + self._ahead_us, True, level, ""))

    def level(self, at_us: int, percent: int, reason: str = "level") -> None:
        self._record(at_us, StateChange(at_us + self._ahead_us, True, percent, reason))

    def fault(self, at_us: int, fault: str, reaction: str, leg: int) -> None:
        self._record(at_us, Fault(at_us + self._ahead_us, fault, reaction, leg, ""))

    def latched(self, at_us: int) -> None:
        self.fault(at_us, "F36", LATCH, ALL_LEGS)
        self._record(at_us, StateChange(at_us + self._ahead_us, False, 0, "F36"))

    def cleared(self, at_us: int) -> None:
        self.fault(at_us, "F36", CLEARED, ALL_LEGS)

    def pulse(self, at_us: int, ua: int = 20_000) -> None:
        self.witness.see(at_us, 0, ((200, ua), (200, -ua)))

    def burst(self, at_us: int, peak_ua: int) -> None:
        """See one that stays at 30 mA for longer than its rise may take, then at its peak."""
        for k in range(12):
            self.pulse(at_us + k * 25_000, 30_000 if k < 8 else peak_ua)

    def broken(self) -> list[str]:
        return [violation.limit for violation in self.witness.violations]


@JUMPS
def test_a_pulse_on_its_way_at_a_latch_may_come_and_none_later(ahead_us: int) -> None:
    told = Told(ahead_us)
    told.armed(6_000_000)
    told.pulse(7_000_000)
    told.latched(7_005_000)
    told.pulse(7_020_000)
    assert told.broken() == []
    told.pulse(7_060_000)
    assert told.broken() == ["silence"]


def test_a_warning_that_is_over_opens_no_latch() -> None:
    told = Told(0)
    told.armed(6_000_000)
    told.fault(7_000_000, "F04L", LATCH, LEFT)
    told.fault(7_500_000, "F25", CLEARED, ALL_LEGS)
    told.pulse(8_000_000)
    assert told.broken() == ["silence"]
    told.fault(8_500_000, "F04L", CLEARED, ALL_LEGS)
    told.pulse(9_000_000)
    assert told.broken() == ["silence"], "by hand it is open"


@JUMPS
def test_the_first_burst_after_arming_anew_is_the_one_from_zero(ahead_us: int) -> None:
    told = Told(ahead_us)
    told.armed(6_000_000)
    told.burst(7_000_000, 30_000)
    told.latched(7_500_000)
    told.cleared(7_800_000)
    told.armed(8_000_000)
    told.burst(9_000_000, 30_000)
    told.burst(10_000_000, 35_000)
    assert told.broken() == [], "the second may be a step stronger"


@JUMPS
def test_a_first_burst_that_goes_on_where_the_last_one_ended_is_seen(ahead_us: int) -> None:
    told = Told(ahead_us)
    told.armed(6_000_000)
    told.burst(7_000_000, 30_000)
    told.burst(8_000_000, 35_000)
    told.latched(8_500_000)
    told.cleared(8_800_000)
    told.armed(9_000_000)
    told.burst(10_000_000, 35_000)
    assert told.broken() == ["start_mA"]


@JUMPS
@pytest.mark.parametrize("reason", ["level", "pause"])
def test_the_first_burst_after_a_level_of_zero_is_one_from_zero(ahead_us: int, reason: str) -> None:
    told = Told(ahead_us)
    told.armed(6_000_000)
    told.burst(7_000_000, 30_000)
    told.burst(8_000_000, 35_000)
    told.level(8_500_000, 0, reason)
    told.level(8_600_000, 100)
    told.burst(9_000_000, 30_000)
    told.burst(10_000_000, 35_000)
    assert told.broken() == []
    told.level(10_500_000, 0, reason)
    told.level(10_600_000, 100)
    told.burst(11_000_000, 35_000)
    assert told.broken() == ["start_mA"]


def test_a_level_that_is_lowered_and_not_to_zero_begins_nothing_anew() -> None:
    told = Told(0)
    told.armed(6_000_000)
    told.burst(7_000_000, 30_000)
    told.burst(8_000_000, 35_000)
    told.level(8_500_000, 80)
    told.burst(9_000_000, 35_000)
    assert told.broken() == []


@pytest.mark.parametrize(
    ("action", "value"), [("level", 0), ("pause", 0), ("stop", 0), ("disarm", 0)]
)
def test_what_ends_output_by_hand_is_known_though_the_controller_does_not_hear_it(
    action: str, value: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = ControlSession.take

    def deaf(session: ControlSession, item: Input) -> None:
        if not isinstance(item, Operator) or item.t_us != 7_000_000:
            take(session, item)

    monkeypatch.setattr(ControlSession, "take", deaf)
    clock = Stepper()
    rig = Rig(replace(WALK, duration_s=10.0), clock, NullLog())
    clock.call_at_us(7_000_000, ORDER_OPERATOR, rig.operate, action, value)
    rig.session.open()
    clock.run_until_us(10_000_000)
    assert {found.limit for found in rig.witness.violations} == {"silence"}


def test_whoever_arms_anew_after_the_clock_has_jumped_breaks_no_limit() -> None:
    walk = replace(WALK, duration_s=16.0, inject=(parse("clock_forward=2@6"),))
    clock = Stepper()
    rig = Rig(walk, clock, NullLog())
    for at_us, action, value in (
        (8_000_000, "clear", 0),
        (8_200_000, "arm", 0),
        (8_500_000, "level", 100),
    ):
        clock.call_at_us(at_us, ORDER_OPERATOR, rig.operate, action, value)
    rig.session.open()
    clock.run_until_us(us_from_s(walk.duration_s))
    leg = rig.finish().legs[0]
    given = zip(leg.pulses_us, leg.pulses_ua, strict=True)
    anew = [abs(ua) for t_us, ua in given if t_us > 8_500_000]
    assert max(anew) > 30_000, "nothing was given after the jump that the limit is about"
    assert rig.witness.violations == []
