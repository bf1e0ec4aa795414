"""The queue of timers that every clock keeps, and the fastest clock: that queue and nothing else.

Time jumps from one timer to the next; no asyncio, no waiting.
"""

import heapq
from collections.abc import Callable
from typing import Final

from fes_ctrl.units import Us

TIDY_FROM: Final = 1024
"""Fewer entries than this are never searched for timers that were taken back."""


class Timer:
    """An entry of the queue; taken back by losing its callback."""

    __slots__ = ("args", "callback", "when_us")

    def __init__(
        self, when_us: Us, callback: Callable[..., None] | None, args: tuple[object, ...]
    ) -> None:
        self.when_us = when_us
        self.callback = callback
        self.args = args

    def cancel(self) -> None:
        """Never ring; nothing happens if it already has."""
        self.callback = None


class TimerQueue:
    """Timers by instant, then kind, then the sequence in which they were set."""

    __slots__ = ("_heap", "_sequence", "_tidy_at")

    def __init__(self) -> None:
        self._heap: list[tuple[Us, int, int, Timer]] = []
        self._sequence = 0
        self._tidy_at = TIDY_FROM

    def put(
        self, when_us: Us, order: int, callback: Callable[..., None], args: tuple[object, ...]
    ) -> Timer:
        """Set a timer."""
        timer = Timer(when_us, callback, args)
        heap = self._heap
        self._sequence += 1
        heapq.heappush(heap, (when_us, order, self._sequence, timer))
        if len(heap) >= self._tidy_at:
            self._tidy()
        return timer

    def pop(self, end_us: Us) -> Timer | None:
        """Take out the first timer due at ``end_us`` or earlier that has not been taken back."""
        heap = self._heap
        while heap and heap[0][0] <= end_us:
            timer = heapq.heappop(heap)[3]
            if timer.callback is not None:
                return timer
        return None

    def first_us(self) -> Us | None:
        """Return when the first timer is due that has not been taken back."""
        heap = self._heap
        while heap:
            if heap[0][3].callback is not None:
                return heap[0][0]
            heapq.heappop(heap)
        return None

    def _tidy(self) -> None:
        """Forget timers that were taken back; far ones would otherwise pile up unseen."""
        heap = [entry for entry in self._heap if entry[3].callback is not None]
        heapq.heapify(heap)
        self._heap = heap
        self._tidy_at = max(TIDY_FROM, 2 * len(heap))


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
        pop = self._queue.pop
        while True:
            timer = pop(end_us)
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
