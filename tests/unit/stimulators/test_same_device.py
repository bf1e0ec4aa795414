"""The one device that a run goes on with: another is told and not armed."""

from collections.abc import Callable

import pytest

from fes_ctrl.model import Arm, Capabilities, Command, Disarm, LinkReport, Setpoint, Stop
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.same_device import SameDevice
from fes_ctrl.stimulators.session import IDLE, DriverStep
from fes_ctrl.units import NEVER_US
from helpers.steps import held

WHICH = 3
FIRST = "p24 A 1.0"
OTHER = "p24 A 1.1"
REFUSAL = f"{OTHER} answers, it was {FIRST}: put that one back, or start again"
PULSE = Setpoint(9, 1, 0, 20_000, 300, 10_009, 0)


class Scripted:
    """A driver that answers every call with the step that it is told to."""

    def __init__(self) -> None:
        self.capabilities: Capabilities = capabilities_of(StimulatorConfig())
        self.stop_bytes = b"stop"
        self.calls: list[tuple[object, ...]] = []
        self.step = IDLE

    def _called(self, *call: object) -> DriverStep:
        self.calls.append(call)
        return self.step

    def open(self, now_us: int) -> DriverStep:
        return self._called("open", now_us)

    def command(self, now_us: int, command: Command) -> DriverStep:
        return self._called("command", now_us, command)

    def receive(self, now_us: int, data: bytes) -> DriverStep:
        return self._called("receive", now_us, data)

    def tick(self, now_us: int) -> DriverStep:
        return self._called("tick", now_us)

    def taken_back(self, now_us: int) -> DriverStep:
        return self._called("taken_back", now_us)

    def hang_up(self, now_us: int, reason: str) -> DriverStep:
        return self._called("hang_up", now_us, reason)


def report(t_us: int, kind: str, detail: str) -> LinkReport:
    return LinkReport(t_us, WHICH, kind, NEVER_US, detail)


class Bench:
    def __init__(self) -> None:
        self.inner = Scripted()
        self.driver = SameDevice(self.inner, WHICH)

    def answers(self, now_us: int, name: str) -> LinkReport:
        """The line is opened again, and this one is at its end."""
        self.inner.step = IDLE
        self.driver.open(now_us)
        self.inner.step = IDLE._replace(reports=(report(now_us, "up", name),))
        (told,) = held(self.driver.receive(now_us, b"x"), now_us, WHICH).reports
        self.inner.step = IDLE
        self.inner.calls.clear()
        return told


CALLS: list[tuple[Callable[[SameDevice], DriverStep], tuple[object, ...]]] = [
    (lambda driver: driver.open(9), ("open", 9)),
    (lambda driver: driver.command(9, PULSE), ("command", 9, PULSE)),
    (lambda driver: driver.command(9, Arm(9, WHICH)), ("command", 9, Arm(9, WHICH))),
    (lambda driver: driver.receive(9, b"abc"), ("receive", 9, b"abc")),
    (lambda driver: driver.tick(9), ("tick", 9)),
    (lambda driver: driver.taken_back(9), ("taken_back", 9)),
    (lambda driver: driver.hang_up(9, "unplugged"), ("hang_up", 9, "unplugged")),
]
NAMES = ["open", "pulse", "arm", "receive", "tick", "taken back", "hang up"]


@pytest.mark.parametrize(("call", "expected"), CALLS, ids=NAMES)
def test_every_call_reaches_the_driver_and_what_it_wants_is_done(
    call: Callable[[SameDevice], DriverStep], expected: tuple[object, ...]
) -> None:
    bench = Bench()
    assert call(bench.driver) is IDLE, "a step that tells nothing is handed on as it is"
    told = (report(9, "answer", ""), report(9, "error", "no"))
    bench.inner.step = DriverStep((b"frame",), told, 77, True, True, (PULSE,))
    assert call(bench.driver) == bench.inner.step
    assert bench.inner.calls == [expected, expected]


@pytest.mark.parametrize(("call", "expected"), CALLS, ids=NAMES)
def test_whenever_another_is_up_that_is_told_and_everything_else_too(
    call: Callable[[SameDevice], DriverStep], expected: tuple[object, ...]
) -> None:
    bench = Bench()
    bench.answers(1, FIRST)
    wants = DriverStep((b"frame",), (report(9, "up", OTHER), report(9, "answer", "")), 77)
    bench.inner.step = wants
    told = (report(9, "changed", REFUSAL), report(9, "answer", ""))
    assert call(bench.driver) == wants._replace(reports=told)


def test_it_is_the_drivers_terms_and_the_first_answers_name() -> None:
    bench = Bench()
    assert bench.driver.capabilities == bench.inner.capabilities
    assert bench.driver.stop_bytes == b"stop"
    assert bench.driver.identity == ""
    bench.answers(1, FIRST)
    bench.answers(2, OTHER)
    assert bench.driver.identity == FIRST


def test_the_same_device_is_taken_again_and_another_is_not_armed() -> None:
    bench = Bench()
    assert bench.answers(1, FIRST) == report(1, "up", FIRST)
    assert bench.answers(2, FIRST) == report(2, "up", FIRST)
    assert bench.answers(3, OTHER) == report(3, "changed", REFUSAL)
    for now_us in (4, 5):
        step = held(bench.driver.command(now_us, Arm(now_us, WHICH)), now_us, WHICH)
        assert step.reports == (report(now_us, "error", REFUSAL),)
    assert bench.inner.calls == [("tick", 4), ("tick", 5)]
    for command in (Stop(6, WHICH, "stop"), Disarm(6, WHICH)):
        bench.driver.command(6, command)
        assert bench.inner.calls[-1] == ("command", 6, command), "a stop reaches any device"
    assert bench.answers(7, FIRST) == report(7, "up", FIRST)
    bench.driver.command(8, Arm(8, WHICH))
    assert bench.inner.calls == [("command", 8, Arm(8, WHICH))]


def test_the_right_one_may_be_armed_again_without_a_line_that_was_opened_anew() -> None:
    bench = Bench()
    bench.answers(1, FIRST)
    bench.answers(2, OTHER)
    bench.inner.step = IDLE._replace(reports=(report(3, "up", FIRST),))
    bench.driver.tick(3)
    bench.inner.step = IDLE
    assert bench.driver.command(4, Arm(4, WHICH)) == IDLE
    assert bench.inner.calls[-1] == ("command", 4, Arm(4, WHICH))


def test_where_the_line_is_opened_anew_nobody_is_a_stranger_yet() -> None:
    bench = Bench()
    bench.answers(1, FIRST)
    bench.answers(2, OTHER)
    bench.driver.open(3)
    assert bench.driver.command(4, Arm(4, WHICH)) == IDLE
    assert bench.inner.calls[-1] == ("command", 4, Arm(4, WHICH))


def test_a_refused_arming_leaves_out_nothing_that_the_driver_has_to_do() -> None:
    bench = Bench()
    bench.answers(1, FIRST)
    bench.answers(2, OTHER)
    bench.inner.step = DriverStep((b"poll",), (report(9, "answer", ""),), 99, True, True)
    step = bench.driver.command(9, Arm(9, WHICH))
    told = (report(9, "answer", ""), report(9, "error", REFUSAL))
    assert step == DriverStep((b"poll",), told, 99, True, True)


def test_without_a_number_it_is_the_first_stimulator() -> None:
    driver = SameDevice(inner := Scripted())
    for name in (FIRST, OTHER):
        inner.step = IDLE._replace(reports=(LinkReport(1, 0, "up", NEVER_US, name),))
        driver.tick(1)
    inner.step = IDLE
    assert [told.stimulator for told in driver.command(2, Arm(2, 0)).reports] == [0]
