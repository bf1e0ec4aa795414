"""Three ways to let time pass for a scenario, which is a plain function on each of them."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from fes_ctrl.runtime.clock import Clock
from fes_ctrl.runtime.realtime import RealClock, real_time_loop
from fes_ctrl.runtime.stepper import Stepper
from fes_ctrl.runtime.virtual import VirtualLoop
from fes_ctrl.units import Us

T = TypeVar("T")

LAST: int = 1 << 30
"""After everything else of an instant."""


class Time(Protocol):
    """A clock, and who lets it run."""

    clock: Clock
    has_loop: bool

    def run(self, for_us: Us) -> None:
        """Let time pass."""
        ...

    def do(self, action: Callable[[], T]) -> T:
        """Call something where the clock's own callbacks are called."""
        ...

    def complete(self, what: Coroutine[Any, Any, T]) -> T:
        """Let a coroutine run to its end there."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


class StepperTime:
    """The stepper."""

    has_loop = False

    def __init__(self) -> None:
        self._stepper = Stepper()
        self.clock: Clock = self._stepper

    def run(self, for_us: Us) -> None:
        """Let time pass."""
        self._stepper.run_until_us(self._stepper.now_us() + for_us)

    def do(self, action: Callable[[], T]) -> T:
        """Call it."""
        return action()

    def complete(self, what: Coroutine[Any, Any, T]) -> T:
        """Let a coroutine run that waits for nothing."""
        try:
            what.send(None)
        except StopIteration as end:
            done: T = end.value
            return done
        message = "a coroutine waits, and there is no loop"
        raise RuntimeError(message)

    def close(self) -> None:
        """Have nothing to let go of."""


class LoopTime:
    """An asyncio loop, virtual or real; what goes wrong in its callbacks reaches the scenario."""

    has_loop = True

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock) -> None:
        self._loop = loop
        self.clock = clock
        self._failed: list[BaseException] = []
        loop.set_exception_handler(self._fail)

    def _fail(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self._failed.append(error if error is not None else RuntimeError(context["message"]))

    def run(self, for_us: Us) -> None:
        """Let time pass."""
        self.complete(self._wait(self.clock.now_us() + for_us))

    async def _wait(self, until_us: Us) -> None:
        done: asyncio.Future[None] = self._loop.create_future()
        self.clock.call_at_us(until_us, LAST, done.set_result, None)
        await done

    def do(self, action: Callable[[], T]) -> T:
        """Call it on the loop."""

        async def act() -> T:
            return action()

        return self.complete(act())

    def complete(self, what: Coroutine[Any, Any, T]) -> T:
        """Let a coroutine run to its end on the loop."""
        done = self._loop.run_until_complete(what)
        if self._failed:
            raise self._failed[0]
        return done

    def close(self) -> None:
        """Cancel what still waits, and close the loop."""

        async def last() -> None:
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        try:
            self._loop.run_until_complete(last())
        finally:
            self._loop.close()


def virtual_time() -> LoopTime:
    """Return the asyncio loop in virtual time."""
    loop = VirtualLoop()
    return LoopTime(loop, loop)


def real_time() -> LoopTime:
    """Return the asyncio loop that waits."""
    loop = real_time_loop()
    return LoopTime(loop, RealClock(loop))
