"""A program that hangs, fails or is halted in mid-burst, against a device in another process.

The program under test is ``fes-ctrl run`` itself, with one thing in it that goes wrong; the
device is served as ``firmware-sim serve --pty`` serves it, and tells in its own process when it
was made ready, gave a pulse, and was stopped. Both read the machine's monotonic clock.

The times allowed hold for a machine that lets a waking thread run. How late this one does is
measured meanwhile, and comes on top for each of the three that have to wake: the watchdog, the
thread that it takes the interpreter from, and the device.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fes_ctrl.runlog.reader import read_log
from fes_ctrl.safety.faults import BY_ID
from fes_ctrl.wire import sciencemode4 as sm4
from helpers.processes import DEADLINE_S, DEVICE, Gauge, Told, t_ns_of, told

pytestmark = pytest.mark.real_time

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
    count = last_us = 0
    gone_wrong = False
    def __init__(self, *args):
        super().__init__(*args)
        self.on_written = self.written
    def written(self, now_us, setpoint):
        self.count = self.count + 1 if now_us - self.last_us < 100_000 else 1
        self.last_us = now_us
        if self.count == 8 and not self.gone_wrong:
            self.gone_wrong = True
            globals()[WHAT](self)

runtime.ControlSession = Session
WHAT = sys.argv.pop()
from fes_ctrl.cli import main
main()
"""


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
            program.traces += [out.parent / "stderr", out / "log.jsonl"]
            assert program.process.stdin is not None
            with program.process.stdin:
                until_logged(program, out, 0, '"report":"up"')
                stimulate(
                    program, out, lambda: any(line.get("said") == "begun" for line in program.lines)
                )
                yield program, device


LATE = ('"id":"F18","reaction":"latch"', '"id":"F04L","reaction":"latch"')
"""A machine that is late for a tenth of a second has a device that did not answer in time, or a
sensor that was silent: rightly faults, and none that any of these tests is about."""

REFUSED = '"reason":"not armed: '
READY = '"report":"ready"'
LATCHED = '"reaction":"latch"'
CLEARED = '"reaction":"cleared","leg":-1'
ATTEMPTS = 8


def stimulate(program: Told, out: Path, begun: Callable[[], bool]) -> None:
    """Arm and turn up until it has begun; do it again where the machine was late."""
    for _ in range(ATTEMPTS):
        since = logged(out)
        type_line(program, "arm")
        first = until_logged(program, out, since, READY, REFUSED, *LATE, LATCHED)
        if first == READY:
            type_line(program, "level 100")
            first = until_logged(program, out, since, *LATE, LATCHED, instead=begun)
            if not first:
                return
        assert first in {REFUSED, *LATE}, f"a fault for no reason: {program.why()}"
        clear(program, out)
    message = f"the machine was late {ATTEMPTS} times: {program.why()}"
    raise AssertionError(message)


def clear(program: Told, out: Path) -> None:
    """Clear what is latched, as often as it is said to be too young for that."""
    while True:
        since = logged(out)
        type_line(program, "clear")
        if until_logged(program, out, since, CLEARED, "not cleared: ") == CLEARED:
            return


def logged(out: Path) -> int:
    log = out / "log.jsonl"
    return log.stat().st_size if log.is_file() else 0


def until_logged(
    program: Told, out: Path, since: int, *wanted: str, instead: Callable[[], bool] = bool
) -> str:
    """Return which of some things the log says first from a place on; nothing if ``instead``."""
    log = out / "log.jsonl"
    deadline_s = time.monotonic() + DEADLINE_S
    while True:
        if instead():
            return ""
        text = log.read_bytes()[since:].decode() if log.is_file() else ""
        found = [known for known in wanted if known in text]
        if found:
            return min(found, key=text.index)
        over = program.process.poll() is not None or time.monotonic() > deadline_s
        assert not over, f"{wanted} was not logged: {program.why()}"
        time.sleep(0.02)


def type_when(program: Told, out: Path, wanted: str, line: str) -> None:
    until_logged(program, out, 0, wanted)
    type_line(program, line)


def type_line(program: Told, line: str) -> None:
    assert program.process.stdin is not None
    program.process.stdin.write(line + "\n")
    program.process.stdin.flush()


WAKE_UPS = 3


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
        clear(program, out)
        cleared_ns = time.monotonic_ns()
        stimulate(program, out, lambda: bool(device.after(cleared_ns, "pulse")))
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
