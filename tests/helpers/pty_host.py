"""A host of a feslink device as a process: the driver session on a port, pulses from arming on.

    python pty_host.py PORT PULSES

Prints one JSON line when it is armed and one for each report; stops after so many pulses (0: goes
on until it is killed). Ends with 0 once the device has confirmed the stop.
"""

import json
import os
import select
import sys
import time

from fes_ctrl.model import (
    LINK_ANSWER,
    LINK_IDLE,
    LINK_READY,
    LINK_UP,
    SYMMETRIC,
    Arm,
    LinkReport,
    Setpoint,
    Stop,
)
from fes_ctrl.stimulators.config import StimulatorConfig
from fes_ctrl.stimulators.drivers import driver_for
from fes_ctrl.stimulators.session import DriverStep

EVERY_US = 25_000
CURRENT_UA = 20_000
WIDTH_US = 300


class Host:
    """The session, its port, and what is left to give."""

    def __init__(self, port: str, pulses: int) -> None:
        self._fd = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        config = StimulatorConfig(device="feslink", mode="scheduled")
        self._session = driver_for(config, 20_000)
        self._left = pulses or -1
        self._next_us = 0
        self._ready = False
        self._wake_us = 0
        self.done = False

    def run(self) -> None:
        """Arm, give, stop."""
        self._take(self._session.open(_now_us()))
        while not self.done:
            now_us = _now_us()
            due_us = min(self._wake_us, self._next_us) if self._ready else self._wake_us
            wait_s = min(0.1, max(0, due_us - now_us) / 1e6)
            readable, _, _ = select.select([self._fd], [], [], wait_s)
            if readable:
                self._take(self._session.receive(_now_us(), os.read(self._fd, 4096)))
            now_us = _now_us()
            if self._ready and now_us >= self._next_us:
                self._give(now_us)
            if now_us >= self._wake_us:
                self._take(self._session.tick(now_us))

    def _give(self, now_us: int) -> None:
        if self._left == 0:
            self._ready = False
            self._take(self._session.command(now_us, Stop(now_us, 0, "done")))
            return
        self._left -= 1
        self._next_us = now_us + EVERY_US
        setpoint = Setpoint(now_us, 0, 0, CURRENT_UA, WIDTH_US, now_us + EVERY_US, SYMMETRIC)
        self._take(self._session.command(now_us, setpoint))

    def _take(self, step: DriverStep) -> None:
        self._wake_us = step.wake_at_us
        for data in step.out:
            os.write(self._fd, data)
        for report in step.reports:
            self._heed(report)

    def _heed(self, report: LinkReport) -> None:
        if report.kind != LINK_ANSWER:
            print(json.dumps({"kind": report.kind, "detail": report.detail}), flush=True)  # noqa: T201 - the test reads it
        if report.kind == LINK_UP:
            self._take(self._session.command(_now_us(), Arm(_now_us(), 0)))
        elif report.kind == LINK_READY:
            self._ready = True
            self._next_us = _now_us()
        elif report.kind == LINK_IDLE and self._left == 0:
            self.done = True


def _now_us() -> int:
    return time.monotonic_ns() // 1000


if __name__ == "__main__":
    Host(sys.argv[1], int(sys.argv[2])).run()
