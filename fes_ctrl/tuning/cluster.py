"""Workers on other machines, or a cluster on this one, by Dask: they may come and go in between.

The scheduler gives what a lost worker had to another. Workers need the same version of this program
and, where a sweep names files and not names, the same files at the same places.
"""

import contextlib
import logging
import re
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from distributed import LocalCluster

LOCAL: Final = "local"
ADDRESS: Final = re.compile(r"[a-z]+://[^\s/]+:[0-9]{1,5}")
ANSWER_S: Final = 10
FIRST_WORKER_S: Final = 60
AHEAD: Final = 2
FRESH_S: Final = 1.0
"""For so long the number of workers is believed."""
PATIENT_S: Final = 5.0
SAY_EVERY_S: Final = 20.0
"""After so long without any worker it is said, and then again so often."""


class ClusterError(RuntimeError):
    """A cluster that cannot be used: what, where, what to do."""


class SchedulerGoneError(ClusterError):
    """A scheduler that answered and then went, before any worker had come."""


class Cluster:
    """The workers of a Dask scheduler.

    Parameters
    ----------
    address : str
        Of the scheduler, as ``tcp://10.0.0.1:8786``; or ``local``.
    count : int
        Workers of a local cluster.
    version : callable
        Returns, on a worker, the version of its code.
    say : callable
        Hears, now and then, that there is no worker; from a thread of its own.

    Raises
    ------
    ModuleNotFoundError
        If ``distributed`` is not there.
    ClusterError
        If nobody answers, there is no worker, or one has other code.
    SchedulerGoneError
        If the scheduler goes while it waits for the first worker.
    """

    def __init__(
        self,
        address: str,
        count: int,
        version: Callable[[], str],
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        if address != LOCAL and not ADDRESS.fullmatch(address):
            message = f"--cluster {address}: write tcp://HOST:PORT of a scheduler, or local"
            raise ClusterError(message)
        from distributed import Client
        from distributed.scheduler import KilledWorker

        # What it has to say comes as an exception too, and that is told in one line.
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
        self.died: tuple[type[BaseException], ...] = (KilledWorker,)
        self._local: LocalCluster | None = None
        try:
            if address == LOCAL:
                self._local = _local(count)
            where: Any = self._local or address
            self._client: Any = Client(where, timeout=ANSWER_S, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            message = f"--cluster {address}: no scheduler answers ({_said(error)}); start one"
            raise ClusterError(message) from error
        self._threads = 0
        self._counted_s = -FRESH_S
        self._over = threading.Event()
        threading.Thread(target=self._watch, args=(address, say), daemon=True).start()
        try:
            self._meet(address, version)
        except BaseException:
            self.close(at_once=True)
            raise
        # No two walks are the same to Dask: the store knows which are.
        self.executor: Executor = self._client.get_executor(pure=False)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take leave of the scheduler; a local one ends."""
        self.close(at_once=error is not None)

    @property
    def count(self) -> int:
        """How many walks the workers walk at a time, as far as is known."""
        now_s = time.monotonic()
        if now_s - self._counted_s >= FRESH_S:
            self._counted_s = now_s
            # A scheduler that is gone says so by the walks that it had.
            with contextlib.suppress(OSError, TimeoutError):
                self._threads = sum(self._client.nthreads().values())
        return self._threads

    def in_flight(self) -> int:
        """Return how many jobs are to be on their way."""
        return AHEAD * max(1, self.count)

    def close(self, *, at_once: bool = False) -> None:
        """Take leave."""
        self._over.set()
        executor = getattr(self, "executor", None)
        if executor is not None:
            executor.shutdown(wait=not at_once)
        self._client.close()
        if self._local is not None:
            self._local.close()

    def _watch(self, address: str, say: Callable[[str], None]) -> None:
        """Say that there is no worker, now and then, at the start and later."""
        hint = "" if address == LOCAL else f"; start some: {_command(address)}"
        lonely_s, next_s = 0.0, PATIENT_S
        # A client that is being closed has all sorts of things to say to those who still ask.
        with contextlib.suppress(Exception):
            while not self._over.wait(FRESH_S):
                if self.count:
                    lonely_s, next_s = 0.0, PATIENT_S
                    continue
                lonely_s += FRESH_S
                if lonely_s >= next_s:
                    next_s += SAY_EVERY_S
                    say(f"waits for workers of {address}{hint}")

    def _meet(self, address: str, version: Callable[[], str]) -> None:
        from distributed.comm import CommClosedError

        try:
            self._client.wait_for_workers(1, timeout=FIRST_WORKER_S)
        except TimeoutError as error:
            message = (
                f"--cluster {address}: no worker came within {FIRST_WORKER_S} s; start some: "
                f"{_command(address)}"
            )
            raise ClusterError(message) from error
        except OSError as error:
            raise _gone(address, error) from error
        ours = version()
        try:
            theirs = self._client.run(version)
        except CommClosedError as error:
            raise _gone(address, error) from error
        except Exception as error:
            message = (
                f"--cluster {address}: a worker cannot do it ({_said(error)}); install the same "
                "fes-ctrl there"
            )
            raise ClusterError(message) from error
        others = sorted(worker for worker, found in theirs.items() if found != ours)
        if others:
            message = (
                f"--cluster {address}: {', '.join(others[:3])} has another version of fes-ctrl, or "
                "another edition of its source; install the same there"
            )
            raise ClusterError(message)


def _local(count: int) -> "LocalCluster":
    from distributed import LocalCluster

    return LocalCluster(
        n_workers=count,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        # What ends with a cluster that is ended is not worth a traceback from each of its parts.
        silence_logs=logging.CRITICAL,
        preload=[__name__],
        host="127.0.0.1",
    )


def dask_setup(_: object) -> None:
    """Prepare a worker of a local cluster: it leaves Ctrl-C to the one that keeps the rows.

    Dask calls it, by this name, in each worker process that has this module preloaded.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger("distributed").setLevel(logging.CRITICAL)


def _gone(address: str, error: OSError) -> SchedulerGoneError:
    message = (
        f"--cluster {address}: the scheduler went before any worker had come ({_said(error)}); "
        "start one"
    )
    return SchedulerGoneError(message)


def _command(address: str) -> str:
    return f"dask worker --nthreads 1 {address}"


def _said(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
