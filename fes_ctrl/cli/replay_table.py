"""A replay as a table that a person can read."""

from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from fes_ctrl.cli.score import as_table
from fes_ctrl.report.table import show

NONE: Final[Mapping[str, Any]] = {
    "events": {},
    "bursts": None,
    "setpoints": None,
    "burst": {"duration_ms": {"p50": None}, "ended_by": {}},
}
"""A leg of which nothing is told."""


def print_replay(summary: Mapping[str, Any], names: tuple[str, str] | None) -> None:
    """Print the figures of a replay, beside those of the program that it is held against.

    Parameters
    ----------
    summary : mapping
        Of the replay.
    names : tuple of str or None
        What the programs are called: that which it is held against, and its own.
    """
    console = Console(highlight=False, markup=False)
    columns, heads = [summary], [summary["program"]]
    if names is not None:
        columns, heads = [summary["against"], summary], [*names]
    table = Table(
        title=f"{summary['recording']}, {summary['duration_s']:.1f} s, {summary['detector']}",
        title_justify="left",
    )
    table.add_column("")
    for head in heads:
        table.add_column(head, justify="right")
    for side in summary["legs"]:
        cells = [_cells(column["legs"].get(side, NONE)) for column in columns]
        for name in cells[0]:
            table.add_row(f"{side} {name}", *[cell[name] for cell in cells])
    for side in summary["sensing"]:
        counts = [_counts(column["sensing"].get(side, NONE)["events"]) for column in columns]
        table.add_row(f"{side} (only senses) events", *counts)
    table.add_row("charge, mC", *[show(column["charge"]["total_mC"], 2) for column in columns])
    console.print(table)
    for fault in summary["safety"]["faults"]:
        whose = f" on the {fault['leg']}" if fault["leg"] else ""
        console.print(
            f"fault {fault['id']}{whose} at {fault['t_s']:.3f} s: {fault['reaction']}, "
            f"{fault['detail']}"
        )
    if "score" in summary:
        console.print("\nevents, held against the reference")
        console.print(as_table(summary["score"]), end="", soft_wrap=True)


def _cells(leg: Mapping[str, Any]) -> dict[str, str]:
    """Return the lines of one leg's column."""
    return {
        "events": _counts(leg["events"]),
        "bursts": show(leg["bursts"], 0),
        "pulses": show(leg["setpoints"], 0),
        "burst, ms": show(leg["burst"]["duration_ms"]["p50"], 1),
        "ended by": _counts(leg["burst"]["ended_by"]),
    }


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count) or "-"
