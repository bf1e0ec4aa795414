"""Faults in real time: controller and device are processes of their own, joined by a pty.

Each figure allowed is the fault's own plus what a loaded machine with two cores adds to a wake-up
of a process without priority; this test's own wake-up is among them.
"""

import contextlib
import fcntl
import json
import os
import resource
import select
import signal
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from fes_ctrl.runlog.reader import read_log
from fes_ctrl.safety.faults import BY_ID
from fes_ctrl.wire import sciencemode4 as sm4

pytestmark = pytest.mark.real_time

LATE_S = 0.235
"""The latest of 1000 wake-ups of a thread without priority beside three that burn."""

STRIDE_S = 1.0
PATIENCE_S = 30.0


class Device:
    """``firmware-sim serve`` and what it gave."""

    def __init__(self, folder: Path, name: str, script: str = "") -> None:
        self.port = folder / "p24"
        self._pulses = folder / f"{name}.pulses"
        program = ["-c", script] if script else ["-m", "firmware_sim"]
        command = [sys.executable, *program, "serve", "--device", "p24"]
        self.process = subprocess.Popen(
            [*command, "--pty", str(self.port), "--pulses", str(self._pulses)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert json.loads(self.process.stdout.readline())["port"] == str(self.port)

    def pulses_us(self) -> list[int]:
        whole, _, _ = self._pulses.read_text().rpartition("\n")
        return [json.loads(line)["t_us"] for line in whole.splitlines()]

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        self.process.wait(timeout=PATIENCE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def in_mid_burst(self) -> None:
        """Return when pulses have just begun."""
        known = len(self.pulses_us())
        deadline = time.monotonic() + PATIENCE_S
        while len(self.pulses_us()) < known + 4:
            assert time.monotonic() < deadline, "no pulses"
            time.sleep(0.01)

    def status(self) -> int:
        """Ask the device itself what state it is in."""
        fd = os.open(self.port, os.O_RDWR | os.O_NOCTTY)
        try:
            tty.setraw(fd)
            os.write(fd, sm4.get_stim_status(5))
            decoder = sm4.Decoder()
            deadline = time.monotonic() + PATIENCE_S
            while time.monotonic() < deadline:
                if select.select([fd], [], [], 0.5)[0]:
                    for frame in decoder.feed(os.read(fd, 4096)):
                        if (frame.number, frame.command) == (5, sm4.GET_STIM_STATUS + 1):
                            return sm4.decode_stim_status(frame.payload)
        finally:
            os.close(fd)
        raise AssertionError("the device does not answer")


class Run:
    """``fes-ctrl run`` on a metronome, and when it said what."""

    def __init__(self, port: Path, out: Path, *options: str) -> None:
        command = [sys.executable, "-m", "fes_ctrl", "run"]
        sensor = f"metronome:?stride_s={STRIDE_S}&stance=0.6"
        stimulator = f"p24://{port}"
        self.process = subprocess.Popen(
            [*command, "--sensor", sensor, "--stimulator", stimulator, "--out", str(out), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said: list[tuple[float, str]] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append((time.monotonic(), line.strip()))

    def type(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait_for(self, text: str) -> float:
        """Return when it said that."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            for t_s, line in list(self.said):
                if text in line:
                    return t_s
            time.sleep(0.005)
        raise AssertionError(f"{text!r} not in {self.said}")

    def arm(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not any("device ready" in line for _, line in list(self.said)):
            assert time.monotonic() < deadline, self.said
            self.type("arm")
            time.sleep(0.2)
        self.type("level 100")
        self.wait_for("level 100 %")

    def end(self) -> int:
        assert self.process.stdin is not None
        if self.process.stdin.closed:
            return self.process.wait(timeout=PATIENCE_S)
        with contextlib.suppress(OSError):
            self.type("quit")
        try:
            code = self.process.wait(timeout=PATIENCE_S)
        finally:
            self.process.kill()
            self._reader.join(PATIENCE_S)
            assert self.process.stderr is not None
            self.process.stderr.close()
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        return code


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Any]:
    """Make devices and runs; whatever is left is ended."""
    made: list[Device | Run] = []

    def make(kind: type[Device] | type[Run], *what: Any) -> Any:
        made.append(kind(*what))
        return made[-1]

    yield make
    for part in reversed(made):
        if part.process.poll() is None:
            part.process.kill()
        part.end()


def armed(bench: Any, folder: Path) -> tuple[Device, Run]:
    device: Device = bench(Device, folder, "first")
    run: Run = bench(Run, device.port, folder / "run", "--arm-allowed", "bench")
    run.arm()
    try:
        device.in_mid_burst()
    except AssertionError as error:
        message = f"{error}: {run.said}"
        raise AssertionError(message) from None
    return device, run


def test_a_device_that_vanishes_in_mid_burst_latches_and_nothing_resumes(
    tmp_path: Path, bench: Any
) -> None:
    device, run = armed(bench, tmp_path)
    killed_s = time.monotonic()
    device.process.kill()
    took_s = run.wait_for("fault F15 latch") - killed_s
    assert took_s <= BY_ID["F15"].limit_ms / 1e3 + LATE_S
    device.process.wait(timeout=PATIENCE_S)
    time.sleep(0.3)
    run.type("clear")
    run.type("arm")
    run.wait_for("not armed: no device has answered")
    again: Device = bench(Device, tmp_path, "again")
    run.wait_for("stimulator is back")
    time.sleep(2 * STRIDE_S)
    assert again.pulses_us() == []
    assert run.end() == 0
    assert again.status() == sm4.STATUS_NONE


def test_a_device_that_comes_back_waits_for_the_person_to_clear_to_arm_and_to_raise_the_level(
    tmp_path: Path, bench: Any
) -> None:
    device, run = armed(bench, tmp_path)
    device.process.kill()
    run.wait_for("fault F15 latch")
    device.process.wait(timeout=PATIENCE_S)
    again: Device = bench(Device, tmp_path, "again")
    run.wait_for("stimulator is back")
    wait_for_reports(tmp_path / "run", "up", 2)
    run.type("level 100")
    run.type("arm")
    run.wait_for("not armed: fault F15 is latched")
    time.sleep(2 * STRIDE_S)
    assert again.pulses_us() == [], "neither by itself nor by a level"
    run.type("clear")
    run.type("arm")
    wait_for_reports(tmp_path / "run", "ready", 2)
    time.sleep(2 * STRIDE_S)
    assert again.pulses_us() == [], "the level starts at zero"
    run.type("level 100")
    again.in_mid_burst()
    assert run.end() == 0
    assert again.status() == sm4.STATUS_NONE
    said = [
        frame.command
        for record in read_log(tmp_path / "run" / "log.jsonl")
        if record["kind"] == "frame" and record["direction"] == "out"
        for frame in sm4.Decoder().feed(bytes.fromhex(str(record["data"])))
    ]
    identified = [command for command in said if command == sm4.GET_EXTENDED_VERSION]
    assert len(identified) == 4, "at both beginnings, and each time before it is armed"


ANOTHER = """
import sys
from pathlib import Path
from firmware_sim.devices import p24
from firmware_sim.cli import main
p24.{name} = {value}
sys.argv[0] = "firmware-sim"
main()
"""


@pytest.mark.parametrize(
    ("name", "value"),
    [("NAME", "b'SIMP249999'"), ("VERSIONS", "p24.VERSIONS._replace(firmware=(9, 2, 3))")],
    ids=["another_device", "other_firmware"],
)
def test_another_device_at_the_same_port_is_refused_for_the_rest_of_the_run(
    tmp_path: Path, bench: Any, name: str, value: str
) -> None:
    device, run = armed(bench, tmp_path)
    device.process.kill()
    run.wait_for("fault F15 latch")
    device.process.wait(timeout=PATIENCE_S)
    time.sleep(0.3)
    run.type("clear")
    script = ANOTHER.format(name=name, value=value)
    other: Device = bench(Device, tmp_path, "other", script)
    run.wait_for("fault F34 latch")
    time.sleep(0.3)
    run.type("clear")
    run.type("arm")
    run.type("level 100")
    run.wait_for("not armed: no device has answered")
    time.sleep(2 * STRIDE_S)
    assert run.end() == 0
    assert other.pulses_us() == []
    assert other.status() == sm4.STATUS_NONE


def wait_for_reports(out: Path, kind: str, count: int) -> None:
    """Return when the driver has said so often that it is that."""
    deadline = time.monotonic() + PATIENCE_S
    while (out / "log.jsonl").read_text().count(f'"report":"{kind}"') < count:
        assert time.monotonic() < deadline, kind
        time.sleep(0.02)


@pytest.mark.parametrize("lasts_s", [0.2, 0.6])
def test_a_device_that_answers_late_is_stopped(tmp_path: Path, bench: Any, lasts_s: float) -> None:
    device, run = armed(bench, tmp_path)
    halted_s = time.monotonic()
    device.process.send_signal(signal.SIGSTOP)
    known = len(device.pulses_us())
    try:
        took_s = run.wait_for("fault F18 latch") - halted_s
        time.sleep(max(0.0, halted_s + lasts_s - time.monotonic()))
    finally:
        device.process.send_signal(signal.SIGCONT)
    # A pulse may be 25 ms away when the device is halted.
    assert took_s <= 0.1 + 0.025 + BY_ID["F18"].limit_ms / 1e3 + LATE_S
    time.sleep(2 * STRIDE_S)
    assert len(device.pulses_us()) <= known + 1, "the one that was on its way"
    if lasts_s > 0.5:
        run.wait_for("fault F20 latch")
    assert run.end() == 0
    assert device.status() == sm4.STATUS_NONE


def test_a_killed_host_leaves_a_silent_device_and_the_next_is_not_armed(
    tmp_path: Path, bench: Any
) -> None:
    device, run = armed(bench, tmp_path)
    run.process.kill()
    run.process.wait(timeout=PATIENCE_S)
    known = len(device.pulses_us())
    time.sleep(2 * STRIDE_S)
    given = device.pulses_us()
    assert len(given) <= known + 1, "a pulse a frame, and none is sent any more"
    assert device.status() == sm4.STATUS_LL_INIT, "it waits, for nobody has stopped it"
    after: Run = bench(Run, device.port, tmp_path / "after", "--arm-allowed", "bench")
    after.type("level 100")
    time.sleep(2 * STRIDE_S)
    assert after.end() == 0
    assert device.pulses_us() == given
    assert device.status() == sm4.STATUS_NONE
    frames = [
        bytes.fromhex(str(record["data"]))
        for record in read_log(tmp_path / "after" / "log.jsonl")
        if record["kind"] == "frame" and record["direction"] == "out"
    ]
    said = [frame.command for data in frames for frame in sm4.Decoder().feed(data)]
    assert said[:2] == [sm4.LL_STOP, sm4.ML_STOP], "before it is asked anything"
    assert sm4.LL_CHANNEL_CONFIG not in said


def onsets_us(device: Device) -> list[int]:
    """Return when bursts began at the device."""
    return [b for a, b in pairwise([-(10**9), *device.pulses_us()]) if b - a > 200_000]


@pytest.mark.parametrize("disk", ["full", "hangs"])
def test_a_disk_that_takes_nothing_touches_no_step(tmp_path: Path, bench: Any, disk: str) -> None:
    device: Device = bench(Device, tmp_path, "first")
    out = tmp_path / "run"
    out.mkdir()
    log = out / "log.jsonl"
    reader = -1
    if disk == "hangs":
        os.mkfifo(log)
        reader = os.open(log, os.O_RDONLY | os.O_NONBLOCK)
        fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)
    try:
        run: Run = bench(Run, device.port, out, "--arm-allowed", "bench")
        run.arm()
        if disk == "full":
            size = log.stat().st_size
            resource.prlimit(run.process.pid, resource.RLIMIT_FSIZE, (size, size))
        deadline_s = time.monotonic() + PATIENCE_S
        while len(onsets_us(device)) < 4:
            assert time.monotonic() < deadline_s, f"no bursts: {run.said[-8:]}"
            time.sleep(0.1)
        assert run.end() == 0
    finally:
        if reader >= 0:
            os.close(reader)
    steps = [(b - a) / 1e6 for a, b in pairwise(onsets_us(device))]
    assert len(steps) >= 3
    assert max(steps) < 1.5 * STRIDE_S, "no step without its burst"
    told = [line for _, line in run.said if "could not be written" in line]
    assert len(told) == 1
    assert int(told[0].split()[2]) > 100
    if disk == "full":
        assert any("fault F24 warn" in line for _, line in run.said)
    assert not any("fault F18" in line or "fault F04" in line for _, line in run.said)
