"""Who may give anything: arming, level and latch of one stimulator, to the word."""

import pytest

from fes_ctrl.authority import FAULT_OF_REPORT, Authority
from fes_ctrl.leg import LegController
from fes_ctrl.model import (
    ALL_LEGS,
    HEEL_SWITCH,
    LEFT,
    RIGHT,
    Arm,
    BurstStart,
    Command,
    Disarm,
    Fault,
    LinkReport,
    Operator,
    Record,
    StateChange,
    Stop,
)
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.safety.faults import BY_ID
from fes_ctrl.safety.felt import BEGINS, DRAWN_OUT_US
from fes_ctrl.safety.guard import Guard
from fes_ctrl.safety.limits import Limits
from fes_ctrl.stim.config import ProgramConfig, SetupConfig
from fes_ctrl.stim.program import Program
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.units import NEVER_US
from helpers.played import Scripted

WHICH = 2
DEVICE = capabilities_of(StimulatorConfig())
LIMITS = Limits(LimitsConfig())


class Desk:
    """An authority over two legs, and what it ordered and wrote down since it was last asked."""

    def __init__(self) -> None:
        self.legs = [
            LegController(
                leg,
                Scripted(),
                (HEEL_SWITCH,),
                Program(leg, ProgramConfig(), SetupConfig(), DEVICE),
                LIMITS,
                stimulator=WHICH,
            )
            for leg in (LEFT, RIGHT)
        ]
        self.cuts: list[tuple[int, int, str]] = []
        self.commands: list[Command] = []
        self.records: list[Record] = []
        self.authority = Authority(
            WHICH,
            Guard(LIMITS, DEVICE),
            self.legs,
            lambda leg, at_us, reason: self.cuts.append((leg.leg, at_us, reason)),
            self.commands,
            self.records,
        )

    def report(self, t_us: int, kind: str, detail: str = "", said_us: int | None = None) -> None:
        told_us = t_us if said_us is None else said_us
        self.authority.report(t_us, LinkReport(told_us, WHICH, kind, NEVER_US, detail))

    def do(self, t_us: int, action: str, value: int = 0) -> None:
        self.authority.operate(t_us, Operator(t_us, action, value))  # type: ignore[arg-type]

    def heard(self) -> tuple[list[Command], list[Record], list[tuple[int, int, str]]]:
        found = list(self.commands), list(self.records), list(self.cuts)
        for each in (self.commands, self.records, self.cuts):
            each.clear()
        return found


def cuts(t_us: int, reason: str) -> list[tuple[int, int, str]]:
    return [(LEFT, t_us, reason), (RIGHT, t_us, reason)]


def change(t_us: int, reason: str, level: int = 0, *, armed: bool = False) -> StateChange:
    return StateChange(t_us, armed, level, reason)


def armed(level: int = 70) -> Desk:
    desk = Desk()
    desk.report(0, "up")
    desk.do(1, "arm")
    desk.report(2, "ready")
    desk.do(3, "level", level)
    assert desk.authority.guard.armed
    desk.heard()
    return desk


def test_arming_takes_a_device_a_hand_and_the_devices_word_in_this_order() -> None:
    desk = Desk()
    desk.do(0, "arm")
    assert desk.heard() == ([], [change(0, "not armed: no device has answered")], [])
    desk.report(1, "up")
    desk.report(2, "ready")
    assert not desk.authority.guard.armed, "nobody asked for it"
    assert desk.heard() == ([], [], [])
    desk.do(3, "arm")
    assert desk.heard() == ([Arm(3, WHICH)], [], [])
    assert not desk.authority.guard.armed
    desk.report(4, "ready")
    assert desk.heard() == ([], [change(4, "device ready", armed=True)], [])
    assert desk.authority.guard.armed
    desk.do(5, "arm")
    assert desk.heard() == ([], [change(5, "not armed: already armed", armed=True)], [])


def test_an_answer_tells_the_guard_and_nobody_else() -> None:
    desk = armed()
    desk.authority.report(100, LinkReport(100, WHICH, "answer", 55, ""))
    assert desk.authority.guard.snapshot()["pending_since_us"] == 55
    assert desk.heard() == ([], [], [])
    desk.authority.report(200, LinkReport(200, WHICH, "idle", 77, ""))
    assert desk.authority.guard.snapshot()["pending_since_us"] == 77
    assert desk.heard() == ([], [], [])


LATCHING = sorted(k for k, fault in FAULT_OF_REPORT.items() if BY_ID[fault].reaction != "warn")
WARNING = sorted(k for k in FAULT_OF_REPORT if k not in LATCHING)


@pytest.mark.parametrize("kind", LATCHING)
def test_a_fault_of_the_device_takes_everything_in_one_go(kind: str) -> None:
    desk = armed()
    fault = FAULT_OF_REPORT[kind]
    desk.report(100_000, kind, "so it said")
    assert desk.heard() == (
        [Stop(100_000, WHICH, fault)],
        [
            Fault(100_000, fault, BY_ID[fault].reaction, ALL_LEGS, "so it said"),
            change(100_000, fault),
        ],
        cuts(100_000, "fault"),
    )
    assert desk.authority.guard.armed is False
    assert desk.authority.arming.latched == fault
    assert desk.authority.arming.link_up == (kind not in {"down", "stuck", "changed"})


@pytest.mark.parametrize("kind", WARNING)
def test_what_is_only_a_warning_is_told_of_and_changes_nothing(kind: str) -> None:
    desk = armed()
    desk.report(100_000, kind, "seen")
    fault = Fault(100_000, FAULT_OF_REPORT[kind], "warn", ALL_LEGS, "seen")
    assert desk.heard() == ([], [fault], [])
    assert desk.authority.guard.armed


def test_a_fault_that_comes_again_is_told_once_and_stopped_every_twentieth_of_a_second() -> None:
    desk = armed()
    desk.report(100_000, "error")
    desk.heard()
    desk.report(149_999, "error")
    assert desk.heard() == ([], [], [])
    desk.report(150_000, "error")
    assert desk.heard() == ([Stop(150_000, WHICH, "F31")], [], [])
    desk.report(199_999, "silent")
    (none, told, _) = desk.heard()
    assert none == []
    assert told == [Fault(199_999, "F18", "latch", ALL_LEGS, "")], "another fault is told of"
    desk.report(200_000, "silent")
    assert desk.heard()[0] == [Stop(200_000, WHICH, "F18")]


def test_how_long_ago_the_last_stop_was_is_told_by_the_clock_of_who_reports() -> None:
    desk = armed()
    desk.report(500_000, "error", said_us=500_000)
    desk.heard()
    desk.report(500_000, "error", said_us=450_001)
    assert desk.heard()[0] == []
    desk.report(500_000, "error", said_us=450_000)
    assert desk.heard()[0] == [Stop(500_000, WHICH, "F31")], "a clock that went back is no reason"


def test_a_latch_opens_by_hand_once_somebody_can_have_seen_it() -> None:
    desk = armed()
    desk.report(100_000, "error")
    desk.heard()
    for t_us, age in ((250_550, 151), (299_999, 200)):
        desk.do(t_us, "clear")
        told = change(t_us, f"not cleared: F31 is only {age} ms old")
        assert desk.heard() == ([], [told], [])
    desk.do(300_000, "arm")
    assert desk.heard() == ([], [change(300_000, "not armed: fault F31 is latched")], [])
    desk.do(300_000, "clear")
    assert desk.heard() == (
        [],
        [Fault(300_000, "F31", "cleared", ALL_LEGS, "by hand at 0.300 s")],
        [],
    )
    desk.do(300_001, "arm")
    assert desk.heard()[0] == [Arm(300_001, WHICH)]


def test_a_fault_that_comes_again_keeps_the_age_of_its_latch_and_another_makes_it_anew() -> None:
    for kind, opens in (("error", True), ("electrode", False)):
        desk = armed()
        desk.report(100_000, "error")
        desk.report(250_000, kind)
        desk.do(300_000, "clear")
        assert (desk.authority.arming.latched == "") == opens


def test_with_nothing_latched_there_is_nothing_to_clear() -> None:
    desk = armed()
    desk.do(0, "clear")
    assert desk.heard() == ([], [], [])
    assert desk.authority.guard.armed


def test_a_session_that_is_over_begins_anew_by_hand_alone() -> None:
    for fault, anew in (("F32", True), ("F33", False)):
        desk = armed()
        guard = desk.authority.guard
        guard._dose_pc = 1
        desk.authority.latch(100_000, fault, "")
        desk.heard()
        desk.do(300_000, "clear")
        assert (guard.snapshot()["dose_pc"] == 0) == anew


def test_a_latch_for_a_legs_sensor_holds_all_and_keeps_the_level() -> None:
    desk = armed()
    desk.legs[0].monitor.latched = True
    desk.authority.hold(100_000, BY_ID["F04L"])
    assert desk.heard() == ([], [], cuts(100_000, "fault"))
    assert desk.authority.guard.armed
    assert desk.authority.arming.level_percent == 70
    desk.do(299_999, "clear")
    assert desk.legs[0].monitor.latched
    desk.do(300_000, "clear")
    assert not desk.legs[0].monitor.latched
    assert desk.authority.arming.latched == ""


def test_a_latch_of_a_sensor_that_was_noticed_late_is_no_older_than_the_one_before() -> None:
    desk = armed()
    desk.authority.hold(100_000, BY_ID["F04L"])
    desk.authority.hold(50_000, BY_ID["F04L"])
    desk.do(299_999, "clear")
    assert desk.authority.arming.latched == "F04L"


def test_a_fault_of_availability_at_the_latch_stops_no_device() -> None:
    desk = armed()
    desk.report(100_000, "error")
    desk.heard()
    desk.authority.latch(900_000, "F04L", "silent")
    assert desk.heard()[0] == []


def test_a_jump_of_the_clock_takes_everything_and_only_where_there_is_something() -> None:
    desk = armed()
    desk.authority.clock_jumped(100_000, "by 3 s")
    assert desk.heard() == (
        [Stop(100_000, WHICH, "F36")],
        [Fault(100_000, "F36", "latch", ALL_LEGS, "by 3 s"), change(100_000, "F36")],
        cuts(100_000, "fault"),
    )
    assert desk.authority.guard.armed is False
    desk.do(299_999, "clear")
    assert desk.authority.arming.latched == "F36"
    desk.heard()
    desk.authority.clock_jumped(300_000, "by 3 s")
    assert desk.heard() == ([], [], []), "it is disarmed"
    idle = Desk()
    idle.authority.clock_jumped(100_000, "by 3 s")
    assert idle.heard() == ([], [], [])


def test_a_jump_of_the_clock_while_arming_ends_that_too() -> None:
    desk = Desk()
    desk.report(0, "up")
    desk.do(1, "arm")
    desk.heard()
    desk.authority.clock_jumped(100_000, "by 3 s")
    assert desk.heard()[0] == [Stop(100_000, WHICH, "F36")]


def peaks(desk: Desk) -> list[int]:
    return [account.last_peak_ua for account in desk.authority.guard._accounts]


def test_the_level_acts_in_the_running_bursts_of_every_leg_if_it_is_armed() -> None:
    desk = armed(70)
    for leg in desk.legs:
        leg.program.burst.level_percent = 70
        leg.program.anticipate(1_000, 2_000)
    before = [list(leg.program.burst.trains.set_ua) for leg in desk.legs]
    desk.do(10_000, "level", 40)
    assert desk.heard() == ([], [change(10_000, "level", 40, armed=True)], [])
    assert all(
        now < was
        for leg, its in zip(desk.legs, before, strict=True)
        for now, was in zip(leg.program.burst.trains.set_ua, its, strict=True)
    )
    idle = Desk()
    idle.do(10_000, "level", 40)
    assert idle.heard() == ([], [], [])


@pytest.mark.parametrize(("level", "kept"), [(1, 20_000), (0, 0)])
def test_only_a_level_of_zero_forgets_how_strong_the_last_burst_was(level: int, kept: int) -> None:
    desk = armed()
    for account in desk.authority.guard._accounts:
        account.last_peak_ua = 20_000
    desk.do(10_000, "level", level)
    assert set(peaks(desk)) == {kept}


def test_a_pause_takes_the_level_and_a_resume_does_not_give_it_back() -> None:
    desk = armed()
    for account in desk.authority.guard._accounts:
        account.last_peak_ua = 20_000
    desk.do(10_000, "pause")
    assert desk.heard() == ([], [change(10_000, "pause", armed=True)], cuts(10_000, "operator"))
    assert set(peaks(desk)) == {0}
    assert desk.authority.arming.paused is True
    assert desk.authority.guard.armed
    desk.do(20_000, "resume")
    assert desk.heard() == ([], [change(20_000, "resume", armed=True)], [])
    assert desk.authority.arming.paused is False


@pytest.mark.parametrize("kind", ["skipped", "missed"])
def test_a_pulse_that_was_not_or_may_not_have_been_given_raises_nothing(kind: str) -> None:
    desk = armed()
    for account in desk.authority.guard._accounts:
        account.peak_ua, account.last_peak_ua = 20_000, 15_000
    desk.report(10_000, kind)
    assert desk.heard() == ([], [], [])
    # Of a pulse that no account remembers nothing is known: the next burst is a first one.
    assert {account.peak_ua for account in desk.authority.guard._accounts} == {0}


@pytest.mark.parametrize("channel", [-1, 1])
def test_a_pulse_that_was_repeated_for_too_long_counts_for_its_channel(channel: int) -> None:
    desk = armed()
    guard = desk.authority.guard
    told = LinkReport(10_000, WHICH, "outlasted", NEVER_US, "", channel, 34_000)
    desk.authority.report(10_000, told)
    assert desk.heard() == ([], [], [])
    for number, account in enumerate(guard._accounts):
        account.felt.enter(0, 0, 1_000, 20_000)
        parted = account.felt.parting(34_000 + DRAWN_OUT_US + 100_000, NEVER_US) == BEGINS
        assert parted == (number != 1 and channel != -1)
        assert account.felt.parting(34_000 + DRAWN_OUT_US + 100_001, NEVER_US) == BEGINS


def test_a_hand_that_disarms_is_obeyed_once() -> None:
    desk = armed()
    desk.do(10_000, "disarm")
    assert desk.heard() == (
        [Disarm(10_000, WHICH)],
        [change(10_000, "disarm")],
        cuts(10_000, "operator"),
    )
    assert desk.authority.guard.armed is False
    desk.do(20_000, "disarm")
    assert desk.heard() == ([], [], [])


def test_a_hand_that_stops_is_obeyed_always() -> None:
    desk = armed()
    for t_us in (10_000, 20_000):
        desk.do(t_us, "stop")
        assert desk.heard() == (
            [Stop(t_us, WHICH, "stop")],
            [change(t_us, "stop")],
            cuts(t_us, "stop"),
        )
        assert desk.authority.guard.armed is False


def sensed(level: int = 70) -> Desk:
    """Return an armed desk whose legs' sensors speak."""
    desk = armed(level)
    for leg in desk.legs:
        leg.monitor.saw(5_000)
    return desk


@pytest.mark.parametrize(
    ("level", "asked_mA", "given_uA"),
    [(100, 0, 43_000), (50, 0, 30_500), (50, 20, 20_000), (50, 1, 1_000), (50, -1, 30_500)],
)
def test_a_test_burst_is_given_on_every_leg_at_the_level_or_with_the_current_asked_for(
    level: int, asked_mA: int, given_uA: int
) -> None:
    desk = sensed(level)
    desk.do(10_000, "test", asked_mA)
    starts = [BurstStart(10_000, leg, 0, "test", 10_000, given_uA) for leg in (LEFT, RIGHT)]
    assert desk.heard() == ([], starts, [])


def test_a_leg_that_can_hold_no_test_burst_says_why_and_the_next_one_gets_its_own() -> None:
    desk = sensed()
    desk.legs[0].program.anticipate(6_000, 7_000)
    desk.do(10_000, "test", 20)
    _, (told, start), _ = desk.heard()
    held = "no test burst on the left: a burst is planned or running"
    assert told == change(10_000, held, 70, armed=True)
    assert start == BurstStart(10_000, RIGHT, 0, "test", 10_000, 20_000)


def test_where_nothing_may_be_given_one_sentence_says_why_there_is_no_test_burst() -> None:
    desk = sensed()
    desk.do(8_000, "disarm")
    desk.heard()
    desk.do(10_000, "test", 20)
    assert desk.heard() == ([], [change(10_000, "no test burst: not armed")], [])


def test_what_the_guard_latched_is_stopped_again_only_for_what_the_device_says_later() -> None:
    desk = armed()
    desk.authority.latch(100_000, "F33", "refused")
    assert desk.heard()[0] == [Stop(100_000, WHICH, "F33")]
    desk.authority.latch(900_000, "F33", "refused")
    assert desk.heard() == ([], [], [])
    desk.report(900_000, "error", said_us=49_999)
    assert desk.heard()[0] == []
    desk.report(900_000, "error", said_us=50_000)
    assert desk.heard()[0] == [Stop(900_000, WHICH, "F31")]
