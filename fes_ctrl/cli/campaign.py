"""``fes-ctrl campaign``: random walks with random faults on the virtual clock, all judged."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fes_ctrl.cli.campaign_results import replay_one, tell
from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.files import search_folder
from fes_ctrl.cli.progress import BAR, TIME_LEFT, bar, lines
from fes_ctrl.cli.who import processors

if TYPE_CHECKING:
    from hil.campaign.run import Outcome

Advance = Callable[[float], None]


@click.command(epilog="Example: fes-ctrl campaign --hours 0.5 --seed 7 --out runs/campaign")
@click.option("--hours", type=float, default=0.1, show_default=True, help="Simulated hours.")
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), default=1, show_default=True, help="Of all of it."
)
@click.option("--jobs", type=click.IntRange(1, 1024), help="Processes; default: every CPU.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Keep the results there."
)
@click.option("--resume", is_flag=True, help="Go on from what --out holds of this campaign.")
@click.option(
    "--replay",
    metavar="SEED:N|FILE",
    help="Walk one walk of a campaign, or a scenario, and judge it.",
)
@click.option(
    "--page",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the reaction times there.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    hours: float,
    seed: int,
    jobs: int | None,
    out: Path | None,
    replay: str | None,
    page: Path | None,
    *,
    resume: bool,
    as_json: bool,
) -> int:
    """Walk random patients, programs, operators and faults; after every step ask what must hold.

    Everything follows from the seed and a walk's number, whatever the number of processes. A walk
    that fails is made small and kept in --out as a scenario. Exit code 1: something did not hold.
    """
    if resume and out is None:
        message = "--resume without --out: say where the campaign is kept"
        raise Refusal(message)
    if replay is not None:
        return replay_one(replay, out, as_json=as_json)
    from hil.campaign.campaign import todo_of

    try:
        todo = todo_of(seed, hours)
    except ValueError as error:
        raise Refusal(str(error)) from error
    if out is not None:
        search_folder(out, "campaign")
    if page is not None and not page.absolute().parent.is_dir():
        # Said now, not after hours.
        message = f"--page {page}: there is no folder {page.parent}; make it, or choose another"
        raise Refusal(message)
    workers = min(jobs or processors(), len(todo))
    started_s = time.perf_counter()
    before = _kept(out, seed) if resume and out is not None else {}
    outcomes, interrupted = _walk(seed, todo, workers, out, before, quiet=as_json)
    wall_s = time.perf_counter() - started_s
    new_s = sum(outcomes[number].duration_s for number in outcomes if number not in before)
    return tell(
        seed,
        hours,
        outcomes,
        out,
        page,
        {
            "wall_s": round(wall_s, 3),
            "jobs": workers,
            "speed": round(new_s / wall_s, 2),
            "interrupted": interrupted,
        },
        as_json=as_json,
    )


# -- walking --------------------------------------------------------------------------------------


def _kept(out: Path, seed: int) -> "dict[int, Outcome]":
    from hil.campaign.campaign import read_outcomes

    path = out / "walks.jsonl"
    if not path.is_file():
        return {}
    try:
        return read_outcomes(path, seed)
    except ValueError as error:
        message = f"--resume: {error}"
        raise Refusal(message) from error


def _walk(
    seed: int,
    todo: list[tuple[int, float]],
    jobs: int,
    out: Path | None,
    before: "dict[int, Outcome]",
    *,
    quiet: bool,
) -> "tuple[dict[int, Outcome], bool]":
    """Walk what is left to do; return what came of all, and whether it was interrupted."""
    from concurrent.futures import BrokenExecutor

    from hil.campaign.campaign import header, line_of, walk_all
    from hil.campaign.run import run_number

    outcomes = {number: before[number] for number, _ in todo if number in before}
    left = [(number, lasts_s) for number, lasts_s in todo if number not in outcomes]
    file = None
    if out is not None:
        file = (out / "walks.jsonl").open("w", encoding="utf-8")
        file.write(json.dumps(header(seed)) + "\n")
        file.writelines(line_of(number, outcome) + "\n" for number, outcome in outcomes.items())
    try:
        with _progress(sum(lasts_s for _, lasts_s in left), quiet=quiet) as advance:

            def on_done(number: int, outcome: "Outcome") -> None:
                outcomes[number] = outcome
                if file is not None:
                    file.write(line_of(number, outcome) + "\n")
                    file.flush()
                advance(outcome.duration_s)

            walk_all(seed, [number for number, _ in left], jobs, on_done, run_number)
    except KeyboardInterrupt:
        return outcomes, True
    except BrokenExecutor as error:
        message = "a process of the campaign was ended from outside; with --out, --resume goes on"
        raise Refusal(message) from error
    finally:
        if file is not None:
            file.close()
    return outcomes, False


@contextmanager
def _progress(total_s: float, *, quiet: bool) -> Iterator[Advance]:
    if sys.stderr.isatty():
        with bar("{task.completed:.0f} of {task.total:.0f} s", BAR, TIME_LEFT) as progress:
            task = progress.add_task("campaign", total=total_s)
            yield lambda done_s: progress.advance(task, done_s)
    elif quiet:
        yield lambda _done_s: None
    else:
        yield lines("{done:.0f} of {total:.0f} s walked", total_s)
