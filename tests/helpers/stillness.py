"""Whether the machine stood still: what no program can help, and no test of time can judge.

On a machine that stops for a tenth of a second, because its host has others to serve, a program
misses its deadlines and says so, as it should. A witness that has nothing to do but to wake up, on
each processor and first in line, tells such a time from one that the program took: whatever the
program does, and however long, a witness that goes first has its processor within milliseconds.
(Where Linux groups sessions, other sessions are the machine: nobody here goes ahead of them.)
"""

import os
import subprocess
import sys
from dataclasses import dataclass

PERIOD_S = 0.005
LEAST_S = 0.025
"""A quarter of the shortest deadline of a run (100 ms)."""

WATCH = f"""
import os, sys, threading, time

def watch(processor):
    if processor is not None:
        os.sched_setaffinity(0, (processor,))
    before = time.monotonic()
    while True:
        time.sleep({PERIOD_S})
        now = time.monotonic()
        if now - before > {PERIOD_S + LEAST_S}:
            os.write(1, b"%.6f %.6f\\n" % (before, now))
        before = now

for processor in getattr(os, "sched_getaffinity", lambda process: (None,))(0):
    threading.Thread(target=watch, args=(processor,), daemon=True).start()
os.write(1, b"looking\\n")
sys.stdin.read()
os._exit(0)
"""


@dataclass(frozen=True, slots=True)
class Stillness:
    """A time in which a processor served nobody, not even who was first in line.

    Attributes
    ----------
    since, until
        On the monotonic clock (s).
    """

    since: float
    until: float

    def __str__(self) -> str:
        return f"{(self.until - self.since) * 1e3:.0f} ms at {self.since:.3f} s"


class Witness:
    """A process that wakes up 200 times a second on each processor and tells when it did not.

    It has the priority of whoever starts it.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-c", WATCH],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        assert self._process.stdout is not None
        self._out = self._process.stdout.fileno()
        # What it tells before that is over, and was before anybody asked.
        while (line := self._process.stdout.readline()) != b"looking\n":
            assert line, "the witness ended before it looked on"
        os.set_blocking(self._out, False)
        self._told: list[Stillness] = []
        self._rest = b""

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def there(self) -> bool:
        """Whether its process goes on."""
        return self._process.poll() is None

    def stood_still(self, since: float) -> list[Stillness]:
        """Return the times in which the machine stood still, as far as they end after `since`.

        Raises
        ------
        RuntimeError
            The witness is not there any more, so nobody knows.
        """
        if not self.there:
            raise RuntimeError("the witness of the machine's stillness ended")
        try:
            while more := os.read(self._out, 65536):
                self._rest += more
        except BlockingIOError:
            pass
        *lines, self._rest = self._rest.split(b"\n")
        self._told += [Stillness(*map(float, line.split())) for line in lines]
        return [each for each in self._told if each.until > since]

    def close(self) -> None:
        """End the process."""
        self._process.communicate()
