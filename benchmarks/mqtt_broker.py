"""A mosquitto for benchmarks, another process that listens to it, and percentiles."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Figures = dict[str, Any]


@contextlib.contextmanager
def mosquitto() -> "Iterator[tuple[int, subprocess.Popen[bytes]]]":
    """Start a broker on a free port."""
    program = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        sys.exit("no mosquitto on this machine: apt-get install mosquitto")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "mosquitto.conf"
        config.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n"
        )
        with subprocess.Popen([program, "-c", config], stderr=subprocess.DEVNULL) as process:
            try:
                _wait_for(port)
                yield port, process
            finally:
                process.send_signal(signal.SIGCONT)
                process.kill()


def _wait_for(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
            return
        time.sleep(0.05)
    sys.exit("mosquitto does not answer")


def percentiles(values: list[float]) -> Figures:
    """Return p50, p99 and the greatest, in milliseconds, of seconds."""
    if not values:
        return {"n": 0}
    ordered = sorted(1e3 * value for value in values)
    last = len(ordered) - 1
    p50, p99 = ordered[round(0.5 * last)], ordered[round(0.99 * last)]
    return {"n": len(ordered), "p50_ms": round(p50, 2), "p99_ms": round(p99, 2),
            "max_ms": round(ordered[-1], 2)}  # fmt: skip


LISTENER = """
import asyncio, json, sys, time
from aiomqtt import Client, ProtocolVersion

async def main(port, topics):
    async with Client("127.0.0.1", port, protocol=ProtocolVersion.V5) as client:
        await client.subscribe([(topic, 1) for topic in topics])
        print("ready", flush=True)
        async for message in client.messages:
            now = time.time_ns() // 1000
            if str(message.topic) == "end":
                break
            told = json.loads(message.payload)
            seq, sent = told["seq"], told["utc_us"]
            items = len(told.get("items", ()))
            kept = [str(message.topic), seq, (now - sent) / 1e6, message.retain, items]
            if str(message.topic).endswith("/health"):
                kept.append([told["dropped"], told["unconfirmed"], told["lines_lost"]])
            print(json.dumps(kept))

asyncio.run(main(int(sys.argv[1]), sys.argv[2:]))
"""


@contextlib.contextmanager
def listening(port: int, topic: str = "fes/#") -> "Iterator[tuple[subprocess.Popen[str], Path]]":
    """Let another process receive a topic, and write down what and when; until ``end`` is one."""
    with tempfile.TemporaryDirectory() as folder:
        heard = Path(folder) / "heard"
        with heard.open("w") as file:
            command = [sys.executable, "-u", "-c", LISTENER, str(port), topic, "end"]
            with subprocess.Popen(command, stdout=file, text=True) as process:
                while "ready" not in heard.read_text():
                    time.sleep(0.05)
                try:
                    yield process, heard
                finally:
                    process.kill()
