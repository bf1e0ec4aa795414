"""A walk as a table that a person can read."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table


def print_walk(summary: Mapping[str, Any], folder: str | None) -> None:
    """Print the figures of a walk beside its twin's, and the verdict.

    Parameters
    ----------
    summary : mapping
        As ``summary.json`` holds it.
    folder : str or None
        Where the run was kept.
    """
    console = Console(highlight=False)
    twin = summary["twins"].get("evaluation")
    treated = "evaluation, no stimulation" if summary["evaluation"] else "with stimulation"
    for side, leg in summary["legs"].items():
        title = (
            f"{summary['scenario']}: {summary['patient']}, {side} leg, {summary['program']} on "
            f"{summary['stimulator']}, seed {summary['seed']}"
        )
        table = Table(title=title, title_justify="left", title_style="bold")
        table.add_column("")
        table.add_column(treated, justify="right")
        if twin is not None:
            table.add_column("same steps without", justify="right")
        other = None if twin is None else twin["legs"][side]
        for name, cell in rows(leg):
            values = [cell]
            if other is not None:
                values.append(dict(rows(other))[name])
            table.add_row(name, *values)
        charge = [_charge(summary["charge"])]
        if twin is not None:
            charge.append(_charge(twin["charge"]))
        table.add_row("charge, mC (largest phase, uC)", *charge)
        console.print(table)
    _verdict(console, summary)
    if folder is not None:
        console.print(f"run kept in {folder}: log.jsonl, summary.json, strides.svg")


def rows(leg: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the lines of one leg: what, and how much."""
    clearance, contact = leg["toe_clearance_mm"], leg["ankle_at_contact_deg"]
    onset, burst = leg["onset_delay_ms"], leg["burst"]
    return [
        ("strides (settled from)", f"{leg['strides']} ({show(leg['settled_from_stride'], 0)})"),
        ("bursts / pulses", f"{leg['bursts']} / {leg['pulses']}"),
        (
            "toe clearance, mm: median (5 %)",
            f"{show(clearance['median'])} ({show(clearance['p05'])})",
        ),
        ("drags", show(leg["drag_strides"], 0)),
        (
            "ankle at contact, deg: median (5 %)",
            f"{show(contact['median'])} ({show(contact['p05'])})",
        ),
        ("peak swing dorsiflexion, deg", show(leg["peak_swing_dorsiflexion_deg"]["median"])),
        ("onset delay, ms: median (95 %)", f"{show(onset['p50'])} ({show(onset['p95'])})"),
        (
            "swings missed / bursts extra",
            f"{show(burst['missed_swings'], 0)} / {show(burst['extra'], 0)}",
        ),
        ("push-off work lost, %", show(leg["push_off"]["lost_work_percent"])),
        ("foot slap, %", show(leg["foot_slap_percent"])),
    ]


def show(value: float | None, digits: int = 1) -> str:
    """Return a number, or a dash where it is unknown."""
    return "-" if value is None else f"{value:.{digits}f}"


def _charge(charge: Mapping[str, Any]) -> str:
    return f"{charge['total_mC']:.2f} ({charge['per_phase_uC_max']:.1f})"


def _verdict(console: Console, summary: Mapping[str, Any]) -> None:
    for fault in summary["safety"]["faults"]:
        console.print(
            f"fault {fault['id']} at {fault['t_s']:.3f} s: {fault['reaction']}, {fault['detail']}"
        )
    found = summary["verdict"]
    if found["passed"]:
        console.print("[bold green]passed[/]")
        return
    console.print("[bold red]failed[/]: " + "; ".join(found["reasons"]))
