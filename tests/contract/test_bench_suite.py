"""Every driver, with its simulated device, on every link: the suite that is run on the desk too.

On the stepper it is the numbered tests of ``hil/suite`` themselves that do it.
"""

import sys
from collections.abc import Callable
from typing import Any

import pytest

from fes_ctrl.model import Arm, Command, Setpoint, Stop
from fes_ctrl.stimulators.drivers import DRIVERS, driver_for
from fes_ctrl.stimulators.session import DriverSession, DriverStep
from fes_ctrl.units import Us
from firmware_sim.output import Points
from hil.suite import (
    answering,
    driven,
    hands,
    limits,
    ordinary,
    returning,
    scenarios,
    silent,
    timing,
)
from hil.suite.bench import BenchFailure, Pulse, Result
from hil.suite.scenarios import SCENARIOS, Scenario, found_stimulating, number_of, stop
from hil.suite.simulated import LinkName, SimulatedBench
from hil.suite.walking import delays_of

ROWS = tuple(DRIVERS)
MATRIX: list[tuple[str, str, LinkName, Scenario]] = [
    (device, mode, "virtual", scenario) for device, mode in ROWS for scenario in SCENARIOS
]
REAL: list[tuple[str, str, LinkName, Scenario]] = [
    (device, mode, link, scenario)
    for device, mode in ROWS
    for link, scenario in (
        ("pty", stop),
        ("pty", found_stimulating),
        ("tcp", stop),
        ("guarded", stop),
    )
]
"""In real time, over the kernel: the stop contains greeting, arming and a train."""


def name_of(value: object) -> str:
    return getattr(value, "__name__", str(value))


def run(device: str, mode: str, link: LinkName, scenario: Scenario) -> Result:
    return run_on(SimulatedBench(device, mode, link), scenario)


def run_on(bench: SimulatedBench, scenario: Scenario) -> Result:
    try:
        return scenario(bench)
    finally:
        bench.close()


@pytest.mark.parametrize(("device", "mode", "link", "scenario"), MATRIX, ids=name_of)
def test_a_driver_and_its_device_pass(
    device: str, mode: str, link: LinkName, scenario: Scenario
) -> None:
    result = run(device, mode, link, scenario)
    assert result.seen
    assert result.origin
    if result.ms is not None and result.allowed_ms is not None:
        assert 0.0 <= result.ms <= result.allowed_ms


@pytest.mark.real_time
@pytest.mark.parametrize(("device", "mode", "link", "scenario"), REAL, ids=name_of)
def test_a_driver_and_its_device_pass_on_a_link_that_the_kernel_carries(
    device: str, mode: str, link: LinkName, scenario: Scenario
) -> None:
    assert run(device, mode, link, scenario).seen


def test_no_row_and_no_scenario_is_left_out() -> None:
    """Whoever adds a driver or a scenario changes these numbers, and has looked at the matrix."""
    assert len(ROWS) == 5
    assert len(SCENARIOS) == 35
    assert len(MATRIX) == 175
    assert len(REAL) == 20
    modules = {sys.modules[scenario.__module__] for scenario in SCENARIOS}
    written = [
        value
        for module in modules
        for value in vars(module).values()
        if getattr(value, "__module__", "") == module.__name__ and is_scenario(value)
    ]
    assert sorted(written, key=name_of) == sorted(SCENARIOS, key=name_of)
    numbers = [number_of(scenario) for scenario in SCENARIOS]
    assert numbers == sorted(set(numbers))


def is_scenario(value: object) -> bool:
    return str(getattr(value, "__doc__", "")).split(".", maxsplit=1)[0].isdigit()


def test_the_same_seed_gives_the_same_result_on_either_clock() -> None:
    for device, mode in ROWS:
        on_steps = run(device, mode, "stepper", scenarios.stimulate)
        assert on_steps == run(device, mode, "virtual", scenarios.stimulate)


# -- the suite finds what is broken ---------------------------------------------------------------


class Broken:
    """A driver that lets some of what it should do undone."""

    def __init__(self, driver: DriverSession) -> None:
        self.inner = driver
        self.capabilities = driver.capabilities
        self.stop_bytes = driver.stop_bytes

    def open(self, now_us: Us) -> DriverStep:
        return self.done(now_us, self.inner.open(now_us))

    def command(self, now_us: Us, command: Command) -> DriverStep:
        return self.done(now_us, self.inner.command(now_us, command))

    def receive(self, now_us: Us, data: bytes) -> DriverStep:
        return self.done(now_us, self.inner.receive(now_us, data))

    def tick(self, now_us: Us) -> DriverStep:
        return self.done(now_us, self.inner.tick(now_us))

    def taken_back(self, now_us: Us) -> DriverStep:
        return self.done(now_us, self.inner.taken_back(now_us))

    def hang_up(self, now_us: Us, reason: str) -> DriverStep:
        return self.done(now_us, self.inner.hang_up(now_us, reason))

    def done(self, now_us: Us, step: DriverStep) -> DriverStep:
        return step


class Rash(Broken):
    """Arms what it finds."""

    first = 1
    ups = 0

    def done(self, now_us: Us, step: DriverStep) -> DriverStep:
        self.ups += sum(report.kind == "up" for report in step.reports)
        if self.ups >= self.first and any(report.kind == "up" for report in step.reports):
            armed = self.inner.command(now_us, Arm(now_us, 0))
            reports = step.reports + armed.reports
            return armed._replace(out=step.out + armed.out, reports=reports)
        return step


class RashLater(Rash):
    """Arms what comes back."""

    first = 2


class Discreet(Broken):
    """Tells of nothing bad."""

    BAD = (
        "electrode",
        "silent",
        "stuck",
        "down",
        "error",
        "orphan",
        "corrupt",
        "skipped",
        "changed",
    )

    def done(self, now_us: Us, step: DriverStep) -> DriverStep:
        reports = [report for report in step.reports if report.kind not in self.BAD]
        return step._replace(reports=tuple(reports))


class Unstoppable(Broken):
    """Has no stop that anybody else could write."""

    def __init__(self, driver: DriverSession) -> None:
        super().__init__(driver)
        self.stop_bytes = b"\x00"


class Stubborn(Broken):
    """Takes no stop, writes none, and begins without one."""

    def command(self, now_us: Us, command: Command) -> DriverStep:
        return self.tick(now_us) if isinstance(command, Stop) else super().command(now_us, command)


class Hoarder(Broken):
    """Lets setpoints live for as long as it takes."""

    def command(self, now_us: Us, command: Command) -> DriverStep:
        if isinstance(command, Setpoint):
            command = command._replace(expires_us=command.expires_us + 1_000_000)
        return super().command(now_us, command)


class Set(Broken):
    """Goes on with the first current."""

    current_ua = 0

    def command(self, now_us: Us, command: Command) -> DriverStep:
        if isinstance(command, Setpoint):
            self.current_ua = self.current_ua or command.current_ua
            command = command._replace(current_ua=self.current_ua)
        return super().command(now_us, command)


class Clipping(Broken):
    """Gives as much as the device can, where more is asked for."""

    def command(self, now_us: Us, command: Command) -> DriverStep:
        if isinstance(command, Setpoint):
            most_ua = self.capabilities.current_max_ua
            command = command._replace(current_ua=min(command.current_ua, most_ua))
        return super().command(now_us, command)


class Trusting:
    """Takes whoever answers for the device from before."""

    def __new__(cls, driver: DriverSession) -> DriverSession:
        return driver


def drives(monkeypatch: pytest.MonkeyPatch, broken: Callable[[DriverSession], object]) -> None:
    def make(*args: Any) -> object:
        return broken(driver_for(*args))

    monkeypatch.setattr(driven, "driver_for", make)


@pytest.mark.parametrize(
    ("broken", "scenario", "said"),
    [
        (Rash, scenarios.arm, "armed by itself"),
        (RashLater, scenarios.come_back, "armed by itself"),
        (RashLater, scenarios.come_back_early, "armed by itself"),
        (Discreet, scenarios.arm, "went without a word"),
        (Discreet, scenarios.lose_the_cable, "no 'down'"),
        (Discreet, scenarios.answer_too_late, "no 'silent or stuck'"),
        (Discreet, scenarios.answer_damaged, "no 'silent or stuck'"),
        (Discreet, scenarios.never_answer_from_the_start, "no 'stuck'"),
        (Discreet, scenarios.answer_to_nobody, "no 'orphan'"),
        (Unstoppable, scenarios.stop, "after a stop|no 'idle'"),
        (Stubborn, scenarios.stop, "after a stop|no 'idle'"),
        (Discreet, scenarios.electrode_off, "no 'electrode or error'"),
        (Clipping, scenarios.too_much_for_it, "came of more than the device can give"),
        (Set, scenarios.staircase, "were asked for and there are no pulses of it"),
        (Set, scenarios.ramp, "the ramp never came to"),
    ],
    ids=name_of,
)
@pytest.mark.parametrize("row", [row for row in ROWS if row[1] in {"mid_level", "channel_list"}])
def test_a_broken_driver_does_not_pass(
    broken: type[Broken],
    scenario: Scenario,
    said: str,
    row: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drives(monkeypatch, broken)
    with pytest.raises(BenchFailure, match=said):
        run(*row, "stepper", scenario)


@pytest.mark.parametrize(
    ("row", "broken", "scenario", "said"),
    [
        (("p24", "low_level"), Hoarder, answering.answer_late, "the last setpoint took"),
        (("rehastim2", "single_pulse"), Hoarder, answering.answer_late, "the last setpoint took"),
        (("p24", "low_level"), Set, ordinary.update, "did not change"),
        (("feslink", "scheduled"), Set, ordinary.update, "did not change"),
    ],
    ids=name_of,
)
def test_a_driver_that_forgets_what_a_setpoint_says_does_not_pass(
    row: tuple[str, str],
    broken: type[Broken],
    scenario: Scenario,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drives(monkeypatch, broken)
    with pytest.raises(BenchFailure, match=said):
        run(*row, "stepper", scenario)


@pytest.mark.parametrize("row", [row for row in ROWS if row[0] != "rehastim2"])
@pytest.mark.parametrize(
    "scenario", [returning.come_back_as_another, returning.come_back_with_other_firmware]
)
def test_a_driver_that_takes_anybody_does_not_pass(
    row: tuple[str, str], scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driven, "SameDevice", Trusting)
    with pytest.raises(BenchFailure, match="no 'changed"):
        run(*row, "stepper", scenario)


@pytest.mark.parametrize(
    ("shift_us", "more_ua", "scenario", "said"),
    [
        (200_000, 0, ordinary.stop, "the last pulse after a stop"),
        (200_000, 0, ordinary.pause, "the last pulse after the last setpoint"),
        (3_000_000, 0, returning.lose_the_cable, "the last pulse without a cable"),
        (0, 500, ordinary.stimulate, "mA were asked for"),
        (5_000, 0, ordinary.stimulate, "setpoints came to|us apart"),
        (200_000, 0, silent.off_is_off, "the last pulse after a stop"),
        (3_000_000, 0, returning.host_freezes, "the last pulse of a frozen host"),
        (0, 500, limits.staircase, "mA were asked for"),
        (300, 0, limits.two_at_once, "us apart|pulses came of two"),
        (300, 0, timing.rhythm, "us apart|median interval"),
        (10_000, 0, timing.rhythm, "us apart|median interval"),
        (10_000, 0, timing.endurance, "setpoints came to"),
        (0, -2_000, timing.ramp, "fell to"),
    ],
)
@pytest.mark.parametrize("row", ROWS)
def test_a_device_that_gives_more_does_not_pass(
    row: tuple[str, str],
    shift_us: int,
    more_ua: int,
    scenario: Scenario,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each pulse comes once more, later or stronger."""

    def twice(bench: SimulatedBench, t_us: Us, channel: int, points: Points) -> None:
        current_ua = points[0][1]
        bench.pulses.append(Pulse(t_us, channel, current_ua))
        bench.pulses.append(Pulse(t_us + shift_us, channel, current_ua + more_ua))

    monkeypatch.setattr(SimulatedBench, "_pulse", twice)
    with pytest.raises(BenchFailure, match=said):
        run(*row, "stepper", scenario)


@pytest.mark.parametrize(
    ("points", "said"),
    [
        (((200, 10_000), (100, 0), (200, -2_000)), "nC are left of a pulse"),
        (((260, 10_000), (100, 0), (260, -10_000)), "60 us off came"),
    ],
)
def test_a_pulse_that_is_not_what_was_asked_for_does_not_pass(
    points: Points, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shaped(bench: SimulatedBench, t_us: Us, channel: int, _: Points) -> None:
        bench.pulses.append(Pulse(t_us, channel, points[0][1], points))

    monkeypatch.setattr(SimulatedBench, "_pulse", shaped)
    with pytest.raises(BenchFailure, match=said):
        run("p24", "low_level", "stepper", limits.balance)


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize(("late_us", "said"), [(60_000, "after its setpoint"), (-40_000, "before")])
def test_a_pulse_far_from_its_setpoint_does_not_pass(
    row: tuple[str, str], late_us: Us, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shifted(bench: SimulatedBench, t_us: Us, channel: int, points: Points) -> None:
        shift_us = late_us * 2 if row[1] in {"mid_level", "channel_list"} else late_us
        bench.pulses.append(Pulse(t_us + shift_us, channel, points[0][1], points))

    monkeypatch.setattr(SimulatedBench, "_pulse", shifted)
    with pytest.raises(BenchFailure, match=f"{said}|setpoints came to"):
        run(*row, "stepper", timing.setpoint_to_pulse)


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("after", [1, 2, 3, 4])
def test_one_pulse_by_itself_and_off_is_not_off(
    row: tuple[str, str], after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In whichever of the quiet spells it comes, the last one included."""
    looks = 0
    run_on = SimulatedBench.run

    def restless(bench: SimulatedBench, for_us: Us) -> None:
        nonlocal looks
        run_on(bench, for_us)
        if for_us == bench.look_us:
            looks += 1
            if looks == after + (after == 4):
                bench.pulses.append(Pulse(bench.now_us() - 1, 0, 1_000))

    monkeypatch.setattr(SimulatedBench, "run", restless)
    with pytest.raises(BenchFailure, match=r"were given by a device|came of arming"):
        run(*row, "stepper", silent.off_is_off)


def test_a_guard_that_lets_anything_through_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    class Blind:
        armed = True
        given: Setpoint | None = None

        def __init__(self, *_: object) -> None: ...

        def check(self, setpoint: Setpoint, _: Us) -> str:
            self.given = setpoint
            return ""

        def sensor_seen(self, *_: object) -> None: ...

        def link_seen(self, _: Us) -> None: ...

        def arm(self) -> None: ...

        def skipped(self, *_: object) -> None: ...

    monkeypatch.setattr(hands, "Guard", Blind)
    with pytest.raises(BenchFailure, match="250 mA were not refused"):
        run("p24", "low_level", "stepper", limits.beyond)


def test_slow_answers_and_a_walk_that_fails_do_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SimulatedBench, "answered_us", lambda *_: [1_000] * 98 + [200_000] * 2)
    with pytest.raises(BenchFailure, match="an answer took 200"):
        run("p24", "low_level", "stepper", timing.answered)
    monkeypatch.setattr(SimulatedBench, "walk", lambda *_: ["the toe drags", "the foot slaps"])
    with pytest.raises(BenchFailure, match="the toe drags; the foot slaps"):
        run("p24", "low_level", "stepper", timing.walk)


@pytest.mark.parametrize(
    ("delays", "said"),
    [([30_000] * 8, "10 strides came to 8 bursts"), ([30_000] * 9 + [250_000], "heel's edge took")],
)
def test_late_or_missing_bursts_do_not_pass(
    delays: list[Us], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SimulatedBench, "heel_to_pulse", lambda *_: delays)
    with pytest.raises(BenchFailure, match=said):
        run("p24", "low_level", "stepper", timing.heel_to_pulse)


def test_a_heel_off_has_the_first_pulse_of_its_own_burst() -> None:
    train = [1_100_000, 1_125_000, 1_150_000]
    assert delays_of([1_000_000], train) == [100_000]
    assert delays_of([1_000_000, 1_050_000], train) == [50_000], "the first came to none"
    assert delays_of([1_110_000], train) == [], "it runs already: that is an earlier one's"
    assert delays_of([1_000_000, 2_000_000], [*train, 2_030_000]) == [100_000, 30_000]
    assert delays_of([], train) == []
