"""``fes-ctrl campaign``: random walks with random faults on the virtual clock, all judged."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.files import write_whole

if TYPE_CHECKING:
    from hil.campaign.campaign import Found
    from hil.campaign.case import Case
    from hil.campaign.run import Outcome

INTERRUPTED: Final = 130
MOST_SHRUNK: Final = 5
"""So many different invariants get a minimal scenario; the others only their replay commands."""

LINE_EVERY_S: Final = 20.0

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
        return _replay(replay, out, as_json=as_json)
    from hil.campaign.campaign import todo_of

    try:
        todo = todo_of(seed, hours)
    except ValueError as error:
        raise Refusal(str(error)) from error
    if out is not None:
        _make(out)
    workers = min(jobs or os.cpu_count() or 1, len(todo))
    started_s = time.perf_counter()
    before = _kept(out, seed) if resume and out is not None else {}
    outcomes, interrupted = _walk(seed, todo, workers, out, before, quiet=as_json)
    wall_s = time.perf_counter() - started_s
    new_s = sum(outcomes[number].duration_s for number in outcomes if number not in before)
    return _tell(
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
    finally:
        if file is not None:
            file.close()
    return outcomes, False


@contextmanager
def _progress(total_s: float, *, quiet: bool) -> Iterator[Advance]:
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.completed:.0f} of {task.total:.0f} s"),
            BarColumn(40),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task("campaign", total=total_s)
            yield lambda done_s: progress.advance(task, done_s)
        return
    done_s = 0.0
    started_s = told_s = time.perf_counter()

    def advance(more_s: float) -> None:
        nonlocal done_s, told_s
        done_s += more_s
        now_s = time.perf_counter()
        if not quiet and now_s - told_s >= LINE_EVERY_S:
            told_s = now_s
            left_s = (now_s - started_s) * (total_s / done_s - 1)
            click.echo(f"{done_s:.0f} of {total_s:.0f} s walked, {left_s:.0f} s left", err=True)

    yield advance


# -- what came of it ------------------------------------------------------------------------------


def _tell(
    seed: int,
    hours: float,
    outcomes: "dict[int, Outcome]",
    out: Path | None,
    page: Path | None,
    run: dict[str, object],
    *,
    as_json: bool,
) -> int:
    from hil.campaign.campaign import violations_of
    from hil.campaign.draw import draw
    from hil.campaign.report import figures, reaction_rows
    from hil.campaign.report import page as page_of

    command_line = f"fes-ctrl campaign --hours {hours:g} --seed {seed}"
    summary = figures(seed, hours, outcomes)
    failures: list[dict[str, object]] = []
    shrunk: set[str] = set()
    for found in violations_of(outcomes):
        replay = f"fes-ctrl campaign --replay {seed}:{found.number}"
        entry = _entry(found, replay)
        invariant = found.violation.invariant
        interrupted = run["interrupted"]
        if out is not None and invariant not in shrunk and not interrupted:
            shrunk.add(invariant)
            if len(shrunk) <= MOST_SHRUNK:
                name = f"walk-{found.number}-{invariant}.toml"
                entry["scenario"] = _shrink(draw(seed, found.number), invariant, out / name, replay)
        failures.append(entry)
        click.echo(f"walk {found.number}: {entry['says']}; replay: {replay}", err=True)
        if entry.get("scenario"):
            click.echo(f"  small: fes-ctrl campaign --replay {entry['scenario']}", err=True)
    summary["failures"] = failures
    summary["run"] = run
    if page is not None:
        write_whole(page, page_of(seed, hours, command_line, outcomes), "--page")
    if out is not None:
        text = page_of(seed, hours, command_line, outcomes)
        write_whole(out / "reaction-times.md", text)
        write_whole(out / "campaign.json", json.dumps(summary, indent=1, allow_nan=False) + "\n")
    _print(summary, reaction_rows(outcomes))
    if as_json:
        click.echo(json.dumps(summary, allow_nan=False))
    if run["interrupted"]:
        click.echo("fes-ctrl: interrupted; --resume goes on from --out", err=True)
        return INTERRUPTED
    return int(bool(failures))


def _entry(found: "Found", replay: str) -> dict[str, object]:
    violation = found.violation
    return {
        "walk": found.number,
        "t_s": violation.t_us / 1e6,
        "invariant": violation.invariant,
        "detail": violation.detail,
        "says": f"{violation.invariant} at {violation.t_us / 1e6:.3f} s: {violation.detail}",
        "replay": replay,
    }


def _shrink(case: "Case", invariant: str, path: Path, replay: str) -> str | None:
    from hil.campaign.case import scenario_text
    from hil.campaign.shrink import shrink

    small = shrink(case, invariant)
    if small is None:
        return None
    says = small.violation
    comments = [
        f"Breaks {says.invariant} at {says.t_us / 1e6:.6f} s: {says.detail}",
        f"Made small in {small.walks} walks from: {replay}",
        f"Judge it: fes-ctrl campaign --replay {path}",
    ]
    if small.case.jitter_seed is not None or small.case.both_clocks:
        comments.append("Only the walk it was made from fails: on another clock or with jitter.")
    write_whole(path, scenario_text(small.case, tuple(comments)))
    return str(path)


def _print(summary: "dict[str, object]", rows: object) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from hil.campaign.report import HEAD, table_cells

    console = Console(stderr=True, highlight=False)
    table = Table(
        box=box.SIMPLE, title="from the fault to the last pulse, ms", title_justify="left"
    )
    for index, name in enumerate(HEAD):
        table.add_column(name, justify="left" if index < 2 else "right")
    for cells in table_cells(rows):  # type: ignore[arg-type]
        table.add_row(*cells)
    console.print(table)
    run = summary["run"]
    speed = run["speed"] if isinstance(run, dict) else None
    console.print(
        f"{summary['walks']} walks, {summary['simulated_hours']} h, {summary['pulses']} pulses, "
        f"{speed} times real time: {summary['violations']} violations"
    )


# -- one walk again -------------------------------------------------------------------------------


def _replay(what: str, out: Path | None, *, as_json: bool) -> int:
    from dataclasses import asdict

    from hil.campaign.run import run_case

    if out is not None:
        _make(out)
    case = _case(what)
    outcome = run_case(case)
    for violation in outcome.violations:
        says = f"{violation.invariant} at {violation.t_us / 1e6:.3f} s: {violation.detail}"
        click.echo(says, err=True)
        if out is not None:
            name = f"walk-{Path(what).stem.replace(':', '-')}-{violation.invariant}.toml"
            path = _shrink(case, violation.invariant, out / name, f"--replay {what}")
            click.echo(f"  small: fes-ctrl campaign --replay {path}", err=True)
    if not outcome.violations:
        click.echo(f"{what}: everything held", err=True)
    if as_json:
        found = asdict(outcome)
        found["violations"] = [violation._asdict() for violation in outcome.violations]
        found["reactions"] = [reaction._asdict() for reaction in outcome.reactions]
        click.echo(json.dumps(found, allow_nan=False))
    return int(bool(outcome.violations))


def _case(what: str) -> "Case":
    from fes_ctrl.config.errors import ConfigError
    from hil.campaign.case import Case
    from hil.campaign.draw import draw
    from hil.scenarios import load_scenario

    seed, colon, number = what.partition(":")
    if colon and seed.isdecimal() and number.isdecimal():
        if int(seed) >= 2**63 or int(number) >= 2**31:
            message = f"--replay {what}: there is no such walk; give SEED:N of a campaign"
            raise Refusal(message)
        return draw(int(seed), int(number))
    if "/" not in what and not what.endswith(".toml"):
        message = f"--replay {what}: give SEED:N, as 1:42, or a scenario file"
        raise Refusal(message)
    try:
        scenario = load_scenario(what)
    except ConfigError as error:
        raise Refusal(str(error)) from error
    return Case(scenario.walk, scenario.names["setup"], scenario.names["limits"])


def _make(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"--out {out}: {error.strerror}; choose a folder that can be written"
        raise Refusal(message) from error
