"""The queue of timers that every clock keeps, and the fastest clock: that queue and nothing else.

Time jumps from one timer to the next; no asyncio, no waiting.
"""

from collections.abc import Callable
from typing import Final

from fes_ctrl.units import Us

TIDY_FROM: Final = 1024
"""Fewer entries than this are never searched for timers that were taken back."""


class Timer:
    """An entry of the queue; taken back by losing its callback."""

    __slots__ = ("args", "callback", "order", "when_us")

    def __init__(
        self,
        when_us: Us,
        order: int,
        callback: Callable[..., None] | None,
        args: tuple[object, ...],
    ) -> None:
        self.when_us = when_us
        self.order = order
        self.callback = callback
        self.args = args

    def cancel(self) -> None:
        """Never ring; nothing happens if it already has."""
        self.callback = None


class TimerQueue:
    """Timers by instant, then kind, then the sequence in which they were set."""

    __slots__ = ("_tidy_at", "_timers")

    def __init__(self) -> None:
        # The next one last. A walk has about six at a time: too few for a heap to pay.
        self._timers: list[Timer] = []
        self._tidy_at = TIDY_FROM

    def put(
        self, when_us: Us, order: int, callback: Callable[..., None], args: tuple[object, ...]
    ) -> Timer:
        """Set a timer."""
        timer = Timer(when_us, order, callback, args)
        timers = self._timers
        low, high = 0, len(timers)
        while low < high:
            middle = (low + high) >> 1
            other = timers[middle]
            other_us = other.when_us
            if other_us > when_us or (other_us == when_us and other.order > order):
                low = middle + 1
            else:
                high = middle
        timers.insert(low, timer)
        if len(timers) >= self._tidy_at:
            self._tidy()
        return timer

    def pop(self, end_us: Us) -> Timer | None:
        """Take out the first timer due at ``end_us`` or earlier that has not been taken back."""
        timers = self._timers
        while timers and timers[-1].when_us <= end_us:
            timer = timers.pop()
            if timer.callback is not None:
                return timer
        return None

    def first_us(self) -> Us | None:
        """Return when the first timer is due that has not been taken back."""
        timers = self._timers
        while timers:
            if timers[-1].callback is not None:
                return timers[-1].when_us
            timers.pop()
        return None

    def _tidy(self) -> None:
        """Forget timers that were taken back; far ones would otherwise pile up unseen."""
        self._timers = [timer for timer in self._timers if timer.callback is not None]
        self._tidy_at = max(TIDY_FROM, 2 * len(self._timers))


class Stepper:
    """A ``Clock`` without asyncio and without waiting.

    What a callback raises ends the run and reaches the caller.

    Parameters
    ----------
    start_us : int
        The present at first.
    """

    __slots__ = ("_now_us", "_queue")

    def __init__(self, start_us: Us = 0) -> None:
        self._queue = TimerQueue()
        self._now_us: Us = start_us

    def now_us(self) -> Us:
        """Return the present."""
        return self._now_us

    def call_at_us(
        self, when_us: Us, order: int, callback: Callable[..., None], *args: object
    ) -> Timer:
        """Call back at ``when_us``, or at the present if that has passed."""
        now_us = self._now_us
        return self._queue.put(max(when_us, now_us), order, callback, args)

    def run_until_us(self, end_us: Us, stopped: Callable[[], bool] | None = None) -> None:
        """Ring everything that is due up to and including ``end_us``.

        Parameters
        ----------
        end_us : int
            The present, afterwards.
        stopped : callable or None
            Asked after each event; ends the run early where it says so.
        """
        queue = self._queue
        while True:
            timer = queue.pop(end_us)
            if timer is None:
                break
            self._now_us = timer.when_us
            callback = timer.callback
            timer.callback = None
            if callback is not None:
                callback(*timer.args)
            if stopped is not None and stopped():
                return
        if end_us > self._now_us:
            self._now_us = end_us
