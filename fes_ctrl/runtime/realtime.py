"""The clock of real walks: an asyncio loop that waits, microseconds since the walk began."""

import asyncio
import selectors
from collections.abc import Callable
from typing import Final

from fes_ctrl.links.liveness import machine_ns
from fes_ctrl.runtime.stepper import Timer, TimerQueue
from fes_ctrl.units import NEVER_US, Us

HELD_UP_US: Final = 5_000
"""A ring that is later than this comes after something that held the loop up."""


class RealClock:
    """A ``Clock`` over the running loop.

    Timers are set for absolute instants, so lateness does not add up. Those that are due together
    ring in the order that the seam promises, which asyncio's own timers do not; what becomes due
    meanwhile waits for the loop's next round, so that bytes are read in between. So do those of a
    round in which something else has held the loop up: an answer that came meanwhile is read before
    anybody finds it missing.

    What a callback raises goes to the loop's exception handler, and the rest still ring.

    Parameters
    ----------
    loop : asyncio.AbstractEventLoop
        The running loop.

    Attributes
    ----------
    rung : int
        Timers that have rung.
    late_us_max : int
        How late the latest of them was.
    start_ns : int
        When it began, by ``machine_ns``: other processes have that clock too.
    """

    __slots__ = (
        "_alarm",
        "_alarm_us",
        "_loop",
        "_queue",
        "_waited",
        "late_us_max",
        "rung",
        "start_ns",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.start_ns = machine_ns()
        self._queue = TimerQueue()
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_us: Us = NEVER_US
        self._waited = False
        self.rung = 0
        self.late_us_max: Us = 0

    def now_us(self) -> Us:
        """Return the time since the start."""
        return (machine_ns() - self.start_ns) // 1000

    def call_at_us(
        self, when_us: Us, order: int, callback: Callable[..., None], *args: object
    ) -> Timer:
        """Call back at ``when_us``, or as soon as possible if that has passed."""
        when_us = max(when_us, self.now_us())
        timer = self._queue.put(when_us, order, callback, args)
        if when_us < self._alarm_us:
            self._set_alarm(when_us)
        return timer

    def _set_alarm(self, when_us: Us) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_us = when_us
        # A microsecond more, lest it rings a hair early.
        left_us = when_us + 1 - self.now_us()
        self._alarm = self._loop.call_later(max(0, left_us) / 1e6, self._ring)

    def _ring(self) -> None:
        if self.now_us() - self._alarm_us > HELD_UP_US and not self._waited:
            # A timer of asyncio's that is due rings after what the round's descriptors have.
            self._waited = True
            self._alarm = self._loop.call_later(0, self._ring)
            return
        self._waited = False
        self._alarm = None
        # No alarm is set from in here: the first of those that remain sets one at the end.
        self._alarm_us = 0
        due_us = self.now_us()
        try:
            while (timer := self._queue.pop(due_us)) is not None:
                late_us = self.now_us() - timer.when_us
                self.late_us_max = max(self.late_us_max, late_us)
                self.rung += 1
                callback = timer.callback
                timer.callback = None
                if callback is not None:
                    callback(*timer.args)
        finally:
            first_us = self._queue.first_us()
            self._alarm_us = NEVER_US
            if first_us is not None:
                self._set_alarm(first_us)


def real_time_loop() -> asyncio.AbstractEventLoop:
    """Return a new loop whose waits end within some 0.1 ms of their time on an idle machine.

    The default selector on Linux, ``epoll``, takes whole milliseconds, and Python rounds them up;
    ``select`` takes microseconds. It serves descriptors below 1024, and a walk has a handful.
    """
    return asyncio.SelectorEventLoop(selectors.SelectSelector())
