"""What changes of the program do: those that are suggested, and a small turn of each dial."""

from fes_ctrl.report.bars import Bar, bars
from fes_ctrl.report.markup import UNKNOWN, Html, join, number, table, tag
from fes_ctrl.report.tune_view import Moved, TuneView, Turn


def changes_section(view: TuneView) -> Html:
    """Return what each suggested change does by itself: the suggestion with it and without it."""
    if not view.changes:
        return tag("p", "Nothing is changed.")
    head = ["change", *[goal.short for goal in view.goals]]
    rows = []
    for turn in view.changes:
        cells: list[object] = [_words(view, turn)]
        effects = {moved.objective: moved for moved in turn.effects}
        for goal in view.goals:
            moved = effects.get(goal.name)
            cells.append(None if moved is None else _cell(moved))
        rows.append(cells)
    note = (
        "The suggested program less the same one without this change, by the same seeds, with the "
        "95 % interval; bold where it is beyond noise and large enough to count."
    )
    problems = [f"{_words(view, turn)}: {turn.problem}" for turn in view.changes if turn.problem]
    return join(
        [
            tag("p", note, class_="note"),
            table(head, rows),
            tag("ul", *[tag("li", each) for each in problems]) if problems else "",
        ]
    )


def sensitivity_section(view: TuneView) -> Html:
    """Return bars: what a small turn of each dial, from the suggestion on, would do."""
    turns = [turn for turn in view.turns if turn.effects]
    if not turns:
        return tag("p", "No dial could be turned.")
    charts = []
    for goal in view.goals:
        listed = []
        for turn in turns:
            moved = next((each for each in turn.effects if each.objective == goal.name), None)
            if moved is not None:
                words = _words(view, turn)
                told = f"{words}\n{goal.words}: {_interval(moved)} {goal.unit}".rstrip()
                listed.append(
                    Bar(words, told, moved.difference, moved.low, moved.high, moved.matters)
                )
        if any(bar.value or bar.low or bar.high for bar in listed):
            title = f"{goal.words}, {goal.unit}".rstrip(", ")
            remark = "less is better" if goal.less else "more is better"
            charts.append(
                tag("figure", bars(title, remark, listed, f"what each dial does to {goal.words}"))
            )
    note = (
        "Change of each objective by turning one dial from the suggestion on, with the 95 % "
        "interval; full colour where it is beyond noise and large enough to count."
    )
    return join([tag("p", note, class_="note"), tag("div", *charts, class_="charts")])


def _words(view: TuneView, turn: Turn) -> str:
    knob = view.knob(turn.key)
    name, unit = (turn.key, "") if knob is None else (knob.words, knob.unit)
    apart = turn.after - turn.before
    said = number(apart, 3 if abs(apart) < 0.1 else 2 if abs(apart) < 1 else 0) or ""
    sign = "" if apart < 0 else "+"
    return f"{name} {sign}{said} {unit}".rstrip()


def _cell(moved: Moved) -> Html:
    said = _interval(moved)
    return tag("strong", said) if moved.matters else tag("span", said)


def _interval(moved: Moved) -> str:
    mean = number(moved.difference, 2) or UNKNOWN
    if moved.low is None or moved.high is None:
        return mean
    return f"{mean} ({number(moved.low, 2)} to {number(moved.high, 2)})"
