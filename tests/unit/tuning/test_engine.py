"""The engine on real pools: every job has its row once, whatever happens to the workers."""

from collections.abc import Iterator
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from pathlib import Path
from typing import Any

import pytest

from fes_ctrl.tuning.engine import EngineError, run_jobs
from fes_ctrl.tuning.job import Job, Row, Work
from fes_ctrl.tuning.pool import Workers
from fes_ctrl.tuning.store import Store
from helpers.sweeping import (
    DEADLY,
    always_deadly,
    deadly,
    job,
    key_of,
    other_code,
    raising,
    walk,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "rows.jsonl") as opened:
        yield opened


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture
def workers() -> Iterator[Workers]:
    with Workers(2) as pool:
        yield pool


def rows_of(jobs: list[Job], work: Work, executor: Executor, store: Store) -> list[Row]:
    return list(run_jobs(jobs, work, executor, store, key_of=key_of))


def in_pool(jobs: list[Job], work: Work, workers: Workers, store: Store) -> list[Row]:
    rows = run_jobs(
        jobs,
        work,
        workers.executor,
        store,
        key_of=key_of,
        in_flight=workers.in_flight,
        renew=workers.renew,
    )
    return sorted(rows, key=lambda row: int(str(row["seed"])))


class Counting(ThreadPoolExecutor):
    """Counts how many jobs are on their way at a time."""

    most = 0
    flying = 0

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        self.flying += 1
        self.most = max(self.most, self.flying)
        future = super().submit(fn, *args, **kwargs)
        result = future.result

        def taken(timeout: float | None = None) -> Any:
            self.flying -= 1
            return result(timeout)

        future.result = taken  # type: ignore[method-assign]
        return future


def test_every_job_has_one_row_and_a_failed_walk_is_one_too(
    threads: ThreadPoolExecutor, store: Store
) -> None:
    rows = rows_of([job(seed) for seed in range(20)], walk, threads, store)
    assert sorted(int(str(row["seed"])) for row in rows) == list(range(20))
    assert {row["seed"] for row in rows if not row["ok"]} == {6, 13}
    assert len(store) == 20


def test_what_is_in_the_store_comes_first_and_is_not_walked_again(
    threads: ThreadPoolExecutor, store: Store
) -> None:
    rows_of([job(3), job(1)], walk, threads, store)
    walked: list[int] = []

    def counted(job: Job) -> Row:
        walked.append(job.seed)
        return walk(job)

    rows = rows_of([job(1), job(2), job(3)], counted, threads, store)
    assert [row["seed"] for row in rows] == [1, 3, 2]
    assert walked == [2]


def test_settings_that_come_to_the_same_walk_are_walked_once_and_told_apart(
    threads: ThreadPoolExecutor, store: Store
) -> None:
    walked: list[Job] = []

    def counted(job: Job) -> Row:
        walked.append(job)
        return {**walk(job), "key": f"{job.seed}"}

    both = [job(1), job(1, program__delay_ms=0)]
    found = list(run_jobs(both, counted, threads, store, key_of=lambda job: f"{job.seed}"))
    assert len(walked) == 1
    assert [row["candidate"] for row in found] == ["baseline", found[1]["candidate"]]
    assert [row.get("program.delay_ms") for row in found] == [None, 0]
    assert [row["legs.left.strides"] for row in found] == [10, 10]


def test_no_more_jobs_are_on_their_way_than_asked(store: Store) -> None:
    with Counting(4) as pool:
        jobs = (job(seed) for seed in range(60))
        assert len(list(run_jobs(jobs, walk, pool, store, key_of=key_of, in_flight=5))) == 60
        assert pool.most == 5


def test_an_exception_of_the_work_is_a_row_with_its_words(
    threads: ThreadPoolExecutor, store: Store
) -> None:
    rows = rows_of([job(1), job(DEADLY)], raising, threads, store)
    (broken,) = [row for row in rows if not row["ok"]]
    assert broken["seed"] == DEADLY
    assert broken["error"] == "RuntimeError: work itself is broken"


def test_a_job_that_kills_its_worker_fails_and_the_others_come_through(
    workers: Workers, store: Store
) -> None:
    rows = in_pool([job(seed) for seed in range(8, 18)], deadly, workers, store)
    assert [row["seed"] for row in rows] == list(range(8, 18))
    assert [row["seed"] for row in rows if not row["ok"]] == [DEADLY]
    assert "its worker died of it" in str(rows[DEADLY - 8]["error"])


def test_workers_that_all_die_end_the_run_with_what_is_done_kept(
    workers: Workers, store: Store
) -> None:
    with pytest.raises(EngineError, match="every worker dies"):
        in_pool([job(seed) for seed in range(40)], always_deadly, workers, store)
    assert len(store) < 10


class Breaking(ThreadPoolExecutor):
    """Takes so many jobs and no more, as a pool that broke while the next one was sent."""

    takes = 3

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        self.takes -= 1
        if self.takes < 0:
            message = "a child process terminated abruptly"
            raise BrokenExecutor(message)
        return super().submit(fn, *args, **kwargs)


@pytest.mark.timeout(30)
def test_a_pool_that_breaks_while_jobs_are_sent_is_made_anew(store: Store) -> None:
    pools: list[Breaking] = []

    def renew() -> Breaking:
        pools.append(Breaking(2))
        return pools[-1]

    jobs = [job(seed) for seed in range(10)]
    rows = list(run_jobs(jobs, walk, renew(), store, key_of=key_of, in_flight=8, renew=renew))
    assert len(rows) == len(store) == 10
    assert len(pools) == 4
    for pool in pools:
        pool.shutdown()


@pytest.mark.timeout(30)
def test_a_pool_that_takes_nothing_ends_the_run(store: Store) -> None:
    class Useless(Breaking):
        takes = 0

    with pytest.raises(EngineError, match="every worker dies"):
        list(run_jobs([job(1)], walk, Useless(1), store, key_of=key_of, renew=lambda: Useless(1)))


def test_a_broken_pool_that_nobody_renews_is_said(store: Store) -> None:
    with (
        ProcessPoolExecutor(1, mp_context=Workers(1).context) as pool,
        pytest.raises(EngineError, match="nobody makes new ones"),
    ):
        rows_of([job(DEADLY)], deadly, pool, store)


def test_a_worker_with_other_code_ends_the_run(threads: ThreadPoolExecutor, store: Store) -> None:
    with pytest.raises(EngineError, match="other code"):
        rows_of([job(1)], other_code, threads, store)
    assert len(store) == 0
