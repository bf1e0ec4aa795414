"""How long from what goes wrong in the host to the stop at the device, over a pty.

The device is a process of its own and says when it was stopped; the loop under test is blocked,
interrupted or fails in the middle of a burst, again and again. The reference beside it is how late
this machine wakes a thread that naps meanwhile: no stop from a thread can be quicker than that.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from random import Random
from typing import TextIO

from fes_ctrl.assembly import ControlConfig, assemble
from fes_ctrl.links.serial import SerialLink
from fes_ctrl.model import RIGHT, Operator, Setpoint
from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.interrupt import stop_on_interrupt
from fes_ctrl.runtime.realtime import RealClock, real_time_loop
from fes_ctrl.runtime.session import ControlSession
from fes_ctrl.runtime.watchdog import Watchdog
from fes_ctrl.safety.faults import BY_ID
from fes_ctrl.sensors.metronome import Metronome
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.p24 import P24Session
from fes_ctrl.wire import sciencemode4 as sm4
from firmware_sim.devices.device import DeviceStep
from firmware_sim.devices.p24 import SimulatedP24
from firmware_sim.output import OutputStage
from firmware_sim.server import PtyPort, serve

BLOCKED_S = 0.5
PULSES_BEFORE = 6
NAP_S = 0.01


class Telling(SimulatedP24):
    """A device that prints when it is made ready, and when it is stopped."""

    __slots__ = ()

    def receive(self, now_us: int, data: bytes) -> DeviceStep:
        """Take bytes, and tell a change of state."""
        before = self.status
        step = super().receive(now_us, data)
        if self.status != before:
            print(time.monotonic_ns(), self.status, flush=True)
        return step


def be_the_device() -> None:
    """Serve until killed."""
    port = PtyPort(None)
    print(port.name, flush=True)
    serve(port, Telling(OutputStage(sm4.CHANNELS), Random(1)), [], lambda: False)


def sleep() -> None:
    """Block in the kernel, as a file on a dead network drive does."""
    time.sleep(BLOCKED_S)


def spin() -> None:
    """Block in Python."""
    end_s = time.monotonic() + BLOCKED_S
    while time.monotonic() < end_s:
        pass


def fail() -> None:
    """Fail in a callback."""
    raise ZeroDivisionError


def interrupt() -> None:
    """Be told to end while blocked."""
    threading.Timer(0.02, lambda: told(os.kill, os.getpid(), signal.SIGTERM)).start()
    with contextlib.suppress(KeyboardInterrupt):
        time.sleep(BLOCKED_S)


WAYS: dict[str, tuple[str, Callable[[], None]]] = {
    "loop sleeps": ("F37", sleep),
    "loop computes": ("F37", spin),
    "callback raises": ("F29", fail),
    "SIGTERM while blocked": ("F29", interrupt),
}


class Begun:
    """When the last thing began that was to be answered by a stop; of the whole process."""

    at_ns = 0


def told(act: Callable[..., object], *args: object) -> None:
    """Note the instant, then act."""
    Begun.at_ns = time.monotonic_ns()
    act(*args)


class Bench:
    """One host with its device, stopped again and again."""

    def __init__(self, device: "subprocess.Popen[str]") -> None:
        self._device: TextIO = device.stdout
        self._clock = RealClock(asyncio.get_running_loop())
        self._act: Callable[[], None] | None = None
        self._written = 0
        self._acted = asyncio.Event()
        driver = P24Session(capabilities_of(StimulatorConfig()), 0, 20_000, 100_000)
        link = SerialLink(self._device.readline().strip())
        self.session = ControlSession(
            self._clock,
            assemble((RIGHT,), ControlConfig()),
            [(driver, link)],
            {RIGHT: 0},
            NullLog(),
        )
        self.session.on_written = self._on_written

    def _on_written(self, _now_us: int, _setpoint: Setpoint) -> None:
        self._written += 1
        if self._act is not None and self._written == PULSES_BEFORE:
            act, self._act = self._act, None
            self._acted.set()
            if act is interrupt:
                act()
            else:
                told(act)

    async def feed(self) -> None:
        """Walk on the spot."""
        async for sample in Metronome(RIGHT, 1.0, 0.3, self._clock.now_us).samples():
            with contextlib.suppress(ZeroDivisionError):
                self.session.take(sample)

    def operate(self, action: str, value: int = 0) -> None:
        """Be the person."""
        self.session.take(Operator(self._clock.now_us(), action, value))

    async def once(self, act: Callable[[], None]) -> float:
        """Return how many milliseconds the stop took this time."""
        self._written = 0
        self._act = act
        self._acted.clear()
        while not self._acted.is_set():
            # A busy machine may have been too late for any of these; then once more.
            for action, value in (("clear", 0), ("arm", 0), ("level", 100)):
                self.operate(action, value)
                await asyncio.sleep(0.1)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(3):
                    await self._acted.wait()
        await asyncio.sleep(0.3)
        while True:
            t_ns, status = map(int, self._device.readline().split())
            if status == sm4.STATUS_NONE and t_ns > Begun.at_ns:
                return (t_ns - Begun.at_ns) / 1e6


def quantiles(values: list[float]) -> dict[str, float]:
    """Return p50, p99 and max."""
    values.sort()
    last = len(values) - 1
    return {
        "p50": round(values[last // 2], 2),
        "p99": round(values[min(last, round(last * 0.99))], 2),
        "max": round(values[-1], 2),
    }


async def measure(device: "subprocess.Popen[str]", runs: int) -> dict[str, object]:
    """Stop in every way so many times."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, _context: None)
    bench = Bench(device)
    late_ms: list[float] = []
    over = threading.Event()

    def nap() -> None:
        while not over.is_set():
            begun_s = time.monotonic()
            time.sleep(NAP_S)
            late_ms.append((time.monotonic() - begun_s - NAP_S) * 1000)

    napping = threading.Thread(target=nap, daemon=True)
    took_ms: dict[str, list[float]] = {name: [] for name in WAYS}
    with stop_on_interrupt(bench.session), Watchdog(bench.session, lambda _wrong: None):
        bench.session.open()
        await asyncio.sleep(0.2)
        napping.start()
        feeding = asyncio.create_task(bench.feed())
        for _ in range(runs):
            for name, (_, act) in WAYS.items():
                took_ms[name].append(await bench.once(act))
        feeding.cancel()
        over.set()
        bench.session.close()
    return {
        "benchmark": "stop",
        "runs": runs,
        "load": round(os.getloadavg()[0], 1),
        "stop_ms": {
            name: {**quantiles(took_ms[name]), "allowed": BY_ID[fault].limit_ms}
            for name, (fault, _) in WAYS.items()
        },
        "reference": {"thread wakes late, ms": quantiles(late_ms)},
    }


def main() -> None:
    """Print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=25)
    parser.add_argument("--device", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.device:
        be_the_device()
        return
    command = [sys.executable, __file__, "--device"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as device:
        try:
            with asyncio.Runner(loop_factory=real_time_loop) as runner:
                print(json.dumps(runner.run(measure(device, options.runs))))
        finally:
            device.kill()


if __name__ == "__main__":
    main()
