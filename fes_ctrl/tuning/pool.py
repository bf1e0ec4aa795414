"""A pool of processes on this machine that outlives its workers, and never the other way round.

Workers are forked from a server that has read the modules once and holds nothing else (where there
is no such server, each is a Python of its own): they start at once, share its memory, and inherit
neither the threads nor the locks of whoever asked, as a plain fork would.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing.connection import wait
from types import TracebackType
from typing import Final, Self

ONE_THREAD: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Read when numpy is first imported: a pool of threads in each worker is slower than none."""

AHEAD: Final = 2
"""So many jobs for each worker are on their way: one that it walks, and the next."""
PARENT_GONE: Final = 1


class Workers:
    """Worker processes, made anew as often as needed.

    Parameters
    ----------
    count : int
        How many.
    modules : sequence of str
        What they need, read once for all of them.
    """

    died: tuple[type[BaseException], ...] = ()

    def __init__(self, count: int, modules: Sequence[str] = ()) -> None:
        for name in ONE_THREAD:
            os.environ.setdefault(name, "1")
        methods = multiprocessing.get_all_start_methods()
        self.context = multiprocessing.get_context(
            "forkserver" if "forkserver" in methods else "spawn"
        )
        self.context.set_forkserver_preload(list(modules))
        self.count = count
        self.executor: Executor = self._pool()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the workers: when they are done, or at once if something went wrong."""
        self.close(at_once=error is not None)

    def in_flight(self) -> int:
        """Return how many jobs are to be on their way."""
        return AHEAD * self.count

    def renew(self) -> Executor:
        """Return a new pool in place of a broken one."""
        self._pids_end()
        self.executor.shutdown(wait=True, cancel_futures=True)
        self.executor = self._pool()
        return self.executor

    def close(self, *, at_once: bool = False) -> None:
        """End the workers."""
        if at_once:
            self._pids_end()
        self.executor.shutdown(wait=True, cancel_futures=True)

    def _pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self.count, mp_context=self.context, initializer=begin)

    def _pids_end(self) -> None:
        # What a worker does has no other effect than its row: it may end anywhere.
        processes = getattr(self.executor, "_processes", None) or {}
        for process in list(processes.values()):
            process.kill()


def begin() -> None:
    """Prepare a worker: it leaves Ctrl-C to the one that keeps the rows, and ends with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(PARENT_GONE)
