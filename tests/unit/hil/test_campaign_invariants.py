"""Each invariant of a campaign fails where a part is broken, and holds where none is."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from fes_ctrl.authority import FAULT_OF_REPORT, Authority
from fes_ctrl.model import ALL_LEGS, Arm, Fault, Operator
from fes_ctrl.runtime.stepper import Stepper, TimerQueue
from fes_ctrl.safety.arming import Arming
from fes_ctrl.safety.faults import BY_ID, LATCH
from fes_ctrl.safety.freshness import SensorMonitor
from fes_ctrl.safety.guard import Guard
from fes_ctrl.stim.program import Program
from fes_ctrl.stimulators import conversation
from fes_ctrl.stimulators.conversation import Conversation
from fes_ctrl.stimulators.driver_line import DriverLine
from fes_ctrl.stimulators.p24 import P24Session
from fes_ctrl.stimulators.p24_low import LowLevel
from fes_ctrl.wire import sciencemode4 as sm4
from firmware_sim.devices.p24_low import LowLevel as SimulatedLowLevel
from firmware_sim.injection_text import parse
from firmware_sim.output import OutputStage
from hil.campaign.case import Case, plain
from hil.campaign.invariants import OF_A_PULSE, OF_A_STEP, OF_A_WALK
from hil.campaign.run import Outcome, run_case
from hil.rig import Rig

Patch = Callable[[pytest.MonkeyPatch], None]
PULSE = ((300, 20_000), (300, -20_000))


def case(*hand: str, inject: tuple[str, ...] = (), **operator: Any) -> Case:
    """A short walk; bursts come from the third second on."""
    walk = plain().walk
    script = replace(walk.operator, level_percent=(100,), clear_after_s=60.0, hand=hand, **operator)
    return Case(
        replace(
            walk, duration_s=11.0, operator=script, inject=tuple(parse(text) for text in inject)
        )
    )


def broken(outcome: Outcome) -> set[str]:
    return {violation.invariant.partition(".")[0] for violation in outcome.violations}


def stray(*at_ms: float, points: Any = PULSE) -> Callable[[Rig], None]:
    """A device that gives pulses by itself."""

    def tamper(rig: Rig) -> None:
        for each_ms in at_ms:
            rig._clock.call_at_us(round(each_ms * 1000), 1, give, rig, round(each_ms * 1000))

    def give(rig: Rig, t_us: int) -> None:
        for sink in rig._electrodes():
            sink(t_us, 0, points)

    return tamper


def at(at_s: float, what: Callable[[Rig], None]) -> Callable[[Rig], None]:
    return lambda rig: rig._clock.call_at_us(round(at_s * 1e6), 5, what, rig) and None


@dataclass
class Broken:
    """A part that is broken, and the walk in which that shows."""

    case: Case
    tamper: Callable[[Rig], None] | None = None
    patch: Patch = field(default=lambda _: None)


def never_latches(patch: pytest.MonkeyPatch) -> None:
    expire = SensorMonitor.expire

    def forget(self: SensorMonitor, at_us: int) -> str:
        found = expire(self, at_us)
        self.latched = False
        return found

    patch.setattr(SensorMonitor, "expire", forget)
    patch.setattr(Arming, "latch", lambda *_: False)


def latches_without_a_stop(patch: pytest.MonkeyPatch) -> None:
    def only_latch(self: Authority, now_us: int, fault: str, detail: str) -> None:
        self.arming.latch(BY_ID[fault])
        self._records.append(Fault(now_us, fault, LATCH, ALL_LEGS, detail))

    patch.setattr(Authority, "latch", only_latch)


def ignores_stop(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Authority, "halt", lambda *_: None)
    patch.setattr(Arming, "disarm", lambda _: None)


def begins_at_full_level(patch: pytest.MonkeyPatch) -> None:
    ready = Arming.ready

    def full(self: Arming) -> bool:
        found = ready(self)
        self.level_percent = 100
        return found

    patch.setattr(Arming, "ready", full)


def never_repeats_a_stop(patch: pytest.MonkeyPatch) -> None:
    def wait(self: Any, now_us: int) -> bool:
        self._asked_us = now_us + 10_000_000
        return False

    patch.setattr(P24Session, "_stop_overdue", wait)


def arms_by_itself(patch: pytest.MonkeyPatch) -> None:
    def arm_too(self: Any, now_us: int) -> None:
        self._commands.append(Arm(now_us, 0))

    patch.setattr(Authority, "_clear", arm_too)


def never_tells_an_end(patch: pytest.MonkeyPatch) -> None:
    finish = Program._finish

    def silently(self: Any, *of: Any) -> tuple[()]:
        finish(self, *of)
        return ()

    patch.setattr(Program, "_finish", silently)


def raises(patch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> str:
        message = "a defect"
        raise RuntimeError(message)

    patch.setattr(Guard, "check", fail)


def never_tells_of_the_electrode(patch: pytest.MonkeyPatch) -> None:
    patch.delitem(FAULT_OF_REPORT, "electrode")


def writes_twice(patch: pytest.MonkeyPatch) -> None:
    send = DriverLine.send

    def twice(self: Any, now_us: int, number: int, command: int, frame: bytes, **of: bool) -> None:
        send(self, now_us, number, command, frame, **of)
        if of.get("current"):
            self.out.append(frame)

    patch.setattr(DriverLine, "send", twice)


def gives_twice(patch: pytest.MonkeyPatch) -> None:
    deliver = OutputStage.deliver

    def twice(self: OutputStage, t_us: int, channel: int, points: Any) -> bool:
        deliver(self, t_us, channel, points)
        return deliver(self, t_us, channel, points)

    patch.setattr(OutputStage, "deliver", twice)


def refuses(patch: pytest.MonkeyPatch) -> None:
    """A device that calls every tenth pulse an error."""
    pulse = SimulatedLowLevel.pulse
    given: list[int] = []

    def refuse(self: SimulatedLowLevel, now_us: int, payload: bytes) -> bytes:
        given.append(now_us)
        answer = pulse(self, now_us, payload)
        return answer if len(given) % 10 else bytes((sm4.BUSY, *answer[1:]))

    patch.setattr(SimulatedLowLevel, "pulse", refuse)


def again_and_again(rig: Rig) -> None:
    rig._clock.call_at_us(rig._clock.now_us(), 5, again_and_again, rig)


def lose_every_timer(rig: Rig) -> None:
    rig._clock._queue = TimerQueue()  # type: ignore[attr-defined]


def turn_the_clock_back(rig: Rig) -> None:
    rig._clock._now_us -= 500_000  # type: ignore[attr-defined]


def stops_on_the_loop_only(rig: Rig) -> None:
    if not isinstance(rig._clock, Stepper):
        at(6.0, lambda rig: rig.session.take(Operator(6_000_000, "stop", 0)))(rig)


def above_the_limits() -> Case:
    walk = plain().walk
    channel = replace(walk.control.program.channel[0], current_mA=99.0)
    program = replace(walk.control.program, channel=(channel,))
    return Case(replace(walk, control=replace(walk.control, program=program)))


BROKEN: dict[str, Broken] = {
    "silent_when_unarmed": Broken(case(), stray(300)),
    "silent_when_latched": Broken(case(inject=("sensor_dropout@5+2.5",)), patch=never_latches),
    "silent_when_stopped": Broken(case("stop@6"), patch=ignores_stop),
    "silent_when_paused": Broken(
        case("pause@6"), patch=lambda patch: patch.setattr(Arming, "pause", lambda _: None)
    ),
    "silent_when_inhibited": Broken(case(inject=("sensor_dropout@6+1.5",)), stray(7000)),
    "silent_at_zero": Broken(case(level_from_s=60.0), patch=begins_at_full_level),
    "bursts_end": Broken(case(), stray(*[3000 + 25 * k for k in range(90)])),
    "stop_is_confirmed": Broken(case(inject=("answers_lost@6",)), patch=never_repeats_a_stop),
    "authority_is_in_order": Broken(case(inject=("answers_lost@6",)), patch=latches_without_a_stop),
    "open_bursts_end": Broken(case(), patch=never_tells_an_end),
    "witness": Broken(case(), stray(5000, points=((300, 200_000), (300, -200_000)))),
    "time_goes_on": Broken(case(), at(2.0, again_and_again)),
    "no_deadlock": Broken(case(), at(2.0, lose_every_timer)),
    "no_exception": Broken(case(), patch=raises),
    "equal_clocks": Broken(replace(case(), both_clocks=True), stops_on_the_loop_only),
    "in_bounds": Broken(above_the_limits()),
    "reaction_in_time": Broken(case(inject=("answers_lost@6",)), stray(6500)),
    "reaction_missing": Broken(
        case(inject=("electrode_short@6",)), patch=never_tells_of_the_electrode
    ),
    "delivered_once": Broken(case(), patch=gives_twice),
    "written_as_allowed": Broken(case(), patch=writes_twice),
    "unexplained_fault": Broken(case(), patch=refuses),
}


@pytest.mark.parametrize("invariant", BROKEN)
def test_it_fails_where_a_part_is_broken(invariant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    part = BROKEN[invariant]
    part.patch(monkeypatch)
    assert invariant in broken(run_case(part.case, part.tamper))


@pytest.mark.parametrize("invariant", [name for name in BROKEN if name != "in_bounds"])
def test_it_holds_in_the_same_walk_where_no_part_is(invariant: str) -> None:
    outcome = run_case(BROKEN[invariant].case)
    assert outcome.violations == ()
    # The walk was one in which it could have failed.
    assert outcome.pulses > 0 or "level_from_s" in repr(BROKEN[invariant].case)


def test_no_invariant_is_left_out() -> None:
    names = {name for name, _ in (*OF_A_PULSE, *OF_A_STEP)} | set(OF_A_WALK)
    assert names == set(BROKEN)


def test_nothing_but_the_operator_arms(monkeypatch: pytest.MonkeyPatch) -> None:
    arms_by_itself(monkeypatch)
    assert broken(run_case(case("stop@4", "clear@6"))) >= {"authority_is_in_order"}


def test_time_that_goes_back_is_noticed() -> None:
    assert "time_goes_on" in broken(run_case(case(), at(2.0, turn_the_clock_back)))


def test_a_stop_that_waits_while_the_clock_goes_back_is_confirmed_in_time() -> None:
    # The device confirms it 150 ms after it was said, and answers no question in time after that.
    outcome = run_case(case(inject=("answers_delayed=150@6", "clock_back=60@6.25")))
    assert set(outcome.acknowledged) == {"answers_delayed", "clock_back"}
    assert outcome.violations == ()


def stuck_while_unarmed(poll_ms: float, deadline_ms: float, *hand: str, at_s: float = 7.0) -> Case:
    """A device that is stuck while it answers late: an answer from before confirms its stop."""
    late = f"answers_delayed={deadline_ms * 1.45:.0f}@6"
    plainly = case(*hand, inject=(late, f"device_stuck_on@{at_s}"))
    control = plainly.walk.control
    stimulator = replace(control.stimulator, poll_ms=poll_ms, ack_deadline_ms=deadline_ms)
    control = replace(control, stimulator=stimulator)
    return replace(plainly, walk=replace(plainly.walk, control=control))


AT_S = [7.0 + 0.06 * k for k in range(8)]
"""One of them falls between a stop and the answer that confirms it."""


@pytest.mark.parametrize("poll_ms", [151.6, 400.0])
def test_a_stuck_device_that_nobody_asks_is_noticed_at_the_next_poll_and_that_is_in_time(
    poll_ms: float,
) -> None:
    took_us = []
    for at_s in AT_S:
        outcome = run_case(stuck_while_unarmed(poll_ms, 67.83, at_s=at_s))
        assert outcome.violations == ()
        took_us += [each.took_us for each in outcome.reactions if each.fault == "F20"]
    assert len(took_us) == len(AT_S)
    assert max(took_us) > (poll_ms + 67.83 + 200.0) * 1000
    assert max(took_us) > 400_000, "what one takes at most that is asked at once"


def test_a_stuck_device_that_is_cut_off_later_than_that_is_too_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(conversation, "TRIES", 5)
    assert broken(run_case(stuck_while_unarmed(151.6, 67.83))) >= {"reaction_in_time"}


def test_a_poll_that_comes_late_is_too_late_for_a_stuck_device(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    polls_at_us = Conversation._polls_at_us

    def late(self: Conversation) -> int:
        return polls_at_us(self) + 120_000 if self.state == "up" else polls_at_us(self)

    monkeypatch.setattr(Conversation, "_polls_at_us", late)
    found = [broken(run_case(stuck_while_unarmed(151.6, 67.83, at_s=at_s))) for at_s in AT_S]
    assert {"reaction_in_time", "silent_when_unarmed"} <= set().union(*found)


def test_two_hands_at_one_instant_come_in_the_order_of_the_jitter() -> None:
    both = case("pause@5", "resume@5", "level=100@5.5")
    found = {run_case(replace(both, jitter_seed=seed)).setpoints_sha256 for seed in range(6)}
    assert len(found) > 1
    again = run_case(replace(both, jitter_seed=3))
    assert again == run_case(replace(both, jitter_seed=3))


def test_a_setpoint_that_is_written_once_more_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    write = LowLevel.write

    def again(self: Any, now_us: int) -> None:
        write(self, now_us)
        line = self._line
        if line.written:
            line.out.append(line.out[-1])
            line.written.append(line.written[-1])

    monkeypatch.setattr(LowLevel, "write", again)
    assert "written_as_allowed" in broken(run_case(case()))


def test_a_fault_that_is_explained_by_another_part_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    refuses(monkeypatch)
    both = run_case(case(inject=("sensor_dropout@3+0.05",)))
    assert "unexplained_fault" in broken(both)
    assert "unexplained_fault" not in broken(run_case(case(inject=("device_reset@0.1",))))
