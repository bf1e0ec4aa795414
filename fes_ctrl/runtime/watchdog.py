"""Liveness from outside the loop: a thread that stops the output when the loop does not turn.

The loop counts beats; the thread looks whether they go on. It never waits for the loop, and holds
nothing that the loop could wait for. What it cannot see it cannot stop: a process that is killed,
or held by code that keeps the interpreter's lock, needs the device's own dead-man.
"""

import asyncio
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from fes_ctrl.model import LINK_BLOCKED
from fes_ctrl.runtime.session import ControlSession
from fes_ctrl.units import Us

BEAT_S: Final = 0.02
LOOK_S: Final = 0.01
BLOCKED_US: Final = 120_000
"""Silence of the loop that is a fault: with a beat, a look and the stop's way within 200 ms."""

LONGEST_STEP_US: Final = 30_000
"""A look that comes later than this counts as so much: then the machine is busy, not the loop
blocked, and the loop is given as many chances as the thread had."""

HALTED_US: Final = 1_000_000
"""A look that comes later than this was not merely late: the process stood still."""

ASLEEP_US: Final = 100_000
"""The clock that counts sleep may run ahead of the one that does not by less than this."""

REPEATS: Final = 2
REPEAT_US: Final = 80_000
"""As the driver repeats a stop, while the loop cannot."""

JOIN_S: Final = 1.0

SWITCH_S: Final = 0.001
"""How long a thread that wants the interpreter waits for one that computes; Python's default is
5 ms, and a stop needs the interpreter some times."""

WAKE: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Liveness:
    """Whether a loop lives, told from looks at its beats and at two clocks.

    Parameters
    ----------
    now_us : int
        Monotonic time, which stands still while the machine sleeps.
    awake_us : int
        The same with sleep counted in.
    """

    __slots__ = ("_asleep_us", "_beats", "_looked_us", "silent_us")

    def __init__(self, now_us: Us, awake_us: Us) -> None:
        self._looked_us = now_us
        self._asleep_us = awake_us - now_us
        self._beats = 0
        self.silent_us: Us = 0

    def look(self, now_us: Us, awake_us: Us, beats: int) -> str:
        """Return what is wrong, or nothing; after that the silence counts from zero.

        Parameters
        ----------
        now_us, awake_us : int
            As at first.
        beats : int
            How often the loop has beaten.
        """
        step_us = now_us - self._looked_us
        slept_us = awake_us - now_us - self._asleep_us
        self._looked_us = now_us
        self._asleep_us = awake_us - now_us
        if beats != self._beats:
            self._beats = beats
            self.silent_us = 0
        else:
            self.silent_us += min(step_us, LONGEST_STEP_US)
        wrong = ""
        if slept_us > ASLEEP_US:
            wrong = f"the machine slept for {slept_us / 1e6:.1f} s"
        elif step_us > HALTED_US:
            wrong = f"the process stood still for {step_us / 1e6:.1f} s"
        elif self.silent_us >= BLOCKED_US:
            wrong = f"the event loop did not turn for {self.silent_us / 1000:.0f} ms"
        if wrong:
            self.silent_us = 0
        return wrong


class Watchdog:
    """Stops a session whose loop does not turn; a context manager, entered on that loop.

    Parameters
    ----------
    session : ControlSession
        Whose output to stop.
    say : callable
        Takes what happened, in the watchdog's thread, after the output was stopped.

    Attributes
    ----------
    beats : int
        How often the loop has beaten.
    trips : int
        How often it had to step in.
    """

    def __init__(self, session: ControlSession, say: Callable[[str], None]) -> None:
        self._session = session
        self._say = say
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._switch_s = SWITCH_S
        self.beats = 0
        self.trips = 0

    def __enter__(self) -> Self:
        """Begin to watch."""
        self._switch_s = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_S)
        self._beat()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Watch no more; the thread has ended afterwards, unless ``say`` holds it."""
        self._over.set()
        if self._timer is not None:
            self._timer.cancel()
        self._thread.join(JOIN_S)
        sys.setswitchinterval(self._switch_s)

    def _beat(self) -> None:
        self.beats += 1
        self._timer = self._loop.call_later(BEAT_S, self._beat)
        if self._session.halted:
            self._session.settle()

    # -- in the thread ----------------------------------------------------------------------------

    def _watch(self) -> None:
        # Signals are for the main thread: only there do their handlers run.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        liveness = Liveness(_us(time.CLOCK_MONOTONIC), _us(WAKE))
        while not self._over.wait(LOOK_S):
            wrong = liveness.look(_us(time.CLOCK_MONOTONIC), _us(WAKE), self.beats)
            if wrong:
                self._stop(wrong)
                liveness = Liveness(_us(time.CLOCK_MONOTONIC), _us(WAKE))

    def _stop(self, wrong: str) -> None:
        beats = self.beats
        self._session.stop_now(LINK_BLOCKED, wrong)
        self.trips += 1
        self._say(wrong)
        repeats = 0
        while not self._over.wait(REPEAT_US / 1e6) and self.beats == beats:
            if repeats < REPEATS:
                repeats += 1
                self._session.stop_now(LINK_BLOCKED, wrong)


def _us(clock: int) -> Us:
    return time.clock_gettime_ns(clock) // 1000
