"""A loop that can be left at once, though a thread still waits for a broker that does not answer.

aiomqtt connects in a thread of the loop's, which looks up names and waits for seconds; neither can
be interrupted, and a loop waits for its threads when it is closed, as Python does when it ends.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


class _Loose(ThreadPoolExecutor):
    """Threads that nobody waits for."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **options: Any) -> "Future[Any]":
        future: Future[Any] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **options)
            except BaseException as error:  # noqa: BLE001 - it is for whoever asked
                future.set_exception(error)
            else:
                future.set_result(result)

        threading.Thread(target=run, name="connect", daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - the base class's
        """Wait for nobody."""


def leaving_loop() -> asyncio.AbstractEventLoop:
    """Return a new loop, for ``asyncio.Runner``."""
    loop = asyncio.new_event_loop()
    loop.set_default_executor(_Loose())
    return loop
