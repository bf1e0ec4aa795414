"""An asyncio event loop whose time is an integer and passes only when nothing is left to do.

It rings one timer at a time, and lets everything that follows from it come to rest before the
next, even one of the same instant. So tasks see simultaneous things in the same order as the
stepper does, and equal programs give equal results.

Real descriptors, executors and other threads have no place in virtual time, and are refused; a
program that waits for something that cannot come is told so, with the names of who waits.
"""

import asyncio
import math
from asyncio import events
from collections.abc import Callable, Coroutine
from contextvars import Context
from random import Random
from threading import get_ident
from typing import Any, Never, TypeVar, TypeVarTuple

from fes_ctrl.runtime.clock import ORDER_ASYNCIO
from fes_ctrl.runtime.stepper import Timer, TimerQueue
from fes_ctrl.units import NEVER_US, Us

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class DeadlockError(RuntimeError):
    """Nothing is scheduled, and somebody still waits."""


class NotVirtualError(RuntimeError):
    """Something real was asked of a loop that has no real time."""


class _LoopTimer(asyncio.TimerHandle):
    """asyncio's own timer; the queue entry beside it decides when it rings."""

    __slots__ = ("entry",)

    entry: Timer | None


class VirtualLoop(asyncio.BaseEventLoop):
    """An asyncio loop and a ``Clock`` in virtual time.

    What a callback of ``call_at_us`` raises ends the run and reaches the caller, as it does on
    the stepper; asyncio's own callbacks and tasks keep asyncio's rules.

    Parameters
    ----------
    jitter_seed : int or None
        Shuffles tasks that are ready together, by seed: to look for races. asyncio promises no
        order among tasks; plain callbacks keep theirs. ``None`` shuffles nothing.
    """

    def __init__(self, jitter_seed: int | None = None) -> None:
        super().__init__()
        self._now_us: Us = 0
        self._queue = TimerQueue()
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
        now_us = self._now_us
        return self._queue.put(max(when_us, now_us), order, callback, args)

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Set asyncio's kind of timer, at the nearest whole microsecond."""
        return self._set(_microseconds(when), callback, args, context)

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Set a timer from now on; a delay above zero lasts a microsecond at least."""
        delay_us = _microseconds(delay)
        if delay_us <= 0:
            # A task that naps for less than the clock's grain must not hold time still.
            delay_us = 1 if delay > 0 else 0
        return self._set(self._now_us + delay_us, callback, args, context)

    def _set(
        self,
        when_us: Us,
        callback: Callable[[*Ts], object],
        args: tuple[*Ts],
        context: Context | None,
    ) -> asyncio.TimerHandle:
        if self.is_closed():
            message = "the loop is closed"
            raise RuntimeError(message)
        when_us = max(when_us, self._now_us)
        handle = _LoopTimer(when_us / 1e6, callback, args, self, context)
        # What never rings is not queued: who waits for it alone is found to wait in vain.
        handle.entry = (
            None
            if when_us >= NEVER_US
            else self._queue.put(when_us, ORDER_ASYNCIO, handle._run, ())
        )
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Take the entry of a cancelled timer back."""
        if isinstance(handle, _LoopTimer) and handle.entry is not None:
            handle.entry.cancel()

    # -- running ------------------------------------------------------------------------------

    def _run_once(self) -> None:
        """Run what is ready; if nothing is, let time pass to the next timer and ring it."""
        ready = self._ready  # type: ignore[attr-defined]
        if not ready:
            if not self._stopping:  # type: ignore[attr-defined]
                self._ring_next()
            return
        if self._jitter is not None and len(ready) > 1:
            _shuffle_tasks(ready, self._jitter)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle.cancelled():
                handle._run()

    def _ring_next(self) -> None:
        timer = self._queue.pop(NEVER_US)
        if timer is None:
            waiting = sorted(task.get_name() for task in asyncio.all_tasks(self))
            message = (
                f"nothing is scheduled at {self.time():.6f} s, yet these wait: "
                f"{', '.join(waiting) or 'no task'}"
            )
            raise DeadlockError(message)
        self._now_us = timer.when_us
        callback = timer.callback
        timer.callback = None
        if callback is not None:
            callback(*timer.args)

    def run_forever(self) -> None:
        """Run until stopped."""
        self._home = get_ident()
        super().run_forever()

    def close(self) -> None:
        """Close the loop and forget every timer."""
        super().close()
        self._queue = TimerQueue()

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

    def add_signal_handler(self, *_: object) -> Never:
        """Refuse: signals come in real time."""
        _refuse("a signal handler")

    async def create_connection(self, *_: object, **__: object) -> Never:
        """Refuse."""
        _refuse("a real connection")

    async def create_server(self, *_: object, **__: object) -> Never:
        """Refuse."""
        _refuse("a real server")

    async def create_datagram_endpoint(self, *_: object, **__: object) -> Never:
        """Refuse."""
        _refuse("a real socket")

    async def create_unix_connection(self, *_: object, **__: object) -> Never:
        """Refuse."""
        _refuse("a real connection")

    async def create_unix_server(self, *_: object, **__: object) -> Never:
        """Refuse."""
        _refuse("a real server")

    async def sock_accept(self, *_: object) -> Never:
        """Refuse."""
        _refuse("a real socket")

    async def sock_connect(self, *_: object) -> Never:
        """Refuse."""
        _refuse("a real socket")

    async def sock_recv(self, *_: object) -> Never:
        """Refuse."""
        _refuse("a real socket")

    async def sock_sendall(self, *_: object) -> Never:
        """Refuse."""
        _refuse("a real socket")

    async def connect_read_pipe(self, *_: object) -> Never:
        """Refuse."""
        _refuse("a real pipe")

    async def connect_write_pipe(self, *_: object) -> Never:
        """Refuse."""
        _refuse("a real pipe")

    async def subprocess_exec(self, *_: object, **__: object) -> Never:
        """Refuse."""
        _refuse("a process")

    async def subprocess_shell(self, *_: object, **__: object) -> Never:
        """Refuse."""
        _refuse("a process")

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Have no executor to shut down."""


def _microseconds(seconds: float) -> Us:
    """Return the nearest whole microsecond; what never comes stays so."""
    return NEVER_US if seconds == math.inf else min(NEVER_US, round(seconds * 1e6))


def _shuffle_tasks(ready: Any, random: Random) -> None:
    """Put the steps of tasks into another order; everything else keeps its place."""
    handles = list(ready)
    places = [
        place
        for place, handle in enumerate(handles)
        if isinstance(getattr(handle._callback, "__self__", None), asyncio.Task)
    ]
    steps = [handles[place] for place in places]
    random.shuffle(steps)
    for place, step in zip(places, steps, strict=True):
        handles[place] = step
    ready.clear()
    ready.extend(handles)


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
