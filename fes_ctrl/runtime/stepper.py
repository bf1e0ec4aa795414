"""The fastest clock: a queue of events, and time that jumps from one to the next."""

import heapq
from collections.abc import Callable

from fes_ctrl.units import Us


class Timer:
    """An entry of the queue; taken back by losing its callback."""

    __slots__ = ("args", "callback")

    def __init__(self, callback: Callable[..., None] | None, args: tuple[object, ...]) -> None:
        self.callback = callback
        self.args = args

    def cancel(self) -> None:
        """Never ring; nothing happens if it already has."""
        self.callback = None


class Stepper:
    """A ``Clock`` without asyncio and without waiting."""

    __slots__ = ("_heap", "_now_us", "_sequence")

    def __init__(self) -> None:
        self._heap: list[tuple[Us, int, int, Timer]] = []
        self._now_us: Us = 0
        self._sequence = 0

    def now_us(self) -> Us:
        """Return the present."""
        return self._now_us

    def call_at_us(
        self, when_us: Us, order: int, callback: Callable[..., None], *args: object
    ) -> Timer:
        """Call back at ``when_us``, or at the present if that has passed."""
        timer = Timer(callback, args)
        self._sequence += 1
        heapq.heappush(self._heap, (max(when_us, self._now_us), order, self._sequence, timer))
        return timer

    def run_until_us(self, end_us: Us, stopped: Callable[[], bool] | None = None) -> None:
        """Ring everything that is due up to and including ``end_us``.

        Parameters
        ----------
        end_us : int
            The present, afterwards.
        stopped : callable or None
            Asked after each event; ends the run early where it says so.
        """
        heap = self._heap
        pop = heapq.heappop
        while heap and heap[0][0] <= end_us:
            when_us, _, _, timer = pop(heap)
            callback = timer.callback
            if callback is None:
                continue
            self._now_us = when_us
            timer.callback = None
            callback(*timer.args)
            if stopped is not None and stopped():
                return
        self._now_us = max(self._now_us, end_us)
