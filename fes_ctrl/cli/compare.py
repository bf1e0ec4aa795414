"""``fes-ctrl compare``: runs side by side, with what changed and how sure it is."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.explain import run_in
from fes_ctrl.cli.files import keep_apart, sources, write_whole

if TYPE_CHECKING:
    from rich.console import Console

    from fes_ctrl.analysis.compare import Comparison, Difference, Measure
    from fes_ctrl.analysis.intervals import Interval

METHOD: Final = (
    "95 % intervals by batch means: strides on end are alike, so they are cut in order into 3 to 8 "
    "batches whose means are taken for independent. Of some twenty measures one falls beside its "
    "interval by chance."
)


@click.command(epilog="Example: fes-ctrl compare runs/old runs/new --html new.html")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--html", type=click.Path(path_type=Path), metavar="FILE", help="Write it there as a page."
)
def command(runs: tuple[Path, ...], html: Path | None, *, as_json: bool) -> None:
    """Put runs side by side; the first RUN is what the others are compared with.

    Strides of the same number are pairs where the runs are the same steps: the same patient, way
    and seed, or the same recording. There is no verdict: exit code 0.
    """
    from fes_ctrl.analysis.compare import compare

    if len(runs) < 2:
        message = f"{runs[0]}: one run alone; give at least two, the reference first"
        raise Refusal(message)
    read = [run_in(run) for run in runs]
    comparison = compare(read)
    if html is not None:
        from fes_ctrl.report.compare_page import compare_page

        keep_apart(html, [path for run in read for path in sources(run.folder)], "--html", "run")
        write_whole(html, compare_page(read, comparison, method_of(comparison)), "--html")
    if as_json:
        click.echo(json.dumps(as_object(comparison), allow_nan=False))
    else:
        _print(comparison)


def method_of(comparison: "Comparison") -> str:
    """Return how the intervals are reckoned, and of what they speak."""
    return f"{METHOD} {comparison.scope}"


def as_object(comparison: "Comparison") -> dict[str, Any]:
    """Return a comparison as the object that ``--json`` prints."""
    from statistics import mean, median

    from fes_ctrl.analysis.settings import plain
    from fes_ctrl.model import LEG_NAMES

    return {
        "format": 1,
        "runs": list(comparison.names),
        "reference": comparison.names[0],
        "same_steps": [None, *comparison.paired],
        "recordings": [name or None for name in comparison.recordings],
        "input": comparison.input or None,
        "warnings": list(comparison.warnings),
        "method": method_of(comparison),
        "configuration": [
            {
                "key": change.key,
                "values": [plain(line.value) for line in change.settings],
                "origins": [line.origin for line in change.settings],
            }
            for change in comparison.changes
        ],
        "strides": [
            {
                "leg": LEG_NAMES[measure.leg],
                "measure": measure.name,
                "n": [len(values) for values in measure.values],
                "mean": [mean(values) if values else None for values in measure.values],
                "median": [median(values) if values else None for values in measure.values],
                "differences": [_told(each) for each in measure.differences],
            }
            for measure in comparison.measures
        ],
        "figures": [
            {"name": each.name, "values": plain(each.values), "moved": list(each.moved)}
            for each in comparison.figures
        ],
    }


def _told(difference: "Difference") -> dict[str, Any]:
    from statistics import mean

    found = difference.interval
    return {
        "mean": None if found is None else found.mean,
        "low": None if found is None else found.low,
        "high": None if found is None else found.high,
        "n": None if found is None else found.n,
        "over": [len(difference.first), len(difference.second)],
        "means": [
            mean(values) if values else None for values in (difference.first, difference.second)
        ],
        "paired": difference.paired,
        "verdict": difference.verdict,
    }


def _print(comparison: "Comparison") -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for warning in comparison.warnings:
        console.print(Text(f"note: {warning}", style="yellow"))
    if comparison.input:
        console.print(Text(f"input: {comparison.input}", style="bold"))
    _print_changes(console, comparison)
    if not comparison.measures:
        console.print(Text("no stride of a leg that was stimulated in all runs is known"))
    for index in range(1, len(comparison.names)):
        _print_strides(console, comparison, index)
    _print_figures(console, comparison)
    if comparison.measures:
        console.print(Text(method_of(comparison), style="dim"))


def _table(title: str, columns: tuple[str, ...]) -> "Any":
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("", overflow="fold")
    for column in columns:
        table.add_column(column, justify="right", overflow="fold")
    return table


def _print_changes(console: "Console", comparison: "Comparison") -> None:
    from rich.text import Text

    from fes_ctrl.analysis.settings import shown

    changes, absent = comparison.shared_changes, comparison.absent
    if absent:
        told = ", ".join([f"{section} ({n})" for section, n in absent.items()])
        console.print(
            Text(f"{absent.total()} values left out, of what not every run has: {told}", "dim")
        )
    if not changes:
        console.print(Text("configuration: no value differs"))
        return
    table = _table("what changed in the configuration", comparison.names)
    for change in changes:
        cells = []
        for line in change.settings:
            cell = Text(shown(line.value))
            cell.append(f"\n{line.origin}", style="dim")
            cells.append(cell)
        table.add_row(Text(change.key), *cells)
    console.print(table)


def _print_strides(console: "Console", comparison: "Comparison", index: int) -> None:
    from rich.text import Text

    from fes_ctrl.model import LEG_NAMES

    first, second = comparison.names[0], comparison.names[index]
    paired = comparison.paired[index - 1]
    how = "pairs of the same steps" if paired else "strides that are no pairs"
    what = "the settled strides that both have" if paired else "settled strides"
    legs = {measure.leg for measure in comparison.measures}
    for leg in sorted(legs):
        title = f"{LEG_NAMES[leg]} leg, means over {what}: {second} against {first} ({how})"
        table = _table(title, (first, second, "strides", "difference (95 %)", ""))
        own = [measure for measure in comparison.measures if measure.leg == leg]
        both = [measure for measure in own if measure.known_beside(index)]
        for measure in both:
            table.add_row(*[Text(cell) for cell in _row(measure, index)])
        if both:
            console.print(table)
        if len(both) < len(own):
            told = (
                f"{len(own) - len(both)} measures of the {LEG_NAMES[leg]} leg left out: not known"
            )
            console.print(Text(f"{told} of both {first} and {second}", style="dim"))


def _row(measure: "Measure", index: int) -> tuple[str, ...]:
    from statistics import mean

    difference = measure.differences[index - 1]
    means = [
        f"{mean(values):.4g}" if values else "-" for values in (difference.first, difference.second)
    ]
    told = interval_in_words(difference.interval)
    return measure.label, *means, difference.over, told, difference.verdict


def interval_in_words(interval: "Interval | None") -> str:
    """Return a difference and its interval as a person reads them."""
    if interval is None:
        return "-"
    return f"{interval.mean:+.3g} ({interval.low:+.3g} to {interval.high:+.3g})"


def _print_figures(console: "Console", comparison: "Comparison") -> None:
    from rich.text import Text

    from fes_ctrl.analysis.figures import said

    shared = comparison.shared_figures
    far = [figure for figure in shared if any(figure.moved)]
    near, alone = len(shared) - len(far), len(comparison.figures) - len(shared)
    left_out = f"; {alone} left out: not known of more than one run" if alone else ""
    if not far:
        console.print(
            Text(f"figures of the summaries: none of {near} moved by what counts{left_out}")
        )
        return
    table = _table(
        "figures of the summaries that moved by what counts in their unit", comparison.names
    )
    for figure in far:
        table.add_row(Text(figure.name), *[Text(said(value)) for value in figure.values])
    console.print(table)
    console.print(Text(f"{near} figures did not{left_out}"))
