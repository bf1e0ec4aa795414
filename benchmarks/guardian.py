"""What a guardian adds to a line's latency, and how soon it stops: one JSON line on stdout.

    python benchmarks/guardian.py [--rounds N] [--deaths N]

A device on a pseudo-terminal, a process of its own, answers each frame at once. The same question
is asked over a plain serial link and over a guarded one, in turn on one loop: microseconds from
write to answer. Then a controller that stimulates in mid level is killed, or frozen, again and
again: milliseconds until the device has its stop.
"""

import argparse
import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

from fes_ctrl.links.guarded import open_guarded
from fes_ctrl.links.link import Link
from fes_ctrl.links.serial import SerialLink
from fes_ctrl.links.serial_port import PLAIN
from fes_ctrl.wire import sciencemode4 as sm4

QUESTION = sm4.get_stim_status(0)
STOP = sm4.FRAME_ENDS + sm4.ll_stop(62) + sm4.ml_stop(63)
DEADLINE_S = 30.0

ECHO = """
import os, tty
near, far = os.openpty()
tty.setraw(far)
print(os.ttyname(far), flush=True)
while True:
    os.write(near, os.read(near, 4096))
"""

DEVICE = """
import os, sys, time, tty
near, far = os.openpty()
tty.setraw(far)
print(os.ttyname(far), flush=True)
stop = bytes.fromhex(sys.argv[1])
heard = b""
while True:
    heard = (heard + os.read(near, 4096))[-200:]
    if heard.endswith(stop):
        print(time.monotonic_ns(), flush=True)
        heard = b""
"""

CONTROLLER = """
import asyncio, sys
from fes_ctrl.links.guarded import open_guarded
from fes_ctrl.links.serial_port import PLAIN

async def main(port, stop):
    link = await open_guarded(port, PLAIN, bytes.fromhex(stop))
    link.write(b"question")
    print("up", flush=True)
    await asyncio.sleep(60.0)

asyncio.run(main(*sys.argv[1:]))
"""


def child(program: str, *arguments: str) -> "subprocess.Popen[str]":
    """Start a program that tells what it has to say, a line each."""
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True, bufsize=1
    )


def line_of(process: "subprocess.Popen[str]") -> str:
    """Return the next line that a program tells."""
    if process.stdout is None:
        sys.exit("a program without output")
    return process.stdout.readline().strip()


async def ask(link: Link) -> float:
    """Return the microseconds from question to answer."""
    answered = asyncio.get_running_loop().create_future()
    heard = b""

    def hear(data: bytes) -> None:
        nonlocal heard
        heard += data
        if len(heard) >= len(QUESTION) and not answered.done():
            answered.set_result(time.perf_counter_ns())

    link.on_bytes = hear
    begun_ns = time.perf_counter_ns()
    link.write(QUESTION)
    async with asyncio.timeout(DEADLINE_S):
        return float(await answered - begun_ns) / 1e3


async def latencies(rounds: int) -> dict[str, list[float]]:
    """Return what each way takes, asked in turn."""
    echoes = [child(ECHO), child(ECHO)]
    ports = [line_of(echo) for echo in echoes]
    plain = SerialLink(ports[0])
    guarded = await open_guarded(ports[1], PLAIN, STOP)
    taken: dict[str, list[float]] = {"plain": [], "guarded": []}
    links: list[tuple[str, Link]] = [("plain", plain), ("guarded", guarded)]
    for count in range(rounds + 20):
        for name, link in links:
            took_us = await ask(link)
            if count >= 20:
                taken[name].append(took_us)
            await asyncio.sleep(0.001)
    plain.close()
    guarded.close()
    for echo in echoes:
        echo.kill()
    return taken


def death_ms(number: signal.Signals) -> float:
    """Return the milliseconds from a controller's end to the device's stop."""
    device = child(DEVICE, STOP.hex())
    port = line_of(device)
    controller = child(CONTROLLER, port, STOP.hex())
    line_of(controller)
    time.sleep(0.2)
    since_ns = time.monotonic_ns()
    controller.send_signal(number)
    took_ms = (int(line_of(device)) - since_ns) / 1e6
    for process in (controller, device):
        process.kill()
        process.wait()
    return took_ms


def percentiles(values: list[float]) -> dict[str, float]:
    """Return the median, the 99th percentile and the largest."""
    found = sorted(values)
    return {
        "p50": round(statistics.median(found), 1),
        "p99": round(found[min(len(found) - 1, int(0.99 * len(found)))], 1),
        "max": round(found[-1], 1),
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--deaths", type=int, default=20, help="of each kind")
    arguments = parser.parse_args()
    os.chdir(Path(__file__).resolve().parent.parent)
    taken = asyncio.run(latencies(arguments.rounds))
    plain, guarded = percentiles(taken["plain"]), percentiles(taken["guarded"])
    line = {
        "benchmark": "guardian",
        "plain_us": plain,
        "guarded_us": guarded,
        "added_us": {key: round(guarded[key] - plain[key], 1) for key in ("p50", "p99")},
        "load": round(os.getloadavg()[0], 1),
        "asked": {"stopped_ms": 200},
    }
    for name, number in (("killed", signal.SIGKILL), ("frozen", signal.SIGSTOP)):
        line[f"{name}_ms"] = percentiles([death_ms(number) for _ in range(arguments.deaths)])
    print(json.dumps(line))


if __name__ == "__main__":
    main()
