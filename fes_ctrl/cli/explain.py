"""``fes-ctrl explain``: why a stride got what it got, from the sensor to the frame."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.files import keep_apart, sources, write_whole

if TYPE_CHECKING:
    from fes_ctrl.analysis.run import Run
    from fes_ctrl.analysis.story import Explanation


@click.command(epilog="Example: fes-ctrl explain runs/first --stride 12 --leg right")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--stride", type=int, required=True, metavar="N", help="Which stride, from 1.")
@click.option(
    "--leg",
    type=click.Choice(["left", "right"]),
    help="Which leg; the stimulated one where there is one only.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--html", type=click.Path(path_type=Path), metavar="FILE", help="Write it there as a page."
)
def command(run: Path, stride: int, leg: str | None, html: Path | None, *, as_json: bool) -> None:
    """Tell why a stride of RUN got the burst it got, or none.

    Stride N is the same one everywhere: the simulated patient's where there is one, else counted
    from the contacts that the detector told.
    """
    from fes_ctrl.analysis.explain import StrideError, explain

    read = run_in(run)
    try:
        explanation = explain(read, _leg(read, leg), stride)
    except StrideError as error:
        raise Refusal(str(error)) from error
    if html is not None:
        from fes_ctrl.report.explain_page import explain_page

        keep_apart(html, sources(read.folder), "--html", "run")
        write_whole(html, explain_page(read, explanation), "--html")
    if as_json:
        click.echo(json.dumps(as_object(read, explanation), allow_nan=False))
    else:
        _print(read, explanation)


def run_in(folder: Path) -> "Run":
    """Return the run in a folder, or refuse it."""
    from fes_ctrl.analysis.run import RunError, read_run
    from fes_ctrl.cli.report_search import search_in

    try:
        return read_run(folder)
    except RunError as error:
        search = search_in(folder)
        if search:
            message = (
                f"{folder}: is {search}, many walks and no run; 'fes-ctrl report {folder}' has "
                "them side by side, and 'fes-ctrl walk … --out DIR' keeps a run of one of them"
            )
            raise Refusal(message) from None
        raise Refusal(str(error)) from error


def _leg(run: "Run", name: str | None) -> int:
    from fes_ctrl.model import LEG_NAMES

    if name is not None:
        return LEG_NAMES.index(name)
    stimulated = [leg.leg for leg in run.walk.legs]
    if len(stimulated) == 1:
        return stimulated[0]
    if not stimulated:
        message = f"{run.folder}: no leg of this run is stimulated; say --leg left or right"
    else:
        message = f"{run.folder}: both legs are stimulated; say --leg left or --leg right"
    raise Refusal(message)


def as_object(run: "Run", explanation: "Explanation") -> dict[str, Any]:
    """Return an explanation as the object that ``--json`` prints."""
    from dataclasses import asdict

    from fes_ctrl.analysis.settings import plain
    from fes_ctrl.analysis.story import BURST

    stride = explanation.stride
    swing = None if stride.truth is None else asdict(stride.truth)
    return {
        "format": 1,
        "run": run.folder.name,
        "ended": run.ended or None,
        "leg": explanation.leg_name,
        "stride": stride.number,
        "strides": explanation.strides,
        "counted_by": explanation.counted_by,
        "from_s": stride.from_us / 1e6,
        "lift_s": None if stride.lift_us is None else stride.lift_us / 1e6,
        "to_s": stride.to_us / 1e6,
        "finished": stride.finished,
        "outcome": explanation.outcome,
        "cause": {
            "code": explanation.cause.code,
            "text": explanation.cause.text,
            "settings": [plain(asdict(line)) for line in explanation.cause.lines],
        },
        "notes": [*explanation.notes, *_of_the_log(run)],
        "truth": plain(swing),
        "bursts": [
            plain(moment.facts)
            for moment in explanation.moments
            if moment.stage == BURST and moment.facts
        ],
        "moments": [
            {
                "t_s": moment.t_us / 1e6,
                "stage": moment.stage,
                "text": moment.text,
                "settings": [plain(asdict(line)) for line in moment.lines],
                "facts": plain(moment.facts),
            }
            for moment in explanation.moments
        ],
    }


def _of_the_log(run: "Run") -> tuple[str, ...]:
    """Return that a run is not told whole, where it is not."""
    return (f"{run.unfinished}; what the log holds is told",) if run.unfinished else ()


COUNTED = {
    "truth": "the patient's own count",
    "contacts": "counted by the contacts that were told",
    "triggers": "counted by what triggers it, for the leg wears no sensor",
}


def _print(run: "Run", explanation: "Explanation") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    stride = explanation.stride
    head = (
        f"stride {stride.number} of {explanation.strides}, {explanation.leg_name} leg, "
        f"{stride.from_us / 1e6:.3f} to {stride.to_us / 1e6:.3f} s "
        f"({COUNTED[explanation.counted_by]})"
    )
    console.print(Text(head, style="bold"))
    outcome = {"burst": "a burst", "late": "a burst too late", "none": "no burst"}
    console.print(Text(f"{outcome[explanation.outcome]}: {explanation.cause.text}"))
    for line in explanation.cause.lines:
        console.print(Text(f"  {line}", style="cyan"))
    for note in (*explanation.notes, *_of_the_log(run)):
        console.print(Text(f"  {note}"))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("s", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("", overflow="fold")
    for moment in explanation.moments:
        text = Text(moment.text)
        for line in moment.lines:
            text.append(f"\n  {line}", style="cyan")
        table.add_row(f"{moment.t_us / 1e6:.4f}", Text(moment.stage), text)
    console.print(table)
