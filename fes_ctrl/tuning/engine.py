"""Jobs to rows, over any ``concurrent.futures.Executor``: none lost, none walked twice.

A row is a function of its job alone, so it matters neither who walks which nor in which order they
come back. So many are on their way at a time and no more, however many there are. Where a worker
process dies, those on their way are suspects and are walked again one by one, each alone: the
innocent come through, and one that kills its worker again and again gets a row that says so.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future
from concurrent.futures import wait as wait_for
from typing import Final

from fes_ctrl.tuning.job import Job, Row, Work, failed_row, relabelled
from fes_ctrl.tuning.store import Store

KeyOf = Callable[[Job], str]

IN_FLIGHT: Final = 8
TRIES: Final = 2
"""So often a job may kill the worker that it has for itself."""
HOPELESS: Final = 12
"""So many deaths with no row in between: it is not the jobs."""

ALL_DIE: Final = "every worker dies, whatever it is given; look at memory and at its log"
OTHER: Final = (
    "the worker has other code or another configuration than the one that sent it; give all the "
    "same, and leave the files alone while they walk"
)


class EngineError(RuntimeError):
    """Nothing can be walked any more; what is done stays in the store."""


def run_jobs(
    jobs: Iterable[Job],
    work: Work,
    executor: Executor,
    store: Store,
    *,
    key_of: KeyOf,
    in_flight: int | Callable[[], int] = IN_FLIGHT,
    renew: Callable[[], Executor] | None = None,
    died: tuple[type[BaseException], ...] = (),
    tries: int = TRIES,
) -> Iterator[Row]:
    """Walk what is not in the store yet; yield every job's row, those in the store first.

    Parameters
    ----------
    jobs : iterable of Job
        What to walk.
    work : callable
        Walks one; travels to other processes.
    executor : Executor
        Who does it.
    store : Store
        Where the rows are kept as they come.
    key_of : callable
        Gives a job's key: equal for equal walks of the same code, and for no others.
    in_flight : int or callable
        How many may be on their way at a time: twice the workers keeps all of them busy.
    renew : callable or None
        Makes a new executor where the old one has broken.
    died : tuple of exception types
        What an executor that goes on raises where workers died of a job.
    tries : int
        So often a job may kill its worker while it is alone.

    Yields
    ------
    Row
        As they come.

    Raises
    ------
    EngineError
        If the executor is gone and there is no other, every worker dies at once, or one has other
        code or files.
    """
    todo: dict[str, list[Job]] = {}
    for job in jobs:
        key = key_of(job)
        row = store.get(key)
        if row is not None:
            yield relabelled(row, job)
        else:
            # Other settings may come to the same walk.
            todo.setdefault(key, []).append(job)
    flight = _Flight(work, executor, renew, (BrokenExecutor, *died), tries)
    flight.waiting.extend((key, same[0]) for key, same in todo.items())
    try:
        while flight.busy:
            flight.start(in_flight() if callable(in_flight) else in_flight)
            for key, row in flight.land():
                store.put(row)
                yield from (relabelled(row, job) for job in todo.pop(key))
    finally:
        flight.cancel()


class _Flight:
    """What is on its way, what waits, and who is suspected of having killed a worker."""

    def __init__(
        self,
        work: Work,
        executor: Executor,
        renew: Callable[[], Executor] | None,
        died: tuple[type[BaseException], ...],
        tries: int,
    ) -> None:
        self._work = work
        self._executor = executor
        self._renew = renew
        self._died = died
        self._tries = tries
        self.waiting: deque[tuple[str, Job]] = deque()
        self._suspects: deque[tuple[str, Job]] = deque()
        self._flying: dict[Future[Row], tuple[str, Job]] = {}
        self._alone = False
        self._killed: Counter[str] = Counter()
        self._deaths = 0

    @property
    def busy(self) -> bool:
        """Whether anything is left to do."""
        return bool(self.waiting or self._suspects or self._flying)

    def start(self, room: int) -> None:
        """Send off as many as there is room for; a suspect alone."""
        if self._suspects:
            if not self._flying:
                self._alone = True
                self._send(*self._suspects.popleft())
            return
        if self._alone and self._flying:
            return
        self._alone = False
        while self.waiting and len(self._flying) < max(1, room):
            key, job = self.waiting.popleft()
            if not self._send(key, job):
                self.waiting.appendleft((key, job))
                return

    def _send(self, key: str, job: Job) -> bool:
        """Send one off; return whether it is on its way, or those before it have to land first."""
        for _ in range(HOPELESS):
            try:
                future = self._executor.submit(self._work, job)
            except BrokenExecutor as error:
                # It broke since the last one was sent: this one has no part in it.
                if self._flying:
                    return False
                self._mend(error)
            else:
                self._flying[future] = (key, job)
                return True
        raise EngineError(ALL_DIE)

    def land(self) -> list[tuple[str, Row]]:
        """Wait for the next to come back; return the rows."""
        done, _ = wait_for(self._flying, return_when=FIRST_COMPLETED)
        rows: list[tuple[str, Row]] = []
        deadly: BaseException | None = None
        for future in done:
            deadly = self._land_one(future, rows) or deadly
        if isinstance(deadly, BrokenExecutor):
            # All that are on their way end with it; which of them it was, nobody can tell.
            for future in list(self._flying):
                self._land_one(future, rows)
            self._mend(deadly)
        if deadly is not None:
            self._deaths += 1
            if self._deaths > HOPELESS:
                raise EngineError(ALL_DIE) from deadly
        return rows

    def _land_one(self, future: "Future[Row]", rows: list[tuple[str, Row]]) -> BaseException | None:
        """Take one that came back; return what its worker died of, if it did."""
        key, job = self._flying.pop(future)
        try:
            row = future.result()
        except self._died as error:
            rows += self._after_death(key, job)
            return error
        except CancelledError as error:
            message = (
                "the walks on their way were taken back: is the scheduler of the workers gone?"
            )
            raise EngineError(message) from error
        except ImportError as error:
            message = f"a worker has not what it needs ({error}); install the same fes-ctrl there"
            raise EngineError(message) from error
        except Exception as error:  # noqa: BLE001 - whatever it was, it is a row
            row = failed_row(job, key, f"{type(error).__name__}: {error}")
        if row.get("key") != key:
            raise EngineError(OTHER)
        self._deaths = 0
        rows.append((key, row))
        return None

    def _after_death(self, key: str, job: Job) -> list[tuple[str, Row]]:
        if self._alone:
            self._killed[key] += 1
            if self._killed[key] >= self._tries:
                said = "its worker died of it, again and again: out of memory, or killed"
                return [(key, failed_row(job, key, said))]
        self._suspects.append((key, job))
        return []

    def _mend(self, error: BaseException) -> None:
        if self._renew is None:
            message = "a worker was ended from outside, and nobody makes new ones"
            raise EngineError(message) from error
        self._executor = self._renew()

    def cancel(self) -> None:
        """Take back what has not begun."""
        for future in self._flying:
            future.cancel()
