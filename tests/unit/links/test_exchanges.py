"""Exchanges with devices: recorded, read, and played back to a driver."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from fes_ctrl.assembly import ControlConfig, assemble
from fes_ctrl.links.exchange import (
    Entry,
    Exchange,
    ExchangeError,
    header_line,
    line_of,
    read_exchange,
)
from fes_ctrl.links.link import Link
from fes_ctrl.links.recorder import NotedDriver, Recorder, RecordingLink
from fes_ctrl.links.replayed import DepartureError, ReplayedLink, play
from fes_ctrl.model import LEFT, Arm, Operator, Setpoint, Stop
from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.clock import ORDER_DEVICE, ORDER_LINK
from fes_ctrl.runtime.session import ControlSession
from fes_ctrl.runtime.stepper import Stepper
from fes_ctrl.stimulators.config import StimulatorConfig
from fes_ctrl.stimulators.drivers import driver_for
from fes_ctrl.stimulators.session import DriverSession
from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import sciencemode4 as sm4
from firmware_sim.devices.device import DeviceStep
from firmware_sim.devices.p24 import SimulatedP24
from firmware_sim.output import OutputStage
from helpers.exchanges import driver_of, exchange
from hil.config import CableConfig
from hil.links import SimCable

BURST = "p24_burst.jsonl"
NULL = NullLog()


def changed(recorded: Exchange, index: int, **fields: object) -> Exchange:
    entries = list(recorded.entries)
    entries[index] = entries[index]._replace(**fields)  # type: ignore[arg-type]
    return recorded._replace(entries=tuple(entries))


def without(recorded: Exchange, index: int) -> Exchange:
    entries = recorded.entries
    return recorded._replace(entries=entries[:index] + entries[index + 1 :])


def find(recorded: Exchange, wanted: Callable[[Entry], bool]) -> int:
    return next(index for index, entry in enumerate(recorded.entries) if wanted(entry))


def pulses_of(recorded: Exchange) -> list[int]:
    return [
        index
        for index, entry in enumerate(recorded.entries)
        if entry.what == "out"
        and any(frame.command == sm4.LL_CHANNEL_CONFIG for frame in sm4.Decoder().feed(entry.data))
    ]


def test_the_p24s_driver_says_what_it_said_from_handshake_to_silence() -> None:
    recorded = exchange(BURST)
    assert len(pulses_of(recorded)) > 10, "current was given in it"
    kinds = [report.kind for report in play(driver_of(recorded), recorded)]
    assert kinds[0] == "up"
    assert kinds.count("answer") > len(pulses_of(recorded))
    assert not set(kinds) - {"up", "ready", "answer", "idle"}


def test_a_driver_that_says_another_current_departs_where_it_does() -> None:
    recorded = exchange(BURST)
    told = find(recorded, lambda entry: isinstance(entry.command, Setpoint))
    setpoint = recorded.entries[told].command
    assert isinstance(setpoint, Setpoint)
    more = setpoint._replace(current_ua=setpoint.current_ua + 500)
    with pytest.raises(DepartureError, match=rf"{BURST}:{told + 3}: out .* then: out "):
        play(driver_of(recorded), changed(recorded, told, command=more))


def test_a_driver_that_says_nothing_where_it_spoke_departs() -> None:
    recorded = exchange(BURST)
    arm = find(recorded, lambda entry: isinstance(entry.command, Arm))
    with pytest.raises(DepartureError, match="says nothing, then: out"):
        play(driver_of(recorded), without(recorded, arm))


def test_a_driver_that_speaks_where_it_was_silent_departs() -> None:
    recorded = exchange(BURST)
    pulse = pulses_of(recorded)[0]
    with pytest.raises(DepartureError):
        play(driver_of(recorded), without(recorded, pulse))


def test_a_driver_that_polls_more_seldom_departs() -> None:
    recorded = exchange(BURST)
    seldom = dataclasses.replace(recorded.stimulator, poll_ms=300.0)
    with pytest.raises(DepartureError, match="the driver was called then"):
        play(driver_for(seldom, recorded.min_interval_us), recorded)


def test_a_driver_that_polls_more_often_departs() -> None:
    recorded = exchange(BURST)
    often = dataclasses.replace(recorded.stimulator, poll_ms=20.0)
    with pytest.raises(DepartureError):
        play(driver_for(often, recorded.min_interval_us), recorded)


class Bench:
    """A controller and a driver on the stepper, and a link to whatever is at its far end."""

    def __init__(self, driver: DriverSession, make: Callable[[Stepper], Link]) -> None:
        self.clock = Stepper()
        self.link = make(self.clock)
        self.session = ControlSession(
            self.clock, assemble((LEFT,), ControlConfig()), [(driver, self.link)], {LEFT: 0}, NULL
        )

    def arm_and_stop(self) -> None:
        self.session.open()
        self.clock.run_until_us(400_000)
        self.session.take(Operator(400_000, "arm", 0))
        self.clock.run_until_us(700_000)
        self.session.take(Operator(700_000, "stop", 0))
        self.clock.run_until_us(950_000)

    def arm_and_lose_a_pulse(self) -> None:
        """Have a pulse taken back from a line that is blocked for longer than it may wait."""
        self.session.open()
        self.clock.run_until_us(400_000)
        self.session.take(Operator(400_000, "arm", 0))
        self.clock.run_until_us(700_000)
        (port,) = self.session._ports
        if isinstance(self.link, RecordingLink):
            self.link._link.inject("write_blocked", 740_000)  # type: ignore[attr-defined]
        pulse = Setpoint(700_000, LEFT, 0, 20_000, 300, 710_000, 0)
        self.session.drive(700_000, port, port.driver.command(700_000, pulse))
        self.clock.run_until_us(950_000)


def replayed(recorded: Exchange, clock: Stepper, within_us: int | None) -> ReplayedLink:
    return ReplayedLink(
        recorded,
        clock.now_us,
        lambda when_us, ring: clock.call_at_us(when_us, ORDER_LINK, ring),
        within_us,
    )


def simulated_p24(clock: Stepper) -> SimCable:
    cable = SimCable(clock, CableConfig(), Random(1))
    device = SimulatedP24(OutputStage(sm4.CHANNELS), Random(2))

    def carry_out(step: DeviceStep) -> None:
        if step.out:
            cable.answer(step.out)
        if step.wake_at_us < NEVER_US:
            at_us = max(step.wake_at_us, clock.now_us())
            clock.call_at_us(at_us, ORDER_DEVICE, lambda: carry_out(device.tick(clock.now_us())))

    cable.device = lambda data: carry_out(device.receive(clock.now_us(), data))
    return cable


@pytest.fixture
def armed_once(tmp_path: Path) -> Exchange:
    """An exchange with a simulated P24, in virtual time: handshake, arming, stop."""
    return recorded_of(tmp_path, Bench.arm_and_stop)


def recorded_of(tmp_path: Path, do: Callable[[Bench], None]) -> Exchange:
    """Return the exchange of what a simulated P24 is put through, in virtual time."""
    path = tmp_path / "armed.jsonl"
    terms = StimulatorConfig()
    lines = [header_line(terms, 20_000)]
    clock_of: list[Stepper] = []
    recorder = Recorder(lambda: clock_of[-1].now_us(), lines.append)  # noqa: PLW0108 - made later

    def make(clock: Stepper) -> Link:
        clock_of.append(clock)
        return RecordingLink(simulated_p24(clock), recorder)

    bench = Bench(NotedDriver(driver_for(terms, 20_000), recorder), make)
    do(bench)
    recorder.flush()
    path.write_text("".join(lines))
    return read_exchange(path)


def test_recorded_in_virtual_time_it_is_said_again_to_the_microsecond(armed_once: Exchange) -> None:
    assert sum(entry.what == "out" for entry in armed_once.entries) > 8
    bench = Bench(driver_of(armed_once), lambda clock: replayed(armed_once, clock, 0))
    bench.arm_and_stop()
    assert isinstance(bench.link, ReplayedLink)
    bench.link.finish()
    assert [report.kind for report in play(driver_of(armed_once), armed_once, 0)][:1] == ["up"]


def test_a_pulse_that_was_taken_back_is_taken_back_again(tmp_path: Path) -> None:
    recorded = recorded_of(tmp_path, Bench.arm_and_lose_a_pulse)
    at = [entry.what for entry in recorded.entries].index("taken_back")
    assert [entry.what for entry in recorded.entries[at - 2 : at + 1]] == [
        *("discard", "out", "taken_back")
    ]
    bench = Bench(driver_of(recorded), lambda clock: replayed(recorded, clock, 0))
    bench.arm_and_lose_a_pulse()
    assert isinstance(bench.link, ReplayedLink)
    bench.link.finish()
    kinds = [report.kind for report in play(driver_of(recorded), recorded, 0)]
    assert "missed" in kinds
    assert "silent" not in kinds
    kept = without(recorded, at)
    with pytest.raises(DepartureError):
        play(driver_of(kept), kept, 0)


def test_a_host_that_speaks_later_is_let_pass_only_where_time_is_not_judged(
    armed_once: Exchange,
) -> None:
    slow = dataclasses.replace(armed_once.stimulator, poll_ms=100.2)
    driver = driver_for(slow, armed_once.min_interval_us)
    bench = Bench(driver, lambda clock: replayed(armed_once, clock, 100))
    with pytest.raises(DepartureError, match="200 us late, 100 us are allowed"):
        bench.arm_and_stop()
    driver = driver_for(slow, armed_once.min_interval_us)
    tolerant = Bench(driver, lambda clock: replayed(armed_once, clock, None))
    tolerant.arm_and_stop()
    assert isinstance(tolerant.link, ReplayedLink)
    tolerant.link.finish()


def test_a_host_that_falls_silent_is_found_at_the_end(armed_once: Exchange) -> None:
    bench = Bench(driver_of(armed_once), lambda clock: replayed(armed_once, clock, 0))
    bench.session.open()
    bench.clock.run_until_us(400_000)
    assert isinstance(bench.link, ReplayedLink)
    with pytest.raises(DepartureError, match="says nothing more"):
        bench.link.finish()


def test_a_pulled_cable_is_pulled_again() -> None:
    entries = (
        Entry(0, "open", line=2),
        Entry(10, "out", b"?", line=3),
        Entry(20, "lost", why="hung up", line=4),
    )
    clock = Stepper()
    link = replayed(Exchange("x", StimulatorConfig(), 0, entries), clock, None)
    reasons: list[str] = []
    link.on_lost = reasons.append
    clock.run_until_us(500)
    assert not reasons, "it was pulled after the host had spoken"
    link.write(b"?")
    clock.run_until_us(509)
    assert not reasons
    clock.run_until_us(510)
    assert reasons == ["hung up"]


HEADER = header_line(StimulatorConfig(), 20_000)


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    entries = [
        Entry(0, "open", line=2),
        Entry(5, "command", command=Setpoint(1, 0, 2, -3, 4, 5, 1), line=3),
        Entry(6, "command", command=Stop(6, 0, "F15"), line=4),
        Entry(7, "out", b"\xf0\x0f", line=5),
        Entry(7, "seize", b"\x00", line=6),
        Entry(8, "taken_back", line=7, now_us=8),
        Entry(9, "lost", why="hung up", line=8),
        Entry(9, "close", line=9),
    ]
    path = tmp_path / "x.jsonl"
    path.write_text(HEADER + "".join(line_of(entry) for entry in entries))
    recorded = read_exchange(path)
    assert list(recorded.entries) == entries
    assert recorded.stimulator == StimulatorConfig()
    assert recorded.min_interval_us == 20_000


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        (HEADER[:-5], ":1: the last line is not whole"),
        (HEADER + '{"t_us":0,"wh', ":2: the last line is not whole"),
        ('{"kind":"header"}\n', ":1: no exchange"),
        ('{"kind":"exchange","format":9}\n', ":1: format 9"),
        (HEADER.replace("20000", '"x"'), ":1: min_interval_us"),
        (HEADER.replace('"device"', '"devise"'), ":1: stimulator"),
        (HEADER + "nonsense\n", ":2: no JSON"),
        (HEADER + "[" * 100_000 + "\n", ":2: no JSON"),
        (HEADER + "[]\n", ":2: no JSON object"),
        (HEADER + '{"t_us":1.5,"what":"open"}\n', ":2: t_us"),
        (HEADER + '{"t_us":1,"what":"cough"}\n', ":2: what = 'cough'"),
        (HEADER + '{"t_us":1,"what":[]}\n', ":2: what = []"),
        (HEADER + '{"t_us":1,"what":"in","data":"0g"}\n', ":2: data"),
        (HEADER + '{"t_us":1,"what":"in"}\n', ":2: data"),
        (HEADER + '{"t_us":1,"what":"command","command":"go","values":[]}\n', ":2: command 'go'"),
        (HEADER + '{"t_us":1,"what":"command","command":"arm","values":[1]}\n', ":2: values"),
        (HEADER + '{"t_us":1,"what":"command","command":"arm","values":["1",0]}\n', ":2: values"),
        (HEADER + '{"t_us":2,"what":"open"}\n{"t_us":1,"what":"tick"}\n', ":3: 1 us comes before"),
    ],
)
def test_a_damaged_file_is_refused_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(text)
    with pytest.raises(ExchangeError) as refused:
        read_exchange(path)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_was_never_told_to_a_driver_cannot_be_played_to_one(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(HEADER + line_of(Entry(0, "out", b"x")))
    recorded = read_exchange(path)
    with pytest.raises(ExchangeError, match="driver's opening"):
        play(driver_of(recorded), recorded)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match="No such file"):
        read_exchange(tmp_path / "none.jsonl")


def test_notes_of_a_seizure_from_elsewhere_stay_in_order() -> None:
    times = iter((5, 3))
    lines: list[str] = []
    recorder = Recorder(lambda: next(times), lines.append)
    recorder.note("out", b"a")
    recorder.note("seize", b"s")
    recorder.flush()
    assert [json.loads(line)["t_us"] for line in "".join(lines).splitlines()] == [5, 5]


def test_the_shape_of_its_pulses_is_among_the_terms_of_an_exchange(tmp_path: Path) -> None:
    terms = StimulatorConfig(shape=((1.0, 1.0), (0.33, 0.0), (1.0, -1.0)))
    path = tmp_path / "shaped.jsonl"
    path.write_text(header_line(terms, 20_000))
    assert read_exchange(path).stimulator == terms
    old = json.loads(header_line(terms, 20_000))
    del old["stimulator"]["shape"]
    path.write_text(json.dumps(old) + "\n")
    assert read_exchange(path).stimulator == StimulatorConfig()
    for wrong in (3, [1], [["x", "y"]], [[1, 1], [1, -0.5]]):
        old["stimulator"]["shape"] = wrong
        path.write_text(json.dumps(old) + "\n")
        with pytest.raises(ExchangeError, match=r"shaped.jsonl:1: stimulator: "):
            read_exchange(path)
