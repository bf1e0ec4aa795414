"""Processes of their own that say what happens to them, line by line, with the machine's clock."""

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

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

"""A simulated P24 on a pseudo-terminal that tells of its state and of each pulse."""


class Told:
    """Lines of JSON of another process, read in a thread as they come.

    What it leaves in ``traces``, a run log or its errors, says why, should a line not come.
    """

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.traces: list[Path] = []
        self.lines: list[dict[str, object]] = []
        self._news = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.lines.append(json.loads(line))
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def wait_for(self, known: Callable[[dict[str, object]], bool]) -> dict[str, object]:
        """Return the first line that is wanted, waiting for it."""

        def found() -> dict[str, object] | None:
            return next((line for line in self.lines if known(line)), None)

        with self._news:
            self._news.wait_for(lambda: self._ended or found() is not None, DEADLINE_S)
        line = found()
        assert line is not None, self.why()
        return line

    def why(self) -> str:
        """Return what is known of the process: how it is, what it said and wrote last."""
        status = self.process.poll()
        state = "runs" if status is None else f"has ended with {status}"
        parts = [f"it {state}; last lines: {self.lines[-5:]}"]
        parts += [f"-- {path}\n{tail(path)}" for path in self.traces]
        return "\n".join(parts)

    def after(self, t_ns: int, what: str) -> list[dict[str, object]]:
        return [line for line in self.lines if what in line and int(str(line["t_ns"])) > t_ns]

    def close(self) -> None:
        self.process.kill()
        self.process.wait(DEADLINE_S)
        self._thread.join(DEADLINE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()


TOLD = ('"kind":"state"', '"kind":"fault"', '"kind":"operator"')
TAIL = 12


def tail(path: Path) -> str:
    """Return a file's end; of a run log also what became of the run."""
    lines = path.read_text().splitlines() if path.is_file() else ["it is not there"]
    told = [line for line in lines[:-TAIL] if any(kind in line for kind in TOLD)]
    return "\n".join(told[-TAIL:] + lines[-TAIL:])


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


def t_ns_of(line: dict[str, object]) -> int:
    return int(str(line["t_ns"]))
