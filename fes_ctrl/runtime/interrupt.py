"""Interruptions and failures: the output stops before anything else happens."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from types import FrameType
from typing import Any, Final

from fes_ctrl.runtime.session import ControlSession

NAMES: Final = ("SIGINT", "SIGTERM", "SIGQUIT", "SIGBREAK", "SIGHUP")
SIGNALS: Final = tuple([getattr(signal, name) for name in NAMES if hasattr(signal, name)])
"""Interrupted by hand, told to end, quit by hand, terminal closed: those that the system has."""


@contextlib.contextmanager
def stop_on_interrupt(session: ControlSession) -> Iterator[None]:
    """Stop the output on SIGINT, SIGTERM and SIGHUP, then let the interruption take its way.

    A plain signal handler, not one of the loop's: it runs although the loop is blocked. A hang-up
    that whoever started us wanted ignored (``nohup``) stays ignored.

    Parameters
    ----------
    session : ControlSession
        Whose stimulators to stop.
    """

    def handler(_number: int, _frame: FrameType | None) -> None:
        session.stop_now()
        if not session.closing:
            raise KeyboardInterrupt

    hang_up = getattr(signal, "SIGHUP", None)
    ignored = hang_up is not None and signal.getsignal(hang_up) is signal.SIG_IGN
    numbers = [number for number in SIGNALS if number != hang_up or not ignored]
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


@contextlib.contextmanager
def stop_on_failure(
    loop: asyncio.AbstractEventLoop, session: ControlSession
) -> Iterator["asyncio.Future[None]"]:
    """Stop the output when a callback of the loop raises, which would otherwise go unnoticed.

    Parameters
    ----------
    loop : asyncio.AbstractEventLoop
        The running loop.
    session : ControlSession
        Whose stimulators to stop.

    Yields
    ------
    asyncio.Future
        Done, with the exception, once something has failed.
    """
    failed: asyncio.Future[None] = loop.create_future()

    def handler(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception") or RuntimeError(str(context.get("message")))
        session.fail(error)
        if not failed.done():
            failed.set_exception(error)

    before = loop.get_exception_handler()
    loop.set_exception_handler(handler)
    try:
        yield failed
    finally:
        loop.set_exception_handler(before)
        failed.cancel()
