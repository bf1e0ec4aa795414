"""The session carries out what drivers want in order, and takes inputs in the order of causes."""

from collections.abc import Callable

import pytest

from fes_ctrl.assembly import ControlConfig, assemble
from fes_ctrl.model import (
    LINK_BLOCKED,
    RIGHT,
    Arm,
    Command,
    Fault,
    LinkReport,
    Operator,
    Record,
    Setpoint,
    StateChange,
    Stop,
)
from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.paper import PaperDriver
from fes_ctrl.runtime.session import ControlSession
from fes_ctrl.runtime.stepper import Stepper
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.session import DriverStep
from fes_ctrl.units import NEVER_US
from hil.host import SimHost


class Noted:
    """A link that notes what it is asked, in order."""

    def __init__(self) -> None:
        self.asked: list[object] = []
        self.holds = False
        self.on_bytes: Callable[[bytes], None] = lambda _data: None
        self.on_lost: Callable[[str], None] = lambda _reason: None

    def write(self, data: bytes) -> None:
        self.asked.append(data)

    def discard(self) -> bool:
        self.asked.append("discard")
        return self.holds

    def seize(self, stop: bytes) -> None:
        self.asked.append(("seize", stop))

    def release(self) -> None:
        self.asked.append("release")

    def drop(self) -> None:
        self.asked.append("drop")

    def close(self) -> None:
        self.asked.append("close")


class Scripted(PaperDriver):
    """A driver that answers every command with one prepared step."""

    def __init__(self, step: DriverStep) -> None:
        super().__init__(capabilities_of(StimulatorConfig()))
        self.stop_bytes = b"stop"
        self.step = step
        self.commands: list[Command] = []
        self.taken_back_us: list[int] = []

    def taken_back(self, now_us: int) -> DriverStep:
        self.taken_back_us.append(now_us)
        return DriverStep((b"asked",), (), NEVER_US)

    def command(self, now_us: int, command: Command) -> DriverStep:
        self.commands.append(command)
        return self.step


def session_of(driver: Scripted) -> tuple[ControlSession, Noted, Stepper]:
    clock, link = Stepper(), Noted()
    controller = assemble((RIGHT,), ControlConfig())
    return ControlSession(clock, controller, [(driver, link)], {RIGHT: 0}, NullLog()), link, clock


def test_what_waits_is_discarded_before_the_line_is_cut_and_anything_written() -> None:
    driver = Scripted(DriverStep((b"a", b"b"), (), NEVER_US, discard=True, drop=True))
    session, link, _ = session_of(driver)
    session.open()
    session.take(Operator(0, "arm", 0))
    assert link.asked == ["discard", "drop", b"a", b"b"]


@pytest.mark.parametrize("holds", [True, False])
def test_a_driver_is_told_of_a_discard_that_may_have_taken_something_back(holds: bool) -> None:
    driver = Scripted(DriverStep((b"a",), (), NEVER_US, discard=True))
    session, link, clock = session_of(driver)
    link.holds = holds
    session.open()
    assert driver.taken_back_us == []
    clock.run_until_us(5_000)
    session.take(Operator(5_000, "arm", 0))
    assert driver.taken_back_us == [5_000] * holds
    assert link.asked == ["discard", b"a", *[b"asked"] * holds]


def test_stop_is_one_call_that_discards_and_writes_and_asks_nobody() -> None:
    driver = Scripted(DriverStep((), (), NEVER_US))
    session, link, _ = session_of(driver)
    session.stop_now()
    session.stop_now()
    assert link.asked == [("seize", b"stop"), ("seize", b"stop")]
    assert driver.commands == []


def test_after_a_stop_nothing_but_stops_leaves_or_counts_as_written_until_all_know() -> None:
    setpoint = Setpoint(0, RIGHT, 0, 20_000, 300, 10_000, 0)
    step = DriverStep((b"pulse", b"stop"), (), NEVER_US, written=(setpoint,))
    driver = Scripted(step)
    session, link, _ = session_of(driver)
    written: list[Setpoint] = []
    session.on_written = lambda _now_us, setpoint: written.append(setpoint)
    session.stop_now()
    assert session.halted
    session.settle()
    assert not session.halted
    assert b"pulse" not in link.asked
    assert written == []
    # Given back first, or the driver's own stop would go nowhere.
    assert link.asked[:3] == [("seize", b"stop"), "release", b"stop"]
    assert all(isinstance(command, Stop) for command in driver.commands)
    session.take(Operator(0, "stop", 0))
    assert b"pulse" in link.asked, "the driver is believed again"


def test_the_watchdogs_stop_latches_and_disarms_before_the_next_input_counts() -> None:
    driver = Scripted(DriverStep((), (), NEVER_US))
    session, _, _ = session_of(driver)
    records: list[Record] = []
    session.listeners.append(lambda _now_us, new: records.extend(new))
    session.open()
    session.stop_now(LINK_BLOCKED, "2 s")
    session.take(Operator(0, "arm", 0))
    faults = [(record.id, record.detail) for record in records if isinstance(record, Fault)]
    assert faults == [("F37", "2 s")]
    states = [record.reason for record in records if isinstance(record, StateChange)]
    assert states[-1] == "not armed: fault F37 is latched"
    assert not any(isinstance(command, Arm) for command in driver.commands)


@pytest.mark.parametrize(("error", "fault"), [(ValueError, "F29"), (KeyboardInterrupt, None)])
def test_what_is_raised_in_a_listener_has_stopped_the_output_when_it_arrives(
    error: type[BaseException], fault: str | None
) -> None:
    session, link, _ = session_of(Scripted(DriverStep((), (), NEVER_US)))
    records: list[Record] = []

    def listener(_now_us: int, new: tuple[Record, ...]) -> None:
        records.extend(new)
        if len(records) == len(new):
            raise error

    session.listeners.append(listener)
    with pytest.raises(error):
        session.take(Operator(0, "stop", 0))
    assert link.asked[-1] == ("seize", b"stop")
    session.settle()
    found = [record.id for record in records if isinstance(record, Fault)]
    assert found == ([] if fault is None else [fault])


def test_closing_stops_first() -> None:
    session, link, _ = session_of(Scripted(DriverStep((), (), NEVER_US)))
    session.close()
    assert link.asked == [("seize", b"stop"), "close"]


def test_reports_that_come_up_on_the_way_are_taken_in_the_order_of_their_causes() -> None:
    seen: list[str] = []
    reports = tuple(LinkReport(0, 0, "error", NEVER_US, detail) for detail in ("one", "two"))
    driver = Scripted(DriverStep((), reports, NEVER_US))
    session, _, _ = session_of(driver)
    session.listeners.append(
        lambda _now, records: seen.extend(type(record).__name__ for record in records)
    )
    session.open()
    session.take(Operator(0, "arm", 0))
    # The first error latches and stops; the second finds the latch closed and changes nothing.
    assert [type(command).__name__ for command in driver.commands] == ["Arm", "Stop"]
    assert seen.count("Fault") == 1


class Opened(Scripted):
    """A driver that notes when it was opened and when its alarm rang."""

    def __init__(self) -> None:
        super().__init__(DriverStep((), (), NEVER_US))
        self.opened: list[int] = []
        self.ticked: list[int] = []

    def open(self, now_us: int) -> DriverStep:
        self.opened.append(now_us)
        return DriverStep((), (), now_us + 80_000)

    def tick(self, now_us: int) -> DriverStep:
        self.ticked.append(now_us)
        return self.step


def opened_on(clock: Stepper) -> tuple[Opened, ControlSession, Noted, SimHost]:
    host = SimHost(clock)
    driver, link = Opened(), Noted()
    controller = assemble((RIGHT,), ControlConfig())
    session = ControlSession(host, controller, [(driver, link)], {RIGHT: 0}, NullLog())
    clock.run_until_us(1_000_000)
    session.open()
    return driver, session, link, host


@pytest.mark.parametrize("by_us", [20_001, 500_000, 3_600_000_000])
def test_a_clock_that_goes_back_lets_a_driver_begin_anew_with_alarms_that_ring(by_us: int) -> None:
    clock = Stepper()
    driver, session, _, host = opened_on(clock)
    host.inject("clock_back", 1_000_000, 1_000_000, by_us / 1e6)
    clock.run_until_us(1_010_000)
    session.take(Operator(0, "pause", 0))
    assert driver.opened == [1_000_000, 1_010_000 - by_us]
    clock.run_until_us(1_200_000)
    assert driver.ticked == [1_090_000 - by_us]


def test_a_clock_that_wavers_by_10_ms_disturbs_nobody() -> None:
    clock = Stepper()
    driver, session, _, host = opened_on(clock)
    host.inject("clock_back", 1_000_000, 1_000_000, 0.010)
    clock.run_until_us(1_000_000)
    session.take(Operator(0, "pause", 0))
    assert driver.opened == [1_000_000]


@pytest.mark.parametrize("how", ["lost", "cut"])
def test_a_line_that_is_gone_is_not_opened_by_a_clock_that_goes_back(how: str) -> None:
    clock = Stepper()
    driver, session, link, host = opened_on(clock)
    if how == "lost":
        link.on_lost("pulled out")
    else:
        driver.step = DriverStep((), (), NEVER_US, drop=True)
        session.stop_now()
        session.settle()
    host.inject("clock_back", 1_000_000, 1_000_000, 3_600)
    clock.run_until_us(1_010_000)
    session.take(Operator(0, "pause", 0))
    assert driver.opened == [1_000_000]
    session.reopen(0)
    assert driver.opened == [1_000_000, 1_010_000 - 3_600_000_000]
