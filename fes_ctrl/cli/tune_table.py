"""What a search found, as people read it: the front, the proof, the sentences, the verdict."""

from rich.console import Console
from rich.table import Table

from fes_ctrl.tuning.around import Change
from fes_ctrl.tuning.objectives import Objective
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
        console.print(_front(found, start))
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
            console.print(f"  {_turned(turn, found.objectives)}", soft_wrap=True)
    verdict = found.verdict
    console.print("verdict: " + ("kept on unseen seeds" if verdict.passed else "NOT kept"))
    for reason in verdict.reasons:
        console.print(f"  {reason}", soft_wrap=True)


def _turned(change: Change, objectives: tuple[Objective, ...]) -> str:
    return sentence(change, objectives)


def _front(found: Found, start: Point) -> Table:
    table = Table(title="The front, by charge", title_justify="left", title_style="bold")
    table.add_column("", justify="right")
    dials = [
        (at, dial)
        for at, dial in enumerate(found.question.dials)
        if any(one.point[at] != dial.now for one in found.front.members)
    ]
    for _, dial in dials:
        table.add_column(f"{dial.words}\n{dial.unit}", justify="right")
    for objective in found.objectives:
        table.add_column(f"{objective.words}\n{objective.unit}", justify="right", style="cyan")
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
            *[f"{one.point[at]:.{digits_of(dial.step)}f}" for at, dial in dials],
            *[_shown(o, value) for o, value in zip(found.objectives, values, strict=True)],
            ", ".join(marks),
        )
    return table


def _proof(found: Found) -> Table:
    title = f"On {len(found.unseen)} unseen seeds"
    table = Table(title=title, title_justify="left", title_style="bold")
    for name in ("", "given", "chosen", "difference", "95 % interval", "promise", ""):
        table.add_column(name, justify="left" if name in {"", "promise"} else "right")
    for objective, effect in zip(found.objectives, found.verdict.effects, strict=True):
        kept = [one for one in found.verdict.promises if one.objective == objective.name]
        difference = effect.difference
        between = "unknown"
        if difference.low is not None and difference.high is not None:
            between = f"{_shown(objective, difference.low)} to {_shown(objective, difference.high)}"
        states = [one.state for one in kept]
        table.add_row(
            f"{objective.words}, {objective.unit}",
            _shown(objective, effect.before),
            _shown(objective, effect.after),
            _shown(objective, difference.mean),
            between,
            "; ".join(one.what for one in kept),
            "; ".join(states) or ("better" if objective.name in found.verdict.better else ""),
        )
    return table


def _shown(objective: Objective, value: float) -> str:
    digits = min(digits_of(objective.step) + 1, 2)
    return f"{value:.{digits}f}"
