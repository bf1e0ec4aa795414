"""``fes-ctrl sweep``: many walks over settings, patients and seeds, here or on a cluster."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.files import search_folder, write_whole
from fes_ctrl.cli.progress import BAR, COUNT, TIME_LEFT, bar, lines
from fes_ctrl.cli.sweep_results import CLEARED, Figure, finish, table_format, tell
from fes_ctrl.cli.who import Who, kept, walk_jobs

if TYPE_CHECKING:
    from fes_ctrl.tuning.job import Job
    from fes_ctrl.tuning.manifest import Manifest
    from fes_ctrl.tuning.plan import Plan
    from fes_ctrl.tuning.store import Store

INTERRUPTED: Final = 130

Advance = Callable[[], None]


@click.command(epilog="Example: fes-ctrl sweep timing --out runs/timing --workers 4")
@click.argument("sweep", metavar="SWEEP")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keep rows and results there; what is there already is not walked again.",
)
@click.option(
    "--workers", type=click.IntRange(1, 1024), help="Processes; default: every processor."
)
@click.option(
    "--cluster",
    metavar="ADDRESS|local",
    help="Walk on a Dask cluster: tcp://HOST:8786 of its scheduler, or a local one.",
)
@click.option("--shard", metavar="K/N", help="Walk one part of N, to be joined by merge.")
@click.option("--by", metavar="FIGURE", help="Order candidates by it; its end will do.")
@click.option("--best", type=click.Choice(["lowest", "highest"]), help="Which end is wanted.")
@click.option("--top", type=click.IntRange(1), default=10, show_default=True, help="Rows shown.")
@click.option(
    "--format",
    "wanted",
    type=click.Choice(["parquet", "csv"]),
    help="Of the results; default: parquet where pyarrow is there.",
)
@click.option("--retry-failed", is_flag=True, help="Walk again what came to no result.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    sweep: str,
    out: Path | None,
    workers: int | None,
    cluster: str | None,
    shard: str | None,
    by: str | None,
    best: str | None,
    top: int,
    wanted: str | None,
    *,
    retry_failed: bool,
    as_json: bool,
) -> int:
    """Walk every candidate of SWEEP with every patient by every seed, and compare them.

    Results depend neither on the workers nor on their number. A sweep that was stopped, however,
    goes on where it was with the same --out. Exit code 2 if no walk came to anything.
    """
    if shard is not None and out is None:
        message = "--shard without --out: say where its rows are kept for merge"
        raise Refusal(message)
    kind = table_format(wanted)
    part = _shard(shard)
    if part is None and find_spec("scipy") is None:
        # A shard has no intervals; a whole sweep would end in this, after all its walks.
        raise Refusal(_needs("scipy"))
    plan = _plan(sweep)
    manifest, sorts = _manifest(plan, part, quiet=as_json)
    said = None if by else plan.source.place(("sweep", "by"))
    by, best = by or plan.config.by, best or plan.config.best
    figure = Figure(by, said).judged(sorts)
    with _folder(out) as folder, _store(folder) as store:
        if retry_failed:
            store.forget_failed()
        for name in CLEARED:
            (folder / name).unlink(missing_ok=True)
        write_whole(folder / "sweep.json", manifest.text(), own="sweep")
        started_s = time.perf_counter()
        before = len(store)
        interrupted = _walk(manifest, store, Who(workers, cluster), out, quiet=as_json)
        run: dict[str, object] = {
            "walked": len(store) - before,
            "wall_s": round(time.perf_counter() - started_s, 3),
            "interrupted": interrupted,
        }
        if interrupted:
            rest = kept(out) or "; nothing is kept without --out"
            click.echo(f"fes-ctrl: interrupted{rest}", err=True)
            return INTERRUPTED
        result = finish(manifest, store, folder, kind, figure, best)
        return tell(result, run, None if out is None else folder, top, as_json=as_json)


# -- what is asked --------------------------------------------------------------------------------


def _needs(module: str | None) -> str:
    return f"sweep needs {module}: pip install 'fes-ctrl[sweep]'"


def _plan(name: str) -> "Plan":
    from fes_ctrl.config.errors import ConfigError
    from hil.sweep_plan import load_plan

    try:
        plan = load_plan(name)
    except ConfigError as error:
        raise Refusal(str(error)) from error
    except ModuleNotFoundError as error:
        raise Refusal(_needs(error.name)) from error
    for note in plan.notes:
        click.echo(f"note: {note}", err=True)
    return plan


def _shard(text: str | None) -> tuple[int, int] | None:
    from fes_ctrl.tuning.manifest import shard_of

    try:
        return shard_of(text)
    except ValueError as error:
        message = f"--shard {error}"
        raise Refusal(message) from error


def _manifest(
    plan: "Plan", shard: tuple[int, int] | None, *, quiet: bool
) -> "tuple[Manifest, list[Job]]":
    """Return what is walked, and a walk of each sort."""
    from fes_ctrl.config.errors import ConfigError
    from hil.sweep_plan import manifest_of

    candidates = len(plan.candidates) + plan.config.baseline
    try:
        with _progress("checking", candidates, 0, quiet=quiet) as advance:
            manifest, problems, sorts = manifest_of(plan, shard, advance)
    except ConfigError as error:
        raise Refusal(str(error)) from error
    if problems:
        click.echo(
            f"note: {len(problems)} of {candidates * len(plan.patients)} cannot be walked, their "
            f"values do not go together; the first: {problems[0]}",
            err=True,
        )
    return manifest, sorts


# -- where it is kept -----------------------------------------------------------------------------


@contextmanager
def _folder(out: Path | None) -> Iterator[Path]:
    if out is None:
        with tempfile.TemporaryDirectory(prefix="fes-ctrl-sweep-") as folder:
            yield Path(folder)
        return
    search_folder(out, "sweep")
    yield out


@contextmanager
def _store(folder: Path) -> "Iterator[Store]":
    from fes_ctrl.tuning.manifest import ROWS
    from fes_ctrl.tuning.store import Store, StoreError

    try:
        store = Store(folder / ROWS)
    except StoreError as error:
        message = f"--out {error}"
        raise Refusal(message) from error
    with store:
        yield store


# -- walking --------------------------------------------------------------------------------------


def _walk(manifest: "Manifest", store: "Store", who: Who, out: Path | None, *, quiet: bool) -> bool:
    """Walk what has no row yet; return whether it was interrupted."""
    from fes_ctrl.tuning.engine import EngineError

    keys = {job: key for key, job in manifest.part()}
    todo = [job for job, key in keys.items() if key not in store]
    if not todo:
        return False
    if not quiet:
        done = len(keys) - len(todo)
        before = f", {done} of them done already" if done else ""
        click.echo(f"{len(keys)} walks{before}; walked by {who.words(len(todo))}", err=True)
    try:
        with (
            who.at_work(len(todo), out) as workers,
            _progress("walks", len(keys), len(keys) - len(todo), quiet=quiet) as advance,
        ):
            for _ in walk_jobs(todo, store, workers, keys.__getitem__):
                advance()
    except KeyboardInterrupt:
        return True
    except EngineError as error:
        message = f"sweep: {error}{kept(out)}"
        raise Refusal(message) from error
    return False


@contextmanager
def _progress(what: str, total: int, done: int, *, quiet: bool) -> Iterator[Advance]:
    """Tell how far it is and how long it will take: a bar, or a line now and then."""
    if quiet:
        yield lambda: None
    elif sys.stderr.isatty():
        with bar("{task.description}", BAR, COUNT, TIME_LEFT, transient=True) as progress:
            task = progress.add_task(what, total=total, completed=done)
            yield lambda: progress.advance(task)
    else:
        advance = lines(what + ": {done:.0f} of {total:.0f}", total, done)
        yield lambda: advance(1)
