"""The numbered tests that need a hand at the device, with one: it reads the terminal and obeys."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from xml.etree import ElementTree as ET

import pytest

from firmware_sim.devices.catalogue import DEVICES
from firmware_sim.devices.device import Device, DeviceStep
from firmware_sim.output import OutputStage
from firmware_sim.probe import ProbeConfig, SimProbe
from firmware_sim.server import PtyPort, serve

pytestmark = pytest.mark.real_time

BENCH_FILE = """
[bench]
attended = true
look_s = 0.2
current_mA = 20
dummy_load_ohm = 1000
"""
FOREVER_US = 1 << 40


class OnTheDesk:
    """A stimulator with a switch and with leads, behind a port of its own."""

    def __init__(self) -> None:
        self._row = DEVICES["p24"]
        self._output = OutputStage(self._row.channels)
        self._device: Device = self._row.make(self._output, Random(1))
        self._probe = SimProbe(ProbeConfig(), Random(1))
        self._output.sinks.append(self._probe.see)
        self._now_us = 0
        self._hand: list[Callable[[], None]] = []
        self._over = threading.Event()
        self.done: list[str] = []
        self.port, self.probe = PtyPort(None), PtyPort(None)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        serve(self.port, self, [], self._over.is_set, None, [(self.probe, self._probe)])

    def receive(self, now_us: int, data: bytes) -> DeviceStep:
        self._take(now_us)
        return self._device.receive(now_us, data)

    def tick(self, now_us: int) -> DeviceStep:
        self._take(now_us)
        return self._device.tick(now_us)

    def inject(self, name: str, from_us: int, to_us: int, amount: float) -> None:
        raise NotImplementedError("a hand is all that goes wrong here")

    def _take(self, now_us: int) -> None:
        self._now_us = now_us
        while self._hand:
            self._hand.pop(0)()

    def obey(self, asked: str) -> None:
        """Do what was asked for, as far as there is such a thing on this desk."""
        if "Take one lead" in asked:
            self._hand.append(self._lead_off)
        elif "Connect" in asked:
            self._hand.append(self._lead_on)
        elif "Switch" in asked:
            self._hand.append(self._off_and_on)
        else:
            raise AssertionError(asked)
        self.done.append(asked)

    def _lead_off(self) -> None:
        self._output.inject("electrode_off", self._now_us, FOREVER_US, 0.0)

    def _lead_on(self) -> None:
        self._output._injected.clear()

    def _off_and_on(self) -> None:
        self._device = self._row.make(self._output, Random(2))

    def close(self) -> None:
        self._over.set()
        self._thread.join(timeout=30)
        self.port.unplug()
        self.probe.unplug()


@pytest.fixture
def desk() -> Iterator[OnTheDesk]:
    with contextlib.closing(OnTheDesk()) as found:
        yield found


def test_whoever_stands_at_the_desk_is_asked_and_is_waited_for(
    root: Path, tmp_path: Path, desk: OnTheDesk
) -> None:
    file = tmp_path / "bench.toml"
    file.write_text(BENCH_FILE)
    near, far = os.openpty()
    # The terminal is the suite's own, as it is for whoever starts it there.
    command = ["setsid", "--ctty", "--wait"]
    command += [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    process = subprocess.Popen(
        [
            *command,
            "hil/suite",
            *("-k", "test_23 or test_61 or test_77"),
            *("--fes-stimulator", f"p24://{desk.port.name}"),
            *("--fes-probe", f"serial://{desk.probe.name}"),
            *("--fes-bench", str(file)),
            *("--fes-out", str(tmp_path / "out")),
        ],
        cwd=root,
        stdin=far,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    os.close(far)
    said: list[str] = []
    hand = threading.Thread(target=stand_at, args=(near, desk, said))
    hand.start()
    try:
        out, _ = process.communicate(timeout=120)
    finally:
        process.kill()
        hand.join(timeout=30)
        os.close(near)
    assert process.returncode == 0, out + "".join(said)
    cases = list(ET.parse(tmp_path / "out" / "junit.xml").iter("testcase"))
    assert len(cases) == 3
    assert not [child.tag for case in cases for child in case if child.tag != "properties"], out
    assert len(desk.done) >= 3
    page = (tmp_path / "out" / "certificate.html").read_text()
    assert "<dt>attended</dt><dd>yes</dd>" in page


def stand_at(terminal: int, desk: OnTheDesk, said: list[str]) -> None:
    """Read the terminal until it hangs up; do as asked, take a moment, press Enter."""
    heard = ""
    while True:
        try:
            data = os.read(terminal, 4096).decode()
        except OSError:
            return
        said.append(data)
        heard += data
        if "press Enter: " in heard:
            desk.obey(heard)
            heard = ""
            time.sleep(0.3)
            os.write(terminal, b"\n")
