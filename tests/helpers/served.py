"""A simulated stimulator that is a process of its own, on a pseudo-terminal."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

SERVE = (sys.executable, "-m", "firmware_sim", "serve")


@contextlib.contextmanager
def serving(*options: str, pulses: Path, device: str = "p24") -> Iterator[str]:
    """Yield the port's name; ``pulses`` is where the device writes down what it gives."""
    process = subprocess.Popen(
        [*SERVE, "--device", device, "--pty", "--pulses", str(pulses), *options],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())["port"]
    finally:
        process.terminate()
        assert process.wait(timeout=30) == 0
        process.stdout.close()
