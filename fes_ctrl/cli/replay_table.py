"""A replay as a table that a person can read."""

import json
from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from fes_ctrl.report.table import show

NONE: Final[Mapping[str, Any]] = {
    "events": {},
    "bursts": None,
    "setpoints": None,
    "burst": {"duration_ms": {"p50": None}, "ended_by": {}},
}
"""A leg of which nothing is told."""


def print_replay(summary: Mapping[str, Any]) -> None:
    """Print the figures of a replay, beside those of the program that it is held against."""
    console = Console(highlight=False)
    columns = [summary] + ([summary["against"]] if "against" in summary else [])
    table = Table(
        title=f"{summary['recording']}, {summary['duration_s']:.1f} s, {summary['detector']}",
        title_justify="left",
    )
    table.add_column("")
    for column in columns:
        table.add_column(column["program"], justify="right")
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
        console.print_json(json.dumps(summary["score"]))


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
