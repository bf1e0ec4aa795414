"""``fes-ctrl tune``: search for a better program, prove it on unseen seeds, write it as TOML."""

import importlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.files import check_writable, keep_apart, search_folder
from fes_ctrl.cli.numbers import Finite
from fes_ctrl.cli.progress import BAR, COUNT, TIME_LEFT, bar, lines
from fes_ctrl.cli.who import Who, kept, walk_jobs

if TYPE_CHECKING:
    from fes_ctrl.cli.tune_question import Asked
    from fes_ctrl.tuning.course import Stage
    from fes_ctrl.tuning.job import Job, Row
    from fes_ctrl.tuning.result import Found
    from fes_ctrl.tuning.store import Store

NEEDED: Final = ("optuna", "scipy", "tomlkit")
MAX_SEED: Final = 2**40


@click.command(
    epilog="Example: fes-ctrl tune moderate_stroke --choose keep --walks 200 --out tune/first"
)
@click.argument("scenario", default="standard", metavar="[SCENARIO]")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    required=True,
    help="Keep the search there; one that is there goes on. Several processes may share it.",
)
@click.option(
    "--patient", "patients", multiple=True, metavar="P[,P…]", help="Who walks; repeatable."
)
@click.option(
    "--vary",
    multiple=True,
    metavar="KEY=LOW:HIGH",
    help="A value of the patient or bench that is not known better than that; repeatable.",
)
@click.option(
    "--members",
    default=5,
    show_default=True,
    type=click.IntRange(2, 1000),
    help="With --vary: how many of each patient.",
)
@click.option("--program", help="The given program: a name in configs/programs or a file.")
@click.option("--setup", help="Thresholds: a name in configs/setups or a file.")
@click.option("--stimulator", help="Stimulator: a name in configs/stimulators or a file.")
@click.option("--limits", help="Limits: a name in configs/limits or a file.")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="One value, dotted key.")
@click.option("--duration", type=float, metavar="S", help="Seconds of each walk.")
@click.option(
    "--bad-strides",
    type=Finite(0, 50),
    metavar="PERCENT",
    help="Walk every candidate once more with so many strides astray (short, long, hesitant, "
    "stumbled, badly sensed), and judge it by those too.",
)
@click.option(
    "--walks",
    default=200,
    show_default=True,
    type=click.IntRange(2),
    help="Of the search, the given program's own included; proof and explanation come on top.",
)
@click.option(
    "--seeds",
    default=3,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Seeds that a candidate is confirmed by; the first one explores.",
)
@click.option(
    "--unseen",
    default=10,
    show_default=True,
    type=click.IntRange(2, 1000),
    help="Seeds for the proof.",
)
@click.option(
    "--seed", default=1, show_default=True, type=click.IntRange(0, MAX_SEED), help="Of it all."
)
@click.option(
    "--objectives", "names", metavar="NAME[,NAME…]", help="What counts; by default everything."
)
@click.option(
    "--may-lose",
    "lose",
    multiple=True,
    metavar="NAME=AMOUNT",
    help="How much worse than the given program a suggestion may be; repeatable.",
)
@click.option(
    "--reach",
    multiple=True,
    metavar="NAME=VALUE",
    help="What a suggestion has to reach, at least or at most; repeatable.",
)
@click.option(
    "--space",
    metavar="FILE",
    help="TOML with [tune]: objectives, may_lose, reach, choose and dials; options win.",
)
@click.option(
    "--choose",
    metavar="knee|keep|N",
    help="Which is taken: the knee of the front (the default), the least charge that keeps "
    "everything else, or a number of the front.",
)
@click.option(
    "--together",
    default=4,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Candidates that are proposed at a time: no more workers than that have work.",
)
@click.option(
    "--workers", type=click.IntRange(1, 1000), help="Processes; the result is the same with any."
)
@click.option(
    "--cluster",
    metavar="tcp://…|local",
    help="Walk on a Dask cluster: tcp://HOST:8786 of its scheduler, or a local one.",
)
@click.option(
    "--write",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the chosen program there too, where it keeps what is promised.",
)
@click.option("--overwrite", is_flag=True, help="With --write: even over the given program.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    scenario: str,
    out: Path,
    patients: tuple[str, ...],
    vary: tuple[str, ...],
    members: int,
    sets: tuple[str, ...],
    duration: float | None,
    bad_strides: float | None,
    walks: int,
    seeds: int,
    unseen: int,
    seed: int,
    names: str | None,
    lose: tuple[str, ...],
    reach: tuple[str, ...],
    space: str | None,
    choose: str | None,
    together: int,
    workers: int | None,
    cluster: str | None,
    write: Path | None,
    *,
    overwrite: bool,
    as_json: bool,
    **parts: str | None,
) -> int:
    """Search for a better program than the one of SCENARIO, and write it as TOML.

    The objectives are traded against each other; nothing may be lost beyond --may-lose, and
    nothing that limits or device refuse is walked. The chosen program is walked on seeds that the
    search has not seen. Exit code 1: it does not keep there what it promises.
    """
    for module in NEEDED:
        try:
            importlib.import_module(module)
        except ModuleNotFoundError:
            message = f"tune needs {module}: pip install 'fes-ctrl[tune]'"
            raise Refusal(message) from None
    from fes_ctrl.cli.tune_question import asked
    from fes_ctrl.cli.tune_results import keep, say_where
    from hil.sweep_walk import key_of

    told = asked(
        scenario,
        patients=patients,
        vary=vary,
        members=members,
        parts={name: value for name, value in parts.items() if value},
        sets=sets,
        duration_s=duration,
        bad_percent=bad_strides,
        seeds=seeds,
        seed=seed,
        names=names,
        lose=lose,
        reach=reach,
        space=space,
        choose=choose,
        together=together,
    )
    if told.rule.isdecimal():
        from fes_ctrl.tuning.journal import asked_before

        before = asked_before(out)
        if before is None:
            message = f"--choose {told.rule}: there is no search in {out} yet; search first"
            raise Refusal(message)
        told = replace(told, question=replace(told.question, steer=before["steer"]))
    if write is not None:
        others = [file for file in told.files if file != told.file]
        keep_apart(write, others, "--write", "question")
        if not overwrite:
            keep_apart(write, [told.file], "--write", "given program")
        if not write.parent.is_dir():
            message = f"--write {write}: there is no folder {write.parent}; make it first"
            raise Refusal(message)
        check_writable(write, "--write")
    least = told.question.each * seeds
    if walks < least + told.question.each:
        twice = ", with bad strides and without" if told.question.astray else ""
        who, by = _many(len(told.question.members), "patient"), _many(seeds, "seed")
        message = (
            f"--walks {walks}: the given program alone takes {least}, {who} by {by}{twice}; "
            f"give more walks or fewer seeds"
        )
        raise Refusal(message)
    for note in told.notes:
        click.echo(f"note: {note}", err=True)
    search_folder(out, "search")
    most = together * told.question.each
    try:
        with Who(workers, cluster).at_work(max(most, unseen), out) as those:
            run = partial(walk_jobs, workers=those, key_of=key_of)
            found = _tune(told, out, run, walks=walks, unseen=unseen, quiet=as_json)
    except KeyboardInterrupt:
        click.echo(kept(out).removeprefix("; "), err=True)
        raise
    whole = keep(told, found, out, write)
    if as_json:
        click.echo(json.dumps(whole, allow_nan=False))
    else:
        from fes_ctrl.cli.tune_table import print_found

        print_found(found)
        say_where(told, found, out, write)
    return int(not found.verdict.passed)


def _many(count: int, of: str) -> str:
    return f"{count} {of}" if count == 1 else f"{count} {of}s"


def _tune(
    told: "Asked",
    out: Path,
    run: "Callable[[Sequence[Job], Store], Iterator[Row]]",
    *,
    walks: int,
    unseen: int,
    quiet: bool,
) -> "Found":
    from fes_ctrl.cli.tune_question import unseen_from
    from fes_ctrl.tuning.course import NoSuchChoiceError, tune
    from fes_ctrl.tuning.engine import EngineError
    from fes_ctrl.tuning.rows import Rows
    from fes_ctrl.tuning.search import SearchError
    from fes_ctrl.tuning.store import StoreError
    from fes_ctrl.tuning.study import Study, StudyError
    from hil.sweep_walk import key_of

    question = told.question
    with ExitStack() as stack:
        try:
            study = Study(out, question, told.read)
            stack.callback(study.close)
            rows = Rows(out, study.number)
            stack.callback(rows.close)
            before = sum(entry.walks for entry in study.entries())
            stage = stack.enter_context(_progress(walks, before, quiet=quiet))
            return tune(
                question,
                study,
                lambda jobs, each: rows.walk(jobs, run, key_of, each),
                told.check,
                walks=walks,
                unseen=unseen_from(question.seed, unseen),
                rule=told.rule,
                stage=stage,
            )
        except EngineError as error:
            raise Refusal(f"tune: {error}{kept(out)}") from error
        except (StudyError, StoreError, SearchError, NoSuchChoiceError) as error:
            raise Refusal(str(error)) from error


@contextmanager
def _progress(walks: int, before: int, *, quiet: bool) -> "Iterator[Stage]":
    """Tell how far it is and how long it will take: a bar, or a line now and then."""
    if quiet:
        yield lambda _what, _done, _total: None
        return
    if not sys.stderr.isatty():
        yield _lines(walks, before)
        return
    with bar("{task.description:8s}", BAR, COUNT, "walks", TIME_LEFT) as progress:
        tasks = {"search": progress.add_task("search", total=walks)}

        def advance(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                progress.update(tasks["search"], total=progress.tasks[0].completed)
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done, total=total)

        yield advance


def _lines(walks: int, before: int) -> "Stage":
    """Return what says now and then how far a stage is."""
    now: tuple[str, int | None] = ("search", walks)
    far = before
    told = lines("search: {done:.0f} of {total:.0f} walks", walks, before)

    def advance(what: str, done: int, total: int | None) -> None:
        nonlocal now, far, told
        if (what, total) != now:
            # What was done of it when it got a total took no time of what is left.
            far = far if what == now[0] else 0
            now = (what, total)
            of = "" if total is None else " of {total:.0f}"
            told = lines(f"{what}: {{done:.0f}}{of} walks", total, far)
        told(done - far)
        far = done

    return advance
