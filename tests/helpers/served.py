"""A simulated stimulator that is a process of its own, on a pseudo-terminal."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

Told = dict[str, str]
SERVE = (sys.executable, "-m", "firmware_sim", "serve")


@contextlib.contextmanager
def served(*options: str, device: str = "p24", on: tuple[str, ...] = ("--pty",)) -> Iterator[Told]:
    """Yield what the process tells of itself: its ports."""
    process = subprocess.Popen(
        [*SERVE, "--device", device, *on, *options], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        assert process.wait(timeout=30) == 0
        process.stdout.close()


@contextlib.contextmanager
def serving(*options: str, pulses: Path, device: str = "p24") -> Iterator[str]:
    """Yield the port's name; ``pulses`` is where the device writes down what it gives."""
    with served("--pulses", str(pulses), *options, device=device) as told:
        yield told["port"]
