"""Whether something that beats still does, told by whoever looks from outside.

A watchdog's thread looks at the event loop so, and a guardian's process at the controller's.
"""

import time
from typing import Final

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


SEES_SLEEP: Final = hasattr(time, "CLOCK_BOOTTIME")
"""Whether a clock goes on here while the machine sleeps, beside one that does not."""


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


def monotonic_us() -> Us:
    """Return monotonic time, which stands still while the machine sleeps."""
    return time.monotonic_ns() // 1000


def boottime_us() -> Us:
    """Return the same with sleep counted in, where the system has such a clock."""
    return machine_ns() // 1000


def machine_ns() -> int:
    """Return the clock of real walks, nanoseconds: every process of the machine has the same one.

    Monotonic time stands still while the machine sleeps: a controller would go on with what it had
    planned before. This clock goes on, where there is one, so that the sleep is seen.
    """
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) if SEES_SLEEP else time.monotonic_ns()
