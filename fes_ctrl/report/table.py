"""A walk as a table that a person can read."""

from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table

TREATMENTS: Final = {
    "evaluation": "same steps without",
    "orthosis": "with an orthosis",
    "both": "with both",
}
"""Columns of the twins."""


def print_walk(summary: Mapping[str, Any], folder: str | None) -> None:
    """Print the figures of a walk beside its twins', and the verdict.

    Parameters
    ----------
    summary : mapping
        As ``summary.json`` holds it.
    folder : str or None
        Where the run was kept.
    """
    console = Console(highlight=False)
    columns = {name_of(summary): summary}
    columns |= {TREATMENTS[name]: twin for name, twin in summary["twins"].items()}
    for side in summary["legs"]:
        title = (
            f"{summary['scenario']}: {summary['patient']}, {side} leg, {summary['program']} on "
            f"{summary['stimulator']}, seed {summary['seed']}"
        )
        table = Table(title=title, title_justify="left", title_style="bold")
        table.add_column("", no_wrap=True)
        for name in columns:
            table.add_column(name, justify="right")
        lines = [dict(rows(column["legs"][side])) for column in columns.values()]
        for name in lines[0]:
            table.add_row(name, *[line[name] for line in lines])
        charge = [charge_of(column, side) for column in columns.values()]
        table.add_row("charge, mC (largest phase, uC)", *charge)
        console.print(table)
    if len(summary["legs"]) > 1:
        sums = [
            f"{show(column['charge']['total_mC'], 2)} {name}" for name, column in columns.items()
        ]
        console.print(f"charge of both legs, mC: {', '.join(sums)}")
    for side, sensed in summary["sensing"].items():
        found = sensed["detection"].items()
        told = ", ".join(f"{kind} {each['n']} (F1 {show(each['f1'], 2)})" for kind, each in found)
        console.print(f"{side} leg: only senses, {sensed['strides']} strides; {told or 'no event'}")
    for note in summary["notes"]:
        console.print(f"note: {note}")
    _verdict(console, summary)
    if folder is not None:
        console.print(f"run kept in {folder}; fes-ctrl report {folder} makes a page of it")


def name_of(summary: Mapping[str, Any]) -> str:
    """Return what the walk itself was treated with."""
    brace = summary["orthosis"]
    if summary["evaluation"]:
        return "evaluation, no stimulation" if brace == "none" else f"{brace} orthosis"
    return "with stimulation" if brace == "none" else f"stimulation and {brace} orthosis"


def rows(leg: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the lines of one leg: what, and how much."""
    clearance, contact = leg["toe_clearance_mm"], leg["ankle_at_contact_deg"]
    onset, burst = leg["onset_delay_ms"], leg["burst"]
    return [
        ("strides (settled from)", f"{leg['strides']} ({show(leg['settled_from_stride'], 0)})"),
        ("walking speed, m/s", show(leg["speed_m_per_s"], 2)),
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
        ("compensation, mm", show(leg["compensation_mm"])),
        ("eversion at contact, deg", show(leg["eversion_at_contact_deg"]["median"])),
        *_astray(leg.get("bad_strides")),
    ]


def _astray(bad: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return the lines of strides that went astray; none where there were none."""
    if bad is None:
        return []
    clearance, contact = bad["toe_clearance_mm"], bad["ankle_at_contact_deg"]
    served = [show(bad[f"{how}_swings"], 0) for how in ("missed", "late", "cut")]
    return [
        ("bad strides / right after", f"{bad['in']['strides']} / {bad['after']['strides']}"),
        (
            "  toe clearance, mm: median (5 %)",
            f"{show(clearance['median'])} ({show(clearance['p05'])})",
        ),
        ("  drags", show(bad["drag_strides"], 0)),
        (
            "  ankle at contact, deg: median (5 %)",
            f"{show(contact['median'])} ({show(contact['p05'])})",
        ),
        ("  swings missed / late / let go", " / ".join(served)),
        ("  push-off work lost, %: 95 %", show(bad["lost_push_off_percent"]["p95"])),
    ]


def show(value: float | None, digits: int = 1) -> str:
    """Return a number, or a dash where it is unknown."""
    return "-" if value is None else f"{value:.{digits}f}"


def charge_of(summary: Mapping[str, Any], side: str) -> str:
    """Return the charge of one leg; a summary that knows that of all legs only has a dash for it.

    Parameters
    ----------
    summary : mapping
        Of a walk or a twin.
    side : str
        ``left`` or ``right``.
    """
    known = summary["charge"] if len(summary["legs"]) == 1 else {}
    charge = summary["legs"][side].get("charge", known)
    return f"{show(charge.get('total_mC'), 2)} ({show(charge.get('per_phase_uC_max'))})"


def _verdict(console: Console, summary: Mapping[str, Any]) -> None:
    for fault in summary["safety"]["faults"]:
        whose = f" on the {fault['leg']}" if fault["leg"] else ""
        console.print(
            f"fault {fault['id']}{whose} at {fault['t_s']:.3f} s: {fault['reaction']}, "
            f"{fault['detail']}"
        )
    found = summary["verdict"]
    if found["passed"]:
        console.print("[bold green]passed[/]")
        return
    console.print("[bold red]failed[/]: " + "; ".join(found["reasons"]))
