"""What a search found, as people read it: the front, the proof, the sentences, the verdict."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from fes_ctrl.analysis.figure_words import heading
from fes_ctrl.tuning.objectives import Objective
from fes_ctrl.tuning.promise import NONE_BETTER
from fes_ctrl.tuning.result import Found
from fes_ctrl.tuning.sentences import digits_of, sentence
from fes_ctrl.tuning.space import Point, given


def print_found(found: Found) -> None:
    """Print everything that a person decides by."""
    console = Console(highlight=False)
    start = given(found.question.dials)
    bearable = sum(one.bearable for one in found.candidates)
    console.print(
        f"{found.walks['search']} walks, {len(found.candidates)} candidates, {bearable} bearable, "
        f"{len(found.refused)} refused by limits or device"
    )
    if found.front.members:
        by_charge = ", by charge" if _has_charge(found) else ""
        console.print(_front(found, start, f"The front{by_charge}", astray=False))
        if any(objective.astray for objective in found.objectives):
            console.print(_front(found, start, "The front in bad strides", astray=True))
        console.print(_settings(found, start))
    if found.verdict.effects:
        console.print(_proof(found))
    if found.sentences:
        console.print("What each change does, the others given:")
        for line in found.sentences:
            console.print(f"  {line}", soft_wrap=True)
    back = [
        dial.words
        for dial, was, now in zip(found.question.dials, found.picked, found.chosen, strict=True)
        if was != now
    ]
    if back:
        console.print(f"Put back, for it did nothing that counts: {', '.join(back)}")
    if found.turns:
        console.print("What turning a dial from there would do:")
        for turn in found.turns:
            console.print(f"  {sentence(turn, found.objectives)}", soft_wrap=True)
    verdict = found.verdict
    kept = "kept on unseen seeds" if verdict.passed else "NOT kept"
    console.print(f"verdict: {NONE_BETTER if found.unchanged else kept}")
    for reason in verdict.reasons:
        if reason != NONE_BETTER:
            console.print(f"  {reason}", soft_wrap=True)


def _front(found: Found, start: Point, title: str, *, astray: bool) -> Table:
    """Return what each member is worth on regular strides, or where they go astray."""
    table = _table(title)
    table.add_column("", justify="right")
    told = [at for at, objective in enumerate(found.objectives) if objective.astray == astray]
    for at in told:
        objective = found.objectives[at]
        table.add_column(heading(objective.short, objective.unit), justify="right")
    table.add_column("")
    for number, one in enumerate(found.front.members, 1):
        marks = [
            *(["given"] if one.point == start else []),
            *(["knee"] if number - 1 == found.front.knee else []),
            *(["chosen"] if one.point == found.picked else []),
        ]
        values = () if one.judged is None else one.judged.values
        table.add_row(
            str(number),
            *[_shown(found.objectives[at], values[at]) for at in told],
            "\n".join(marks),
        )
    return table


def _settings(found: Found, start: Point) -> Table:
    """Return where the dials stand, for each member of the front; a dot: as given."""
    table = _table("Its settings")
    table.add_column("", justify="right")
    for dial in found.question.dials:
        table.add_column("\n".join([*dial.words.split(" "), dial.unit]), justify="right")
    rows = [("given", start), *[(str(n), m.point) for n, m in enumerate(found.front.members, 1)]]
    for name, point in [*rows, ("chosen", found.chosen)]:
        cells = [
            "." if at == dial.now and name not in {"given", "chosen"} else f"{dial.value(at):g}"
            for dial, at in zip(found.question.dials, point, strict=True)
        ]
        table.add_row(name, *cells)
    return table


def _proof(found: Found) -> Table:
    table = _table(f"On {len(found.unseen)} unseen seeds")
    for name in ("", "given", "chosen", "difference, 95 %", ""):
        table.add_column(name, justify="right" if name in {"given", "chosen"} else "left")
    for objective, effect in zip(found.objectives, found.verdict.effects, strict=True):
        kept = [one for one in found.verdict.promises if one.objective == objective.name]
        difference = effect.difference
        between = _shown(objective, difference.mean)
        if difference.low is not None and difference.high is not None:
            low, high = _shown(objective, difference.low), _shown(objective, difference.high)
            between = f"{between} ({low} to {high})"
        states = [f"{one.state}: {one.what}" for one in kept]
        if objective.name in found.verdict.better:
            states.append("better")
        table.add_row(
            f"{objective.words}, {objective.unit}",
            _shown(objective, effect.before),
            _shown(objective, effect.after),
            between,
            "\n".join(states),
        )
    return table


def _table(title: str) -> Table:
    return Table(
        title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )


def _has_charge(found: Found) -> bool:
    return any(objective.name == "charge" for objective in found.objectives)


def _shown(objective: Objective, value: float) -> str:
    digits = 0 if objective.name == "charge" else min(digits_of(objective.step) + 1, 2)
    return f"{round(value, digits) + 0.0:.{digits}f}"  # no negative zero
