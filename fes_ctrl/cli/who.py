"""Who walks the jobs of a sweep or a search: processes of this machine, or a cluster."""

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from fes_ctrl.cli.errors import Refusal

if TYPE_CHECKING:
    from fes_ctrl.tuning.cluster import Cluster
    from fes_ctrl.tuning.job import Job, Row
    from fes_ctrl.tuning.pool import Workers
    from fes_ctrl.tuning.store import Store

NEEDED: Final = ("hil.sweep_walk",)
"""What workers read once for all of them."""


class Who:
    """Who walks: processes of this machine, or a cluster."""

    def __init__(self, workers: int | None, cluster: str | None) -> None:
        self._workers = workers or processors()
        self._cluster = cluster

    def words(self, jobs: int) -> str:
        """Return who walks so many jobs, in words."""
        if self._cluster is not None and self._cluster != "local":
            return f"the workers of {self._cluster}"
        count = min(self._workers, jobs)
        of_dask = "a Dask cluster on " if self._cluster else ""
        return f"{count} process{'es' * (count > 1)} of {of_dask}this machine"

    def at_work(self, jobs: int, out: Path | None) -> "Workers | Cluster":
        """Return those who walk so many jobs, whose rows are kept in ``out``."""
        count = min(self._workers, jobs)
        if self._cluster is None:
            from fes_ctrl.tuning.pool import Workers

            return Workers(count, NEEDED)
        from fes_ctrl.tuning.cluster import Cluster, ClusterError, SchedulerGoneError
        from hil.code_version import code_version

        try:
            return Cluster(self._cluster, count, code_version, partial(click.echo, err=True))
        except ModuleNotFoundError as error:
            message = f"--cluster needs {error.name}: pip install 'fes-ctrl[cluster]'"
            raise Refusal(message) from error
        except SchedulerGoneError as error:
            raise Refusal(f"{error}{kept(out)}") from error
        except ClusterError as error:
            raise Refusal(str(error)) from error


def kept(out: Path | None) -> str:
    """Return how what is done goes on, where rows are kept: the end of a message."""
    if out is None:
        return ""
    if not any(path.stat().st_size for path in out.glob("rows*.jsonl")):
        return "; nothing is done yet, the same command begins"
    return f"; what is done stays in {out}, the same command goes on"


def processors() -> int:
    """Return how many processors this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1


def walk_jobs(
    jobs: "Sequence[Job]",
    store: "Store",
    workers: "Workers | Cluster",
    key_of: "Callable[[Job], str]",
) -> "Iterator[Row]":
    """Let them walk what is not in the store yet; yield every job's row."""
    from fes_ctrl.tuning.engine import run_jobs
    from hil.sweep_walk import walk_row

    return run_jobs(
        jobs,
        walk_row,
        workers.executor,
        store,
        key_of=key_of,
        in_flight=workers.in_flight,
        renew=getattr(workers, "renew", None),
        died=workers.died,
    )
