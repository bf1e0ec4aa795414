"""Whether a program keeps, on seeds that no search has seen, what the search promises of it.

A promise holds where the 95 % interval of the paired difference, and not only its mean, says so.
"""

from dataclasses import dataclass
from typing import Final, Literal

from fes_ctrl.tuning.around import Around, Effect
from fes_ctrl.tuning.difference import interval
from fes_ctrl.tuning.measure import GRAVE, judge
from fes_ctrl.tuning.objectives import Objective
from fes_ctrl.tuning.question import Question
from fes_ctrl.tuning.space import Point, given

HAIR: Final = 1e-9

NONE_BETTER: Final = "no better program was found"

State = Literal["held", "unsure", "broken"]


@dataclass(frozen=True, slots=True)
class Kept:
    """One promise: that an objective loses no more than it may, or reaches what it has to.

    Attributes
    ----------
    objective : str
        Which.
    what : str
        The promise, in words.
    state : str
        ``held``; ``unsure`` where the mean keeps it and its interval does not; ``broken``.
    """

    objective: str
    what: str
    state: State


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the unseen seeds say.

    Attributes
    ----------
    passed : bool
        Every promise is held, nothing forbidden happened, and something is better beyond noise.
    reasons : tuple of str
        Why not.
    effects : tuple of Effect
        The given program against this one.
    promises : tuple of Kept
        Each of them.
    better : tuple of str
        The objectives that are better beyond noise and by what counts.
    """

    passed: bool
    reasons: tuple[str, ...]
    effects: tuple[Effect, ...]
    promises: tuple[Kept, ...]
    better: tuple[str, ...]


def verify(question: Question, around: Around, point: Point, aim: str = "") -> Verdict:
    """Return whether a program keeps its promises.

    Parameters
    ----------
    question : Question
        What was promised.
    around : Around
        Walks by unseen seeds.
    point : tuple of float
        The program.
    aim : str
        The objective that has to be better; empty: any will do.
    """
    start = given(question.dials)
    if point == start:
        return Verdict(False, (NONE_BETTER,), (), (), ())
    base, mine = around.all_of([start, point])
    if base.problem or mine.problem:
        return Verdict(False, (base.problem or mine.problem,), (), (), ())
    reasons = [
        f"{name.replace('_', ' ')}: {round(weight - GRAVE)} more than may be"
        for name, weight in judge(question, mine, base).against.items()
        if weight > GRAVE and name not in {objective.name for objective in around.objectives}
    ]
    effects = around.effects(base, mine)
    promises: list[Kept] = []
    better = []
    reach = dict(question.reach)
    for index, (objective, effect) in enumerate(zip(around.objectives, effects, strict=True)):
        if objective.may_lose is not None:
            promises.append(_lost(objective, effect))
        if objective.name in reach:
            values = [mine.values[seed][index] for seed in around.seeds]
            promises.append(_reached(objective, values, reach[objective.name]))
        # Beyond what is enough, better counts no more.
        gain = objective.cost(effect.before) - objective.cost(effect.after)
        if effect.matters and gain >= objective.step:
            better.append(objective.name)
    words = {objective.name: objective.words for objective in around.objectives}
    reasons += [
        f"{words[kept.objective]}: {kept.what} is {kept.state} on unseen seeds"
        for kept in promises
        if kept.state != "held"
    ]
    if aim and aim not in better:
        reasons.append(f"{words[aim]} is not better beyond noise on unseen seeds")
    elif not better:
        reasons.append("nothing is better beyond noise on unseen seeds")
    return Verdict(not reasons, tuple(reasons), effects, tuple(promises), tuple(better))


def _lost(objective: Objective, effect: Effect) -> Kept:
    may = objective.may_lose or 0.0
    difference = effect.difference
    worst = difference.high if objective.better == "less" else difference.low
    lost = objective.loss(difference.mean, 0.0)
    at_worst = None if worst is None else objective.loss(worst, 0.0)
    what = f"at most {may:g} {objective.unit} worse"
    return Kept(objective.name, what, _state(lost - may, at_worst, may))


def _reached(objective: Objective, values: list[float], goal: float) -> Kept:
    found = interval(values)
    worst = found.high if objective.better == "less" else found.low
    at_worst = None if worst is None else objective.loss(worst, 0.0)
    side = "at most" if objective.better == "less" else "at least"
    what = f"{side} {goal:g} {objective.unit}"
    limit = objective.loss(goal, 0.0)
    return Kept(
        objective.name, what, _state(objective.loss(found.mean, 0.0) - limit, at_worst, limit)
    )


def _state(beyond: float, at_worst: float | None, limit: float) -> State:
    if beyond > HAIR:
        return "broken"
    return "held" if at_worst is not None and at_worst - limit <= HAIR else "unsure"
