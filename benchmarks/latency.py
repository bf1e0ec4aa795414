"""How a P24's driver does on the real loop, over ptys: one JSON line on stdout, parts on stderr.

    python benchmarks/latency.py [--part NAME] [--pulses N] [--minutes M] [--commands N]

Devices are a process of its own. Parts:

- *answer*: from a pulse's command to its answer's report, through session, codec and link, against
  a device that answers at once. Beside it, turn by turn on the same loop, an ``add_reader`` echo of
  the same bytes, and now and then science-mode-4.
- *rate*: 40 Hz timed by the host in low level, as it arrives at the device.
- *keepalive*: a train in mid level, both cores loaded, the loop blocked for 300 ms now and then;
  the worst gap between two live signals that the device saw, and the train has to go on to the
  end. The device comes first, where that is allowed. ``--minutes 10`` for all of it.
- *callers*: two callers on one link whose answers come late and in another order.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import multiprocessing
import os
import subprocess
import sys
import time
import tty
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

from fes_ctrl.links.serial import SerialLink
from fes_ctrl.model import Arm, Setpoint
from fes_ctrl.runtime.clock import ORDER_CONTROLLER, ORDER_DRIVER
from fes_ctrl.runtime.inquirer import Inquirer, InquiryError
from fes_ctrl.runtime.realtime import RealClock, real_time_loop
from fes_ctrl.stimulators.config import StimulatorConfig
from fes_ctrl.stimulators.drivers import driver_for
from fes_ctrl.stimulators.p24_inquiry import ABOUT, P24Inquiry
from fes_ctrl.stimulators.session import DriverStep
from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import sciencemode4 as sm4

PERIOD_US = 25_000
LIFE_US = 10_000
INTERVAL_US = 20_000
WATCHDOG_MS = 2_000
BLOCKED_S = 0.3


# -- the host -------------------------------------------------------------------------------------


class Driven:
    """A driver session on a link, carried out as a control session does it."""

    def __init__(self, clock: RealClock, port: str, mode: str, interval_us: int) -> None:
        self.clock = clock
        self.link = SerialLink(port)
        config = StimulatorConfig(mode="mid_level" if mode == "mid_level" else "low_level")
        self.session = driver_for(config, interval_us)
        self.link.on_bytes = lambda data: self.carry_out(self.session.receive(clock.now_us(), data))
        self.on_report: Callable[[str], None] = lambda _kind: None
        self.counts: dict[str, int] = {}
        self._timer: Any = None
        self._wake_us = self._set_us = NEVER_US

    def carry_out(self, step: DriverStep) -> None:
        """Write what is to be written, wake when it is time, tell the reports."""
        if step.discard:
            self.link.discard()
        for frame in step.out:
            self.link.write(frame)
        # As a control session's alarm: moved often, set anew only where it comes nearer.
        self._wake_us = step.wake_at_us
        if self._wake_us < self._set_us:
            if self._timer is not None:
                self._timer.cancel()
            self._set_us = self._wake_us
            self._timer = self.clock.call_at_us(self._wake_us, ORDER_DRIVER, self._ring)
        for report in step.reports:
            self.counts[report.kind] = self.counts.get(report.kind, 0) + 1
            self.on_report(report.kind)

    def _ring(self) -> None:
        self._timer, self._set_us = None, NEVER_US
        now_us = self.clock.now_us()
        if now_us >= self._wake_us:
            self.carry_out(self.session.tick(now_us))
        elif self._wake_us < NEVER_US:
            self._set_us = self._wake_us
            self._timer = self.clock.call_at_us(self._wake_us, ORDER_DRIVER, self._ring)

    async def arm(self) -> None:
        """Greet the device and make it ready."""
        self.carry_out(self.session.open(self.clock.now_us()))
        await self._until("up")
        self.carry_out(self.session.command(self.clock.now_us(), Arm(self.clock.now_us(), 0)))
        await self._until("ready")

    async def _until(self, kind: str) -> None:
        said = asyncio.Event()
        self.on_report = lambda found: said.set() if found == kind else None
        if kind not in self.counts:
            async with asyncio.timeout(5):
                await said.wait()

    def pulse(self, at_us: int, channel: int, current_ua: int) -> None:
        """Give a setpoint, unless it is too late for it."""
        now_us = self.clock.now_us()
        if now_us <= at_us + LIFE_US:
            point = Setpoint(at_us, 1, channel, current_ua, 300, at_us + LIFE_US, 0)
            self.carry_out(self.session.command(now_us, point))

    def close(self) -> None:
        """Let the port go."""
        if self._timer is not None:
            self._timer.cancel()
        self.link.close()


def quantiles(values: list[float]) -> dict[str, float]:
    """Return n, min, p50, p95, p99 and max."""
    values = sorted(values)
    last = len(values) - 1
    named = {f"p{p}": values[round(last * p / 100)] for p in (50, 95, 99)}
    all_of_them = {"min": values[0], **named, "max": values[-1]}
    return {"n": len(values), **{name: round(value, 3) for name, value in all_of_them.items()}}


async def answer(clock: RealClock, ports: dict[str, str], pulses: int) -> dict[str, object]:
    """Time commands, echoes and the client, turn by turn."""
    import science_mode_4 as client
    from science_mode_4.utils.serial_port_connection import SerialPortConnection

    loop = asyncio.get_running_loop()
    driven = Driven(clock, ports["quick"], "low_level", 2_000)
    await driven.arm()
    echo = os.open(ports["echo"], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    tty.setraw(echo)
    waiting: asyncio.Future[None] = loop.create_future()
    left = 0

    def echoed() -> None:
        nonlocal left
        left -= len(os.read(echo, 4096))
        if left <= 0 and not waiting.done():
            waiting.set_result(None)

    def answered(kind: str) -> None:
        if kind == "answer" and not waiting.done():
            waiting.set_result(None)

    loop.add_reader(echo, echoed)
    driven.on_report = answered
    connection = SerialPortConnection(ports["client"])
    connection.open()
    device = client.DeviceP24(connection)
    await device.initialize()
    took: dict[str, list[float]] = {"ours": [], "echo": [], "science_mode_4": []}
    points = ((300, 20_000), (300, -20_000))
    for k in range(pulses):
        waiting = loop.create_future()
        begun_ns = time.perf_counter_ns()
        driven.pulse(clock.now_us(), k % 8, 20_000)
        await waiting
        took["ours"].append((time.perf_counter_ns() - begun_ns) / 1e6)
        line = sm4.low_level_pulse(k % 62, k % 8, points)
        waiting, left = loop.create_future(), len(line)
        begun_ns = time.perf_counter_ns()
        os.write(echo, line)
        await waiting
        took["echo"].append((time.perf_counter_ns() - begun_ns) / 1e6)
        if k % 25 == 0:
            begun_ns = time.perf_counter_ns()
            await device.get_layer_general().get_stim_status()
            took["science_mode_4"].append((time.perf_counter_ns() - begun_ns) / 1e6)
        await asyncio.sleep(0.001)
    loop.remove_reader(echo)
    os.close(echo)
    connection.close()
    driven.close()
    said = {f"{name}_ms": quantiles(values) for name, values in took.items()}
    ours, echo_ms, theirs = said.values()
    return {
        **said,
        "p50_over_echo": round(ours["p50"] / echo_ms["p50"], 2),
        "p99_above_echo_ms": round(ours["p99"] - echo_ms["p99"], 3),
        "times_faster_than_science_mode_4": round(theirs["p50"] / ours["p50"], 1),
        "reached": ours["p50"] <= 2.5 * echo_ms["p50"]
        and ours["p99"] <= echo_ms["p99"] + 1.0
        and theirs["p50"] >= 10 * ours["p50"],
    }


async def train(driven: Driven, seconds: float, blocked_every_s: float = 0.0) -> int:
    """Give 40 Hz on one channel; return how many setpoints there were."""
    clock = driven.clock
    count = int(seconds * 1e6 / PERIOD_US)
    begins_us = clock.now_us() + 50_000
    for k in range(count):
        at_us = begins_us + k * PERIOD_US
        clock.call_at_us(at_us, ORDER_CONTROLLER, driven.pulse, at_us, 0, 20_000 + 500 * (k % 3))
    until_us = begins_us + count * PERIOD_US
    while clock.now_us() < until_us:
        await asyncio.sleep(min(blocked_every_s or 1.0, (until_us - clock.now_us()) / 1e6 + 0.001))
        if blocked_every_s:
            block()
    await asyncio.sleep(0.1)
    return count


def block() -> None:
    """Keep the loop from turning."""
    time.sleep(BLOCKED_S)


def intervals(pulses_us: list[int]) -> dict[str, float]:
    """Return the quantiles of what lies between two pulses, ms."""
    return quantiles([(b - a) / 1000 for a, b in pairwise(pulses_us)])


def burn() -> None:
    """Load one core."""
    while True:
        sum(range(10_000))


async def callers(clock: RealClock, port: str, commands: int) -> dict[str, object]:
    """Let two ask at once, and compare what each gets with what it asked."""
    link = SerialLink(port)
    inquirer = Inquirer(clock, link, P24Inquiry())
    wrong = lost = 0

    async def caller(which: int) -> None:
        nonlocal wrong, lost
        for k in range(commands // 2):
            token = (2 * k + which).to_bytes(8, "big")
            try:
                if k % 2:
                    payload = await inquirer.ask(sm4.SET_POWER, token)
                    wrong += payload != b"\x00" + token
                else:
                    payload = await inquirer.ask(ABOUT[k % len(ABOUT)], token)
                    wrong += payload != b"\x00" + token
            except InquiryError:
                lost += 1

    await asyncio.gather(caller(0), caller(1))
    link.close()
    return {"commands": commands, "wrong": wrong, "lost": lost, "reached": not wrong and not lost}


def told(process: "subprocess.Popen[str]", out: IO[str]) -> dict[str, Any]:
    """Return what the devices have seen, and end them."""
    if process.stdin is not None:
        process.stdin.close()
    seen: dict[str, Any] = json.loads(out.readline())
    return seen


async def part(
    name: str, options: argparse.Namespace, process: "subprocess.Popen[str]", out: IO[str]
) -> dict[str, object]:
    """Run one part against devices of its own."""
    clock = RealClock(asyncio.get_running_loop())
    ports = json.loads(out.readline())
    if name == "answer":
        return await answer(clock, ports, options.pulses)
    if name == "callers":
        return await callers(clock, ports["slow"], options.commands)
    if name == "rate":
        return await rate(clock, ports["whole"], lambda: told(process, out), options.seconds)
    return await keep_alive(clock, ports["whole"], lambda: told(process, out), options.minutes)


async def rate(
    clock: RealClock, port: str, seen: Callable[[], dict[str, Any]], seconds: float
) -> dict[str, object]:
    """Return what lies between two pulses that the host times."""
    driven = Driven(clock, port, "low_level", INTERVAL_US)
    await driven.arm()
    count = await train(driven, seconds)
    driven.close()
    pulses_us = seen()["pulses_us"]
    found = intervals(pulses_us)
    return {
        "setpoints": count,
        "pulses": len(pulses_us),
        "interval_ms": found,
        "reports": driven.counts,
        "reached": found["min"] >= driven.session.capabilities.min_interval_us / 1000,
    }


async def keep_alive(
    clock: RealClock, port: str, see: Callable[[], dict[str, Any]], minutes: float
) -> dict[str, object]:
    """Return the worst gap that the device saw."""
    burners = [multiprocessing.Process(target=burn, daemon=True) for _ in range(2)]
    driven = Driven(clock, port, "mid_level", INTERVAL_US)
    await driven.arm()
    for burner in burners:
        burner.start()
    try:
        count = await train(driven, 60 * minutes, blocked_every_s=2.0)
    finally:
        for burner in burners:
            burner.kill()
    driven.close()
    seen = see()
    worst_ms = seen["gap_us"] / 1000
    return {
        "minutes": minutes,
        "setpoints": count,
        "pulses": len(seen["pulses_us"]),
        "interval_ms": intervals(seen["pulses_us"]),
        "live_signals": seen["gaps"],
        "worst_gap_ms": worst_ms,
        "allowed_ms": 0.6 * WATCHDOG_MS,
        "paused_by_the_device": seen["pauses"],
        "reports": driven.counts,
        "reached": worst_ms < 0.6 * WATCHDOG_MS
        and not seen["pauses"]
        and not driven.counts.get("silent")
        and len(seen["pulses_us"]) > 0.95 * count,
    }


def run_part(name: str, options: argparse.Namespace) -> dict[str, object]:
    """Run one part on a loop of its own, with a process of devices beside it."""
    command = [sys.executable, str(Path(__file__).with_name("latency_devices.py"))]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        if name == "keepalive":
            # It is the host that is loaded, and not the device on its desk.
            with contextlib.suppress(PermissionError):
                os.setpriority(os.PRIO_PROCESS, process.pid, -10)
        try:
            with asyncio.Runner(loop_factory=real_time_loop) as runner:
                if process.stdout is None:
                    return {}
                return runner.run(part(name, options, process, process.stdout))
        finally:
            process.kill()


def main() -> None:
    """Print one JSON line."""
    parts = ("answer", "rate", "keepalive", "callers")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=parts, action="append", help="all of them by default")
    parser.add_argument("--pulses", type=int, default=600)
    parser.add_argument("--seconds", type=float, default=4.0, help="of the part rate")
    parser.add_argument("--minutes", type=float, default=0.08)
    parser.add_argument("--commands", type=int, default=400, help="10000 for the whole figure")
    options = parser.parse_args()
    whole: dict[str, object] = {"benchmark": "latency"}
    logging.disable(logging.INFO)  # the client tells of every command
    for name in options.part or parts:
        found = run_part(name, options)
        print(name, json.dumps(found), file=sys.stderr)
        whole[name] = found
    whole["load"] = round(os.getloadavg()[0], 1)
    print(json.dumps(whole))


if __name__ == "__main__":
    main()
