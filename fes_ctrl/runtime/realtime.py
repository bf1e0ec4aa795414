"""The clock of real walks: an asyncio loop that waits, microseconds since the walk began."""

import asyncio
import time
from collections.abc import Callable

from fes_ctrl.units import Us


class RealClock:
    """A ``Clock`` over the running loop.

    Timers are set for absolute instants, so lateness does not add up. asyncio's selector rounds
    waits up to a millisecond; what a timer was late is for its user to judge, from ``now_us``.

    Parameters
    ----------
    loop : asyncio.AbstractEventLoop
        The running loop.
    """

    __slots__ = ("_loop", "_start_ns", "_start_s")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._start_ns = time.monotonic_ns()
        self._start_s = loop.time()

    def now_us(self) -> Us:
        """Return the time since the start."""
        return (time.monotonic_ns() - self._start_ns) // 1000

    def call_at_us(
        self,
        when_us: Us,
        order: int,  # noqa: ARG002 - in real time nothing is simultaneous
        callback: Callable[..., None],
        *args: object,
    ) -> asyncio.TimerHandle:
        """Call back at ``when_us``, or as soon as possible if that has passed."""
        return self._loop.call_at(self._start_s + when_us / 1e6, callback, *args)
