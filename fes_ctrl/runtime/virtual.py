"""An asyncio event loop whose time is an integer and passes only when nothing is left to do.

It rings one timer at a time, and lets everything that follows from it come to rest before the
next, even one of the same instant. So tasks see simultaneous things in the same order as the
stepper does, and equal programs give equal results.

Real descriptors, executors and other threads have no place in virtual time, and are refused; a
program that waits for something that cannot come is told so, with the names of who waits.
"""

import asyncio
import heapq
from asyncio import events
from collections.abc import Callable, Coroutine
from contextvars import Context
from random import Random
from threading import get_ident
from typing import Any, Never, TypeVar, TypeVarTuple

from fes_ctrl.runtime.clock import ORDER_ASYNCIO
from fes_ctrl.runtime.stepper import Timer
from fes_ctrl.units import Us

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class DeadlockError(RuntimeError):
    """Nothing is scheduled, and somebody still waits."""


class NotVirtualError(RuntimeError):
    """Something real was asked of a loop that has no real time."""


class _LoopTimer(asyncio.TimerHandle):
    """asyncio's own timer; the queue entry beside it decides when it rings."""

    __slots__ = ()


class VirtualLoop(asyncio.BaseEventLoop):
    """An asyncio loop and a ``Clock`` in virtual time.

    Parameters
    ----------
    jitter_seed : int or None
        Shuffles callbacks that are ready together, by seed: to look for races. ``None`` keeps
        asyncio's order.
    """

    def __init__(self, jitter_seed: int | None = None) -> None:
        super().__init__()
        self._now_us: Us = 0
        self._timers: list[tuple[Us, int, int, Timer]] = []
        self._sequence = 0
        self._jitter = None if jitter_seed is None else Random(jitter_seed)
        self._home = get_ident()

    # -- the clock ----------------------------------------------------------------------------

    def now_us(self) -> Us:
        """Return the present."""
        return self._now_us

    def time(self) -> float:
        """Return the present in seconds, as asyncio wants it."""
        return self._now_us / 1e6

    def call_at_us(
        self, when_us: Us, order: int, callback: Callable[..., None], *args: object
    ) -> Timer:
        """Call back at ``when_us``, or at the present if that has passed."""
        timer = Timer(callback, args)
        self._sequence += 1
        heapq.heappush(self._timers, (max(when_us, self._now_us), order, self._sequence, timer))
        return timer

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Set asyncio's kind of timer; rounded to the next whole microsecond."""
        if self.is_closed():
            message = "the loop is closed"
            raise RuntimeError(message)
        handle = _LoopTimer(when, callback, args, self, context)
        when_us = -int(-when * 1_000_000 // 1)
        self.call_at_us(when_us, ORDER_ASYNCIO, self._ring, handle)
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Set a timer from now on."""
        when_us = self._now_us + max(0, -int(-delay * 1_000_000 // 1))
        handle = _LoopTimer(when_us / 1e6, callback, args, self, context)
        self.call_at_us(when_us, ORDER_ASYNCIO, self._ring, handle)
        return handle

    def _ring(self, handle: asyncio.TimerHandle) -> None:
        if not handle.cancelled():
            handle._run()

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Leave a cancelled timer in the queue: it does nothing when its time comes."""

    # -- running ------------------------------------------------------------------------------

    def _run_once(self) -> None:
        """Run what is ready; if nothing is, let time pass to the next timer and ring it."""
        ready = self._ready  # type: ignore[attr-defined]
        if not ready:
            self._ring_next()
            return
        if self._jitter is not None and len(ready) > 1:
            shuffled = list(ready)
            self._jitter.shuffle(shuffled)
            ready.clear()
            ready.extend(shuffled)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle.cancelled():
                handle._run()

    def _ring_next(self) -> None:
        timers = self._timers
        while timers:
            when_us, _, _, timer = heapq.heappop(timers)
            callback = timer.callback
            if callback is None:
                continue
            self._now_us = when_us
            timer.callback = None
            callback(*timer.args)
            return
        waiting = sorted(task.get_name() for task in asyncio.all_tasks(self) if not task.done())
        message = (
            f"nothing is scheduled at {self.time():.6f} s, yet these wait: "
            f"{', '.join(waiting) or 'no task'}"
        )
        raise DeadlockError(message)

    def run_until_complete(self, future: Any) -> Any:
        """Run until the future is done."""
        self._home = get_ident()
        return super().run_until_complete(future)

    def _process_events(self, event_list: list[object]) -> None:
        """Have no descriptors to look after."""

    def _write_to_self(self) -> None:
        """Have nobody to wake up."""

    # -- what has no place in virtual time ------------------------------------------------------

    def call_soon_threadsafe(
        self,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Accept calls of this thread only."""
        if get_ident() != self._home:
            _refuse("a call from another thread")
        return self.call_soon(callback, *args, context=context)

    def run_in_executor(self, *_: object) -> Never:
        """Refuse: a thread's work takes real time."""
        _refuse("an executor")

    def add_reader(self, *_: object) -> Never:
        """Refuse: bytes in a kernel's buffer have no virtual time."""
        _refuse("a real descriptor")

    def add_writer(self, *_: object) -> Never:
        """Refuse: bytes in a kernel's buffer have no virtual time."""
        _refuse("a real descriptor")

    def remove_reader(self, *_: object) -> bool:
        """Have none to remove."""
        return False

    def remove_writer(self, *_: object) -> bool:
        """Have none to remove."""
        return False

    async def create_connection(self, *_: object, **__: object) -> Never:
        """Refuse."""
        _refuse("a real connection")

    async def create_server(self, *_: object, **__: object) -> Never:
        """Refuse."""
        _refuse("a real server")

    async def sock_connect(self, *_: object) -> Never:
        """Refuse."""
        _refuse("a real socket")

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Have no executor to shut down."""


def _refuse(what: str) -> Never:
    message = f"{what} on the virtual loop: use an in-memory link, or the real loop"
    raise NotVirtualError(message)


def run(main: Coroutine[Any, Any, T], *, jitter_seed: int | None = None) -> T:
    """Run a coroutine on a virtual loop of its own.

    Parameters
    ----------
    main : coroutine
        What to run.
    jitter_seed : int or None
        See ``VirtualLoop``.

    Returns
    -------
    object
        What the coroutine returned.
    """
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(jitter_seed)) as runner:
        return runner.run(main)


def virtual_clock() -> VirtualLoop:
    """Return the running loop, if it is a virtual one.

    Raises
    ------
    NotVirtualError
        If it is not.
    """
    loop = events.get_running_loop()
    if not isinstance(loop, VirtualLoop):
        _refuse("a real loop, asked to be a virtual one")
    return loop
