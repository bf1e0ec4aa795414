"""A program that hangs, fails or is halted in mid-burst, against a device in another process.

The program under test is ``fes-ctrl run`` itself, with one thing in it that goes wrong; the
device is served as ``firmware-sim serve --pty`` serves it, and tells in its own process when it
was made ready, gave a pulse, and was stopped. Both read the machine's monotonic clock.

The times allowed hold for a machine that lets a waking thread run. How late this one does is
measured meanwhile, and comes on top for each of the three that have to wake: the watchdog, the
thread that it takes the interpreter from, and the device.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fes_ctrl.runlog.reader import read_log
from fes_ctrl.safety.faults import BY_ID
from fes_ctrl.wire import sciencemode4 as sm4

DEADLINE_S = 60.0

DEVICE = """
import json, sys, time
from random import Random
from fes_ctrl.wire.sciencemode4 import CHANNELS
from firmware_sim.devices.p24 import SimulatedP24
from firmware_sim.output import OutputStage
from firmware_sim.server import PtyPort, serve

def tell(what, value):
    print(json.dumps({"t_ns": time.monotonic_ns(), what: value}), flush=True)

class Telling(SimulatedP24):
    __slots__ = ()
    def _telling(self, call, *args):
        before = self.status
        step = call(*args)
        if self.status != before:
            tell("status", self.status)
        return step
    def receive(self, now_us, data):
        return self._telling(super().receive, now_us, data)
    def tick(self, now_us):
        return self._telling(super().tick, now_us)

output = OutputStage(CHANNELS)
output.sinks.append(lambda t_us, channel, points: tell("pulse", channel))
port = PtyPort(None)
tell("port", port.name)
serve(port, Telling(output, Random(1)), [], lambda: False)
"""

PROGRAM = """
import json, os, signal, sys, time
from fes_ctrl.runtime import session as runtime

def say(what):
    os.write(1, (json.dumps({"t_ns": time.monotonic_ns(), "said": what}) + "\\n").encode())

def sleeping(session):
    say("begun")
    time.sleep(2.0)
    say("over")

def spinning(session):
    say("begun")
    end = time.monotonic() + 2.0
    while time.monotonic() < end:
        pass
    say("over")

def blocked(session):
    say("begun")
    time.sleep(60.0)

def swallowing(session):
    try:
        say("begun")  # whoever hears it may interrupt at once
        time.sleep(60.0)
    except BaseException:
        pass
    time.sleep(0.05)
    say("over")

def raising(session):
    def broken(now_us, item):
        say("begun")
        raise ZeroDivisionError
    session.controller = type("Broken", (), {"step": staticmethod(broken)})()

def nothing(session):
    say("begun")

class Session(runtime.ControlSession):
    count = 0
    def __init__(self, *args):
        super().__init__(*args)
        self.on_written = self.written
    def written(self, now_us, setpoint):
        self.count += 1
        if self.count == 8:
            globals()[WHAT](self)

runtime.ControlSession = Session
WHAT = sys.argv.pop()
from fes_ctrl.cli import main
main()
"""


class Told:
    """Lines of JSON of another process, read in a thread as they come."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.lines: list[dict[str, object]] = []
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.lines.append(json.loads(line))
                self._news.notify_all()

    def wait_for(self, known: Callable[[dict[str, object]], bool]) -> dict[str, object]:
        """Return the first line that is wanted, waiting for it."""

        def found() -> dict[str, object] | None:
            return next((line for line in self.lines if known(line)), None)

        with self._news:
            assert self._news.wait_for(lambda: found() is not None, DEADLINE_S), self.lines[-5:]
        line = found()
        assert line is not None
        return line

    def after(self, t_ns: int, what: str) -> list[dict[str, object]]:
        return [line for line in self.lines if what in line and int(str(line["t_ns"])) > t_ns]

    def close(self) -> None:
        self.process.kill()
        self.process.wait(DEADLINE_S)
        self._thread.join(DEADLINE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextlib.contextmanager
def told(*command: str, **options: object) -> Iterator[Told]:
    process = subprocess.Popen(  # type: ignore[call-overload]
        command, stdout=subprocess.PIPE, text=True, bufsize=1, **options
    )
    lines = Told(process)
    try:
        yield lines
    finally:
        lines.close()


@contextlib.contextmanager
def in_mid_burst(what: str, out: Path) -> Iterator[tuple[Told, Told]]:
    """Yield program and device when it has gone wrong: eight pulses into stimulation."""
    with told(sys.executable, "-c", DEVICE) as device:
        port = device.wait_for(lambda line: "port" in line)["port"]
        command = ["run", "--sensor", "metronome:?stride_s=1.2&stance=0.3", "--stimulator"]
        command += [f"p24://{port}", "--arm-allowed", "bench", "--out", str(out), what]
        with (
            (out.parent / "stderr").open("w") as stderr,
            told(
                sys.executable, "-c", PROGRAM, *command, stdin=subprocess.PIPE, stderr=stderr
            ) as program,
        ):
            assert program.process.stdin is not None
            with program.process.stdin:
                type_when(program, out, '"report":"up"', "arm")
                type_when(program, out, '"report":"ready"', "level 100")
                program.wait_for(lambda line: line.get("said") == "begun")
                yield program, device


def type_when(program: Told, out: Path, logged: str, line: str) -> None:
    log = out / "log.jsonl"
    deadline_s = time.monotonic() + DEADLINE_S
    while not log.is_file() or logged not in log.read_text():
        assert time.monotonic() < deadline_s, logged
        time.sleep(0.02)
    assert program.process.stdin is not None
    program.process.stdin.write(line + "\n")
    program.process.stdin.flush()


WAKE_UPS = 3


class Gauge:
    """How late this machine wakes a thread: a nap of 5 ms, again and again."""

    NAP_S = 0.005

    def __init__(self) -> None:
        self._naps: list[tuple[int, float]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._nap, daemon=True)
        self._thread.start()

    def _nap(self) -> None:
        while not self._over.is_set():
            begun_ns = time.monotonic_ns()
            time.sleep(self.NAP_S)
            self._naps.append((begun_ns, (time.monotonic_ns() - begun_ns) / 1e6 - self.NAP_S * 1e3))

    def late_ms(self, from_ns: int, for_ms: float) -> float:
        """Return the latest of the naps that overlap a stretch of time."""
        to_ns = from_ns + for_ms * 1e6
        return max(
            [
                late_ms
                for begun_ns, late_ms in self._naps
                if begun_ns <= to_ns and begun_ns + (self.NAP_S * 1e3 + late_ms) * 1e6 >= from_ns
            ],
            default=0.0,
        )

    def close(self) -> None:
        self._over.set()
        self._thread.join()


@pytest.fixture
def gauge() -> Iterator[Gauge]:
    running = Gauge()
    yield running
    running.close()


def assert_stopped_in_time(gauge: Gauge, device: Told, since_ns: int, fault: str) -> None:
    took_ms = stopped_ms(device, since_ns)
    time.sleep(2 * Gauge.NAP_S)
    late_ms = gauge.late_ms(since_ns, took_ms)
    told_ms = f"stopped after {took_ms:.1f} ms; threads woke up to {late_ms:.1f} ms late"
    assert took_ms <= BY_ID[fault].limit_ms + WAKE_UPS * late_ms, told_ms


def t_ns_of(line: dict[str, object]) -> int:
    return int(str(line["t_ns"]))


def stopped_ms(device: Told, since_ns: int) -> float:
    """Return how long after an instant the device was stopped."""
    line = device.wait_for(
        lambda line: line.get("status") == sm4.STATUS_NONE and t_ns_of(line) > since_ns
    )
    return (t_ns_of(line) - since_ns) / 1e6


def begun_ns(program: Told) -> int:
    return t_ns_of(program.wait_for(lambda line: line.get("said") == "begun"))


def reactions(out: Path, fault: str) -> list[object]:
    return [
        record["reaction"]
        for record in read_log(out / "log.jsonl")
        if record["kind"] == "fault" and record["id"] == fault
    ]


@pytest.mark.parametrize("how", ["sleeping", "spinning"])
def test_a_blocked_loop_is_stopped_in_time(tmp_path: Path, gauge: Gauge, how: str) -> None:
    out = tmp_path / "run"
    with in_mid_burst(how, out) as (program, device):
        since_ns = begun_ns(program)
        assert_stopped_in_time(gauge, device, since_ns, "F37")
        over_ns = t_ns_of(program.wait_for(lambda line: line.get("said") == "over"))
        assert over_ns - since_ns > 1.9e9, "the stop came while it was blocked"
        # The loop lives again: it knows, and it waits for a person, stride after stride.
        type_when(program, out, '"id":"F37"', "arm")
        type_when(program, out, "fault F37 is latched", "level 100")
        time.sleep(1.5)
        assert len(device.after(since_ns, "pulse")) <= 1, "at most the one under way"
        for line in ("clear", "arm", "level 100"):
            type_when(program, out, '"id":"F37"', line)
            time.sleep(0.3)
        device.wait_for(lambda line: "pulse" in line and t_ns_of(line) > over_ns + 1.5e9)
        type_when(program, out, '"id":"F37"', "quit")
        assert program.process.wait(DEADLINE_S) == 0
    assert reactions(out, "F37") == ["latch", "cleared"]
    assert "watchdog: the event loop did not turn" in (tmp_path / "stderr").read_text()


def test_a_controller_that_raises_is_stopped_in_time(tmp_path: Path, gauge: Gauge) -> None:
    out = tmp_path / "run"
    with in_mid_burst("raising", out) as (program, device):
        since_ns = begun_ns(program)
        assert_stopped_in_time(gauge, device, since_ns, "F29")
        assert program.process.wait(DEADLINE_S) != 0
        assert not device.after(since_ns, "pulse")
        assert device.lines[-1].get("status") == sm4.STATUS_NONE


@pytest.mark.parametrize(
    ("how", "number"),
    [
        ("nothing", signal.SIGHUP),
        ("nothing", signal.SIGTERM),
        ("blocked", signal.SIGTERM),
        ("blocked", signal.SIGINT),
        ("swallowing", signal.SIGHUP),
    ],
)
def test_a_signal_stops_at_once_whatever_the_loop_is_doing(
    tmp_path: Path, gauge: Gauge, number: signal.Signals, how: str
) -> None:
    out = tmp_path / "run"
    with in_mid_burst(how, out) as (program, device):
        sent_ns = time.monotonic_ns()
        program.process.send_signal(number)
        assert_stopped_in_time(gauge, device, sent_ns, "F29")
        if how == "swallowing":
            program.wait_for(lambda line: line.get("said") == "over")
            program.process.send_signal(number)
        assert program.process.wait(DEADLINE_S) == 130
        assert len(device.after(sent_ns, "pulse")) <= 1
        assert device.lines[-1].get("status") == sm4.STATUS_NONE
    assert list(read_log(out / "log.jsonl"))[-1]["ended"] == "interrupted"


def test_a_process_that_was_halted_gives_nothing_stale_when_it_goes_on(
    tmp_path: Path, gauge: Gauge
) -> None:
    out = tmp_path / "run"
    with in_mid_burst("nothing", out) as (program, device):
        program.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, program.process.pid, os.WSTOPPED)
        time.sleep(1.5)
        resumed_ns = time.monotonic_ns()
        assert not device.after(resumed_ns - 1_200_000_000, "pulse")
        program.process.send_signal(signal.SIGCONT)
        assert_stopped_in_time(gauge, device, resumed_ns, "F37")
        type_when(program, out, '"id":"F37"', "quit")
        assert program.process.wait(DEADLINE_S) == 0
        assert not device.after(resumed_ns, "pulse")
    assert reactions(out, "F37") == ["latch"]
    assert "the process stood still" in (tmp_path / "stderr").read_text()


def test_a_pause_too_short_for_that_gives_nothing_stale_either(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with in_mid_burst("nothing", out) as (program, device):
        program.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, program.process.pid, os.WSTOPPED)
        time.sleep(0.4)
        resumed_ns = time.monotonic_ns()
        program.process.send_signal(signal.SIGCONT)
        # The burst's rest is over; the sensor has to be fresh for half a second first.
        type_when(program, out, '"id":"F04"', "quit")
        assert program.process.wait(DEADLINE_S) == 0
        stale = device.after(resumed_ns, "pulse")
        assert [line for line in stale if t_ns_of(line) < resumed_ns + 400_000_000] == []
