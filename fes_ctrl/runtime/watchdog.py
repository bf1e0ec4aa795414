"""Liveness from outside the loop: a thread that stops the output when the loop does not turn.

The loop counts beats; the thread looks whether they go on. It never waits for the loop, and holds
nothing that the loop could wait for. What it cannot see it cannot stop: a process that is killed,
or held by code that keeps the interpreter's lock, needs the device's own dead-man.
"""

import asyncio
import signal
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from fes_ctrl.links.liveness import BEAT_S, LOOK_S, Liveness, boottime_us, monotonic_us
from fes_ctrl.model import LINK_BLOCKED
from fes_ctrl.runtime.session import ControlSession
from fes_ctrl.runtime.steady import go_ahead_of

REPEATS: Final = 2
REPEAT_US: Final = 80_000
"""As the driver repeats a stop, while the loop cannot."""

JOIN_S: Final = 1.0

SWITCH_S: Final = 0.001
"""How long a thread that wants the interpreter waits for one that computes; Python's default is
5 ms, and a stop needs the interpreter some times."""


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
        self._watched = threading.get_native_id()
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
        go_ahead_of(self._watched)
        liveness = Liveness(monotonic_us(), boottime_us())
        while not self._over.wait(LOOK_S):
            wrong = liveness.look(monotonic_us(), boottime_us(), self.beats)
            if wrong:
                self._stop(wrong)
                liveness = Liveness(monotonic_us(), boottime_us())

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
