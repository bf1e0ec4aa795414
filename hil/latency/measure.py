"""Sensor and stimulator of a whole ``fes-ctrl run``, played and timed by one process.

The run is a process of its own on two pseudo-terminals. Here a heel switch is played at 100 Hz, and
a simulated P24 answers; each heel-off is the sample that begins a burst, so what passes from just
before it is written until the burst's first frame is whole is the way from sample to command.
Beside each stands an echo: the same bytes to a loop that does nothing but answer them.
"""

import contextlib
import os
import select
import subprocess
import sys
import time
import tty
from collections.abc import Callable, Iterator
from itertools import pairwise
from random import Random
from typing import Final, NamedTuple

from fes_ctrl.units import NEVER_US, Us
from fes_ctrl.wire import sciencemode4 as sm4
from firmware_sim.devices.catalogue import DEVICES
from firmware_sim.devices.device import DeviceStep
from firmware_sim.output import OutputStage

SAMPLE_S: Final = 0.01
STRIDE_S: Final = 0.7
STANCE: Final = 0.6
START_S: Final = 30.0
"""So long a run may take until it is armed."""

LEVEL: Final = 40
WAITED_S: Final = 0.1
"""A frame or an echo that is not there by then is counted as missing."""


class LatencyError(RuntimeError):
    """The run did not do what is to be timed: what it said instead."""


class Quantiles(NamedTuple):
    """Of some times: how many, and quantiles in milliseconds."""

    n: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


class Latency(NamedTuple):
    """What was measured.

    Attributes
    ----------
    frames_ms, echoes_ms : list of float
        From sample to frame, and from the same bytes to their echo.
    missing : int
        Heel-offs without a burst within 0.1 s: the guard, the program or the line had a reason.
    """

    frames_ms: list[float]
    echoes_ms: list[float]
    missing: int


def quantiles(values: list[float]) -> Quantiles:
    """Return the quantiles of some times, at least one."""
    ordered = sorted(values)
    last = len(ordered) - 1
    p50, p95, p99 = (round(ordered[round(last * p)], 3) for p in (0.5, 0.95, 0.99))
    return Quantiles(len(ordered), p50, p95, p99, round(ordered[-1], 3))


def histogram(values: list[float], edges: list[float]) -> list[int]:
    """Return how many values lie from one edge to the next; beyond the last ones in the last."""
    counts = [sum(low <= value < high for value in values) for low, high in pairwise(edges)]
    return [*counts, sum(value >= edges[-1] for value in values)]


class Far:
    """The far end of a pseudo-terminal; the near end stays open too: nobody's leaving cuts it."""

    def __init__(self) -> None:
        self.fd, self._near = os.openpty()
        tty.setraw(self._near)
        os.set_blocking(self.fd, False)
        self.name = os.ttyname(self._near)

    def close(self) -> None:
        """Let go of both ends."""
        os.close(self.fd)
        os.close(self._near)


class Player:
    """Plays the ports of one run, and times it.

    Parameters
    ----------
    say : callable
        Takes what the run says, line by line.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._ports = [Far() for _ in range(4)]
        self._sensor, self._stimulator, self._asked, self._echoed = self._ports
        row = DEVICES["p24"]
        self._device = row.make(OutputStage(row.channels), Random(1))
        self._wake_us: Us = NEVER_US
        self._decoder = sm4.Decoder()
        self._pulse_at: float | None = None
        self._echo_at: float | None = None
        self._said = b""
        self._lines: list[str] = []
        self._number = 0
        self._begin = time.monotonic()

    def close(self) -> None:
        """Let go of the ports."""
        for port in self._ports:
            port.close()

    def _now_us(self) -> Us:
        return int((time.monotonic() - self._begin) * 1e6)

    # -- the two processes ------------------------------------------------------------------------

    @contextlib.contextmanager
    def _running(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        process = subprocess.Popen(  # noqa: S603 - our own modules
            [sys.executable, "-m", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=30)

    def measure(self, seconds: float, *options: str) -> Latency:
        """Walk for a while; return what each heel-off took.

        Parameters
        ----------
        seconds : float
            How long, at least some strides.
        options : str
            More of the command line of ``fes-ctrl run``.

        Raises
        ------
        LatencyError
            If the run ends, or is not armed in time.
        """
        frame = len(sm4.low_level_pulse(1, 0, ((300, 20_000), (300, -20_000))))
        sensor = f"serial:{self._sensor.name}?sensors=right.heel_switch"
        with (
            self._running(
                "hil.latency.echo", self._asked.name, self._echoed.name, str(frame)
            ) as echo,
            self._running(
                *("fes_ctrl", "run", "--sensor", sensor),
                *("--stimulator", f"p24://{self._stimulator.name}"),
                *("--arm-allowed", "bench", *options),
            ) as run,
        ):
            if echo.stdout is None or run.stdin is None or run.stdout is None:
                raise LatencyError("no pipes to the processes")
            if echo.stdout.readline() != b"ready\n":
                raise LatencyError("the echo did not come up")
            os.set_blocking(run.stdout.fileno(), False)
            self._arm(run)
            return self._walk(run, seconds)

    def _arm(self, run: "subprocess.Popen[bytes]") -> None:
        """Stand on the heel until the run is armed."""
        until = time.monotonic() + START_S
        asked = 0.0
        while not any("armed, level" in line and "not armed" not in line for line in self._lines):
            now = time.monotonic()
            if now >= until:
                raise LatencyError(f"not armed within {START_S:g} s: {self._last_words()}")
            if now >= asked:
                asked = now + 1.0
                self._type(run, "arm\n")
            self._sample(loaded=True)
            self._serve(run, now + SAMPLE_S)
        self._type(run, f"level {LEVEL}\n")

    def _walk(self, run: "subprocess.Popen[bytes]", seconds: float) -> Latency:
        found = Latency([], [], 0)
        missing = 0
        due = time.monotonic()
        until = due + seconds
        begin = due
        was_loaded = True
        while due < until:
            loaded = (due - begin) % STRIDE_S < STANCE * STRIDE_S
            self._serve(run, due)
            heel_off = was_loaded and not loaded
            was_loaded = loaded
            self._pulse_at = self._echo_at = None
            sent = time.monotonic()
            self._sample(loaded=loaded)
            if heel_off:
                self._serve(run, sent + WAITED_S, lambda: self._pulse_at is not None)
                if self._pulse_at is None:
                    missing += 1
                else:
                    found.frames_ms.append((self._pulse_at - sent) * 1e3)
                asked = time.monotonic()
                os.write(self._asked.fd, self._line(loaded=loaded))
                self._serve(run, asked + WAITED_S, lambda: self._echo_at is not None)
                if self._echo_at is not None:
                    found.echoes_ms.append((self._echo_at - asked) * 1e3)
            due += SAMPLE_S
        if not found.frames_ms or not found.echoes_ms:
            raise LatencyError(f"no burst began: {self._last_words()}")
        return found._replace(missing=missing)

    def _last_words(self) -> str:
        return "; ".join(self._lines[-3:]) or "it said nothing"

    # -- the ports --------------------------------------------------------------------------------

    def _line(self, *, loaded: bool) -> bytes:
        self._number += 1
        return f"right,heel_switch,{self._number},{self._now_us()},{int(loaded)}\n".encode()

    def _sample(self, *, loaded: bool) -> None:
        os.write(self._sensor.fd, self._line(loaded=loaded))

    def _type(self, run: "subprocess.Popen[bytes]", text: str) -> None:
        if run.stdin is None or run.poll() is not None:
            raise LatencyError(f"the run has ended: {self._last_words()}")
        run.stdin.write(text.encode())
        run.stdin.flush()

    def _serve(
        self, run: "subprocess.Popen[bytes]", until: float, over: Callable[[], bool] = bool
    ) -> None:
        """Let the device live and hear the run until an instant, or until it is over."""
        if run.stdout is None:
            raise LatencyError("no pipe to the run")
        said, device, echo = run.stdout.fileno(), self._stimulator.fd, self._echoed.fd
        while not over():
            wait_s = until - time.monotonic()
            if wait_s <= 0.0:
                return
            woken_s = (self._wake_us - self._now_us()) / 1e6
            ready, _, _ = select.select([said, device, echo], [], [], max(0, min(wait_s, woken_s)))
            now = time.monotonic()
            if echo in ready and os.read(echo, 4096):
                self._echo_at = now
            if device in ready:
                self._hear(os.read(device, 4096), now)
            elif self._now_us() >= self._wake_us:
                self._answer(self._device.tick(self._now_us()))
            if said in ready:
                self._listen(run, os.read(said, 4096))

    def _hear(self, data: bytes, now: float) -> None:
        pulse = any(frame.command == sm4.LL_CHANNEL_CONFIG for frame in self._decoder.feed(data))
        if pulse and self._pulse_at is None:
            self._pulse_at = now
        self._answer(self._device.receive(self._now_us(), data))

    def _answer(self, step: DeviceStep) -> None:
        self._wake_us = step.wake_at_us
        if step.out:
            os.write(self._stimulator.fd, step.out)

    def _listen(self, run: "subprocess.Popen[bytes]", data: bytes) -> None:
        if not data:
            run.wait(timeout=30)
            raise LatencyError(f"the run has ended: {self._last_words()}")
        *lines, self._said = (self._said + data).split(b"\n")
        for line in lines:
            self._lines.append(line.decode(errors="replace"))
            self._say(self._lines[-1])
