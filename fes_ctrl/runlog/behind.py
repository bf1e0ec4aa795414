"""Writing from a thread of its own: a disk that is slow, or hangs, never holds up the run."""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final

MOST_BYTES: Final = 1_000_000
"""So much waits for the disk at most, half a minute of a run; the rest is dropped and counted."""

LAST_S: Final = 1.0
"""How long the end of a run waits for the last of it."""


class Behind:
    """A thread that puts away what it is handed, in order.

    Parameters
    ----------
    put : callable
        Called in the thread with how many lines were dropped before, and with bytes; may block.

    Attributes
    ----------
    dropped : int
        Lines that came while too much was waiting, or that were still waiting at the end.
    """

    def __init__(self, put: Callable[[int, bytes], None]) -> None:
        self._put = put
        self._queue: SimpleQueue[tuple[int, bytes] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._waiting = 0
        self._lines = 0
        self._lost = 0
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name="run log", daemon=True)
        self._thread.start()

    def take(self, data: bytes) -> None:
        """Take bytes; never waits for the disk."""
        lines = data.count(b"\n")
        with self._lock:
            fits = self._waiting + len(data) <= MOST_BYTES
            if fits:
                self._waiting += len(data)
                self._lines += lines
        if fits:
            lost, self._lost = self._lost, 0
            self._queue.put((lost, data))
        else:
            self._lost += lines
            self.dropped += lines

    def finish(self) -> bool:
        """Wait a moment for what is left; return whether it was all put away."""
        self._queue.put(None)
        self._thread.join(LAST_S)
        if not self._thread.is_alive():
            return True
        with self._lock:
            self.dropped += self._lines
        return False

    def _run(self) -> None:
        while True:
            item = self._queue.get()
            if item is None:
                return
            lost, data = item
            self._put(lost, data)
            with self._lock:
                self._waiting -= len(data)
                self._lines -= data.count(b"\n")
