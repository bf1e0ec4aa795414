"""What ``fes-ctrl campaign`` tells: failures with their replays and small scenarios, the table."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.files import search_folder, write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hil.campaign.campaign import Found
    from hil.campaign.case import Case
    from hil.campaign.report import ReactionRow
    from hil.campaign.run import Outcome

INTERRUPTED: Final = 130
MOST_SHRUNK: Final = 5
"""So many different invariants get a minimal scenario; the others only their replay commands."""


def tell(
    seed: int,
    hours: float,
    outcomes: "dict[int, Outcome]",
    out: Path | None,
    page: Path | None,
    run: dict[str, object],
    *,
    as_json: bool,
) -> int:
    """Tell what came of a campaign; return the exit code."""
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
        write_whole(out / "reaction-times.md", text, own="campaign")
        whole = json.dumps(summary, indent=1, allow_nan=False) + "\n"
        write_whole(out / "campaign.json", whole, own="campaign")
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


def _print(summary: "dict[str, object]", rows: "Sequence[ReactionRow]") -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from hil.campaign.report import HEAD, table_cells

    # Where nobody looks, a line may be as long as it has to be.
    width = None if sys.stderr.isatty() else 120
    console = Console(stderr=True, highlight=False, width=width)
    table = Table(
        box=box.SIMPLE, title="from the fault to the last pulse, ms", title_justify="left"
    )
    for index, name in enumerate(HEAD):
        table.add_column(name, justify="left" if index < 2 else "right", no_wrap=True)
    for cells in table_cells(rows):
        table.add_row(*cells)
    console.print(table)
    run = summary["run"]
    speed = run["speed"] if isinstance(run, dict) else None
    console.print(
        f"{summary['walks']} walks, {summary['simulated_hours']} h, {summary['pulses']} pulses, "
        f"{speed} times real time: {summary['violations']} violations"
    )


def replay_one(what: str, out: Path | None, *, as_json: bool) -> int:
    """Walk one walk again and judge it; return the exit code."""
    from dataclasses import asdict

    from hil.campaign.run import run_case

    if out is not None:
        search_folder(out, "campaign")
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
