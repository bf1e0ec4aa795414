"""A sweep as one page: the best, every candidate as a line, heat maps, effects, the table."""

from fes_ctrl.analysis.figure_words import Figure
from fes_ctrl.report.figures import digits_of
from fes_ctrl.report.heat import Cell, heat_map
from fes_ctrl.report.markup import Html, breakable, folded, join, number, table, tag
from fes_ctrl.report.page import Section, page
from fes_ctrl.report.parallel import Trail, Upright, parallel, upright_of
from fes_ctrl.report.svg import Chart, around, legend
from fes_ctrl.report.sweep_view import SweepView
from fes_ctrl.tuning.effects import MainEffect
from fes_ctrl.tuning.leading import Leading, passed, passed_all
from fes_ctrl.tuning.statistics import Candidate, Difference

MOST_LINES = 300
"""More lines across the axes are nothing but a grey surface."""
MOST_ROWS = 200
SIMULATED = "Simulated walks: no person and no stimulator was involved."


def sweep_page(view: SweepView) -> str:
    """Return the page of a sweep.

    Parameters
    ----------
    view : SweepView
        As ``sweep_view`` gives it.

    Returns
    -------
    str
        A complete HTML document that needs nothing else.
    """
    sections = [Section("result", "Result", _result(view))]
    if view.moving and view.axes:
        sections.append(Section("lines", "Every candidate", _lines(view)))
        maps = _heat_maps(view)
        if maps:
            sections.append(Section("maps", "Heat maps", maps))
        if view.effects:
            sections.append(Section("effects", "What each setting does", _effects(view)))
    if view.figures:
        sections.append(Section("candidates", "Candidates", _candidates(view)))
    if view.failed or view.missing:
        sections.append(Section("without", "Walks without a result", _without(view)))
    sections.append(Section("about", "About this sweep", _about(view)))
    manifest = view.manifest
    lead = (
        f"{len(view.candidates)} candidates, {_count(len(manifest.patients), 'patient')}, "
        f"{_count(len(manifest.seeds), 'seed')}: {view.walks} walks of scenario "
        f"{manifest.scenario}."
    )
    return page(
        f"Sweep {view.name}", sections, lead=tag("p", lead, class_="lead"), warning=SIMULATED
    )


def _result(view: SweepView) -> Html:
    if view.leading is None:
        return tag("p", "No walk came to anything; the reasons are below.")
    first = view.figures[0]
    best, baseline = view.leading.candidate, view.baseline
    tiles = [
        _tile(f"{first.words}, that candidate's", _value(best, first), first.unit),
        _tile("walks that it passed", str(best.passed), f"of {best.walks}"),
        _tile("walks without a result, of all candidates", str(view.failed), f"of {view.walks}"),
    ]
    if baseline is not None:
        tiles.insert(
            1, _tile(f"{first.words}, as the scenario stands", _value(baseline, first), first.unit)
        )
    kind = "good" if passed_all(best) else "bad"
    badge = tag("span", f"{_called(best)} {passed(best)}", class_=f"verdict {kind}")
    parts = [
        tag("p", badge),
        *[tag("p", said) for said in _standing(view, view.leading, first)],
        tag("dl", *tiles, class_="tiles"),
    ]
    same = [
        f"{figure.words} {_value(best, figure)} {figure.unit}".rstrip()
        for figure in view.figures
        if figure not in view.moving
    ]
    if same and len(view.candidates) > 1:
        parts.append(tag("p", f"The same for every candidate: {', '.join(same)}.", class_="note"))
    return join(parts)


def _standing(view: SweepView, told: Leading, first: Figure) -> list[str]:
    """Return what is said of the candidate that is told first, and of the extreme of all."""
    best, extreme = told.candidate, told.extreme
    said = f"{told.remark} The {view.best} {first.words} of {told.among} is that of "
    said = said.lstrip() + _called(best)
    if best.settings:
        said += f": {_settings(view, best)}"
    said += "."
    spread = best.figures.get(first.name)
    if spread is not None and spread.difference is not None:
        said += f" From the baseline: {_apart(spread.difference, first)}"
        said += "." if _beyond_noise(spread.difference) else ", which may be noise."
    if extreme == best:
        return [said]
    beyond = f"The {view.best} of all, {_value(extreme, first)} {first.unit}".rstrip()
    beyond += f", is that of {_called(extreme)}, which {passed(extreme)}"
    if extreme.settings:
        beyond += f": {_settings(view, extreme)}"
    return [said, f"{beyond}."]


def _called(each: Candidate) -> str:
    return f"candidate {each.name}" if each.settings else "the scenario as it stands"


def _settings(view: SweepView, each: Candidate) -> str:
    return ", ".join(f"{view.names.get(key, key)} = {_plain(at)}" for key, at in each.settings)


def _lines(view: SweepView) -> Html:
    listed = [each for each in view.candidates if each.figures]
    several = [key for key, values in view.axes.items() if len(values) > 1]
    drawn = listed[:: max(1, -(-len(listed) // MOST_LINES))]
    field = () if view.leading is None else view.leading.field
    best = [each for each in field if each.settings][: max(3, len(listed) // 10)]
    names = {each.name for each in (*drawn, *best)}
    chosen = [each for each in listed if each.name in names]
    axes: list[Upright] = []
    columns: list[list[float | None]] = []
    for key in several:
        values = [dict(each.settings).get(key) for each in chosen]
        axis, places = upright_of(view.names[key], "", values)
        axes.append(axis)
        columns.append(places)
    for figure in view.moving:
        means = [
            each.figures[figure.name].mean if figure.name in each.figures else None
            for each in chosen
        ]
        axis, places = upright_of(
            figure.words, figure.unit, means, downwards=figure.better == "less", group="figure"
        )
        axes.append(axis)
        columns.append(places)
    top = {each.name for each in best}
    trails = []
    for place, each in enumerate(chosen):
        kind = "c2 dash" if not each.settings else "c1" if each.name in top else "rest"
        trails.append(Trail(tuple(column[place] for column in columns), kind, _told(view, each)))
    trails.sort(key=lambda trail: ("rest", "c1", "c2 dash").index(trail.kind))
    keys = [
        ("c1", f"the {len(best)} best by {view.figures[0].words}, among those of the result"),
        ("trail rest", "the others"),
    ]
    if view.baseline is not None:
        keys.append(("c2 dash", "baseline: only its figures"))
    note = "Settings left, figures right; the better end of every figure is above."
    if len(chosen) < len(listed):
        note += f" {len(chosen)} of {len(listed)} candidates are drawn."
    return join(
        [
            tag("p", note, class_="note"),
            legend(keys),
            parallel(axes, trails, "settings and figures of every candidate"),
        ]
    )


def _heat_maps(view: SweepView) -> Html | None:
    if not view.grid or len(view.axes) != 2:
        return None
    (x_key, xs), (y_key, ys) = view.axes.items()
    by_place = {
        tuple(dict(each.settings).get(key) for key in (x_key, y_key)): each
        for each in view.candidates
    }
    maps = []
    for figure in view.moving:
        cells = []
        for y in ys:
            row = []
            for x in xs:
                each = by_place[x, y]
                spread = each.figures.get(figure.name)
                mean = None if spread is None else spread.mean
                why = "no result" if each.failed else "not walked"
                row.append(Cell(mean, _told(view, each), why))
            cells.append(row)
        known = [cell.value for row in cells for cell in row if cell.value is not None]
        title = f"{figure.words}, {figure.unit}" if figure.unit else figure.words
        maps.append(
            tag(
                "figure",
                heat_map(
                    f"{title} ({'lower' if figure.better == 'less' else 'higher'} is better)",
                    (view.names[x_key], [_plain(x) for x in xs]),
                    (view.names[y_key], [_plain(y) for y in ys]),
                    cells,
                    digits_of(known),
                ),
            )
        )
    note = "Means over patients and seeds; dark is high."
    return join([tag("p", note, class_="note"), tag("div", *maps, class_="charts")])


def _effects(view: SweepView) -> Html:
    parts: list[object] = []
    over = view.effects[0].over
    note = (
        "The mean of all walks at a level, less the mean of all walks of the same seeds. Bands: "
        "95 % intervals over the seeds; every level meets the same values of the other settings."
    )
    if over == "candidates":
        note = (
            "The mean of the candidates at a level, less that of all, by the same seeds. Bands: "
            "95 % intervals over the candidates at that level, whose other settings differ too."
        )
    parts.append(tag("p", note, class_="note"))
    for key in view.axes:
        mine = [effect for effect in view.effects if effect.key == key]
        charts = [
            tag("figure", _effect(effect, figure, view.names[key]))
            for figure in view.moving
            for effect in mine
            if effect.figure == figure.name
        ]
        parts += [tag("h3", tag("code", key)), tag("div", *charts, class_="charts")]
    return join(parts)


def _effect(effect: MainEffect, figure: Figure, name: str) -> Html:
    levels = effect.levels
    words = [level.label for level in levels] if any(level.at is None for level in levels) else []
    xs = (
        [float(at) for at in range(len(levels))] if words else [level.at or 0.0 for level in levels]
    )
    lows = [level.mean if level.low is None else level.low for level in levels]
    highs = [level.mean if level.high is None else level.high for level in levels]
    unit = f", {figure.unit}" if figure.unit else ""
    good = "lower" if figure.better == "less" else "higher"
    chart = Chart(
        f"{figure.words}{unit}",
        f"change of {figure.words} with {name}",
        around(xs, room=0.08),
        around([*lows, *highs, 0.0], least=1e-6, room=0.12),
        name,
        remark=f"change, {good} is better",
        x_words=words,
    )
    if not words:
        chart.band(xs, lows, highs, "c1")
        chart.line(xs, [level.mean for level in levels], "c1")
    for x, low, high, level in zip(xs, lows, highs, levels, strict=True):
        chart.whisker(x, low, high, "c1 thin")
        told = f"{name} {level.label}: {_signed(level.mean)}{unit.removeprefix(',')}"
        if level.low is not None and level.high is not None:
            told += f" ({_signed(level.low)} to {_signed(level.high)})"
        chart.mark(
            x, level.mean, "circle", "c1", f"{told}, {_count(level.candidates, 'candidate')}"
        )
    return chart.svg()


def _candidates(view: SweepView) -> Html:
    first = view.figures[0]
    compared = view.baseline is not None
    head: list[object] = ["candidate", *map(breakable, view.names.values())]
    head += ["no result"] if view.failed else []
    head += ["passed", f"{first.words}, {first.unit}".rstrip(", ")]
    if compared:
        head.append("from baseline (95 %)")
    head += [f"{figure.words}, {figure.unit}".rstrip(", ") for figure in view.figures[1:]]
    best = None if view.leading is None else view.leading.candidate
    rows = tuple(
        each
        for place, each in enumerate(view.candidates)
        if place < MOST_ROWS or each in (best, view.baseline)
    )
    body = []
    for each in rows:
        settings = dict(each.settings)
        cells: list[object] = [tag("strong", each.name) if each == best else each.name]
        cells += [_plain(settings[key]) if key in settings else None for key in view.axes]
        if view.failed:
            cells.append(f"{each.failed} of {each.walks}")
        kept = f"{each.passed} of {each.walks}"
        cells += [kept if passed_all(each) else tag("span", kept, class_="missed")]
        cells.append(_value(each, first))
        if compared:
            spread = each.figures.get(first.name)
            known = None if spread is None else spread.difference
            cells.append(None if known is None else _apart(known, first, unit=False))
        cells += [_value(each, figure) for figure in view.figures[1:]]
        body.append(cells)
    caption = f"{view.best} {first.words} first; means over patients and seeds"
    note = (
        f"Passed: walks that met every bound of the scenario. In bold: the {view.best} "
        f"{first.words} of those of the result."
    )
    parts = [tag("p", note, class_="note"), table(head, body, caption)]
    if len(rows) < len(view.candidates):
        parts.append(tag("p", f"{len(view.candidates) - len(rows)} more are in candidates.csv."))
    return join(parts)


def _without(view: SweepView) -> Html:
    parts: list[object] = []
    if view.missing:
        total = len(view.manifest)
        parts.append(
            tag(
                "p",
                f"{view.missing} of {total} walks have not been walked: the sweep was stopped, "
                "or this is a part of it. What stands here is of those that were.",
            )
        )
    rows = [
        (each.name, f"{each.failed} of {each.walks}", "; ".join(each.errors))
        for each in view.candidates
        if each.failed
    ]
    if rows:
        parts.append(table(("candidate", "no result", "why"), rows, numeric=False))
    return join(parts)


def _about(view: SweepView) -> Html:
    manifest = view.manifest
    rows = [
        ("scenario", manifest.scenario),
        ("seconds of a walk", _plain(manifest.duration_s) if manifest.duration_s else "its own"),
        ("patients", ", ".join(manifest.patients)),
        ("seeds", ", ".join(map(str, manifest.seeds))),
        ("design", _plain(manifest.asked.get("design", ""))),
        ("digest of the sweep", tag("code", manifest.sha256)),
        ("digest of the code", tag("code", manifest.code)),
        *[(f"version: {name}", _plain(value)) for name, value in manifest.versions.items()],
    ]
    names = [(each.words, tag("code", each.name), each.unit) for each in view.figures]
    return join(
        [
            table(("what", "value"), rows, numeric=False),
            folded("Figures", table(("figure", "name", "unit"), names, numeric=False)),
        ]
    )


def _tile(what: str, value: object, unit: str) -> Html:
    return tag("div", tag("dt", what), tag("dd", value, " ", tag("small", unit)))


def _told(view: SweepView, each: Candidate) -> str:
    """Return what a pointer reads on a candidate."""
    settings = [f"{view.names.get(key, key)} = {_plain(value)}" for key, value in each.settings]
    lines = [each.name, passed(each), *settings]
    lines += [
        f"{figure.words}: {_value(each, figure)} {figure.unit}"
        for figure in view.figures
        if figure.name in each.figures
    ]
    if each.failed:
        lines.append(f"{each.failed} of {each.walks} walks without a result")
    return "\n".join(lines)


def _value(each: Candidate, figure: Figure) -> str | None:
    spread = each.figures.get(figure.name)
    return None if spread is None else number(spread.mean, 2 if abs(spread.mean) < 100 else 1)


def _apart(difference: Difference, figure: Figure, *, unit: bool = True) -> str:
    said = _signed(difference.mean)
    if unit and figure.unit:
        said += f" {figure.unit}"
    if difference.low is None or difference.high is None:
        return f"{said} (one seed)"
    return f"{said} ({_signed(difference.low)} to {_signed(difference.high)})"


def _beyond_noise(difference: Difference) -> bool:
    low, high = difference.low, difference.high
    return low is not None and high is not None and (low > 0 or high < 0)


def _signed(value: float) -> str:
    shown = number(value, 2) or ""
    return shown if value <= 0 or shown == "0.00" else f"+{shown}"


def _plain(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _count(how_many: int, what: str) -> str:
    return f"{how_many} {what}" if how_many == 1 else f"{how_many} {what}s"
