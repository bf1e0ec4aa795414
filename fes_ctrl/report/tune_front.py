"""What is bought with what: objectives against each other, and every program as a line."""

from itertools import combinations

from fes_ctrl.report.markup import Html, folded, join, number, table, tag
from fes_ctrl.report.parallel import Trail, Upright, parallel, upright_of
from fes_ctrl.report.svg import SHAPES, Chart, around
from fes_ctrl.report.tune_view import Goal, Trial, TuneView

MOST_LINES = 300

SIGNS = {
    "front": ("circle", "c1", "front: no other program beats it"),
    "tried": ("circle", "rest", "walked"),
    "against": ("cross", "bad", "walked, and something speaks against it"),
}
"""Shape, colour and meaning of each kind of trial."""


def front_section(view: TuneView) -> Html:
    """Return the pictures of the objectives against each other, and the table of the front."""
    if len(view.goals) < 2:
        return tag("p", "There is one objective alone, and nothing is traded for it.")
    first = next((goal for goal in view.goals if goal.name == "charge"), view.goals[0])
    others = [goal for goal in view.goals if goal is not first and _moves(view, goal)]
    still = [goal.words for goal in view.goals if goal not in others and goal is not first]
    chosen = [tag("figure", _pair(view, first, goal)) for goal in others]
    # What a pointer reads would weigh megabytes if it stood in every pair.
    rest = [
        tag("figure", _pair(view, one, other, told=False)) for one, other in combinations(others, 2)
    ]
    note = "The better end of each objective is to the left and above."
    if still:
        note += f" The same for every program: {', '.join(still)}."
    note += _about_suggestion(view)
    parts: list[object] = [
        tag("p", note, class_="note"),
        _legend(view),
        tag("div", *chosen, class_="charts"),
    ]
    if rest:
        parts.append(folded("All other pairs", tag("div", *rest, class_="charts")))
    parts.append(_table(view))
    return join(parts)


def trials_section(view: TuneView) -> Html:
    """Return every program as a line across its dials and objectives."""
    known = [trial for trial in view.shown if trial.values]
    step = max(1, -(-len(known) // MOST_LINES))
    drawn = [
        trial
        for at, trial in enumerate(known)
        if at % step == 0 or trial.number or trial.given or trial.chosen
    ]
    axes: list[Upright] = []
    columns: list[list[float | None]] = []
    for knob in view.knobs:
        axis, places = upright_of(knob.words, knob.unit, [trial.point[knob.key] for trial in drawn])
        axes.append(axis)
        columns.append(places)
    for goal in view.goals:
        if not _moves(view, goal):
            continue
        axis, places = upright_of(
            goal.words,
            goal.unit,
            [trial.values.get(goal.name) for trial in drawn],
            downwards=goal.less,
            group="figure",
        )
        axes.append(axis)
        columns.append(places)
    order = {"rest": 0, "bad": 1, "c1": 2, "c3 dash": 3, "c2 chosen": 4}
    trails = [
        Trail(tuple(column[at] for column in columns), _trail(trial), _told(view, trial))
        for at, trial in enumerate(drawn)
    ]
    trails.sort(key=lambda trail: order[trail.kind])
    note = "Dials left, objectives right; the better end of every objective is above."
    if len(drawn) < len(known):
        note += f" {len(drawn)} of {len(known)} programs are drawn."
    note += _about_suggestion(view)
    failed = sum(not trial.values for trial in view.trials)
    if failed:
        note += f" Of {failed} programs a walk failed; they have no line."
    keys = Html(
        '<p class="legend">'
        + "".join(
            f'<span class="key"><svg viewBox="0 0 26 12" width="26" height="12" '
            f'aria-hidden="true"><path class="line trail {kind}" d="M0 6H26"/></svg> {name}</span>'
            for kind, name in (
                ("c1", "front"),
                *((("c2 chosen", "suggested"),) if _is_shown(view) else ()),
                ("c3 dash", "given"),
                ("bad", "something speaks against it"),
                ("rest", "the others"),
            )
        )
        + "</p>"
    )
    label = "dials and objectives of every program"
    return join([tag("p", note, class_="note"), keys, parallel(axes, trails, label)])


def _is_shown(view: TuneView) -> bool:
    return any(trial.chosen and trial.values for trial in view.shown)


def _about_suggestion(view: TuneView) -> str:
    """Return what to say of a suggestion that is none of the programs that were searched."""
    if not _is_shown(view):
        return " The suggestion is not drawn: no walk of it by the seeds of the search is known."
    if view.apart is None:
        return ""
    return (
        " The suggestion is none of the programs that were searched, for a dial was put back; it "
        "was walked afterwards, by the same seeds."
    )


def _trail(trial: Trial) -> str:
    if trial.chosen:
        return "c2 chosen"
    if trial.given:
        return "c3 dash"
    return {"front": "c1", "tried": "rest", "against": "bad"}[trial.kind]


def _pair(view: TuneView, x: Goal, y: Goal, *, told: bool = True) -> Html:
    def said(trial: Trial, word: str = "") -> str:
        if told:
            return f"{word}\n{_told(view, trial)}".strip()
        number = f"number {trial.number} of the front" if trial.number else ""
        return f"{word}\n{number}".strip()

    known = [trial for trial in view.shown if x.name in trial.values and y.name in trial.values]
    low, high = around([trial.values[x.name] for trial in known])
    bottom, top = around([trial.values[y.name] for trial in known])
    chart = Chart(
        f"{y.words}, {y.unit}".rstrip(", "),
        f"{y.words} against {x.words}",
        # The better end is to the left and above, whichever that is.
        (low, high) if x.less else (high, low),
        (top, bottom) if y.less else (bottom, top),
        f"{x.words}, {x.unit}".rstrip(", "),
        remark="lower is better" if y.less else "higher is better",
    )
    for kind, (shape, colour, _) in reversed(SIGNS.items()):
        for trial in known:
            if trial.kind == kind:
                at = trial.values[x.name], trial.values[y.name]
                chart.mark(*at, shape, colour, said(trial), 5 if kind == "front" else 3.5)
    for trial in known:
        at = trial.values[x.name], trial.values[y.name]
        if trial.given:
            chart.mark(*at, "square", "c3", said(trial, "given"), 6)
        if trial.knee:
            chart.mark(*at, "diamond", "c2", said(trial, "knee"), 6)
        if trial.chosen:
            chart.mark(*at, "ring", "ring", said(trial, "suggested"), 5)
    return chart.svg()


def _legend(view: TuneView) -> Html:
    signs = [(shape, colour, words) for shape, colour, words in SIGNS.values()]
    signs += [("diamond", "c2", "knee of the front"), ("square", "c3", "given program")]
    if _is_shown(view):
        signs.append(("ring", "ring", "suggested"))
    drawn = [
        f'<span class="key"><svg viewBox="-8 -8 16 16" width="16" height="16" aria-hidden="true">'
        f'<path class="sign {colour}" d="{SHAPES[shape]}" '
        f'transform="scale({3.4 if shape == "ring" else 5})"/></svg> {words}</span>'
        for shape, colour, words in signs
    ]
    return Html(f'<p class="legend">{"".join(drawn)}</p>')


def _table(view: TuneView) -> Html:
    head = ["program", *[knob.words for knob in view.knobs]]
    head += [goal.short for goal in view.goals]
    rows = []
    for trial in view.front:
        words = [str(trial.number)]
        words += [
            name
            for name, is_so in (
                ("knee", trial.knee),
                ("given", trial.given),
                ("suggested", trial.chosen),
            )
            if is_so
        ]
        cells: list[object] = [", ".join(words)]
        cells += [f"{trial.point[knob.key]:g}" for knob in view.knobs]
        cells += [number(trial.values.get(goal.name), 2) for goal in view.goals]
        rows.append(cells)
    return table(head, rows, "The front, in order of charge")


def _told(view: TuneView, trial: Trial) -> str:
    lines = [f"number {trial.number} of the front"] if trial.number else []
    lines += [f"{knob.words} {trial.point[knob.key]:g} {knob.unit}".rstrip() for knob in view.knobs]
    lines += [
        f"{goal.words}: {number(trial.values[goal.name], 2)} {goal.unit}".rstrip()
        for goal in view.goals
        if goal.name in trial.values
    ]
    lines += [f"against it: {reason.replace('_', ' ')}" for reason in trial.against]
    return "\n".join(lines)


def _moves(view: TuneView, goal: Goal) -> bool:
    values = [trial.values[goal.name] for trial in view.shown if goal.name in trial.values]
    return bool(values) and max(values) - min(values) > 1e-9
