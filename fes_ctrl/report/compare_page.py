"""The page of a comparison: what changed, what came of it and how surely, and the distributions."""

from collections.abc import Sequence
from statistics import mean
from typing import Final

from fes_ctrl.analysis.compare import (
    LESS,
    MORE,
    Change,
    Comparison,
    Difference,
    Figure,
    Measure,
    summary_of,
)
from fes_ctrl.analysis.run import Run
from fes_ctrl.analysis.settings import shown
from fes_ctrl.model import LEG_NAMES
from fes_ctrl.report.markup import MINUS, Html, folded, join, table, tag
from fes_ctrl.report.page import Section, page
from fes_ctrl.report.run_view import model_words
from fes_ctrl.report.strips import strips

ENDED: Final = {"": "killed", "finished": "finished", "interrupted": "interrupted"}


def compare_page(runs: Sequence[Run], comparison: Comparison, method: str) -> str:
    """Return the page of runs side by side.

    Parameters
    ----------
    runs : sequence of Run
        The reference first.
    comparison : Comparison
        Of them.
    method : str
        How the intervals are reckoned.
    """
    names = comparison.names
    sections = [
        Section("runs", "The runs", _runs(runs, comparison)),
        Section("changes", "What changed in the configuration", _changes(comparison)),
        Section("outcome", "What came of it, stride by stride", _outcome(comparison, method)),
    ]
    drawn = _strips(comparison)
    if drawn:
        sections.append(Section("distributions", "Distributions over the strides", drawn))
    sections.append(Section("figures", "Figures of the summaries", _figures(comparison)))
    lead = tag("p", f"{names[0]} is the reference.", class_="lead")
    named = list(zip(runs, names, strict=True))
    walked = [name for run, name in named if run.patient_is_model]
    told = [f"Simulated: {', '.join(walked)}; nobody walked there."] if walked else []
    told += [
        f"{name}: {model_words(run)}"
        for run, name in named
        if run.models and not run.patient_is_model
    ]
    warning = " ".join(told)
    title = f"{names[0]} beside {', '.join(names[1:])}"
    return page(title, sections, lead=lead, warning=warning)


def _runs(runs: Sequence[Run], comparison: Comparison) -> Html:
    rows = []
    for run, name in zip(runs, comparison.names, strict=True):
        summary = summary_of(run)
        verdict = summary.get("verdict")
        passed = verdict.get("passed") if isinstance(verdict, dict) else None
        rows.append(
            (
                name,
                summary.get("scenario") or run.recording,
                summary.get("patient"),
                summary.get("program"),
                (run.header.get("devices") or [None])[0],
                run.header.get("seed"),
                f"{run.walk.duration_us / 1e6:.1f}",
                "log cut" if run.log_is_cut else ENDED.get(run.ended, run.ended),
                _verdict_of(run, passed),
            )
        )
    head = (
        "run",
        "scenario or recording",
        "patient",
        "program",
        "stimulator",
        "seed",
        "s",
        "ended",
        "verdict",
    )
    parts = [table(head, rows, "The runs, the reference first", numeric=False)]
    if comparison.warnings:
        parts.append(
            tag("ul", *[tag("li", each) for each in comparison.warnings], class_="reasons")
        )
    return join(parts)


def _verdict_of(run: Run, passed: object) -> str | None:
    if passed is None:
        return None
    said = "passed" if passed else "failed"
    return f"{said} by its summary" if run.log_is_cut else said


def _changes(comparison: Comparison) -> Html:
    parts: list[Html] = []
    if comparison.input:
        parts.append(tag("p", "Input: ", tag("strong", comparison.input), "."))
    changes = comparison.shared_changes
    if changes:
        parts.append(
            _changed(changes, comparison.names, "Values that differ, and where each came from")
        )
    else:
        parts.append(tag("p", "No value differs."))
    alone = [change for change in comparison.changes if change.absent]
    if alone:
        told = f"{len(alone)} values of what not every run has"
        parts.append(folded(told, _changed(alone, comparison.names, told)))
    return join(parts)


def _changed(changes: Sequence[Change], names: Sequence[str], caption: str) -> Html:
    rows = [
        (
            tag("code", change.key),
            *[
                join([tag("strong", shown(line.value)), Html("<br>"), tag("code", line.origin)])
                for line in change.settings
            ],
        )
        for change in changes
    ]
    return table(("key", *names), rows, caption, numeric=False)


def _outcome(comparison: Comparison, method: str) -> Html:
    parts: list[Html] = []
    if not comparison.measures:
        parts.append(tag("p", "No stride of a leg that was stimulated in all runs is known."))
    for index in range(1, len(comparison.names)):
        paired = comparison.paired[index - 1]
        how = "pairs of the same steps" if paired else "no pairs"
        what = "settled strides that both have" if paired else "settled strides"
        for leg in sorted({measure.leg for measure in comparison.measures}):
            caption = (
                f"{LEG_NAMES[leg]} leg, {what}: {comparison.names[index]} against "
                f"{comparison.names[0]} ({how})"
            )
            own = [each for each in comparison.measures if each.leg == leg]
            rows = [_row(each, index) for each in own if each.known_beside(index)]
            runs = (comparison.names[0], comparison.names[index])
            head = ("mean", *runs, "strides", "difference", "95 %", "")
            if rows:
                parts.append(table(head, rows, caption))
            if len(rows) < len(own):
                said = f"{caption}: {len(own) - len(rows)} measures are not known of both."
                parts.append(tag("p", said, class_="note"))
    if comparison.measures:
        parts.append(tag("p", method, class_="note"))
    return join(parts)


def _row(measure: Measure, index: int) -> tuple[object, ...]:
    difference = measure.differences[index - 1]
    found = difference.interval
    return (
        measure.label,
        _mean(difference.first),
        _mean(difference.second),
        difference.over,
        None if found is None else _signed(found.mean),
        None if found is None else f"{_signed(found.low)} to {_signed(found.high)}",
        _verdict(difference),
    )


def _verdict(difference: Difference) -> Html:
    if difference.verdict in {MORE, LESS}:
        return tag("strong", difference.verdict)
    return tag("span", difference.verdict)


def _mean(values: Sequence[float]) -> str | None:
    return f"{mean(values):.4g}".replace("-", MINUS) if values else None


def _signed(value: float) -> str:
    return "0" if value == 0.0 else f"{value:+.3g}".replace("-", MINUS)


def _strips(comparison: Comparison) -> Html | None:
    """Return the pictures of what varies; nothing where there are none."""
    legs = sorted({measure.leg for measure in comparison.measures})
    told = "A dot a stride, of all settled strides of each run; the box holds the middle half."
    parts: list[Html] = []
    for leg in legs:
        figures = [
            tag("figure", strips(each.label, comparison.names, each.values))
            for each in comparison.measures
            if each.leg == leg and len({value for run in each.values for value in run}) > 1
        ]
        if figures and len(legs) > 1:
            parts.append(tag("h3", f"{LEG_NAMES[leg]} leg"))
        if figures:
            parts.append(tag("div", *figures, class_="charts"))
    return join([tag("p", told, class_="note"), *parts]) if parts else None


def _figures(comparison: Comparison) -> Html:
    shared = comparison.shared_figures
    far = [figure for figure in shared if any(figure.moved)]
    near = [figure for figure in shared if not any(figure.moved)]
    alone = [figure for figure in comparison.figures if figure.known == 1]
    nowhere = len(comparison.figures) - len(shared) - len(alone)
    head = ("figure", *comparison.names)
    parts: list[Html] = []
    if far:
        caption = "Figures that moved by what counts in their unit"
        parts.append(table(head, [_figure(each) for each in far], caption))
    if near:
        told = f"{len(near)} figures that did not"
        parts.append(folded(told, table(head, [_figure(each) for each in near], told)))
    if alone:
        told = f"{len(alone)} figures that are known of one run only"
        parts.append(folded(told, table(head, [_figure(each) for each in alone], told)))
    if nowhere:
        parts.append(tag("p", f"{nowhere} figures are known of no run.", class_="note"))
    return join(parts)


def _figure(figure: Figure) -> tuple[object, ...]:
    cells = [
        None if value is None else tag("strong", f"{value:g}") if far else f"{value:g}"
        for value, far in zip(figure.values, figure.moved, strict=True)
    ]
    return (tag("code", figure.name), *cells)
