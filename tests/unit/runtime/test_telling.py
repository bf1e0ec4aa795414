"""A carrier that is started anew hears how the run stands, faults that hold included."""

import json
from collections.abc import Callable
from typing import Any

from fes_ctrl.assembly import ControlConfig
from fes_ctrl.model import ALL_LEGS, LEFT, BurstEnd, Fault, Record, Setpoint, StateChange
from fes_ctrl.runtime.remote_bench import RemoteBench
from fes_ctrl.runtime.telling import About, Telling
from fes_ctrl.sensors.arrivals import Arrivals
from fes_ctrl.telemetry.bench import Bench
from fes_ctrl.telemetry.board import Board
from fes_ctrl.telemetry.outgoing import Outgoing
from fes_ctrl.units import NEVER_US, Us


class Still:
    """A clock that stands."""

    def now_us(self) -> Us:
        return 1_000_000

    def call_at_us(self, t_us: Us, order: int, callback: Callable[[], None]) -> Any:
        return self

    def cancel(self) -> None: ...


class Session:
    """What a session is to whoever listens to it."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[Us, tuple[Record, ...]], None]] = []
        self.on_setpoint: Any = None
        self.clock = Still()
        self.controller = type("Controller", (), {"waiting": False})()

    def take(self, change: object) -> None: ...

    def stop_now(self) -> None: ...

    def settle(self) -> None: ...


class Carrier:
    """Keeps the lines since it was started."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.lost = 0

    def send(self, text: str) -> None:
        self.lines.append(json.loads(text))


def about(device: str, *, simulated: bool) -> About:
    legs = (LEFT,)
    return About(
        "bench",
        "standard",
        device,
        legs,
        ControlConfig(),
        legs,
        simulated=simulated,
        config_sha256="",
    )


def told(
    carrier: Carrier,
    bench: About,
    identity: Callable[[], str] | None = None,
    arrivals: Callable[[], Arrivals] | None = None,
) -> tuple[Session, Telling]:
    """Return a session and what tells it to a carrier."""
    session = Session()
    telling = Telling(
        session,  # type: ignore[arg-type]
        session.clock,  # type: ignore[arg-type]
        carrier,
        bench,
        "nonce",
        [].append,
        lambda: 0,
        lambda: 0,
        identity=identity,
        arrivals=arrivals,
    )
    return session, telling


def faults_after_a_restart(*records: Record) -> set[str]:
    carrier = Carrier()
    session, telling = told(carrier, about("p24", simulated=True))
    telling.begin()
    for record in records:
        session.listeners[0](1_000_000, (record,))
    carrier.lines.clear()
    telling.begin()
    # What a viewer is told of it by a new process.
    out = Outgoing("b", "nonce", 2)
    board = Board(out)
    for line in carrier.lines:
        board.hear(line)
    bench = Bench("b")
    while (message := out.next(1_000_000, 1)) is not None:
        what = message.topic.removeprefix("fes/b/")
        bench.hear(what, json.loads(message.payload), past=False, now_s=1.0, utc_us=1)
    return {fault.id for fault in bench.picture(1.0, 1, 0.0).faults}


def test_a_latched_fault_is_still_told_by_a_process_that_was_not_there_when_it_came() -> None:
    latched = Fault(1, "F12", "latch", LEFT, "no electrode")
    stopped = Fault(1, "F20", "stop", ALL_LEGS, "it does not stop")
    state = StateChange(1, False, 0, "latched")
    assert faults_after_a_restart(state, latched, stopped) == {"F12", "F20"}


def test_a_burst_of_two_channels_is_one_burst_and_one_without_a_pulse_is_none() -> None:
    carrier = Carrier()
    session, telling = told(carrier, about("p24", simulated=True))
    for onset_us, channels in ((500_000, (0, 1)), (1_600_000, (1,)), (2_700_000, ())):
        for channel in channels:
            at_us = onset_us + 100_000
            session.on_setpoint(Setpoint(at_us, LEFT, channel, 20_000, 300, at_us + 20_000, 0))
        ends = [
            BurstEnd(onset_us + 700_000, LEFT, channel, "time_out", onset_us, NEVER_US)
            for channel in (0, 1)
        ]
        session.listeners[0](onset_us + 700_000, tuple(ends))
    telling._tick()
    (bursts,) = [line["bursts"] for line in carrier.lines if line["kind"] == "metrics"]
    assert bursts == {"left": 2}


def test_what_became_of_the_readings_of_sensors_is_told_with_the_metrics() -> None:
    carrier = Carrier()
    arrivals = Arrivals({"left.heel_switch": {"in_time": 99, "late": 3}}, {"no reading": 2})
    _, telling = told(carrier, about("p24", simulated=False), arrivals=lambda: arrivals)
    telling._tick()
    out = Outgoing("bench", "nonce")
    board = Board(out)
    for line in carrier.lines:
        board.hear(line)
    bodies = [json.loads(message.payload) for message in iter(lambda: out.next(10**9, 0), None)]
    (metrics,) = [body for body in bodies if "pulses" in body]
    assert metrics["readings"] == arrivals.readings
    assert metrics["not_read"] == {"no reading": 2}


def test_the_person_is_told_of_a_stop_even_if_a_change_was_just_before() -> None:
    session = Session()
    said: list[str] = []
    bench = RemoteBench(session, said.append)  # type: ignore[arg-type]
    bench.change(ALL_LEGS, "extension_ms", 120.0)
    bench.tell()
    bench.change(ALL_LEGS, "extension_ms", 130.0)
    bench.tell()
    bench.stop()
    bench.stop()
    assert said == ["extension_ms = 120: asked for from afar", "stop: asked for from afar"]


def test_what_was_cleared_or_was_a_warning_is_over() -> None:
    latched = Fault(1, "F12", "latch", LEFT, "no electrode")
    cleared = Fault(2, "F12", "cleared", ALL_LEGS, "by hand")
    warned = Fault(1, "F26", "warn", ALL_LEGS, "an old command")
    assert faults_after_a_restart(latched, warned, cleared) == set()


def test_a_hand_that_clears_clears_all_that_was_latched_and_nothing_else() -> None:
    held = Fault(1, "F10", "inhibit", LEFT, "3 bursts without a contact")
    first = Fault(2, "F12", "latch", LEFT, "no electrode")
    second = Fault(3, "F18", "latch", ALL_LEGS, "no answer")
    cleared = Fault(9, "F12", "cleared", ALL_LEGS, "by hand")
    assert faults_after_a_restart(held, first, second, cleared) == {"F10"}


def test_what_clears_by_itself_clears_nothing_that_was_latched() -> None:
    latched = Fault(1, "F12", "latch", LEFT, "no electrode")
    back = Fault(9, "F25", "cleared", ALL_LEGS, "the broker takes it again")
    assert faults_after_a_restart(latched, back) == {"F12"}


def test_a_stimulator_that_says_that_it_is_a_model_is_told_as_one() -> None:
    carrier = Carrier()
    said = ["", "feslink SIMF0001 version 1", "feslink SIMF0001 version 1"]
    _session, telling = told(carrier, about("feslink", simulated=False), lambda: said.pop(0))
    statuses = []
    for _ in range(3):
        telling._tick()
        statuses += [line["fields"] for line in carrier.lines if line["kind"] == "status"]
        carrier.lines.clear()
    assert [(each["device"], each["simulated"]) for each in statuses] == [
        ("feslink SIMF0001 version 1", True)
    ]
