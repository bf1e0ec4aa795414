"""What ``fes-ctrl sweep`` and ``merge`` write and tell: the table of walks, candidates in order."""

import json
import shlex
import sys
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.files import PAGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.table import Table

    from fes_ctrl.tuning.job import Job
    from fes_ctrl.tuning.leading import Leading
    from fes_ctrl.tuning.manifest import Manifest
    from fes_ctrl.tuning.statistics import Candidate, Difference
    from fes_ctrl.tuning.store import Store

FORMAT: Final = 1
CANDIDATES: Final = "candidates.csv"
CLEARED: Final = ("results.csv", "results.parquet", CANDIDATES, PAGE)
"""Results of what was there before, which are none of what is there now."""

BESIDE: Final = (
    "legs.*.toe_clearance_mm.median",
    "charge.total_mC",
    "legs.*.compensation_mm",
    "legs.*.foot_slap_percent",
    "legs.*.push_off.lost_work_percent",
    "legs.*.ankle_at_contact_deg.p05",
)
"""Figures of the table beside the one that orders it; the last go first where there is no room."""

WIDTH: Final = 160


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a sweep.

    Attributes
    ----------
    manifest : Manifest
        What was walked.
    walks, failed : int
        Of this folder; those that came to no result.
    by, best : str
        The figure that orders candidates, and which end of it is wanted.
    candidates : tuple of Candidate
        In the order of the sweep; none for a shard.
    files : tuple of str
        Written.
    """

    manifest: "Manifest"
    walks: int
    failed: int
    by: str
    best: str
    candidates: "tuple[Candidate, ...]"
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """The figure that orders candidates, as it was asked for, and where.

    Attributes
    ----------
    name : str
        Its name, or the end of it.
    place : str or None
        File and line; none: the option.
    sure : bool
        Whether it is a whole name that walks may have: it is not judged by those that there are.
    """

    name: str
    place: str | None = None
    sure: bool = False

    def whole(self, names: list[str]) -> str:
        """Return its whole name among those that there are, or refuse it."""
        from fes_ctrl.config.build import show
        from fes_ctrl.tuning.statistics import whole_name

        try:
            return whole_name(self.name, names)
        except ValueError as error:
            what = str(error).removeprefix(self.name)
            message = f"--by {self.name}{what}"
            if self.place is not None:
                message = f"sweep.by = {show(self.name)}{what} ({self.place})"
            raise Refusal(message) from error

    def judged(self, one_of_each: "Sequence[Job]") -> "Figure":
        """Return it by its whole name, or refuse it, whatever was walked.

        No walk can have it, or its name is that of several.

        Parameters
        ----------
        one_of_each : sequence of Job
            A walk of each sort.
        """
        from hil.sweep_names import names_for

        names = names_for(self.name, one_of_each)
        return replace(self, name=self.whole(names), sure=True) if names else self


def table_format(wanted: str | None) -> str:
    """Return in what results are written, or refuse what cannot be."""
    there = find_spec("pyarrow") is not None
    if wanted == "parquet" and not there:
        message = "--format parquet needs pyarrow: pip install 'fes-ctrl[export]'"
        raise Refusal(message)
    return wanted or ("parquet" if there else "csv")


def finish(
    manifest: "Manifest", store: "Store", folder: Path, kind: str, figure: Figure, best: str
) -> Result:
    """Write the results of a sweep whose walks are all there, and return what came of it.

    A shard has no results: its rows wait for the others.
    """
    from fes_ctrl.tuning.results import write_candidates, write_csv, write_parquet
    from fes_ctrl.tuning.statistics import names_in, summarise

    if manifest.shard is not None:
        rows = [store.get(key) for key, _ in manifest.part()]
        failed = sum(row is not None and not row["ok"] for row in rows)
        return Result(
            manifest, len(rows), failed, figure.name, best, (), ("rows.jsonl", "sweep.json")
        )
    try:
        candidates = tuple(summarise(manifest, store))
    except ModuleNotFoundError as error:
        message = f"sweep needs {error.name}: pip install 'fes-ctrl[sweep]'"
        raise Refusal(message) from error
    by = figure.name
    walks = sum(candidate.walks for candidate in candidates)
    failed = sum(candidate.failed for candidate in candidates)
    if walks > failed:
        names = dict.fromkeys(
            name for row in manifest.rows(store) if row["ok"] for name in names_in(row)
        )
        by = figure.name if figure.sure else figure.whole(list(names))
        if by not in names:
            click.echo(f"note: no walk had {by}; candidates stand as in the sweep", err=True)
    table = f"results.{kind}"
    write = write_parquet if kind == "parquet" else write_csv
    write(folder / table, lambda: manifest.rows(store))
    write_candidates(folder / CANDIDATES, candidates)
    files = ("rows.jsonl", "sweep.json", table, CANDIDATES)
    return Result(manifest, walks, failed, by, best, candidates, files)


def tell(
    result: Result, run: dict[str, object], folder: Path | None, top: int, *, as_json: bool
) -> int:
    """Print what came of a sweep; return the exit code."""
    if as_json:
        click.echo(json.dumps({**as_object(result), "run": run}, allow_nan=False))
    elif result.manifest.shard is None:
        _print(result, top)
    said = f"{result.walks} walks"
    if result.failed:
        said += f", {result.failed} of them without a result"
    said += f"; {run['walked']} walked now, in {run['wall_s']} s"
    if folder is not None:
        said += f"; kept in {folder}: {', '.join(result.files)}"
    click.echo(said, err=True)
    if result.manifest.shard is not None and folder is not None:
        this = shlex.quote(str(folder))
        click.echo(f"join it with the others: fes-ctrl merge OUT {this} SHARD...", err=True)
    if result.walks and result.failed == result.walks:
        reasons = [error for candidate in result.candidates for error in candidate.errors]
        first = f": {reasons[0]}" if reasons else ""
        message = f"no walk came to a result{first}"
        raise Refusal(message)
    return 0


def as_object(result: Result) -> dict[str, object]:
    """Return what came of a sweep as one JSON object."""
    from fes_ctrl.tuning.leading import leading
    from fes_ctrl.tuning.statistics import ranked

    manifest = result.manifest
    order = ranked(result.candidates, result.by, result.best)
    told = leading(order, result.by)
    return {
        "format": FORMAT,
        "sweep": manifest.name,
        "scenario": manifest.scenario,
        "patients": manifest.patients,
        "seeds": manifest.seeds,
        "sweep_sha256": manifest.sha256,
        "code_sha256": manifest.code,
        "shard": None if manifest.shard is None else "/".join(map(str, manifest.shard)),
        "walks": result.walks,
        "failed": result.failed,
        "by": result.by,
        "best": result.best,
        "order": [candidate.name for candidate in order],
        "leading": None if told is None else told.candidate.name,
        "candidates": [_candidate(candidate) for candidate in result.candidates],
    }


def _candidate(candidate: "Candidate") -> dict[str, Any]:
    found = asdict(candidate)
    found["candidate"] = found.pop("name")
    found["settings"] = dict(candidate.settings)
    return {"candidate": found.pop("candidate"), **found}


def _print(result: Result, top: int) -> None:
    from rich.console import Console

    from fes_ctrl.tuning.leading import leading
    from fes_ctrl.tuning.statistics import ranked

    order = ranked(result.candidates, result.by, result.best)
    told = leading(order, result.by)
    best = None if told is None else told.candidate
    rows = [
        each for place, each in enumerate(order) if place < top or not each.settings or each == best
    ]
    keys = sorted({key for candidate in result.candidates for key, _ in candidate.settings})
    beside = [name for name in BESIDE if name != result.by]
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    table = _table(result, rows, keys, beside)
    # What there is no room for is left out whole: other figures first, then settings.
    left = 0
    room = console.options.update(max_width=10 * WIDTH)
    while console.measure(table, options=room).maximum > console.width and (beside or keys):
        if beside:
            beside = beside[:-1]
        else:
            keys, left = keys[:-1], left + 1
        table = _table(result, rows, keys, beside)
    console.print(table)
    if left:
        console.print(f"no room for {left} settings of each; {CANDIDATES} has them")
    if len(order) > len(rows):
        console.print(f"{len(order) - len(rows)} more in {CANDIDATES}; --top N shows more")
    if told is not None:
        _print_leading(console, result, told)


def _print_leading(console: "Console", result: Result, told: "Leading") -> None:
    """Say which candidate is the best of those that passed, as the page does."""
    from fes_ctrl.analysis.figure_words import figure_of
    from fes_ctrl.tuning.leading import passed, passed_all

    figure = figure_of(result.by)
    if told.remark:
        console.print(told.remark, style="red")
    lines = [(f"{result.best} {figure.words} of {told.among}", told.candidate)]
    if told.extreme != told.candidate:
        lines.append((f"{result.best} of all", told.extreme))
    for what, each in lines:
        said = f"{what}: {each.name}, {_mean(each, result.by)} {figure.unit}".rstrip()
        style = None if passed_all(each) else "red"
        console.print(f"{said}, {passed(each)}", style=style, soft_wrap=True)


def _table(result: Result, rows: "list[Candidate]", keys: list[str], beside: list[str]) -> "Table":
    from rich import box
    from rich.table import Table

    from fes_ctrl.analysis.figure_words import figure_of

    compared = result.manifest.baseline
    title = f"{result.manifest.name}: {len(result.candidates)} candidates, {result.best} first"
    table = Table(title=title, title_justify="left", box=box.SIMPLE)
    for name in ("candidate", *short(keys)):
        table.add_column(name, no_wrap=True)
    columns = ["no result"] if result.failed else []
    bounded = any(one.passed < one.walks for one in result.candidates)
    columns += ["passed"] if bounded else []
    columns.append(figure_of(result.by).heading)
    columns += ["from baseline\n95 %"] if compared else []
    for words in (*columns, *[figure_of(name).heading for name in beside]):
        table.add_column(words, justify="right", no_wrap=True)
    for candidate in rows:
        settings = dict(candidate.settings)
        cells = [candidate.name, *[_setting(settings.get(key)) for key in keys]]
        if result.failed:
            cells.append(f"{candidate.failed} of {candidate.walks}")
        if bounded:
            cells.append(f"{candidate.passed} of {candidate.walks}")
        cells.append(_mean(candidate, result.by))
        if compared:
            spread = candidate.figures.get(result.by)
            cells.append("" if spread is None else _apart(spread.difference))
        cells += [_mean(candidate, name) for name in beside]
        table.add_row(*cells, style=None if candidate.settings else "bold")
    return table


def short(keys: list[str]) -> list[str]:
    """Return keys by their last parts, as many as tell them apart."""
    for parts in range(1, 10):
        found = [".".join(key.split(".")[-parts:]) for key in keys]
        if len(set(found)) == len(keys):
            return found
    return keys


def _mean(candidate: "Candidate", name: str) -> str:
    spread = candidate.figures.get(name)
    return "-" if spread is None else f"{spread.mean:.4g}"


def _apart(difference: "Difference | None") -> str:
    if difference is None:
        return ""
    if difference.low is None or difference.high is None:
        return f"{difference.mean:+.3g} (one seed)"
    # Student's interval is as long to either side.
    return f"{difference.mean:+.3g} ± {(difference.high - difference.low) / 2:.2g}"


def _setting(value: object) -> str:
    from fes_ctrl.config.wording import show

    return "" if value is None else value if isinstance(value, str) else show(value)
