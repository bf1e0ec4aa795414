"""Ctrl-C and its like: the output stops before anything else happens."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

from fes_ctrl.runtime.session import ControlSession


@contextlib.contextmanager
def stop_on_interrupt(session: ControlSession) -> Iterator[None]:
    """Stop the output on SIGINT and SIGTERM, then let the interruption take its way.

    A plain signal handler, not one of the loop's: it runs although the loop is blocked.

    Parameters
    ----------
    session : ControlSession
        Whose stimulators to stop.
    """

    def handler(_number: int, _frame: FrameType | None) -> None:
        session.stop_now()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
