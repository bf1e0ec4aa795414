"""``fes-ctrl report``: a run as one HTML file that opens anywhere and asks nobody for anything."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.files import PAGE, keep_apart, write_whole

if TYPE_CHECKING:
    from fes_ctrl.analysis.run import Run
    from fes_ctrl.report.run_view import Check


@click.command(epilog="Example: fes-ctrl report runs/first-walk --out first-walk.html")
@click.argument("run", type=click.Path(path_type=Path), metavar="RUN")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=f"Write the page there.  [RUN/{PAGE}]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(run: Path, out: Path | None, *, as_json: bool) -> None:
    """Make one self-contained HTML file of RUN, the folder of a walk, a replay or a run.

    The folder of a sweep or of a search (tune) gets a page too: every candidate, heat maps, what
    each setting does; front, sensitivity, proof.

    It works offline: verdict, strides on the gait cycle, course in time, timing of events, charge,
    compensation and fatigue, safety events, settings with their origin.
    """
    from fes_ctrl.analysis.run import RunError, read_run
    from fes_ctrl.cli.report_search import search_page
    from fes_ctrl.report.run_page import run_page

    html = search_page(run)
    if html is not None:
        _write(html, run, out, "search", as_json=as_json)
        return
    try:
        read = read_run(run)
    except RunError as error:
        raise Refusal(str(error)) from error
    _write(run_page(read, _checks(read)), read.folder, out, "run", as_json=as_json)


def _write(html: str, folder: Path, out: Path | None, what: str, *, as_json: bool) -> None:
    """Write a page beside what it was made of, or where it is wanted, but never over it."""
    target = folder / PAGE if out is None else out
    if target.is_dir():
        message = f"--out {target}: is a folder; name a file, as {target / PAGE}"
        raise Refusal(message)
    keep_apart(target, [file for file in folder.iterdir() if file.name != PAGE], "--out", what)
    write_whole(target, html)
    size = len(html.encode())
    if as_json:
        click.echo(json.dumps({"file": str(target), "bytes": size}))
    else:
        click.echo(f"{target}: {size / 1e6:.2f} MB")


def _checks(run: "Run") -> "list[Check]":
    """Return how the bounds came out that the scenario set, where the run kept them."""
    from fes_ctrl.report.run_view import Check
    from hil.scenarios import Bound, beyond, figures_of

    bounds = (run.settings or {}).get("pass")
    if run.summary is None or not isinstance(bounds, dict):
        return []
    checks = []
    for name, table in bounds.items():
        bound = Bound(table.get("min"), table.get("max"))
        said = " and ".join(
            f"{words} {limit:g}"
            for words, limit in (("at least", bound.min), ("at most", bound.max))
            if limit is not None
        )
        try:
            figures = figures_of(run.summary, name)
        except KeyError:
            checks.append(Check(name, None, said, met=False))
            continue
        for figure, value in figures.items():
            shown = len(value) if isinstance(value, list) else value
            checks.append(Check(figure, shown, said, met=not beyond(figure, value, bound)))
    return checks
